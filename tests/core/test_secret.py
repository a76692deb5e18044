from __future__ import annotations

import pytest

from auditor.core.finding import Finding, Location, Severity, number_findings
from auditor.core.secret import Secret, encoded
from auditor.core.span import Span


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("é", b"\xc3\xa9"),
        ("\udcff", b"\xff"),
        ("\ud800", b"\xed\xa0\x80"),
        ("\udcff\ud800", b"\xed\xb3\xbf\xed\xa0\x80"),
    ],
)
def test_any_text_has_bytes(text: str, expected: bytes) -> None:
    assert encoded(text) == expected


def test_lone_surrogates_have_a_fingerprint_and_an_id() -> None:
    value = "abc\ud800def"
    assert len(Secret(value, "password").fingerprint(b"key")) == 64
    place = Location(f"{value}.txt", 1, 1, 1, 2, Span(0, 1))
    finding = Finding("assigned-secret", Severity.HIGH, place, "m", value)
    number_findings([finding])
    assert len(finding.id) == 20
