"""What counts as a secret in a compose file: the same as in ENV of a Dockerfile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.flow.build import follow
from auditor.flow.services import ComposeFacts
from auditor.lang.compose.services import read_compose
from auditor.lang.dockerfile.parser import parse

V = "hunter2" + "Zq8vT1x"


def settings(environment: str) -> list[tuple[str, str, str]]:
    """Label, level and text of every secret."""
    text = f"services:\n  db:\n    environment:\n{environment}"
    facts = ComposeFacts("compose.yml", read_compose(text))
    return [(s.label, s.literal.level, text[slice(*s.literal.span)]) for s in facts.settings]


NAMES = st.sampled_from(["DB_PASSWORD", "API_TOKEN", "KEY", "SECRET_KEY", "PASSWORD_FILE", "DATABASE_URL", "LOG_LEVEL"])
VALUES = [
    V, "changeme", "root", "12345", "true", "<set-me>", "keeper://aaaa/field/password", "op://v/i/f", "/run/secrets/x",
    f"postgres://app:{V}@db.example/x", "gh" + "p_" + "a1B2" * 9, "example", "5432", "",
]  # fmt: skip


@given(NAMES, st.sampled_from(VALUES))
def test_the_same_judgement_as_for_env(name: str, value: str) -> None:
    build = follow(parse(f"FROM a\nENV {name}='{value}'\n"), "Dockerfile")
    [variable] = build.facts.variables
    wanted = variable.literal.level if variable.literal is not None else None
    found = settings(f"      {name}: '{value}'\n") + settings(f"      - '{name}={value}'\n")
    assert [level for _label, level, _text in found] == ([wanted] * 2 if wanted is not None else [])


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("${DB_PASSWORD}", []),
        ("$DB_PASSWORD", []),
        ("${DB_PASSWORD:?}", []),
        ("${DB_PASSWORD:?set it}", []),
        ("${DB_PASSWORD:-}", []),
        ("${DB_PASSWORD:-${OTHER}}", []),
        (f"${{DB_PASSWORD:-{V}}}", [V]),
        (f"${{DB_PASSWORD-{V}}}", [V]),
        (f'"${{X:-{V}}}"', [V]),
        ("pa$$" + V, ["pa$$" + V]),
        (f"postgres://app:{V}@${{HOST}}/x", [f"app:{V}"]),
    ],
)
def test_variables_and_their_defaults(value: str, wanted: list[str]) -> None:
    assert [text for _label, _level, text in settings(f"      DB_PASSWORD: {value}\n")] == wanted


def test_quotes_in_a_list_are_part_of_the_value_but_not_of_the_secret() -> None:
    assert settings(f'      - DB_PASSWORD="{V}"\n') == [("db.DB_PASSWORD", "secret", V)]
