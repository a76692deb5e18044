"""Compresses with the library that the package depends on: that of Python 3.14, before that its backport."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast


def compress(data: bytes) -> bytes:
    """One frame. Raises ImportError where neither library is."""
    try:
        module = import_module("compression.zstd")
    except ImportError:
        module = import_module("backports.zstd")
    return cast("Callable[[bytes], bytes]", module.compress)(data)
