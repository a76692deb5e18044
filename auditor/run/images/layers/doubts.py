"""What makes a leak less likely to be one: values that are public anyway, or only digests of secrets."""

from __future__ import annotations

import re

from auditor.core.finding import Confidence, Severity
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.run.images.leak import Leak

#: Digests in hexadecimal: MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512.
_LENGTHS = frozenset({32, 40, 56, 64, 96, 128})
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_COMPILED = re.compile(r"(?P<folder>(?:.*/)?)__pycache__/(?P<name>[^/.]+)\.[^/]+\.pyc")


def lowered(leak: Leak, package: str) -> Leak:
    """The leak with the least confidence; `package`: the public one that has brought the value, if it is known."""
    return leak._replace(
        severity=min(leak.severity, Severity.LOW),
        confidence=Confidence.LOW,
        place=leak.place._replace(package=package or leak.place.package),
    )


def is_hash(value: str) -> bool:
    """Whether a value that a program keeps in a database is a digest: so they keep what they only have to compare."""
    return len(value) in _LENGTHS and _HEX.fullmatch(value) is not None


def source_of(path: str) -> str:
    """The source beside which Python has put a compiled module (PEP 3147); "" for anything else."""
    match = _COMPILED.fullmatch(path)
    return f"{match['folder']}{match['name']}.py" if match else ""
