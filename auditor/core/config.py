"""Settings of a run and where each came from: command line, environment, configuration file, default.

Knows no rule: rule ids are checked where rules are known.
"""

from __future__ import annotations

import os

from auditor.core.configoptions import LISTS, OPTIONS, Option
from auditor.core.errors import UsageError
from auditor.core.finding import Severity
from auditor.core.places import inside
from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FORMATS = (
    "text",
    "json",
    "jsonl",
    "sarif",
    "github",
    "gitlab-secrets",
    "gitlab-codequality",
    "junit",
    "checkstyle",
    "gnu",
    "markdown",
    "runbook",
    "html",
)
COLORS = ("auto", "always", "never")
ENGINES = ("auto", "hyperscan", "keywords", "detect-secrets")
NEVER = "never"
_TRUE = ("1", "true", "yes", "on")
_FALSE = ("", "0", "false", "no", "off")
MOST_DIGITS = 9
_CHOICES = {"color": COLORS, "engine": ENGINES}
_SEVERITIES = tuple(s.label for s in reversed(Severity))


class Output(NamedTuple):
    """One report to write: the format, and the file ("" is standard output)."""

    format: str
    file: str


class Settings:
    """Everything a run can be told. `origins` says for every key that was set where its value came from."""

    __slots__ = (
        "base",
        "baseline",
        "color",
        "context",
        "dockerfile",
        "engine",
        "exclude",
        "exit_zero",
        "extend_select",
        "fail_on",
        "format",
        "ignore",
        "max_depth",
        "min_severity",
        "no_cache",
        "no_context",
        "no_inline_ignores",
        "origins",
        "platform",
        "plugins",
        "quiet",
        "require_ignore_reason",
        "rules",
        "select",
        "severities",
        "show_secrets",
        "stdin_filename",
        "target",
        "verbose",
    )

    def __init__(self) -> None:
        self.fail_on: Severity | None = Severity.MEDIUM
        self.min_severity = Severity.MEDIUM
        self.exit_zero = False
        self.select: tuple[str, ...] = ()
        self.ignore: tuple[str, ...] = ()
        self.extend_select: tuple[str, ...] = ()
        self.exclude: tuple[str, ...] = ()
        self.format: tuple[Output, ...] = (Output("text", ""),)
        self.context = ""
        self.no_context = False
        self.target = ""
        self.color = "auto"
        self.require_ignore_reason = False
        self.engine = "auto"
        self.rules: tuple[str, ...] = ()
        self.plugins: tuple[str, ...] = ()
        self.baseline = ""
        self.max_depth = 8
        self.platform = ""
        self.base = ""
        self.dockerfile = ""
        self.no_cache = False
        self.no_inline_ignores = False
        self.show_secrets = False
        self.stdin_filename = ""
        self.quiet = False
        self.verbose = False
        self.severities: dict[str, Severity] = {}
        self.origins: dict[str, str] = {}

    def folder_of(self, key: str) -> str:
        """The folder of the configuration file that says this; "" where somebody who runs the command did."""
        origin = self.origins.get(key, "")
        trusted = any(origin in (f"--{option.key}", option.variable) for option in OPTIONS)
        return "" if trusted or not origin else os.path.dirname(origin) or os.curdir


class ConfigFile(NamedTuple):
    """A configuration file as read: its path, and the table that is ours."""

    path: str
    table: Mapping[str, object]


def resolve(
    given: Mapping[str, object], environment: Mapping[str, str] | None = None, file: ConfigFile | None = None
) -> Settings:
    """Merge the layers: `given` (command line; None means not given) > environment > file > default.

    Raises UsageError, which names the place and the key.
    """
    settings = Settings()
    if file is not None:
        _apply_file(settings, file)
    for option in OPTIONS:
        value = (environment or {}).get(option.variable) if option.shared else None
        if value is not None:
            where = option.variable
            _set(settings, option, _read(option.kind, _split(option.kind, value, where), where), where)
    for option in OPTIONS:
        raw = given.get(option.attribute)
        if raw is not None:
            where = f"--{option.key}"
            _set(settings, option, _read(option.kind, raw, where, commas=option.kind == "names"), where)
    if given.get("context") and not given.get("no_context"):
        settings.no_context = False
    return settings


def suggestion(word: str, known: Iterable[str]) -> str:
    """A question that names the nearest known word, to be put after a message; or nothing."""
    import difflib  # start-up: on the way to an error only

    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def _set(settings: Settings, option: Option, value: object, origin: str) -> None:
    setattr(settings, option.attribute, value)
    settings.origins[option.key] = origin


def _apply_file(settings: Settings, file: ConfigFile) -> None:
    shared = {option.key: option for option in OPTIONS if option.shared}
    for key, value in file.table.items():
        where = f"{file.path}: {key}"
        if key == "severity":
            settings.severities = _severities(value, where)
            settings.origins[key] = file.path
        elif key not in shared:
            _reject_key(key, where, [*shared, "severity"])
        else:
            option = shared[key]
            if option.kind == "number" and isinstance(value, str):
                raise UsageError(f"{where}: must be a whole number from 0 on, not {value!r}")
            read = _read(option.kind, value, where)
            if option.kind == "formats":
                _reject_files(read, where)
            if option.kind == "file" and read:
                read = inside(file.path, str(read), where)
            elif option.kind == "files":
                read = tuple(inside(file.path, path, where) for path in _texts(value, where))
            _set(settings, option, read, file.path)


def _reject_key(key: str, where: str, known: list[str]) -> None:
    if any(key in (option.key, option.key.removesuffix("s")) for option in OPTIONS if not option.shared):
        raise UsageError(f"{where}: may be given on the command line only")
    raise UsageError(f"{where}: unknown key{suggestion(key, known)}")


def _reject_files(outputs: object, where: str) -> None:
    # A repository under audit must not be able to choose which files of its auditor get overwritten.
    if isinstance(outputs, tuple) and any(output.file for output in outputs):
        raise UsageError(f"{where}: a file name may be given on the command line only")


def _severities(value: object, where: str) -> dict[str, Severity]:
    if not isinstance(value, dict):
        raise UsageError(f'{where}: must be a table of rule-id = "severity"')
    return {str(rule): _severity(level, f"{where}.{rule}") for rule, level in value.items()}


def _split(kind: str, value: str, where: str) -> object:
    if kind == "flag":
        if value.lower() not in _TRUE + _FALSE:
            raise UsageError(f"{where}: must be 1 or 0, not {value!r}")
        return value.lower() in _TRUE
    if kind in LISTS:
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _read(kind: str, value: object, where: str, *, commas: bool = False) -> object:
    if kind == "flag":
        if not isinstance(value, bool):
            raise UsageError(f"{where}: must be true or false, not {_shown(value)}")
        return value
    if kind in LISTS:
        words = _texts(value, where)
        if commas:
            words = [part.strip() for word in words for part in word.split(",") if part.strip()]
        return tuple(_output(word, where) for word in words) if kind == "formats" else tuple(words)
    if kind == "threshold" and value == NEVER:
        return None
    if kind in ("threshold", "severity"):
        return _severity(value, where, *((NEVER,) if kind == "threshold" else ()))
    if kind == "number":
        return _number(value, where)
    if not isinstance(value, str):
        raise UsageError(f"{where}: must be a text, not {_shown(value)}")
    choices = _CHOICES.get(kind, (value,))
    if value not in choices:
        raise UsageError(f"{where}: must be one of {', '.join(choices)}, not {value!r}")
    return value


def _number(value: object, where: str) -> int:
    """A whole number from 0 on; in the environment and on the command line it is written as a text."""
    # A number with very many digits cannot be written as a text.
    if isinstance(value, int) and value >= 10**MOST_DIGITS:
        raise UsageError(f"{where}: must be less than {10**MOST_DIGITS}")
    text = "" if isinstance(value, int) and value < 0 else str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise UsageError(f"{where}: must be a whole number from 0 on, not {_shown(value)}")
    return int(text)


def _texts(value: object, where: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise UsageError(f"{where}: must be a list of texts, not {_shown(value)}")
    return [str(word) for word in value]


def _severity(value: object, where: str, *more: str) -> Severity:
    if not isinstance(value, str) or value not in _SEVERITIES:
        near = suggestion(value, (*_SEVERITIES, *more)) if isinstance(value, str) else ""
        raise UsageError(f"{where}: must be one of {', '.join((*_SEVERITIES, *more))}, not {_shown(value)}{near}")
    return Severity.parse(value)


def _output(word: str, where: str) -> Output:
    name, _, file = word.partition(":")
    if name not in FORMATS:
        raise UsageError(f"{where}: unknown format {name!r}{suggestion(name, FORMATS)} (known: {', '.join(FORMATS)})")
    if word.endswith(":"):
        raise UsageError(f"{where}: {word!r} needs a file name after the colon")
    return Output(name, file)


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str) else type(value).__name__
