"""Files of `NAME = value` lines whose names decide: .env, .tfvars, properties, data files named after credentials."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.pattern import Pattern
from auditor.detect.structures.candidate import Candidate, Source
from auditor.detect.structures.escapes import JSON, PROPERTIES, QUOTES, plain
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
#: Terraform's text of several lines.
_HEREDOC = Pattern(
    r"(?m)^[ \t]{0,20}\"?(?P<name>[A-Za-z_][\w-]{0,100})\"?[ \t]{0,60}=[ \t]{0,20}<<-?(?P<mark>[A-Za-z_]\w{0,60})\r?\n"
    r"\s{0,200}+(?P<value>(?:(?![ \t]{0,200}(?P=mark)[ \t]{0,20}\r?$)[^\n]{0,8192}\n){1,20}+)[ \t]{0,200}(?P=mark)"
)
#: Java's properties: a line goes on below where it ends with a backslash, and there are no comments behind a value.
_PROPERTY = Pattern(
    r"(?m)^[ \t]{0,20}(?P<name>[A-Za-z_][\w.-]{0,100})[ \t]{0,40}[=:][ \t]{0,20}(?=[^\s])"
    rf"(?P<value>(?:[^\\\r\n]|\\\r?\n|\\[^\r\n]){{1,{LONGEST}}}+)"
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
_SERVICE = ("properties-secret", "Secret in a configuration file")
_DATA = ("credentials-file-secret", "Secret in a credentials file")
#: What `credfiles.recognise` calls a file -> what its values are.
KINDS = {
    "dotenv": _ENV,
    "named-dotenv": _ENV,
    "dotenv-keys": _ENV,
    "gradle-properties": _PROPERTIES,
    "signing-properties": _PROPERTIES,
    "service-configuration": _SERVICE,
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
    text = source.text
    for pattern, notation in _patterns(source, (kind, title)):
        for match in pattern.finditer(text):
            start, end = match.span("value")
            if pattern is _HEREDOC:
                end -= len(match["value"]) - len(match["value"].rstrip())
            elif pattern is not _JSON:
                start, end = trim(text, start, end, comments=pattern is not _PROPERTY)
            if start < end and not text.startswith(("-----BEGIN", "<"), start):
                read = QUOTES if pattern is _LINE and text[start - 1] == '"' else notation
                said = plain(text[start:end], read)
                yield Candidate(kind, title, start, end, match["name"], "named", "", "", (), said)


def _patterns(source: Source, what: tuple[str, str]) -> list[tuple[Pattern, str]]:
    """The patterns of a file and how each writes its values."""
    if source.base.endswith(".tfvars.json"):
        return [(_JSON, JSON)]
    if source.kind == "terraform":
        return [(_QUOTED, JSON), (_HEREDOC, "")]
    if source.base.endswith(".properties"):
        return [(_PROPERTY, PROPERTIES)]
    if what not in (_DATA, _PROPERTIES):
        return [(_LINE, "")]
    return [(_LINE, ""), (_JSON, JSON) if source.base.endswith(".json") else (_COLON, "")]


def _kind(source: Source) -> tuple[str, str]:
    if source.kind == "terraform":
        return _TERRAFORM
    return KINDS.get(source.kind, _ENV)
