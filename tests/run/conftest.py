"""A stand-in for the checks, so that the pipeline's tests do not depend on what rules find."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from auditor.core.finding import Finding, Location, Severity
from auditor.core.secret import Secret
from auditor.core.span import Span
from auditor.flow.state import Facts
from auditor.lang.dockerfile.nodes import Document

Check = Callable[["Followed", frozenset[str]], "list[Finding]"]

_PLANTED = re.compile(r"PLANT(?:-([a-z-]+))?=([^\s\"']+)")


class Followed:
    """What the stand-in for `follow` returns."""

    def __init__(self, document: Document, path: str) -> None:
        self.document = document
        self.path = path
        self.facts = Facts()


def planted(build: Followed, rules: frozenset[str]) -> Iterator[Finding]:
    """A finding for every `PLANT=value` (rule env-secret) and `PLANT-rule-id=value` of the text."""
    document = build.document
    for match in _PLANTED.finditer(document.text):
        rule = match[1] or "env-secret"
        if rule in rules:
            place = Location.of(build.path, document.lines, Span(*match.span(2)))
            secret = Secret(match[2], "password")
            yield Finding(rule, Severity.HIGH, place, f"A secret ({secret}) is here.", match[2][:1], secret=secret)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Callable[[Check], None]:
    """Replaces the checks and the build they look at; returns a function to replace them once more."""

    def use(check: Check) -> None:
        monkeypatch.setattr("auditor.run.analysis.check", check)

    monkeypatch.setattr("auditor.run.analysis.follow", lambda document, path, *_: Followed(document, path))
    use(lambda build, rules: list(planted(build, rules)))
    return use
