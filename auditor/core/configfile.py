"""Finds and reads the configuration file of a run. What its keys mean is `config`'s business."""

from __future__ import annotations

import os

from auditor.core.config import ConfigFile
from auditor.core.errors import UsageError
from auditor.core.smallfile import content_of, toml_of

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
    return ConfigFile(path, toml_of(path, content_of(path, MAX_BYTES)))


def _project_table(path: str) -> ConfigFile | None:
    content = content_of(path, MAX_BYTES)
    if b"audit" not in content:
        return None
    tool = toml_of(path, content).get("tool")
    table = tool.get("audit") if isinstance(tool, dict) else None
    if table is None:
        return None
    if not isinstance(table, dict):
        raise UsageError(f"{path}: tool.audit: must be a table")
    return ConfigFile(path, table)
