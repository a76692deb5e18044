"""From a command line to the settings of a run: finds the configuration file and merges it with what was given."""

from __future__ import annotations

import os

from auditor.core.config import Settings, resolve
from auditor.core.configfile import find, read
from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.sources.files import repository_root

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from auditor.core.config import ConfigFile


def settings_of(given: dict[str, Any], paths: Sequence[str]) -> Settings:
    """The settings for these arguments by name, of which `config` and `isolated` are taken out. Raises UsageError."""
    file = file_for(given, paths)
    return resolve(given, os.environ, file)


def file_for(given: dict[str, Any], paths: Sequence[str]) -> ConfigFile | None:
    """The configuration file that counts for these paths; takes `config` and `isolated` out. Raises UsageError."""
    config, isolated = given.pop("config", None), given.pop("isolated", False)
    if config and isolated:
        raise UsageError("--config and --isolated cannot be used together")
    if isolated:
        return None
    if path := config or os.environ.get("AUDIT_CONFIG", ""):
        return read(path)
    folder = common_folder(paths)
    return find(folder, repository_root(folder))


def common_folder(paths: Sequence[str]) -> str:
    """The deepest folder that holds every path; the current one for standard input."""
    absolute = [os.path.abspath(path) for path in paths if path != "-"]
    if not absolute:
        return os.getcwd()
    folders = [path if os.path.isdir(path) else os.path.dirname(path) for path in absolute]
    try:
        return os.path.commonpath(folders)
    except ValueError:
        return os.getcwd()
