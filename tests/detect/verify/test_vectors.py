"""The peers' own test values: each format has as many that verify as were measured independently."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from auditor.detect.verify import verify

VECTORS = Path(__file__).parents[4] / "shared" / "corpus" / "vectors.jsonl.gz"
pytestmark = pytest.mark.skipif(not VECTORS.is_file(), reason="the corpus of test values is not part of the repository")

#: kind, pattern of a literal value, distinct literals, how many of them verify.
MEASURED = [
    ("github-token", r"gh[pousr]_[A-Za-z0-9]{36,}", 29, 10),
    ("github-fine-grained-token", r"github_pat_\w{82}", 4, 3),
    ("vercel-token", r"vc[picark]_[A-Za-z0-9]{56}", 3, 3),
    ("grafana-token", r"glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}", 7, 2),
    ("atlassian-token", r"AT[AC]TT3[\w=-]{60,}", 2, 1),
    ("zuplo-key", r"zpka_\w{32}_[a-f0-9]{8}", 3, 2),
    ("azure-storage-key", r"[A-Za-z0-9+/]{76}\+ASt[A-Za-z0-9+/]{6}==", 10, 9),
    ("azure-client-secret", r"[\w~.-]{3}8Q~[\w~.-]{34}", 9, 1),
    ("age-secret-key", r"AGE-SECRET-KEY-1\w+", 4, 1),
    ("discord-bot-token", r"[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,40}", 11, 2),
    ("fly-token", r"FlyV1 fm[12]r?_[\w+/=,-]{20,}", 4, 3),
    ("onepassword-service-token", r"ops_[\w+/=-]{40,}", 4, 2),
]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    with gzip.open(VECTORS, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [row["text"] for row in rows if not row.get("gen")]


@pytest.mark.parametrize(("kind", "pattern", "literals", "good"), MEASURED)
def test_as_many_verify_as_were_measured(texts: list[str], kind: str, pattern: str, literals: int, good: int) -> None:
    found = {match[0] for text in texts for match in re.finditer(pattern, text)}
    assert len(found) == literals
    assert sum(verify(kind, value, now=1.5e9).verdict in ("valid", "expired") for value in found) == good
