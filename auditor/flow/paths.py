"""Paths inside the image being built: made absolute, compared with what `rm` and `COPY` name."""

from __future__ import annotations

import posixpath
import re

from auditor.core.pattern import Pattern

_HOME = Pattern(r"^(?:~|\$HOME|\$\{HOME\})(?=/|$)")
_USER_HOME = Pattern(r"^~([a-z_][\w.-]*)(?=/|$)")


def absolute(path: str, cwd: str, home: str) -> str:
    """Absolute form of a path in the image; `~` and `$HOME` become `home`, `.` and `..` are resolved."""
    path = _HOME.sub(lambda _m: home, path.replace("\\", "/"))
    path = _USER_HOME.sub(lambda m: "/root" if m[1] == "root" else f"/home/{m[1]}", path)
    if re.match(r"^[A-Za-z]:/", path):
        return posixpath.normpath(path)
    return posixpath.normpath(posixpath.join(cwd or "/", path))


def home_of(user: str) -> str:
    """Home folder of the user a stage runs as (`USER`), by convention; the image itself is not at hand."""
    name = user.partition(":")[0].strip()
    return "/root" if name in ("", "0", "root") else f"/home/{name}"


def covers(pattern: str, path: str) -> bool:
    """Whether removing or copying `pattern` (absolute, shell globs allowed) takes `path` with it."""
    if pattern == path or pattern == "/":
        return True
    if "*" in pattern or "?" in pattern or "[" in pattern:
        return _glob(pattern).match(path + "/") is not None
    return path.startswith(pattern.rstrip("/") + "/")


def _glob(pattern: str) -> re.Pattern[str]:
    """A shell pattern as a regular expression that also matches everything below what it matches."""
    out = []
    for char in re.sub(r"\*+", "*", pattern)[:500]:
        out.append({"*": "[^/]*", "?": "[^/]"}.get(char, re.escape(char)))
    return re.compile("".join(out) + "/")
