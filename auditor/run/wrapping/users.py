"""Whose process a container is: USER as numbers, by the image's own lists of users and groups."""

from __future__ import annotations

from auditor.core.record import NamedTuple

_LAST = 2**32 - 2
_MOST_LINES = 5_000


class Owner(NamedTuple):
    """Numbers of user and group; None where the image does not say them."""

    uid: int | None
    gid: int | None


def owner(user: str, passwd: bytes, group: bytes) -> Owner:
    """The numbers of `USER name[:group]`, each a name or a number; nobody is root.

    What is all digits is a number, never a name. Source: GetExecUser of runc (libcontainer/user).
    """
    name, _, of = user.partition(":")
    uid, gid = _user(name, passwd)
    if of:
        gid = _number(of)
        if gid is None:
            gid = next((_number(f[2]) for f in _lines(group) if len(f) > 2 and f[0] == of), None)
    return Owner(uid, gid)


def _user(name: str, passwd: bytes) -> Owner:
    number = 0 if name in ("", "root") else _number(name)
    for fields in _lines(passwd):
        if len(fields) > 3 and (fields[0] == name if number is None else fields[2] == str(number)):
            return Owner(_number(fields[2]), _number(fields[3]))
    return Owner(number, None if number is None else 0)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= _LAST else None


def _lines(data: bytes) -> list[list[str]]:
    return [line.split(":") for line in data.decode("utf-8", "replace").split("\n")[:_MOST_LINES]]
