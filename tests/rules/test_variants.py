"""The spellings made from an example."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.lang.dockerfile.parser import parse
from auditor.run.variants import variants

PLAIN = 'FROM a\n# note\nARG T\nRUN one \\\n  two\nCMD ["x"]\n'


def named(text: str) -> dict[str, str]:
    return {variant.name: variant.text for variant in variants(text)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("crlf", PLAIN.replace("\n", "\r\n")),
        ("byte-order-mark", "\ufeff" + PLAIN),
        ("no-final-newline", PLAIN[:-1]),
        ("lower-case", 'from a\n# note\narg T\nrun one \\\n  two\ncmd ["x"]\n'),
        ("backtick-escape", "# escape=`\n" + PLAIN.replace("\\", "`")),
        ("onbuild", 'FROM a\n# note\nONBUILD ARG T\nONBUILD RUN one \\\n  two\nONBUILD CMD ["x"]\n'),
        (
            "heredoc",
            "FROM a\n# note\nARG T\nRUN <<'EXAMPLE_SCRIPT'\none \\\n  two\nEXAMPLE_SCRIPT\nCMD [\"x\"]\n",
        ),
    ],
)
def test_each_spelling(name: str, expected: str) -> None:
    assert named(PLAIN)[name] == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("backtick-escape", 'FROM a\nRUN echo "\\$T"\n'),
        ("backtick-escape", "FROM a\nRUN echo `date` \\\n  x\n"),
        ("backtick-escape", "# escape=`\nFROM a\nRUN x `\n y\n"),
        ("backtick-escape", "FROM a\nRUN <<E\none \\\n two\nE\n"),
        ("heredoc", 'FROM a\nRUN ["one", "two"]\n'),
        ("heredoc", "FROM a\nRUN cat <<E > f\nx\nE\n"),
        ("heredoc", "FROM a\nRUN one \\\n  # why\n  two\n"),
        ("heredoc", "FROM a\nRUN one \\\n\n  two\n"),
        ("lower-case", "FROM a\nRUNN x\n"),
    ],
)
def test_left_out_where_it_would_mean_something_else(name: str, text: str) -> None:
    assert name not in named(text)


def test_flags_stay_outside_the_heredoc() -> None:
    text = named("FROM a\nRUN --mount=type=secret,id=t cat x\n")["heredoc"]
    assert text == "FROM a\nRUN --mount=type=secret,id=t <<'EXAMPLE_SCRIPT'\ncat x\nEXAMPLE_SCRIPT\n"


def test_triggers_only_in_the_last_stage() -> None:
    assert named("FROM a AS b\nRUN x\nFROM c\nCOPY --from=b x y\nONBUILD RUN z\n")["onbuild"] == (
        "FROM a AS b\nRUN x\nFROM c\nONBUILD COPY --from=b x y\nONBUILD RUN z\n"
    )


@given(st.text(alphabet='FROMRUNARG <\\`#"[]EOF\n\t=$', max_size=80))
def test_any_text_has_variants_that_the_reader_accepts_as_it_did(tail: str) -> None:
    text = f"FROM a\n{tail}\n"
    accepted = parse(text).error is None
    for name, variant in named(text).items():
        if name in ("lower-case", "byte-order-mark"):
            assert (parse(variant).error is None) == accepted
