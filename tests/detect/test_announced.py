"""Values that a name, a service or a word announces."""

import pytest

from auditor.core.finding import Confidence
from auditor.detect.announced import find
from auditor.detect.detection import ASSIGNED_SECRET, PROVIDER_KEY, Detection
from tests.work import calls

HEX = "5aab40e433037523cc70af7d3894a0fb"
MIXED = "qFj32Da8vfXg7c8qLu9P"
CHOSEN = "Fjord-88-lantern"

FOUND = (
    (f"DEPLOY_TOKEN={MIXED}", MIXED),
    (f'export API_SECRET="{MIXED}"', MIXED),
    (f"api_key: '{MIXED}'", MIXED),
    (f'"client_secret": "{MIXED}",', MIXED),
    (f"<apiKey>{MIXED}</apiKey>", MIXED),
    (f"auth.token={MIXED}", MIXED),
    (f'String apiSecret = "{MIXED}";', MIXED),
    (f'secret_key :=\n    "{MIXED}"', MIXED),
    (f"- name: DB_TOKEN\n  value: {MIXED}", MIXED),
    (f'<add key="AccessToken" value="{MIXED}" />', MIXED),
    (f"define('AUTH_TOKEN', '{MIXED}');", MIXED),
    (f"GEMSTASH_KEY={HEX}", HEX),
    ("db_password = 'xK9!vbQ2'", "xK9!vbQ2"),
    ("<password>Tr0ub4dor&3x</password>", "Tr0ub4dor&3x"),
    (f"https://api.acme.dev/v1/run?access_token={MIXED}&x=1", MIXED),
    (f'password: str = "{CHOSEN}"', CHOSEN),
    (f'const password: string = "{CHOSEN}"', CHOSEN),
    (f'let password: &str = "{CHOSEN}"', CHOSEN),
    (f'var password = @"{CHOSEN}"', CHOSEN),
    (f'#define WIFI_PASSWORD "{CHOSEN}"', CHOSEN),
    (f"DB_PASSWORD ?= {CHOSEN}", CHOSEN),
    (f"<key>Password</key><string>{CHOSEN}</string>", CHOSEN),
    (f"<name>DB_PASSWORD</name>\n  <value>{CHOSEN}</value>", CHOSEN),
    (f"<password><![CDATA[{CHOSEN}]]></password>", CHOSEN),
    (f"password: |\n    {CHOSEN}", CHOSEN),
    (f"token: >-\n    {MIXED}", MIXED),
    (f'token = b"{MIXED}"', MIXED),
    (f'val token: String = "{MIXED}"', MIXED),
    ('DB_PASSWORD = "Tz6mxw4Rk9d"', "Tz6mxw4Rk9d"),
    (f'password = """{CHOSEN}"""', CHOSEN),
    ("password: 'Fj0rd''s-88-lantern'", "Fj0rd''s-88-lantern"),
    (f"pass = process.env.DB_PASSWORD || '{CHOSEN}'", CHOSEN),
    (f"process.env.AUTH_TOKEN ||\n  '{MIXED}'", MIXED),
    (f"password ??= '{CHOSEN}'", CHOSEN),
    (f"getenv('DB_PASSWORD') ?: '{CHOSEN}'", CHOSEN),
    (f'os.getenv("DB_PASSWORD") or "{CHOSEN}"', CHOSEN),
    (f'ENV.fetch("DB_PASSWORD") {{ "{CHOSEN}" }}', CHOSEN),
    (f'config("AUTH_TOKEN", default="{MIXED}")', MIXED),
    (f'add_argument("--auth-token", type=str, default="{MIXED}")', MIXED),
    (f"export P=${{DB_PASSWORD:-{CHOSEN}}}", CHOSEN),
    (f": ${{DB_PASSWORD:={CHOSEN}}}", CHOSEN),
    (f'@Value("${{db.password:{CHOSEN}}}")', CHOSEN),
    (f'export P=${{DB_PASSWORD:-"{CHOSEN}"}}', CHOSEN),
    (f"self.password = opts.password or '{CHOSEN}'", CHOSEN),
    ('password = @"Fj0rd""s-88-lantern"', 'Fj0rd""s-88-lantern'),
    (f"DEPLOY_TOKEN={MIXED}=wx/9p={HEX}", f"{MIXED}=wx/9p={HEX}"),
    (f"DEPLOY_TOKEN={MIXED}==", f"{MIXED}=="),
    ("ASANA_TOKEN=7193028465519273", "7193028465519273"),
    ("curl -H 'Authorization: 5eb4223e-5008-46e5-be67-c7b8f2732305' x", "5eb4223e-5008-46e5-be67-c7b8f2732305"),
    ("curl -H 'apikey: 5eb4223e-5008-46e5-be67-c7b8f2732305' x", "5eb4223e-5008-46e5-be67-c7b8f2732305"),
    *(
        (f"{name}{value}{rest}", value)
        for value in (
            "P@ssw0rd!23",
            "S3cr3t#2024",
            "aB3$kL9@mN2",
            "K7*mQ2^xL9",
            "Rk9?vT3.pZ8",
            "S3cr!t^Pa(55)",
            "Tr0ub4dor1&lanternXYZ9",
            "Abc1def2,restOfIt99",
            "lMaX!ZjljE_NUh",
            "Mwee+kUFmg.qqN",
        )
        for name, rest in (("password: ", ""), ("db_password=", " # old"))
    ),
)
SILENT = (
    "token = get_token_from_environment(12345678)",
    "DEPLOY_TOKEN=${CI_DEPLOY_TOKEN}",
    "password = os.environ['DB_PASSWORD_2023']",
    'password="your-password-here-123"',
    "API_KEY=a1b2c3d4e5f6g7h8i9j0",
    "secret: abcdefghijklmnop1234567890",
    f'nonMatchingToken := "{MIXED}"',
    f"token_sha256 = '{HEX}{HEX}'",
    f"secret.checksum: {HEX}",
    f'integrity="{MIXED}" token',
    f"commit {HEX}{HEX[:8]}",
    f"cache_dir = '/var/{HEX}'",
    "validatePassword,verifyBeforeUpdateEmail,updateProfile2",
    '"PASSWORD_SIGN_IN", "SESSION_INFO_2", "x"',
    f"data = '{MIXED}'",
    f"private = {MIXED[:4]}",
    "passwordLabel: 'Password:'",
    "next_page_token: 'qFj32Da8vfXg7c8qLu9P'",
    f"token = '{MIXED}[{HEX}'",
    f"token = '{MIXED}?{HEX}'",
    "the password is publicly1",
    "process.env.DB_PASSWORD || 'your-password-here-123'",
    "password = a.password1 || b.password1 || ''",
    "${DB_PASSWORD:-${OLD_PASSWORD1}}",
    "${DB_PASSWORD:?is missing1}",
    'describe("password") { "must-be-8-chars" }',
    'Enter the password or "press-f1" to go on',
    'if password or "x-abc-12345":',
    "const shown = input.type === 'password' || 'Text1234';",
    'x = "password" || "field-name-2"',
    "password = process.env.DB_PASS1",
    "DEPLOY_TOKEN=7193028465519273",
    "ASANA_TOKEN=7193028465",
    "ASANA_TOKEN=1234567890123456",
    "ASANA_TOKEN=1712345678123456",
    "asana: sync\nserver_token: 7193028465519273",
    "- detect-secrets=1.4.0=pyhd8ed1ab_0",
    "passwd=--stdin=true1",
    "Authorization: 550e8400-e29b-41d4-a716-446655440000",
    "apikey: 3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "GITHUB_TOKEN=7193028465519273",
    "asana_task: 7193028465519273",
    "key: 5eb4223e-5008-46e5-be67-c7b8f2732305",
    f"DEPLOY_TOKEN=kind=file;path=/run/{HEX}.d/x",
    "master_password = data.aws_ssm_parameter.db1.value",
    "password: text-input-2",
    "password = get_pass(1)",
    "password = params[:password1]",
    "password = $(cat file1)",
    "password=%s&user=%s1",
    "passwords = *.key1,*.pem2",
    "password -> x1234567",
    "password: String, name1",
    f"docsearch({{apiKey: '{HEX}', indexName: 'x'}})",
    f"<https://docs.acme.example/{HEX}> token",
    "client_secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'",
)


def _sure(text: str) -> list[Detection]:
    return [one for one in find(text) if one.confidence > Confidence.LOW]


@pytest.mark.parametrize(("text", "secret"), FOUND)
def test_announced_values_are_found_exactly(text: str, secret: str) -> None:
    found = _sure(text)
    assert [text[one.start : one.end] for one in found] == [secret]
    assert [one.secret.reveal() for one in found] == [secret]


@pytest.mark.parametrize("text", SILENT)
def test_what_only_looks_like_one_is_not_reported(text: str) -> None:
    assert not _sure(text)


def test_a_service_beside_a_value_of_its_shape_is_the_surest() -> None:
    (found,) = find(f"algolia api key: {HEX}")
    assert (found.rule, found.secret.kind, found.confidence) == (PROVIDER_KEY, "algolia-key", Confidence.HIGH)


def test_a_service_beside_a_value_of_another_shape_still_names_it() -> None:
    (found,) = find(f"algolia_api_key = '{MIXED}{MIXED[::-1]}'")
    assert (found.rule, found.secret.kind, found.confidence) == (PROVIDER_KEY, "algolia-key", Confidence.MEDIUM)


def test_a_value_shorter_than_any_key_of_the_service_is_of_low_confidence() -> None:
    (found,) = find(f"algolia_api_key = '{MIXED}'")
    assert (found.rule, found.confidence) == (PROVIDER_KEY, Confidence.LOW)


def test_a_word_alone_makes_a_finding_of_low_confidence() -> None:
    (found,) = find(f"the token (see above) was {MIXED}")
    assert (found.rule, found.confidence) == (ASSIGNED_SECRET, Confidence.LOW)


def test_values_of_a_sandbox_are_of_low_confidence() -> None:
    (found,) = find("ACME_API_KEY=acme_sandbox_wx3Zq8Lk2VbN0pTr")
    assert found.confidence == Confidence.LOW


def test_a_number_is_a_chosen_value_like_others() -> None:
    (found,) = find("DB_PASSWORD=83920175648390127465")
    assert (found.secret.kind, found.confidence) == ("password", Confidence.LOW)


def test_the_name_is_told() -> None:
    (found,) = find(f"DEPLOY_TOKEN={MIXED}")
    assert found.name == "DEPLOY_TOKEN"


def test_only_what_begins_in_the_range_is_read() -> None:
    text = f"A_TOKEN={MIXED}\n" * 3
    line = len(text) // 3
    assert [one.start for one in find(text, line, line + 10)] == [line + 8]


HOSTILE = ("token=", 'token="', "a.b-c_d ", "api key '", f"secret {MIXED} ", "name: value: ", "k=" + "a1" * 600 + " ")


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_repetition_costs_linear_time(piece: str) -> None:
    small, large = (calls(lambda size=size: list(find(piece * size))) for size in (50, 500))
    assert large < 15 * small + 3000
