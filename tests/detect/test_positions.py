from __future__ import annotations

import pytest

from auditor.detect import positions

V = "Zq8vT1xKw3Rb"


def found(text: str) -> list[str]:
    """Every position as `kind level value`."""
    return [f"{p.kind} {p.level} {text[p.start : p.end]}" for p in positions.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"https://u:{V}@h.example/x", [f"url secret {V}"]),
        (f"https://:{V}@h.example", [f"url secret {V}"]),
        (f"a=b https://{V}{V}@h.example", [f"url secret {V}{V}"]),
        ("postgres://u:postgres@h.example/db", ["url weak postgres"]),
        (f"https://{V}:x-oauth-basic@h.example", [f"url secret {V}"]),
        ("https://u:changeme@h.example", ["url weak changeme"]),
        ("https://admin:changeme@h.example", ["url weak changeme"]),
        ("https://root:root@h.example", ["url weak root"]),
        ("https://user:password@h.example", ["url placeholder password"]),
        ("https://youruser:mypassword@h.example", ["url placeholder mypassword"]),
        ("https://u:xxxx@h.example", ["url placeholder xxxx"]),
        ("https://u:${P}@h.example", ["url variable ${P}"]),
        ("https://u:$(...)@h.example", ["url variable $(...)"]),
        ("https://u:$P@h.example", ["url variable $P"]),
        ("https://${T}@h.example", ["url variable ${T}"]),
        ("https://h.example", []),
        ("https://u@h.example", []),
        ("ssh://git@h.example:22/x", []),
        ("https://${GIT_USER}@h.example", []),
        ("https://u:@h.example", []),
        ("https://h.example/a:b@c", []),
        ("https://h.example?x=a:b@c", []),
        ("https://u:p @h.example", []),
        ("https://u:p@", []),
        ("git@h.example:a/b", []),
        ("u:p@h.example", []),
        ("://u:p@h.example", []),
    ],
)
def test_credentials_of_a_url(text: str, expected: list[str]) -> None:
    assert found(text) == expected


def test_what_is_reported_of_a_url_begins_with_the_user() -> None:
    text = f"git clone https://bot:{V}@h.example/x"
    (position,) = positions.find(text)
    assert text[position.begin : position.end] == f"bot:{V}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"DB_PASSWORD={V}", [f"pair secret {V}"]),
        (f"api.token: {V}", [f"pair secret {V}"]),
        (f'"apiKey": "{V}",', [f"pair secret {V}"]),
        (f"{{password:{V}}}", [f"pair secret {V}"]),
        (f"'token' => '{V}'", [f"pair secret {V}"]),
        (f"//h.example/:_authToken={V}", [f"pair secret {V}"]),
        (f"-Dsonar.token={V}", [f"pair secret {V}"]),
        ("password=postgres", ["pair weak postgres"]),
        ("password=changeme", ["pair placeholder changeme"]),
        ("token=changeme", ["pair placeholder changeme"]),
        ("password=${P}", ["pair variable ${P}"]),
        ("token=$(...)", ["pair variable $(...)"]),
        ("password: a${P}.", ["pair variable a${P}"]),
        (f"PLAIN={V}", []),
        (f"x{V}password", []),
        ("password=", []),
        ("password = ''", []),
        ("password: true", []),
        ("password_file=/run/secrets/x", []),
        ("password=/run/secrets/x", []),
        ("password", []),
        ("token://x", []),
        ("DATABASE_URL=x", []),
        ("= password", []),
        ('open("/x").write("pw="+os.environ["P"])', []),
        (f'login(a, password="+{V}")', [f"pair secret +{V}"]),
        ("password=%X%", []),
    ],
)
def test_named_values(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Authorization: Bearer {V}", [f"header secret {V}"]),
        (f"authorization: token {V}", [f"header secret {V}"]),
        (f"Proxy-Authorization: Basic {V}==", [f"header secret {V}=="]),
        ("Authorization: Bearer ${T}", ["header variable ${T}"]),
        ("Authorization: Bearer %s", []),
        ("Authorization: Bearer $(cat /run/secrets/t)", []),
        ("Authorization: Bearer `cat /run/secrets/t`", []),
        ("Authorization: Bearer {token}", []),
        ("Authorization: Bearer  + token", []),
        ('"Authorization": "Bearer $(...)"', ["header variable $(...)"]),
        ("Authorization: Bearer", []),
        ("X-Request: Bearer", []),
        ("Authorization header", []),
        (f"Accept: {V}", []),
        (f"machine h.example login u password {V}", [f"netrc secret {V}"]),
        (f"default login u\npassword {V}\n", [f"netrc secret {V}"]),
        (f"machine h.example\\nlogin u\\npassword {V}\\n", [f"netrc secret {V}"]),
        ("machine h login u password ${P}", ["netrc variable ${P}"]),
        (f"password {V}", []),
        ("machine learning password reset", ["netrc weak reset"]),
        (f"my-machine x password {V}", []),
        (f"ALTER USER x IDENTIFIED BY '{V}'", [f"sql secret {V}"]),
        (f"create role x with password '{V}'", [f"sql secret {V}"]),
        (f"CREATE USER x IDENTIFIED WITH plug BY \\'{V}\\'", [f"sql secret {V}"]),
        ("alter user x password '${P}'", ["sql variable ${P}"]),
        (f"SET PASSWORD FOR 'bob'@'%' = '{V}'", [f"sql secret {V}"]),
        (f'SetEnvironmentVariable("DB_PASSWORD","{V}")', [f"pair secret {V}"]),
        (f'source.setPassword("{V}")', [f"pair secret {V}"]),
        (f'os.environ.get("DB_PASSWORD", "{V}")', [f"pair secret {V}"]),
        (f"os.environ['DB_PASSWORD'] = '{V}'", [f"pair secret {V}"]),
        (f"<password>{V}</password>", [f"pair secret {V}"]),
        ("alter user x password null", []),
        (f"select password '{V}'", []),
    ],
)
def test_headers_netrc_and_sql(text: str, expected: list[str]) -> None:
    assert found(text) == expected


def test_a_known_token_wins_over_the_place_it_stands_in() -> None:
    token = "ghp_" + "Zq8vT1xKw3Rb" * 3
    for text in (f"https://u:{token}@h.example", f"TOKEN={token}", f"Authorization: Bearer {token}", token):
        (position,) = positions.find(text)
        assert (position.kind, position.name, position.prefix) == ("token", "github-token", "ghp_")
        assert text[position.start : position.end] == token


def test_positions_come_by_place() -> None:
    text = f"token={V} https://u:{V}1@h.example Authorization: Basic {V}2 password={V}3"
    assert [p.kind for p in positions.find(text)] == ["pair", "url", "header", "pair"]


def test_a_dsn_with_the_key_of_a_client_only() -> None:
    key = "4f2a9c7be1d84b0f" + "9a6c3d5e7f8a9b0c"
    assert found(f"https://{key}@o447951.ingest.sentry.example/5428537") == []
    assert found(f"https://{key}@sentry.example:8443/team/12 ") == []
    assert found(f"https://{key}@git.example/team/code") != []
    assert found(f"https://{key}:{key}@o1.sentry.example/12") != []
