"""How a place of a script is quoted, and what may be written there; a real shell says whether that is right."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.fixes import quotes
from auditor.fixes.plan import Refused

HERE = "@"


def _place(marked: str) -> tuple[str, int]:
    """A script without its mark, and where that stood."""
    return marked.replace(HERE, "V"), marked.index(HERE)


@pytest.mark.parametrize(
    ("marked", "kind"),
    [
        ("curl @", quotes.BARE),
        ("curl 'a @'", quotes.SINGLE),
        ('curl "a @"', quotes.DOUBLE),
        ("curl 'a'@", quotes.BARE),
        ('curl "it\'s @"', quotes.DOUBLE),
        ("curl \\' @", quotes.BARE),
        ('curl "a \\" @"', quotes.DOUBLE),
        ('curl "$(x @)"', quotes.BARE),
        ("curl \"$(x '@')\"", quotes.SINGLE),
        ('curl "${A:-@}"', quotes.DOUBLE),
        ("curl ${A:-@}", quotes.BARE),
        ("curl `x @`", quotes.CLOSED),
        ("curl $'a @'", quotes.CLOSED),
        ("echo $((1 + @))", quotes.CLOSED),
        ("x # @", quotes.COMMENT),
        ("x a#@", quotes.BARE),
        ("(x; y '@')", quotes.SINGLE),
        ("cat <<EOF\na @\nEOF\n", quotes.HERE),
        ("cat <<'EOF'\na @\nEOF\n", quotes.RAW),
        ("cat <<EOF\na\nEOF\nx @", quotes.BARE),
    ],
)
def test_quoting(marked: str, kind: str) -> None:
    text, at = _place(marked)
    assert quotes.quoting(text, at).kind == kind


def test_an_escaped_character_is_known() -> None:
    assert quotes.quoting("curl \\V", 6).escaped
    assert not quotes.quoting("curl V", 5).escaped


@pytest.mark.parametrize("kind", [quotes.RAW, quotes.CLOSED, quotes.COMMENT, quotes.JSON])
def test_nothing_is_put_where_it_would_not_be_expanded(kind: str) -> None:
    with pytest.raises(Refused):
        quotes.insertion((kind,), "cat x")


@pytest.mark.parametrize(
    ("kinds", "made"),
    [
        ((quotes.BARE,), '"$(cat x)"'),
        ((quotes.SINGLE,), "'\"$(cat x)\"'"),
        ((quotes.DOUBLE,), "$(cat x)"),
        ((quotes.HERE,), "$(cat x)"),
        ((quotes.DOUBLE, quotes.BARE), '\\"\\$(cat x)\\"'),
        ((quotes.SINGLE, quotes.DOUBLE), "$(cat x)"),
        ((quotes.JSON, quotes.BARE), '\\"$(cat x)\\"'),
    ],
)
def test_insertion(kinds: tuple[str, ...], made: str) -> None:
    assert quotes.insertion(kinds, "cat x") == made


_SEGMENT = st.sampled_from(["a", "'b c'", '"d $HOME"', "\\ ", "e=", '"it\'s"', "'\"'", "$(echo f)", "${NO:-g}"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(_SEGMENT, max_size=4),
    behind=st.lists(_SEGMENT, max_size=4),
    around=st.sampled_from(["{}", "'x{}y'", '"x {} y"', "${{NO:-{}}}", "\"$(printf %s '{}')\""]),
)
def test_a_shell_sees_the_same_words(tmp_path: Path, before: list[str], behind: list[str], around: str) -> None:
    value = "s3cr3t.Value"
    (tmp_path / "file").write_text(value)
    word = "".join(before) + around.format(value) + "".join(behind)
    script = f"printf '<%s>' {word} last"
    at = script.index(value)
    kind = quotes.quoting(script, at).kind
    made = quotes.insertion((kind,), f"cat {tmp_path}/file")
    changed = script[:at] + made + script[at + len(value) :]
    assert value not in changed
    outputs = {subprocess.run(["sh", "-c", s], capture_output=True, check=True).stdout for s in (script, changed)}
    assert len(outputs) == 1
