"""Credentials where something signs in: what is one, what is a manual's example, what is no literal."""

from functools import cache

import pytest

from auditor.core.finding import Confidence
from auditor.detect.connections import find
from auditor.detect.detection import Detection
from auditor.detect.detector import Detector
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
    ('c = "Server=sql.acme.dev;Database=x;User Id=sa;Password=Hunter2,x;"', "Hunter2,x"),
    ('c = "server=sql.acme.dev database=x password=Wint3r(x) "', "Wint3r(x)"),
    ("url=jdbc:sqlserver://db.acme.io:1433;databaseName=x;user=svc;password=Kd8xQ2,vTz", "Kd8xQ2,vTz"),
    ("url=jdbc:mysql://db.acme.io/x?user=svc&password=Kd8xQ(2vTz", "Kd8xQ(2vTz"),
    ("Server=db.acme.io;Database=x;Uid=sa;Password=Kd8xQ(2)vTz", "Kd8xQ(2)vTz"),
    ("connecting: server=db.acme.io, uid=svc, password=Kd8xQvTz9, timeout=5", "Kd8xQvTz9,"),
    ("host=db.acme.io dbname=app database=x user=svc password=SummerRain77) ok", "SummerRain77)"),
    ("PGPASSWORD=9kQx72Lm pg_dump", "9kQx72Lm"),
    ("u = 'postgres://shop:pa5$word12!@db.acme.dev/x'", "pa5$word12!"),
    ("postgres://shop:Fjord.lantern88@db.acme.dev/x", "Fjord.lantern88"),
    ("CREATE USER a IDENTIFIED BY 'Fjord-88-lantern'", "Fjord-88-lantern"),
    ("GRANT ALL ON x.* TO 'a'@'%' IDENTIFIED BY 'Fjord-88-lantern';", "Fjord-88-lantern"),
    ("ALTER ROLE shop\n  WITH ENCRYPTED PASSWORD 'Fjord-88-lantern';", "Fjord-88-lantern"),
    ("CREATE ROLE a " + "LOGIN " * 60 + "PASSWORD 'Fjord-88-lantern'", "Fjord-88-lantern"),
    ("SET PASSWORD FOR 'bob'@'%' = 'Fjord-88-lantern';", "Fjord-88-lantern"),
    ('SetEnvironmentVariable("DB_PASSWORD","Fjord-88-lantern")', "Fjord-88-lantern"),
    ('ds.setPassword("Fjord-88-lantern")', "Fjord-88-lantern"),
    ('client.password( "Fjord-88-lantern" )', "Fjord-88-lantern"),
    ('client.set_api_key("4f8a2b6c1d9e7f30a5b2c8d4")', "4f8a2b6c1d9e7f30a5b2c8d4"),
    ('os.environ.get("DB_PASSWORD", "Fjord-88-lantern")', "Fjord-88-lantern"),
    ('System.getProperty("db.password", "Fjord-88-lantern")', "Fjord-88-lantern"),
    ("define('DB_PASS', 'Fjord-88-lantern');", "Fjord-88-lantern"),
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
    "connect(server=host, user=login, password=login_password, database=name)",
    "connect(database=name, password=args.password)",
    "connect(server=host, password=getpass.getpass(), database=name)",
    "connect(server='sql.acme.dev', password=cfg['db']['pw1'], database=name)",
    'connect(server=host, password=os.environ["X"], database=name)',
    "connect(database=d, password=await get1())",
    "connect(database=d, password=pw1+salt)",
    "connect(database=d, password=*x1)",
    'f(x="a\'b", password=pw1, database=d)',
    "new Conn(server = s, password = pw1);",
    "@param {string} [options.database=null] the database [options.password=null] its password",
    "connect(\n    server=host, user=login, password=login_password,\n)",
    "sshpass -p $PASS ssh host",
    "docker login -p ${REGISTRY_PASSWORD}",
    "postgres://app:$db_pass@db.acme.dev/x",
    "postgres://app:$(pass)@db.acme.dev/x",
    "postgres://app:data.aws_ssm_parameter.db1.value@db.acme.dev/x",
    "postgres://app:config.db.password@db.acme.dev/x",
    "CREATE USER a IDENTIFIED BY 'changeme'",
    "CREATE USER a IDENTIFIED BY '$PASSWORD'",
    "CREATE USER a IDENTIFIED BY PASSWORD '*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29'",
    "CREATE ROLE a PASSWORD 'md53175bce1d3201d16594cebf9d7eb3f9d'",
    "spotted and identified by 'jamesh'",
    "the password 'Fjord-88-lantern' is wrong",
    'SetEnvironmentVariable("DB_PASSWORD", password)',
    'ds.setPassword("changeme")',
    'ds.setPassword("correct-horse")',
    'ds.setPassword("${db.password1}")',
    'vault.getSecret("db-password-1")',
    'os.environ.get("DB_PASSWORD", "postgres")',
    'os.environ.get("API_KEY", "not-set-1")',
    'fields = ("password", "confirm_password2")',
    'fields = ("token", "csrf-token-2")',
    "Authorization: Bearer mF_9.B5f-4.1JqM",
    "https://2YotnFZFEjr1zCsicMWpAA@git.acme.dev/x.git",
    "https://shop:tGzv3JOkF0XG5Qx2TlKWIA@git.acme.dev/x.git",
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


@pytest.mark.parametrize("code", range(0xC0, 0x100))
def test_letters_beyond_ascii_read_as_bytes_are_part_of_a_password(code: int) -> None:
    password = f"Fj{chr(code)}rd88lantern".encode().decode("latin-1")
    for text in (
        f"postgres://shop:{password}@db.acme.dev/x",
        f"Server=sql.acme.dev;Password={password};",
        f"sshpass -p '{password}' ssh deploy@prod",
        f"CREATE USER a IDENTIFIED BY '{password}'",
        f'ds.setPassword("{password}")',
    ):
        assert [one.secret.reveal() for one in _sure(text)] == [password]


@pytest.mark.parametrize(("text", "secret"), FOUND)
@pytest.mark.parametrize("engine", ["auto", "keywords"])
def test_every_connection_has_a_trigger(text: str, secret: str, engine: str) -> None:
    found = detector(engine).detect(f"\n{text}\n".encode())
    assert secret in [one.secret.reveal() for one in found if one.confidence > Confidence.LOW]


@cache
def detector(engine: str) -> Detector:
    return Detector(engine)


HOSTILE = ("://a:b@", "password=", "Authorization: Bearer ", "curl -u a:", "http://" + "a" * 50)
HOSTILE += ("identified by '", "set password ", "create user password '", "('password', ", "setpassword('", "settoken")


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_repetition_costs_linear_time(piece: str) -> None:
    small, large = (calls(lambda size=size: list(find(piece * size))) for size in (200, 2000))
    assert large < 15 * small + 2000
