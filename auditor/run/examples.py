"""Runs the examples of rules: the tests, `audit rules check` and the rule pages rely on the same ones."""

from __future__ import annotations

import os
import tempfile

from auditor.core.errors import RuleDataError
from auditor.core.finding import Severity
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.resources import load_rule_docs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.core.finding import Finding
    from auditor.core.ruledata import Entry

_DOCKERFILE = "Dockerfile"


class Example(NamedTuple):
    """One example of a rule.

    `kind` is "bad" or "good", `number` counts from 1 within it. `finds` are the texts that the rule reports in a bad
    example, in order, `severity` what all of them must have if the example says so. `files` (path -> content) is the
    build context; None where the example is about the Dockerfile alone.
    """

    rule: str
    kind: str
    number: int
    title: str
    dockerfile: str
    finds: tuple[str, ...]
    severity: Severity | None
    files: dict[str, str] | None

    @property
    def label(self) -> str:
        """Name for messages and test ids, e.g. "arg-secret-bad-2"."""
        return f"{self.rule}-{self.kind}-{self.number}"


def load_examples(rule_id: str) -> list[Example]:
    """The examples of one of our rules, bad ones first. Raises RuleDataError, also for an unknown rule."""
    entry = load_rule_docs()["rules"].get(rule_id)
    if entry is None:
        raise RuleDataError(f"{rule_id}: no such rule")
    return examples_of(rule_id, entry)


def examples_of(rule_id: str, entry: Entry) -> list[Example]:
    """The examples in one entry of the compiled rule prose. Raises RuleDataError, which names the example and key."""
    return [example for kind in ("bad", "good") for example in _read(rule_id, kind, entry.get(kind, []))]


def run_example(example: Example, dockerfile: str | None = None) -> list[Finding]:
    """All findings of all rules that no comment silences, in place order; `dockerfile` replaces the example's text."""
    from auditor.core.config import Settings  # start-up: reading and showing examples needs no checks
    from auditor.run.pipeline import lint

    text = example.dockerfile if dockerfile is None else dockerfile
    with tempfile.TemporaryDirectory(prefix="audit-example-") as folder:
        path = os.path.join(folder, _DOCKERFILE)
        _write(path, text)
        settings = Settings()
        if example.files is None:
            settings.no_context = True
        else:
            settings.context = folder
            for name, content in example.files.items():
                _write(os.path.join(folder, *name.split("/")), content)
        return lint(settings, [path]).active


def _read(rule_id: str, kind: str, value: object) -> Iterator[Example]:
    if not isinstance(value, list):
        raise RuleDataError(f"{rule_id}: {kind}: must be an array of tables")
    for number, data in enumerate(value, 1):
        place = f"{rule_id}: {kind} example {number}"
        if not isinstance(data, dict):
            raise RuleDataError(f"{place}: must be a table")
        text, title = data.get("dockerfile"), data.get("title", "")
        if not isinstance(text, str) or not isinstance(title, str):
            raise RuleDataError(f"{place}: dockerfile: must be a text")
        finds = _finds(place, kind, data.get("finds", []))
        severity = _severity(place, data.get("severity"))
        yield Example(rule_id, kind, number, title, text, finds, severity, _files(place, data.get("files")))


def _finds(place: str, kind: str, value: object) -> tuple[str, ...]:
    texts = tuple(item for item in value if isinstance(item, str) and item) if isinstance(value, list) else ()
    if not isinstance(value, list) or len(texts) != len(value) or bool(texts) != (kind == "bad"):
        raise RuleDataError(f"{place}: finds: a bad example lists the texts that are reported, a good one has none")
    return texts


def _severity(place: str, value: object) -> Severity | None:
    if value is None:
        return None
    try:
        return Severity.parse(str(value))
    except KeyError:
        raise RuleDataError(f"{place}: severity: {value!r} is no severity") from None


def _files(place: str, value: object) -> dict[str, str] | None:
    """The context's files; only plain paths below the folder, since rule files of others are run too."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise RuleDataError(f"{place}: files: must be a table of names and contents")
    files = {}
    for name, content in value.items():
        parts = str(name).split("/")
        if not isinstance(content, str) or name == _DOCKERFILE or "\0" in name or not all(_is_plain(p) for p in parts):
            raise RuleDataError(f"{place}: files: {name!r} must be a path below the context, its content a text")
        files[name] = content
    return files


def _is_plain(part: str) -> bool:
    return part not in ("", ".", "..") and "\\" not in part and ":" not in part


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(text)
