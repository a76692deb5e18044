"""Finds the secrets that a container build leaks, and says where each one ends up."""

from __future__ import annotations

__version__ = "0.1.0"
