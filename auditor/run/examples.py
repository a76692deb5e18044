"""Runs the examples of rules: the tests, `audit rules check` and the rule pages rely on the same ones."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from functools import cache

from auditor.core.errors import RuleDataError
from auditor.core.finding import Severity
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.resources import load_rule_docs, load_rules
from auditor.core.span import LineIndex
from auditor.run.inputs import is_wanted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditor.core.config import Settings
    from auditor.core.finding import Finding
    from auditor.core.ruledata import Entry
    from auditor.detect.detector import Detector

_DOCKERFILE = "Dockerfile"
_ANY_NAME = "example.txt"
_FIX_KEYS = frozenset({"fixed", "fixed_by", "ignored", "changed", "min_severity", "wrapper", "map"})


class Example(NamedTuple):
    """One example of a rule.

    `kind` is "bad" or "good", `number` counts from 1 within it. `text` is a Dockerfile, or another file called `name`
    ("" for a Dockerfile): one that `audit lint` reads, for `audit scan` any file, for `audit image` a document of the
    metadata. `finds` are the texts that the rule reports in a bad example, in order, of each its first line; `severity`
    is what all of them must have if the example says so. `files` (path -> content) is the build context; None where the
    example is about the file alone. `fixed` is the whole text that `audit fix` makes of a bad example ("" where it
    leaves the file as it is), with `--unsafe-fixes` where `unsafe`, `--min-severity` where `least` is not medium,
    `--wrapper` where `wrapper` is not "" and `--map` with each of `mapped`, and `ignored` what it adds to the context's
    ignore file, `changed` the texts that other files get (path -> content).
    """

    rule: str
    kind: str
    number: int
    title: str
    text: str
    finds: tuple[str, ...]
    severity: Severity | None
    files: dict[str, str] | None
    name: str = ""
    fixed: str = ""
    unsafe: bool = False
    ignored: tuple[str, ...] = ()
    changed: Mapping[str, str] = {}
    least: Severity = Severity.MEDIUM
    wrapper: str = ""
    mapped: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name for messages and test ids, e.g. "arg-secret-bad-2"."""
        return f"{self.rule}-{self.kind}-{self.number}"

    @property
    def is_fixed(self) -> bool:
        """Whether `audit fix` does something about it."""
        return bool(self.fixed or self.ignored or self.changed)

    @property
    def after(self) -> str:
        """The Dockerfile after `audit fix`."""
        return self.fixed or self.text

    @property
    def command(self) -> str:
        """The `audit fix` that fixes it, with the options that it takes."""
        least = "" if self.least == Severity.MEDIUM else f" --min-severity {self.least.label}"
        wrapper = f" --wrapper {self.wrapper}" if self.wrapper else ""
        mapped = "".join(f" --map {one}" for one in self.mapped)
        return f"audit fix{least}{wrapper}{mapped}{' --unsafe-fixes' if self.unsafe else ''}"


def load_examples(rule_id: str) -> list[Example]:
    """The examples of one of our rules, bad ones first. Raises RuleDataError, also for an unknown rule."""
    entry = load_rule_docs()["rules"].get(rule_id)
    if entry is None:
        raise RuleDataError(f"{rule_id}: no such rule")
    return examples_of(rule_id, entry)


def examples_of(rule_id: str, entry: Entry) -> list[Example]:
    """The examples in one entry of the compiled rule prose. Raises RuleDataError, which names the example and key."""
    return [example for kind in ("bad", "good") for example in _read(rule_id, kind, entry.get(kind, []))]


def run_example(example: Example, text: str | None = None) -> list[Finding]:
    """All findings of all rules that no comment silences, in place order; `text` replaces the example's own."""
    if example.name and _is_about_images(example.rule):
        from auditor.run.images.examples import findings_in  # start-up: as above

        return findings_in(example.rule, example.name, example.text if text is None else text, _detector())
    with placed(example, text) as (settings, path):
        if example.name and not is_linted(example):
            from auditor.run.scan import scan

            return scan(settings, [path], _detector()).active
        from auditor.run.pipeline import lint

        return lint(settings, [path]).active


@contextmanager
def placed(example: Example, text: str | None = None) -> Iterator[tuple[Settings, str]]:
    """An example's file and build context in a folder that is removed afterwards: settings to run with, its path."""
    from auditor.core.config import Settings  # start-up: reading and showing examples needs no checks

    with tempfile.TemporaryDirectory(prefix="audit-example-") as folder:
        path = os.path.join(folder, example.name or _DOCKERFILE)
        _write(path, example.text if text is None else text)
        settings = Settings()
        if example.files is None:
            settings.no_context = True
        else:
            settings.context = "" if example.name else folder
            for name, content in example.files.items():
                _write(os.path.join(folder, *name.split("/")), content)
        yield settings, path


def is_linted(example: Example) -> bool:
    """Whether an example is what `audit lint` reads and `audit fix` rewrites: not a file of any kind for the scan."""
    return not example.name or (_family(example.rule) not in ("", "image", "scan") and is_wanted(example.name))


def _is_about_images(rule_id: str) -> bool:
    return _family(rule_id) == "image"


def _family(rule_id: str) -> str:
    rule = load_rules()["rules"].get(rule_id)
    return str(rule["family"]) if rule is not None else ""


@cache
def _detector() -> Detector:
    """One detector for all examples: making one takes longer than most of them."""
    from auditor.detect.detector import Detector

    return Detector()


def reported(text: str, finding: Finding) -> str:
    """What a finding points at in an example's text; of several lines the first."""
    place = finding.location
    lines = LineIndex(text)
    start, line = lines.bounds(place.start_line)
    if place.end_line == place.start_line:
        return text[start + place.start_column - 1 : start + place.end_column - 1]
    return text[start + place.start_column - 1 : line]


def _read(rule_id: str, kind: str, value: object) -> Iterator[Example]:
    if not isinstance(value, list):
        raise RuleDataError(f"{rule_id}: {kind}: must be an array of tables")
    for number, data in enumerate(value, 1):
        place = f"{rule_id}: {kind} example {number}"
        if not isinstance(data, dict):
            raise RuleDataError(f"{place}: must be a table")
        name = _name(place, data.get("name", _ANY_NAME)) if "text" in data else ""
        key = "text" if name else "dockerfile"
        text, title = data.get(key), data.get("title", "")
        if not isinstance(text, str) or not isinstance(title, str):
            raise RuleDataError(f"{place}: {key}: must be a text")
        finds = _finds(place, kind, data.get("finds", []))
        severity = _severity(place, data.get("severity"))
        files = _files(place, data.get("files"), name or _DOCKERFILE)
        example = Example(rule_id, kind, number, title, text, finds, severity, files, name)
        yield _with_fix(place, example, data)


def _name(place: str, value: object) -> str:
    if not isinstance(value, str) or "\0" in value or not all(map(_is_plain, value.split("/"))):
        raise RuleDataError(f"{place}: name: must be a path below the searched folder")
    return value


def _finds(place: str, kind: str, value: object) -> tuple[str, ...]:
    texts = tuple(item for item in value if isinstance(item, str) and item) if isinstance(value, list) else ()
    if not isinstance(value, list) or len(texts) != len(value) or bool(texts) != (kind == "bad"):
        raise RuleDataError(f"{place}: finds: a bad example lists the texts that are reported, a good one has none")
    return texts


def _with_fix(place: str, example: Example, data: Entry) -> Example:
    """The example with what becomes of it."""
    fixed, how, ignored = data.get("fixed", ""), data.get("fixed_by", "safe"), data.get("ignored", [])
    if not isinstance(fixed, str) or how not in ("safe", "unsafe"):
        raise RuleDataError(f"{place}: fixed: must be a text, and fixed_by safe or unsafe")
    changed = _files(place, data.get("changed"), _DOCKERFILE, key="changed") or {}
    if not isinstance(ignored, list) or not all(isinstance(item, str) and item for item in ignored):
        raise RuleDataError(f"{place}: ignored: must be a list of patterns")
    if not _FIX_KEYS.isdisjoint(data) and (example.kind == "good" or not is_linted(example)):
        raise RuleDataError(f"{place}: fixed: only a bad example of a file that audit lint reads can be fixed")
    if ignored and example.files is None:
        raise RuleDataError(f"{place}: ignored: without files there is no build context")
    if not set(changed) <= set(example.files or {}):
        raise RuleDataError(f"{place}: changed: only files of the example can change")
    if not _FIX_KEYS.isdisjoint(data) and not (ignored or changed) and fixed in ("", example.text):
        raise RuleDataError(f"{place}: fixed: nothing is changed")
    least = _severity(place, data.get("min_severity")) or Severity.MEDIUM
    example = example._replace(fixed=fixed, unsafe=how == "unsafe", changed=changed, least=least)
    example = example._replace(ignored=tuple(map(str, ignored)))
    return _with_wrapper(place, example, data)


def _with_wrapper(place: str, example: Example, data: Entry) -> Example:
    wrapper, mapped = data.get("wrapper", ""), data.get("map", [])
    if not isinstance(wrapper, str) or not isinstance(mapped, list) or (mapped and not wrapper):
        raise RuleDataError(f"{place}: wrapper: must be a name, and map a list of VARIABLE=REFERENCE beside it")
    if any(not isinstance(one, str) or "=" not in one for one in mapped):
        raise RuleDataError(f"{place}: map: must be a list of VARIABLE=REFERENCE")
    if wrapper:
        from auditor.core.wrappers import wrapper_named  # start-up: few examples have one

        if wrapper_named(wrapper) is None:
            raise RuleDataError(f"{place}: wrapper: there is none of the name {wrapper!r}")
    return example._replace(wrapper=wrapper, mapped=tuple(map(str, mapped)))


def _severity(place: str, value: object) -> Severity | None:
    if value is None:
        return None
    try:
        return Severity.parse(str(value))
    except KeyError:
        raise RuleDataError(f"{place}: severity: {value!r} is no severity") from None


def _files(place: str, value: object, own: str, *, key: str = "files") -> dict[str, str] | None:
    """The files beside `own`; only plain paths below the folder, since rule files of other people are run too."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise RuleDataError(f"{place}: {key}: must be a table of names and contents")
    files = {}
    for name, content in value.items():
        parts = str(name).split("/")
        if not isinstance(content, str) or name == own or "\0" in name or not all(_is_plain(p) for p in parts):
            raise RuleDataError(f"{place}: {key}: {name!r} must be a path below the context, its content a text")
        files[name] = content
    return files


def _is_plain(part: str) -> bool:
    return part not in ("", ".", "..") and "\\" not in part and ":" not in part


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(text)
