"""Whose process a container is: USER as numbers, by the image's own lists of users and groups."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.fixes.overriding.facts import Reader

_LAST = 2**32 - 2
_MOST_LINES = 5_000
_COMMENT = Pattern(r"(?m)^[ \t]*#.*$")
#: How start scripts become another user; the group is that user's name, or a variable with it.
_BECOMES = Pattern(
    r"\b(?:(?:gosu|su-exec|s6-setuidgid)[ \t]+|(?:setpriv|runuser|chroot|su)\b[^\n#|;&]{0,120}?"
    r"(?:--reuid|--userspec|--user|-u)[ \t=]+)[\"']?(?P<user>[\w.:${}-]{1,100})"
)


def owner(user: str, passwd: bytes, group: bytes) -> Reader:
    """The numbers of `USER name[:group]`, each a name or a number; nobody is root.

    What is all digits is a number, never a name. Source: GetExecUser of runc (libcontainer/user).
    """
    name, _, of = user.partition(":")
    uid, gid = _user(name, passwd)
    if of:
        gid = _number(of)
        if gid is None:
            gid = next((_number(f[2]) for f in _lines(group) if len(f) > 2 and f[0] == of), None)
    return Reader(user or "root", uid, gid)


def reader(user: Reader, script: str, passwd: bytes, group: bytes) -> Reader:
    """Who reads the files that a script is given: the user that it becomes where it is root's."""
    match = _BECOMES.search(_COMMENT.sub("", script)) if user.uid == 0 else None
    if match is None:
        return user
    name = match["user"]
    return Reader(name, None, None) if "$" in name else owner(name, passwd, group)


def _user(name: str, passwd: bytes) -> tuple[int | None, int | None]:
    number = 0 if name in ("", "root") else _number(name)
    for fields in _lines(passwd):
        if len(fields) > 3 and (fields[0] == name if number is None else fields[2] == str(number)):
            return _number(fields[2]), _number(fields[3])
    return number, None if number is None else 0


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= _LAST else None


def _lines(data: bytes) -> list[list[str]]:
    return [line.split(":") for line in data.decode("utf-8", "replace").split("\n")[:_MOST_LINES]]
