"""Passwords on the command lines that shells keep: bash, zsh with time stamps, fish."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.core.pattern import Pattern
from auditor.detect import names
from auditor.detect.structures.candidate import Candidate, Source

_ZSH = Pattern(r"(?m)^: \d{9,11}:\d{1,7};")
_FISH = Pattern(r"(?m)^- cmd: [^\n]{1,4000}\n  when: \d{9,11}")
_HEAD = 3000
#: A word as a shell reads it: in quotes, or up to the next blank or operator.
_WORD = r"(?P<value>(?:'[^'\r\n]{0,2000}+'|\"(?:[^\"\\\r\n]|\\.){0,2000}+\"|\\[^\r\n]|[^\s'\"`;|&<>()\\]){1,2000}+)"
_SHORT = Pattern(rf"[ \t]-(?P<flag>[pa])[ \t]{{0,9}}{_WORD}")
_USER = Pattern(
    r"[ \t](?:-u|--user|--proxy-user|-a|--auth)(?:=|[ \t]{0,9})(?P<quote>['\"])?[^\s:'\"]{1,200}"
    r":(?P<value>(?(quote)(?:(?!(?P=quote))[^\\\r\n]|\\[^\r\n]){1,500}+|(?:[^\s'\"\\]|\\[^\r\n]){1,500}+))"
)
#: Programs whose `-p` takes a password, glued only (apart it is another thing), or apart as well; `-a`; `-u name:word`.
_GLUED = Pattern(r"\b(?:mysql(?:dump|admin|import|show|check)?|mariadb(?:-dump|-admin)?)\b")
_APART = Pattern(
    r"\b(?:sshpass|(?:docker|podman|buildah|skopeo|helm|nerdctl|oc|az|cf)\b.{0,60}\blogin|mongo(?:sh|dump)?)\b"
)
_REDIS = Pattern(r"\bredis-cli\b")
_HTTP = Pattern(r"\b(?:curl|https?|xh)\b")
_COMMAND = 400
_LONG = Pattern(rf"(?<=[ \t])--?(?P<name>[A-Za-z][A-Za-z0-9-]{{3,50}})(?:=|[ \t]{{1,9}}){_WORD}")
_ASSIGNED = Pattern(rf"(?:^|[\s;&|(])(?P<name>[A-Za-z_][A-Za-z0-9_]{{2,80}})={_WORD}")
_HEADER = Pattern(
    r"(?i)\b(?P<name>authorization|private-token|x-api-key|x-vault-token|x-auth-token):[ \t]{0,9}"
    r"(?:(?:bearer|basic|token)[ \t]{1,9})?(?P<value>[^\s'\"\\]{8,4000})"
)
_TITLE = "Secret on a command line kept in a shell's history"
_KIND = "shell-history-secret"


def is_history(text: str) -> bool:
    """Whether the beginning looks like what zsh or fish writes."""
    head = text[:_HEAD]
    return _ZSH.search(head) is not None or _FISH.search(head) is not None


def find(source: Source) -> Iterator[Candidate]:
    """The passwords and tokens; variables (`$TOKEN`) and commands are none."""
    text = source.text
    for match in _SHORT.finditer(text):
        command = _command(text, match.start())
        apart = text[match.start("value") - 1] in " \t"
        if match["flag"] == "a":
            takes = _REDIS.search(command)
        else:
            takes = _APART.search(command) or (None if apart else _GLUED.search(command))
        if takes is not None:
            yield from _password(text, match)
    for match in _USER.finditer(text):
        if _HTTP.search(_command(text, match.start())):
            yield from _password(text, match)
    for pattern, mode in ((_LONG, "named"), (_ASSIGNED, "named"), (_HEADER, "token")):
        for match in pattern.finditer(text):
            start, end = _bare(text, *match.span("value"))
            if text.startswith(("$", "-"), start) or ("$" in text[start:end] and mode != "named"):
                continue
            if mode == "token" or names.read(match["name"]) is not None:
                yield Candidate(_KIND, _TITLE, start, end, match["name"], mode)


def _command(text: str, at: int) -> str:
    """What stands before in the same command, at most 400 characters."""
    before = text[max(0, at - _COMMAND) : at]
    return before[max(before.rfind(mark) for mark in "\n;|&") + 1 :]


def _password(text: str, match: re.Match[str]) -> Iterator[Candidate]:
    start, end = _bare(text, *match.span("value"))
    if start < end and not text.startswith(("$", "-"), start):
        yield Candidate(_KIND, _TITLE, start, end, "password", "password")


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    quoted = end - start > 1 and text[start] in "'\"" and text[end - 1] == text[start]
    return (start + 1, end - 1) if quoted else (start, end)
