"""A copy of what the package is built from: building writes into the tree."""

from __future__ import annotations

import shutil
from pathlib import Path

_PARTS = ("auditor", "ci", "reports", "rules", "LICENSE", "README.md", "action.yml", "hatch_build.py", "pyproject.toml")
#: What a clone does not have.
_MADE = shutil.ignore_patterns("_data", "__pycache__")


def copy_checkout(root: Path, folder: Path, *more: str) -> None:
    """Copy these parts, and `more` files, of the checkout at `root` into a folder, made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in (*_PARTS, *more):
        if (root / part).is_dir():
            shutil.copytree(root / part, folder / part, ignore=_MADE)
        else:
            shutil.copy2(root / part, folder / part)
