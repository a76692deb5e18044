"""Our reading against answers recorded from BuildKit (parser and shell of v0.34.2, conversion of v0.33.1)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from auditor.lang.dockerfile.__main__ import dump
from auditor.lang.dockerfile.words import ExpansionError, expand, expand_heredoc, expand_words

HERE = Path(__file__).parent
FILES: list[dict[str, Any]] = json.loads((HERE / "conformance.json").read_text("utf-8"))
EXPANSION: dict[str, Any] = json.loads((HERE / "expansion.json").read_text("utf-8"))

# BuildKit has one error more in its conversion, which belongs to no instruction.
_NO_STAGES = "dockerfile contains no stages to build"


def comparable(node: dict[str, Any]) -> dict[str, Any]:
    """A node as BuildKit and we both give it: keyword in upper case, ONBUILD's heredocs on ONBUILD only."""
    child = node.get("child")
    result = {key: value for key, value in node.items() if key != "child"} | {"v": node["v"].upper()}
    if child is not None and child["v"].upper() != "ONBUILD":
        result["child"] = {k: v for k, v in child.items() if k not in ("s", "e", "heredocs")} | {
            "v": child["v"].upper()
        }
    return result


@pytest.mark.parametrize("case", FILES, ids=[str(number) for number in range(len(FILES))])
def test_file_as_in_buildkit(case: dict[str, Any]) -> None:
    got = dump(case["in"].encode("latin-1"))
    error = re.sub(r"^line \d+: ", "", str(got.get("err", "")))
    if "nodes" in case:
        assert got["esc"] == case["esc"]
        assert [comparable(node) for node in got["nodes"]] == [comparable(node) for node in case["nodes"]]  # type: ignore[attr-defined]
    assert bool(error and error != _NO_STAGES) == ("err" in case)
    if "refused" in case:
        assert "env_err" in got
    else:
        assert "env_err" not in got
        assert (got["env"] or []) == case["env"]
        assert (got["labels"] or {}) == case["labels"]


@pytest.mark.parametrize(
    "case",
    [c for c in FILES if "err" in c and "did you mean" not in c["err"]],
    ids=lambda case: case["err"][:60],
)
def test_error_in_buildkits_words(case: dict[str, Any]) -> None:
    error = re.sub(r"^line \d+: ", "", str(dump(case["in"].encode("latin-1"))["err"]))
    expected = re.sub(r"^dockerfile parse error on line \d+: ", "", case["err"])
    # Go's own messages (numbers, CSV) are only begun in the same way.
    assert expected == error or expected.partition(":")[0] == error.partition(":")[0]


def test_error_carries_the_line_of_the_instruction() -> None:
    for case in FILES:
        found = re.match(r"dockerfile parse error on line (\d+): ", case.get("err", ""))
        if found:
            assert str(dump(case["in"].encode("latin-1"))["err"]).startswith(f"line {found.group(1)}: ")


@pytest.mark.parametrize("case", EXPANSION["cases"], ids=lambda case: case["in"])
def test_word_as_in_buildkit(case: dict[str, Any]) -> None:
    env: dict[str, str] = EXPANSION["env"]
    if case.get("plain_quotes"):
        got = None if "err" in case else expand_heredoc(case["in"], env)
        assert got == case.get("out")
    elif "err" in case:
        with pytest.raises(ExpansionError) as raised:
            expand(case["in"], env, case["escape"])
        assert case["err"].endswith(str(raised.value))
    else:
        assert expand(case["in"], env, case["escape"]) == case["out"]
        assert expand_words(case["in"], env, case["escape"]) == case["words"]
