"""Where statements of programs hold a credential."""

import pytest

from auditor.detect import statements
from auditor.detect.statements import Named


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("create user a identified by 'x y'", "x y"),
        ('CREATE USER a IDENTIFIED WITH plug BY "x"', "x"),
        ("mysql -e \"ALTER USER a IDENTIFIED BY \\'x\\'\"", "x"),
        ("alter role a encrypted password 'x'", "x"),
        ("set password = 'x'", "x"),
    ],
)
def test_passwords_of_sql(text: str, value: str) -> None:
    assert [text[start:end] for start, end in statements.sql(text)] == [value]


@pytest.mark.parametrize("text", ["the password 'x'", "alter user a password null", "create user a"])
def test_no_password_of_sql(text: str) -> None:
    assert list(statements.sql(text)) == []


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("define('A_KEY', 'x')", "A_KEY", "x"),
        ('environ["A_KEY"] = "x"', "A_KEY", "x"),
        ("get( 'a.key', 'x' )", "a.key", "x"),
        ("[Environment]::SetEnvironmentVariable('A', 'x', 'Machine')", "A", "x"),
        ("o.setProxyPassword('x')", "ProxyPassword", "x"),
        ("o.with_token('x')", "token", "x"),
        ("o.password('x')", "password", "x"),
    ],
)
def test_values_that_calls_give_to_names(text: str, name: str, value: str) -> None:
    start = text.rindex(value, 0, text.rindex(value + "'") + 1 if value + "'" in text else len(text))
    assert list(statements.named(text)) == [Named(name, start, start + len(value))]
    assert list(statements.named("." + text + "'", 1, len(text) + 1)) == [
        Named(name, start + 1, start + 1 + len(value))
    ]


@pytest.mark.parametrize("text", ["o.getToken('x')", "resetpassword('x')", "o.setPassword(x)", "f('a b', 'x')"])
def test_other_calls(text: str) -> None:
    assert list(statements.named(text)) == []
