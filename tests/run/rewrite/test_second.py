"""dockerfile-parse as the second reader of a rewritten file."""

from __future__ import annotations

import pytest

from auditor.lang.dockerfile.parser import parse
from auditor.run.rewrite.second import disagreement

PLAIN = "FROM a\n# why\nARG T\nRUN one \\\n    two\n"


@pytest.mark.parametrize(
    "after",
    [
        "FROM a\n# why\nRUN --mount=type=secret,id=t \\\n    one \\\n    two\n",
        "FROM a\n# why\nRUN one \\\n  # inside\n    two\n",
        'from a\nCMD ["x"]\n',
        "FROM a\r\nRUN one \\\r\n    two\r\n",
    ],
)
def test_agreement(after: str) -> None:
    assert disagreement(parse(PLAIN), parse(after)) == ""


def test_disagreement() -> None:
    # What BuildKit reads as a heredoc is a list of broken instructions to the other reader.
    after = parse("FROM a\nRUN <<E\nCOPY x\nE\n")
    assert "dockerfile-parse" in disagreement(parse(PLAIN), after)


def test_where_they_did_not_agree_before_it_cannot_tell() -> None:
    heredoc = "FROM a\nRUN <<E\nCOPY x\nE\n"
    assert disagreement(parse(heredoc), parse(heredoc + "RUN y\n")) == ""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_another_escape_character(newline: str) -> None:
    before = newline.join(["# escape=`", "FROM a", "ARG T", "RUN one `", "    C:\\two", ""])
    after = newline.join(["# escape=`", "FROM a", "RUN --mount=type=secret,id=t `", "    one `", "    C:\\two", ""])
    assert disagreement(parse(before), parse(after)) == ""
    broken = newline.join(["# escape=`", "FROM a", "RUN <<E", "COPY x", "E", ""])
    assert "dockerfile-parse" in disagreement(parse(before), parse(broken))
