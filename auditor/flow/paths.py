"""Paths inside the image being built: made absolute, compared with what `rm` and `COPY` name."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.flow.baseusers import BaseUser

_HOME = Pattern(r"^(?:~|\$HOME|\$\{HOME\})(?=/|$)")
_USER_HOME = Pattern(r"^~([a-z_][\w.-]*)(?=/|$)")
_DRIVE = Pattern(r"^[A-Za-z]:/")
_MAX_PATTERN = 500
#: Base images without an owner in their name that have another user than root.
_OWN_USERS = ("sonarqube", "odoo", "solr")


def absolute(path: str, cwd: str, home: str) -> str:
    """Absolute form of a path in the image; `~` and `$HOME` become `home`, `.` and `..` are resolved."""
    path = path.replace("\\", "/")
    if path[:1] in "~$":
        path = _HOME.sub(lambda _m: home, path)
        path = _USER_HOME.sub(lambda m: "/root" if m[1] == "root" else f"/home/{m[1]}", path)
    if _DRIVE.match(path):
        return posixpath.normpath(path)
    # POSIX lets two leading slashes mean something else, and normpath keeps them: home is "/" for a user by number.
    return "/" + posixpath.normpath(posixpath.join(cwd or "/", path)).lstrip("/")


def home_of(user: str) -> str:
    """Home folder of the user a stage runs as (`USER`), by convention; the image itself is not at hand."""
    name = user.partition(":")[0].strip()
    if name in ("", "0", "root"):
        return "/root"
    return "/" if name.isdigit() else f"/home/{name}"


def user_of(image: str) -> BaseUser | None:
    """The user that a base image sets; None for root."""
    if "/" not in image and "nonroot" not in image and not image.startswith(_OWN_USERS):
        return None
    from auditor.flow.baseusers import base_user  # start-up: most images are root's

    return base_user(image)


def covers(pattern: str, path: str, *, shell: bool = True) -> bool:
    """Whether removing or copying `pattern` (absolute, globs allowed) takes `path` with it.

    `shell`: a wildcard at the start of a name spares names that begin with a dot, as in every shell; Go's matcher,
    which COPY uses, does not.
    """
    if pattern == path or pattern == "/":
        return True
    if "*" in pattern or "?" in pattern or "[" in pattern:
        return _glob(pattern[:_MAX_PATTERN], shell).match(path + "/") is not None
    return path.startswith(pattern.rstrip("/") + "/")


@lru_cache(maxsize=1024)
def _glob(pattern: str, shell: bool) -> re.Pattern[str]:
    """A pattern as a regular expression that also matches everything below what it matches."""
    out = []
    at_start = True
    index = 0
    while index < len(pattern):
        char = pattern[index]
        guard = r"(?!\.)" if shell and at_start else ""
        end = pattern.find("]", index + 2) if char == "[" else -1
        if char == "*":
            out.append(guard + "[^/]*")
            while pattern[index + 1 : index + 2] == "*":
                index += 1
        elif char == "?":
            out.append(guard + "[^/]")
        elif end > 0:
            body = re.sub(r"([\\\[&~|])", r"\\\1", pattern[index + 1 : end])
            out.append(guard + "[" + ("^" + body[1:] if body[:1] in "!^" else body) + "]")
            index = end
        else:
            out.append(re.escape(char))
        at_start = char == "/"
        index += 1
    try:
        return re.compile("".join(out) + "/")
    except re.error:
        return re.compile(re.escape(pattern) + "/")
