"""The plugins of the `detect-secrets` library and of users' files for it, made ready to be called.

Importing the library takes longer than linting a file: every function here does, when it is called.
"""

from __future__ import annotations

from auditor.core.config import suggestion
from auditor.core.errors import UsageError
from auditor.core.finding import Confidence
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.detect.detection import SECOND_OPINION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from detect_secrets.constants import VerifiedResult
    from detect_secrets.core.potential_secret import PotentialSecret
    from detect_secrets.plugins.base import BasePlugin

_PACKAGE = "detect_secrets.plugins."
#: Not about secrets.
_LEFT_OUT = frozenset({"IPPublicDetector"})
_NOT_WORD = Pattern(r"[^a-z0-9]+")


class Plugin(NamedTuple):
    """A plugin ready to run: `reading` is how to judge its values ("keyword", "entropy", "" for formats)."""

    instance: BasePlugin
    name: str
    title: str
    kind: str
    reading: str
    own: bool

    @property
    def confidence(self) -> Confidence:
        """Low where the plugin knows no format."""
        return Confidence.LOW if self.reading else Confidence.MEDIUM


def settings() -> dict[str, object]:
    """Version, plugins and filters as detect-secrets writes them into a baseline of its defaults.

    Keys: `version` ("1.5.0"), `plugins_used` and `filters_used` (lists of tables).
    """
    from detect_secrets.__version__ import VERSION  # start-up: the library is slow to import
    from detect_secrets.settings import Settings

    used = [(cls.__name__, cls().json()) for cls in _classes()]
    filters = sorted(set(Settings().filters) - Settings.DEFAULT_FILTERS)
    return {
        "version": VERSION,
        "plugins_used": [table for _name, table in sorted(used, key=lambda one: one[0].lower())],
        "filters_used": [{"path": path} for path in filters],
    }


def types() -> dict[str, str]:
    """The library's own types by `Secret.kind`: {"detect-secrets/npm-tokens": "NPM tokens"}."""
    titles = [str(cls.secret_type) for cls in _classes()]
    return {_kind(title): title for title in titles}


def _kind(title: str) -> str:
    return f"{SECOND_OPINION}/{_NOT_WORD.sub('-', title.lower()).strip('-')}"


def _classes() -> list[type[BasePlugin]]:
    """The library's own plugin classes, without those that an embedding program may have registered."""
    from importlib import import_module  # start-up: the library is slow to import

    from detect_secrets import plugins
    from detect_secrets.core.plugins.util import get_plugins_from_module
    from detect_secrets.util.importlib import get_modules_from_package

    found: dict[str, type[BasePlugin]] = {}
    for module in get_modules_from_package(plugins):
        cls: type[BasePlugin]
        for cls in get_plugins_from_module(import_module(module)):
            if cls.__module__.startswith(_PACKAGE):
                found[cls.__name__] = cls
    return list(found.values())


def built_in(chosen: Sequence[str]) -> Iterator[Plugin]:
    """The library's plugins of these class names, all if there are none. Raises UsageError for an unknown name."""
    classes = {cls.__name__: cls for cls in _classes()}
    for name in chosen:
        if name not in classes:
            raise UsageError(f"detect-secrets has no plugin {name!r}{suggestion(name, classes)}")
    for name in chosen or classes:
        if name not in _LEFT_OUT:
            yield _ready(classes[name], own=False)


def from_file(path: str) -> list[Plugin]:
    """The plugins in a user's Python file, which is executed. Raises UsageError, with the file's name."""
    from detect_secrets.core.plugins.util import get_plugins_from_file  # start-up: the library is slow to import

    try:
        classes: list[type[BasePlugin]] = list(get_plugins_from_file(path))
        found = [_ready(cls, own=True) for cls in classes if not _is_library(cls)]
    except (Exception, SystemExit) as error:
        raise UsageError(f"{path}: not a plugin file of detect-secrets: {_brief(error)}") from None
    if not found:
        raise UsageError(f"{path}: holds no plugin of detect-secrets")
    return found


def analyze(plugin: Plugin, line: str, path: str, number: int) -> Iterable[PotentialSecret]:
    """What a plugin says to one line. Raises whatever the plugin raises."""
    if not plugin.own:
        return plugin.instance.analyze_line(filename=path, line=line, line_number=number)
    from detect_secrets.util.code_snippet import get_code_snippet  # start-up: the library is slow to import
    from detect_secrets.util.inject import call_function_with_arguments

    context = get_code_snippet([line], 1)
    # The library gives a method only the arguments that it names.
    found: Iterable[PotentialSecret] | None = call_function_with_arguments(
        plugin.instance.analyze_line, filename=path, line=line, line_number=number, context=context
    )
    return found or ()


def _is_library(cls: type[BasePlugin]) -> bool:
    """A plugin file imports the classes that it builds on, which are no plugins of its own."""
    return cls.__module__.startswith(_PACKAGE)


def _ready(cls: type[BasePlugin], *, own: bool) -> Plugin:
    from detect_secrets.plugins.high_entropy_strings import HighEntropyStringsPlugin  # start-up: slow to import
    from detect_secrets.plugins.keyword import KeywordDetector

    instance = cls()
    # On the instance, so that no setting of an embedding program can send a value to anybody.
    instance.verify = _unverified()  # type: ignore[method-assign, assignment]
    reading = ""
    if isinstance(instance, KeywordDetector):
        reading = "keyword"
    elif isinstance(instance, HighEntropyStringsPlugin):
        reading = "entropy"
    title = str(cls.secret_type)
    return Plugin(instance, cls.__name__, title, _kind(title), reading, own)


def _unverified() -> Callable[[str], VerifiedResult]:
    from detect_secrets.constants import VerifiedResult  # start-up: the library is slow to import

    def verify(secret: str) -> VerifiedResult:
        return VerifiedResult.UNVERIFIED

    # The library reads the arguments to give from here.
    verify.injectable_variables = {"secret"}  # type: ignore[attr-defined]
    verify.path = SECOND_OPINION  # type: ignore[attr-defined]
    return verify


def _brief(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:200]}".partition("\n")[0]
