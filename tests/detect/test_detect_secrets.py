from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.settings import get_settings, transient_settings

from auditor.core.errors import UsageError
from auditor.core.finding import Confidence
from auditor.detect import detect_secrets, detect_secrets_plugins
from auditor.detect.detect_secrets import DetectSecrets
from auditor.detect.detection import Detection

GITHUB = "ghp_" + "a1B2c3D4e5F6" * 3
STRIPE = "sk_live_" + "Ab1Cd2Ef3Gh4" * 2
RANDOM = "f3Kq9Zr7Lw1Xv5Nt8Bm2Jd6Hs4Gp0Yc"
JWT = "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiJ4In0" + ".c2lnbmF0dXJlLW9mLWl0"
AZURE = "Zm9v" * 21 + "Zg=="

OWN = """
import re
from detect_secrets.plugins.base import RegexBasedDetector

class AcmeDetector(RegexBasedDetector):
    secret_type = "Acme Ticket"
    denylist = [re.compile(r"acme:[a-z]{6}")]
"""


@pytest.fixture(scope="module")
def every() -> DetectSecrets:
    return DetectSecrets()


def found(detector: DetectSecrets, text: str, path: str = "settings.txt") -> list[tuple[str, str]]:
    detections = list(detector.lines(text, path))
    for one in detections:
        assert text[one.start : one.end] == one.secret.reveal()
    return [(one.secret.kind.removeprefix("detect-secrets/"), one.secret.reveal()) for one in detections]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"x = {GITHUB}", ("github-token", GITHUB)),
        (f"x = {STRIPE}Ij5", ("stripe-access-key", STRIPE + "Ij5")),
        (f"Authorization: Bearer {JWT}", ("json-web-token", JWT)),
        (f"AccountName=a;AccountKey={AZURE};", ("azure-storage-account-access-key", AZURE)),
        ("amqp://abc:abc@mq.example/v", ("basic-auth-credentials", "abc")),
        ("-----BEGIN RSA " + "PRIVATE KEY-----", ("private-key", "BEGIN RSA PRIVATE KEY")),
        (f"data = '{RANDOM}'", ("base64-high-entropy-string", RANDOM)),
        ("contraseña = 'tr0ub4dor&3'", ("secret-keyword", "tr0ub4dor&3")),
        ("if password == 'hunter22':", ("secret-keyword", "hunter22")),
        (
            "session_key = '9f86d081884c7d659a2feaa0c55ad015'",
            ("hex-high-entropy-string", "9f86d081884c7d659a2feaa0c55ad015"),
        ),
    ],
)
def test_plugins_find_the_whole_value_at_its_place(every: DetectSecrets, text: str, expected: tuple[str, str]) -> None:
    assert found(every, f"first line\r\n{text}\r\nlast") == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "address = 8.8.8.8",
        "password = 'changeme'",
        "password = '${DB_PASSWORD}'",
        "password = '/run/secrets/db'",
        "password_file = 'opensesame'",
        "postgres://user:xxxxxxxx@db.example/x",
        "commit = '9f86d081884c7d659a2feaa0c55ad0159f86d081'",
        "charset = 'abcdefghijklmnopqrstuvwxyz0123456789_'",
        '"integrity": "sha512-' + "f3Kq9Zr7Lw1Xv5Nt8Bm2" * 4 + '=="',
        "",
    ],
)
def test_what_is_no_secret_is_left_out(every: DetectSecrets, text: str) -> None:
    assert found(every, text) == []


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        (GITHUB + " key", Confidence.MEDIUM),
        (f"data = '{RANDOM}'", Confidence.LOW),
        ("password = 'hunter22'", Confidence.LOW),
    ],
)
def test_confidence_is_low_where_no_format_is_known(every: DetectSecrets, text: str, confidence: Confidence) -> None:
    (detection,) = every.lines(text, "a.py")
    assert (detection.confidence, detection.rule, detection.verdict) == (confidence, "detect-secrets", "unverified")


def test_the_surest_of_overlapping_findings_is_given(every: DetectSecrets) -> None:
    assert found(every, f"secret = '{STRIPE}'") == [("stripe-access-key", STRIPE)]
    detection = next(every.lines(f"my_secret = '{STRIPE}'", "a.py"))
    assert (detection.title, detection.name) == ("Stripe Access Key", "my_secret")


def test_the_keyword_plugin_reads_the_file_name(every: DetectSecrets) -> None:
    assert found(every, "password: hunter22x", "a.yaml") == [("secret-keyword", "hunter22x")]
    assert found(every, "password: hunter22x", "a.py") == []


def test_only_chosen_plugins_run() -> None:
    chosen = DetectSecrets(["StripeDetector"])
    assert found(chosen, f"{GITHUB} {STRIPE}") == [("stripe-access-key", STRIPE)]
    with pytest.raises(UsageError, match=r"no plugin 'StripDetector'.*StripeDetector"):
        DetectSecrets(["StripDetector"])


def test_own_plugin_file(tmp_path: Path) -> None:
    path = tmp_path / "acme.py"
    path.write_text(OWN)
    detector = DetectSecrets(["StripeDetector"], [str(path)])
    # No word in the line hints at a secret: a user's plugin sees it all the same.
    assert found(detector, "see acme:tulips now") == [("acme-ticket", "acme:tulips")]
    assert "Acme Ticket" not in get_mapping_from_secret_type_to_class()
    assert "acme" not in sys.modules


def test_own_plugin_with_a_line_method_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(
        "from detect_secrets.core.potential_secret import PotentialSecret\n"
        "from detect_secrets.plugins.base import BasePlugin\n"
        "class Own(BasePlugin):\n"
        "    secret_type = 'Own'\n"
        "    def analyze_string(self, string): yield string\n"
        "    def analyze_line(self, line, context):\n"
        "        return [PotentialSecret('Own', 'x', line[-5:]), PotentialSecret('Own', 'x', 'not in it')]\n"
    )
    assert found(DetectSecrets(["StripeDetector"], [str(path)]), "say sesam") == [("own", "sesam")]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "import re",
        "class Broken(:",
        "raise ValueError('no')",
        "raise SystemExit(3)",
        OWN + "    __init__ = 3",
        None,
    ],
    ids=["empty", "no-plugin", "syntax", "raises", "exits", "no-instance", "missing"],
)
def test_plugin_file_that_cannot_be_loaded(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "mine.py"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match=r"mine\.py: "):
        DetectSecrets([], [str(path)])


@pytest.mark.parametrize(
    "body",
    ["raise ValueError(string)", "yield 3", "yield ''", "yield string * 2", "raise MemoryError", "yield from None"],
)
def test_plugins_that_misbehave(tmp_path: Path, body: str) -> None:
    path = tmp_path / "bad.py"
    path.write_text(OWN + f"    def analyze_string(self, string):\n        {body}\n        yield string\n")
    detector = DetectSecrets(["StripeDetector"], [str(path)])
    assert ("stripe-access-key", STRIPE) in found(detector, f"{STRIPE}\nmore\n{STRIPE}")
    problems = detector.take_problems()
    assert len(problems) <= 1
    assert STRIPE not in "".join(problems)


def test_a_plugin_that_fails_is_reported_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text(OWN + "    def analyze_string(self, string):\n        raise ValueError(string)\n")
    detector = DetectSecrets(["StripeDetector"], [str(path)])
    assert found(detector, "a line\nanother") == []
    assert detector.take_problems() == ["detect-secrets: plugin AcmeDetector failed: ValueError"]
    assert detector.take_problems() == []


def test_nothing_is_verified_and_no_state_is_left(tmp_path: Path) -> None:
    path = tmp_path / "online.py"
    asked = tmp_path / "asked"
    path.write_text(OWN + f"    def verify(self, secret):\n        open({str(asked)!r}, 'w')\n")
    policy = {"path": "detect_secrets.filters.common.is_ignored_due_to_verification_policies", "min_level": 2}
    with transient_settings({"plugins_used": [{"name": "StripeDetector"}], "filters_used": [policy]}):
        before = get_settings().json()
        types = set(get_mapping_from_secret_type_to_class())
        assert len(found(DetectSecrets([], [str(path)]), f"acme:tulips {STRIPE}")) == 2
        assert get_settings().json() == before
        assert set(get_mapping_from_secret_type_to_class()) == types
    assert not asked.exists()


def test_the_library_is_imported_late() -> None:
    code = "import auditor.detect.detect_secrets, sys; print('detect_secrets' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


@pytest.mark.parametrize("before", [0, 10, 1_490, 1_960, 1_999, 2_000, 4_321])
def test_long_lines_are_searched_in_pieces(every: DetectSecrets, before: int) -> None:
    text = "," * before + f"'{RANDOM}'" + "," * 3_000
    assert found(every, text) == [("base64-high-entropy-string", RANDOM)]


HOSTILE = {
    "keywords": "password",
    "npm": "/",
    "jwt": "eyJa.",
    "quotes": "'a' ",
    "spaces": "secret  ",
    "tangled": "secret" + "_" * 57 + " ",
    "login": "://a:",
    "names": "a.b-",
    "binary": "\x00\udcff\x0b\u2028key",
    "lines": "key='\n",
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_time_in_proportion(every: DetectSecrets, unit: str) -> None:
    text = unit * (60_000 // len(unit))
    started = time.process_time()
    list(every.lines(text, "a.yaml"))
    assert time.process_time() - started < 6


def test_a_text_that_is_too_large_is_cut_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detect_secrets, "MAX_SEARCHED", 300)
    detector = DetectSecrets(["StripeDetector"])
    assert len(found(detector, f"{STRIPE}\n" * 10)) == 3
    assert detector.take_problems() == [
        "detect-secrets: only the first 300 characters that look promising were searched"
    ]


def test_settings_are_those_of_the_command(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "detect_secrets", "scan", str(tmp_path)], capture_output=True, text=True, check=True
    )
    theirs = json.loads(run.stdout)
    ours = detect_secrets_plugins.settings()
    assert {key: theirs[key] for key in ("version", "plugins_used")} == {
        k: ours[k] for k in ("version", "plugins_used")
    }
    online = {"path": "detect_secrets.filters.common.is_ignored_due_to_verification_policies", "min_level": 2}
    assert [one for one in theirs["filters_used"] if one != online] == ours["filters_used"]


def test_a_detection_is_what_the_others_give(every: DetectSecrets) -> None:
    assert all(isinstance(one, Detection) for one in every.lines(GITHUB, "a"))
