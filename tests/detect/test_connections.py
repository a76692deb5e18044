"""Credentials where something signs in: what is one, what is a manual's example, what is no literal."""

import pytest

from auditor.core.finding import Confidence
from auditor.detect.connections import find
from auditor.detect.detection import Detection
from tests.work import calls

FOUND = (
    ("redis://default:MyP4ssw0rd@10.0.0.7:6379/2", "MyP4ssw0rd"),
    ("DATABASE_URL=postgres://app:s2Tf2k@rLMy@db.corp.example.net:5434/elephant", "s2Tf2k@rLMy"),
    ("url = https://4f8a2b6c1d9e7f30a5b2c8d4@git.acme.dev/x.git", "4f8a2b6c1d9e7f30a5b2c8d4"),
    ('curl -H "Authorization: Bearer 4f8a2b6c1d9e7f30a5b2c8d4e6f1"', "4f8a2b6c1d9e7f30a5b2c8d4e6f1"),
    ("headers={'Authorization': 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='}", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
    ("Server=sql.acme.dev;Database=inventory;Uid=sa;Password=s3cr3t!x9;", "s3cr3t!x9"),
    ("jdbc:sqlserver://sql.acme.dev:1433;user=sa;password=Tr0ub4dor&x", "Tr0ub4dor"),
    ("sshpass -p 'xY3#mK81wP' ssh deploy@prod", "xY3#mK81wP"),
    ("curl -s -u admin:9kQx72Lm https://ci.acme.dev/job", "9kQx72Lm"),
    ("docker login -u bot -p 9kQx72LmZz registry.acme.dev", "9kQx72LmZz"),
    ("PGPASSWORD=9kQx72Lm pg_dump", "9kQx72Lm"),
)
SILENT = (
    "mongodb://user:pass@localhost:27017/app",
    "https://username:password@host/path",
    "postgres://${DB_USER}:${DB_PASSWORD}@db/app",
    "postgres://user:<password>@db/app",
    "git@github.example:acme/x.git",
    "ssh://git@git.acme.dev/x.git",
    "https://acme.dev/@scope/package@1.2.3",
    "https://registry.example/npm/@types/node",
    'curl -H "Authorization: Bearer $TOKEN"',
    'curl -H "Authorization: Bearer $(gcloud auth print-access-token)"',
    "Authorization: basic {base64(email:password)}",
    "Server=x;Password={password};",
    "sshpass -p $PASS ssh host",
    "docker login -p ${REGISTRY_PASSWORD}",
    "https://0f9c1d7e3b5a84620f9c1d7e3b5a8462@o123.ingest.sentry.example/42",
)


def _sure(text: str) -> list[Detection]:
    return [one for one in find(text) if one.confidence > Confidence.LOW]


@pytest.mark.parametrize(("text", "secret"), FOUND)
def test_credentials_are_found_exactly(text: str, secret: str) -> None:
    found = _sure(text)
    assert [one.secret.reveal() for one in found] == [secret]
    assert [text[one.start : one.end] for one in found] == [secret]


@pytest.mark.parametrize("text", SILENT)
def test_what_is_no_credential_is_not_reported(text: str) -> None:
    assert not _sure(text)


def test_a_weak_password_on_a_host_of_examples_is_of_low_confidence() -> None:
    found = list(find("https://bob:secret7@www.example.com/"))
    assert [(one.secret.reveal(), one.confidence) for one in found] == [("secret7", Confidence.LOW)]


def test_only_what_begins_in_the_range_is_read() -> None:
    text = "redis://a:MyP4ssw0rd@h.acme.dev " + " " * 800 + "redis://a:0therP4ss@h.acme.dev"
    assert [one.secret.reveal() for one in find(text, 0, 40)] == ["MyP4ssw0rd"]


HOSTILE = ("://a:b@", "password=", "Authorization: Bearer ", "curl -u a:", "http://" + "a" * 50)


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_repetition_costs_linear_time(piece: str) -> None:
    small, large = (calls(lambda size=size: list(find(piece * size))) for size in (200, 2000))
    assert large < 15 * small + 2000
