"""YAML that reads back as the same data, for compose's readers as well."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auditor.core.errors import AuditError
from auditor.fixes.overriding import templates
from auditor.fixes.overriding.scalars import one_line, scalar
from auditor.fixes.overriding.yamltext import override

#: Texts that some reader takes for something else, or for the end of the scalar.
ODD = [
    "", " ", "~", "null", "Null", "true", "False", "yes", "NO", "on", "off", "y", "n", "0400", "0o17", "1e3", ".5",
    "+1", "-1", "1_000", "0x1f", "22:22", "2024-01-01", ".inf", "-.INF", ".nan", "=", "<<", "a: b", "a:", ": a",
    "- a", "-", "--x", "#c", "a #c", "*a", "&a", "!a", "!!str", "|", ">", "%a", "@a", "`a`", "'", '"', "{a}", "[a]",
    "a, b", "{{ a }}", "{% raw %}", "$$(x)", "a\tb", "a\nb", "a\n", "\na", " a\nb", "a \nb", "a\n\nb\n\n", "a\r\nb",
    "\\n", "\\", "\0", "\x07", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u202e", "\ufeff", "\ufffd", "\U0001f600",
    "é", "\xa0", "?", "? a", "---", "...", "a\n---\nb", "x" * 5000, "keeper://UID/field/password", "/run/secrets/a",
    "./secrets/a b", "..",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_a_text_stays_that_text(text: str) -> None:
    data = {"services": {text[:500] or "x": {"command": [text, text], "environment": {"A": text}}}, "last": text}
    made = override(data, [text])
    assert yaml.safe_load(made) == data
    assert yaml.load(made, yaml.BaseLoader) == data  # nothing depends on what a plain word is taken for
    assert all(line.startswith("#") for line in made.split("\n")[: made.split("\n").index("services:")])


VALUES = st.recursive(
    st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(ODD),
    lambda inner: (
        st.lists(st.text(st.characters(codec="utf-8"), max_size=20), max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=9), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1, max_size=9), VALUES, min_size=1, max_size=4))
def test_any_data_reads_back(data: dict[str, object]) -> None:
    assert yaml.safe_load(override(data, [])) == data  # type: ignore[arg-type]


def test_what_does_not_read_back_is_never_given(monkeypatch: pytest.MonkeyPatch) -> None:
    templates._environment.cache_clear()
    monkeypatch.setattr(templates, "scalar", lambda value, pad="": str(value))
    with pytest.raises(AuditError, match="read back"):
        override({"a": "0400"}, [])
    templates._environment.cache_clear()


def test_plain_words_stay_plain() -> None:
    for text in ("service_completed_successfully", "/bin/sh", "./secrets/db_password", "sh", "MYSQL_PASSWORD_FILE"):
        assert scalar(text) == text
    assert scalar("a\nb\n", "  ") == "|\n    a\n    b"


def test_comments_are_one_line() -> None:
    assert one_line("a\nb\x1b\u202e") == "a\\nb\\x1b\\u202e"
