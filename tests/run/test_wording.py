"""The words of a finding say no more than was checked."""

from __future__ import annotations

import base64
import json

import pytest

from auditor.core.finding import Confidence
from auditor.core.secret import Secret
from auditor.detect.detection import Detection
from auditor.detect.detector import Detector
from auditor.run.scanning.wording import message


@pytest.mark.parametrize(
    ("verdict", "basis", "expected"),
    [
        ("valid", "checksum", "Key (verified offline, account 4)."),
        ("valid", "structure", "Key (well-formed, account 4)."),
        ("valid", "", "Key (well-formed, account 4)."),
        ("expired", "checksum", "Key (expired, account 4)."),
        ("unverified", "", "Key (account 4)."),
    ],
)
def test_verdicts(verdict: str, basis: str, expected: str) -> None:
    secret = Secret("x", "key")
    found = Detection("known-token", "key", 0, 1, secret, Confidence.HIGH, "", verdict, (("account", "4"),), basis)
    assert message(found) == expected


def test_a_token_that_anybody_can_write_is_not_called_verified() -> None:
    parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": "1234", "iss": "https://login.example"}]
    head = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    token = head + "." + "Zk3vQ9xT1mB7wL5sR2nY8cD4fG6hJ0kPaEuIoWqXyVt"
    (found,) = Detector("keywords").search(f"token = {token}\n")
    assert found.verdict == "valid"
    assert "well-formed" in message(found)
