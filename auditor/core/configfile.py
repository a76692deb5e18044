"""Finds and reads the configuration file of a run. What its keys mean is `config`'s business."""

from __future__ import annotations

import os
import stat

from auditor.core.config import ConfigFile
from auditor.core.errors import UsageError

NAMES = ("audit.toml", ".audit.toml")
PYPROJECT = "pyproject.toml"
MAX_BYTES = 1 << 20


def find(folder: str, stop: str) -> ConfigFile | None:
    """The nearest configuration from `folder` up to and including `stop`. Raises UsageError on a broken one."""
    at, last = os.path.abspath(folder), os.path.abspath(stop)
    while True:
        for name in NAMES:
            path = os.path.join(at, name)
            if os.path.lexists(path):
                return read(path)
        project = os.path.join(at, PYPROJECT)
        if os.path.isfile(project):
            found = _project_table(project)
            if found is not None:
                return found
        if at == last or os.path.dirname(at) == at:
            return None
        at = os.path.dirname(at)


def read(path: str) -> ConfigFile:
    """The configuration in this file; of a pyproject.toml its `[tool.audit]`. Raises UsageError."""
    if os.path.basename(path) == PYPROJECT:
        return _project_table(path) or ConfigFile(path, {})
    return ConfigFile(path, _parse(path, _content(path)))


def _project_table(path: str) -> ConfigFile | None:
    content = _content(path)
    if b"audit" not in content:
        return None
    tool = _parse(path, content).get("tool")
    table = tool.get("audit") if isinstance(tool, dict) else None
    if table is None:
        return None
    if not isinstance(table, dict):
        raise UsageError(f"{path}: tool.audit: must be a table")
    return ConfigFile(path, table)


def _content(path: str) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise UsageError(f"{path}: not a regular file")
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise UsageError(f"{path}: larger than {MAX_BYTES} bytes")
    return content


def _parse(path: str, content: bytes) -> dict[str, object]:
    import tomllib  # start-up: only where a configuration exists

    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 (byte {error.start})") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: {error}") from None
    except RecursionError:
        raise UsageError(f"{path}: nested too deeply") from None
