"""Golden files: what a format is expected to give, byte for byte."""

from __future__ import annotations

from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def compare(name: str, got: str, update: bool) -> None:
    """Assert that a golden file holds just this; write it first where `update`."""
    path = GOLDEN / name
    if update:
        path.parent.mkdir(exist_ok=True)
        path.write_text(got, encoding="utf-8", newline="")
    assert got == path.read_text(encoding="utf-8"), "run with --update if the change is wanted"
