"""Files of `NAME = value` lines whose names decide: .env, .tfvars, properties, data files named after credentials."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.pattern import Pattern
from auditor.detect.structures.candidate import Candidate, Source
from auditor.detect.structures.fields import LONGEST, trim

_LINE = Pattern(
    r"(?m)^[ \t]{0,20}(?:export[ \t]{1,9}|set[ \t]{1,9})?(?P<name>[A-Za-z_][\w.-]{0,100})[ \t]{0,40}=[ \t]{0,20}"
    rf"(?P<value>[^\s][^\r\n]{{0,{LONGEST}}})"
)
#: Terraform's variables are literals: what has no quotes is a number or a name.
_QUOTED = Pattern(
    rf"(?m)^[ \t]{{0,20}}\"?(?P<name>[A-Za-z_][\w-]{{0,100}})\"?[ \t]{{0,60}}=[ \t]{{0,20}}"
    rf"(?P<value>\"[^\r\n]{{1,{LONGEST}}})"
)
_COLON = Pattern(
    r"(?m)^[ \t]{0,100}(?:- )?[\"']?(?P<name>[A-Za-z_][\w.-]{1,100})[\"']?[ \t]{0,20}:[ \t]{1,20}"
    rf"(?P<value>[^\s\[{{|>&*][^\r\n]{{0,{LONGEST}}})"
)
_JSON = Pattern(
    rf"\"(?P<name>[A-Za-z_][\w.-]{{1,100}})\"\s{{0,20}}+:\s{{0,20}}+\"(?P<value>(?:[^\"\\\r\n]|\\.){{1,{LONGEST}}}+)\""
)
_HEAD = Pattern(r"(?:export[ \t]{1,9})?[A-Z_][A-Z0-9_]{1,80}=[^=]")
_HEAD_LENGTH, _HEAD_LINES, _LEAST_LINES = 1500, 12, 2
_ENV = ("dotenv-secret", "Secret in an environment file")
_TERRAFORM = ("terraform-variable", "Secret in Terraform variables")
_PROPERTIES = ("properties-secret", "Secret in a properties file")
_DATA = ("credentials-file-secret", "Secret in a credentials file")
#: What `credfiles.recognise` calls a file -> what its values are.
KINDS = {
    "dotenv": _ENV,
    "named-dotenv": _ENV,
    "dotenv-keys": _ENV,
    "gradle-properties": _PROPERTIES,
    "signing-properties": _PROPERTIES,
    "service-configuration": _PROPERTIES,
    "credentials-json": _DATA,
    "editor-ftp": _DATA,
}


def is_environment(text: str) -> bool:
    """Whether the beginning is nothing but `NAME=value` lines and comments: an environment file by any name."""
    head = text[:_HEAD_LENGTH]
    if "=" not in head:
        return False
    lines = head.split("\n")[:_HEAD_LINES]
    if len(head) < len(text) and len(lines) < _HEAD_LINES:
        lines.pop()
    said = [line for line in lines if line.strip() and not line.startswith("#")]
    return len(said) >= _LEAST_LINES and all(_HEAD.match(line) for line in said)


def find(source: Source) -> Iterator[Candidate]:
    """The values that their names make secrets."""
    kind, title = _kind(source)
    patterns = [_QUOTED if source.kind == "terraform" else _LINE]
    if (kind, title) in (_DATA, _PROPERTIES):
        patterns.append(_JSON if source.base.endswith(".json") else _COLON)
    if source.base.endswith(".tfvars.json"):
        patterns = [_JSON]
    for pattern in patterns:
        for match in pattern.finditer(source.text):
            start, end = match.span("value")
            if pattern is not _JSON:
                start, end = trim(source.text, start, end)
            if start < end and not source.text.startswith(("-----BEGIN", "<"), start):
                yield Candidate(kind, title, start, end, match["name"], "named")


def _kind(source: Source) -> tuple[str, str]:
    if source.kind == "terraform":
        return _TERRAFORM
    return KINDS.get(source.kind, _ENV)
