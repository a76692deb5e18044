"""Reasons to doubt that a leak is one."""

from __future__ import annotations

import hashlib

import pytest

from auditor.core.finding import Confidence, Severity
from auditor.core.image import LAYER, ImagePlace
from auditor.run.images.layers.doubts import is_hash, lowered, source_of
from tests.run.images.outcomes import leak


def test_lowered() -> None:
    given = leak()
    found = lowered(given, "npm")
    assert (found.severity, found.confidence) == (Severity.LOW, Confidence.LOW)
    assert found.place == given.place._replace(package="npm")
    assert found._replace(severity=given.severity, confidence=given.confidence, place=given.place) == given


def test_nothing_is_raised() -> None:
    found = lowered(leak()._replace(severity=Severity.INFO, confidence=Confidence.LOW), "")
    assert (found.severity, found.confidence) == (Severity.INFO, Confidence.LOW)


def test_a_package_that_is_known_stays() -> None:
    place = ImagePlace(LAYER, path="a", package="libc6")
    assert lowered(leak(place=place), "").place.package == "libc6"
    assert lowered(leak(place=place), "npm").place.package == "npm"


@pytest.mark.parametrize("name", ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
def test_digests(name: str) -> None:
    digest = hashlib.new(name, b"x").hexdigest()
    assert is_hash(digest) and is_hash(digest.upper())
    assert not is_hash(digest[:-1]) and not is_hash(digest + "a")
    assert not is_hash(digest[:-1] + "g") and not is_hash(digest[:-1] + "\n")
    assert not is_hash("aB" * (len(digest) // 2))


@pytest.mark.parametrize("value", ["", "hunter2", "a" * 33, "\u0661" * 32])
def test_no_digests(value: str) -> None:
    assert not is_hash(value)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("app/__pycache__/settings.cpython-311.pyc", "app/settings.py"),
        ("app/__pycache__/settings.cpython-311.opt-1.pyc", "app/settings.py"),
        ("__pycache__/x.cpython-312.pyc", "x.py"),
        ("a/b/__pycache__/__init__.pypy39.pyc", "a/b/__init__.py"),
        ("app/settings.pyc", ""),
        ("app/__pycache__/settings.py", ""),
        ("app/__pycache__/d/settings.cpython-311.pyc", ""),
        ("app/x__pycache__/settings.cpython-311.pyc", ""),
        ("", ""),
    ],
)
def test_sources_of_compiled_modules(path: str, source: str) -> None:
    assert source_of(path) == source
