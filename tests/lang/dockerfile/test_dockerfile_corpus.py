"""Real files, where the corpus lies beside the repository."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from auditor.lang.dockerfile.__main__ import dump
from auditor.lang.dockerfile.parser import parse_bytes


@pytest.fixture(scope="module")
def corpus(shared: Path) -> Path:
    path = shared / "corpus"
    if not (path / "oracle_parse.jsonl.gz").is_file():
        pytest.skip("needs the corpus of Dockerfiles with BuildKit's answers")
    return path


def rows(path: Path) -> dict[str, dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return {row["file"]: row for row in map(json.loads, lines)}


def essence(node: dict[str, Any]) -> dict[str, Any]:
    """What is compared; ONBUILD's inner words by their text only, a lone empty word equals none."""
    args = [] if node["v"].upper() == "ONBUILD" or node.get("args") == [""] else node.get("args") or []
    kept = {key: node.get(key) for key in ("s", "e", "o")}
    heredocs = [{key: doc[key] for key in ("Name", "Expand", "Chomp", "Content")} for doc in node.get("heredocs") or ()]
    lists = {"flags": node.get("flags") or [], "heredocs": heredocs}
    return kept | lists | {"v": node["v"].upper(), "args": args, "json": bool(node.get("json"))}


def test_every_real_file_as_in_buildkit(corpus: Path) -> None:
    answers, environments = rows(corpus / "oracle_parse.jsonl.gz"), rows(corpus / "oracle_env.jsonl.gz")
    assert answers
    wrong = []
    for name, answer in answers.items():
        data = (corpus / "dockerfiles" / name).read_bytes()
        got = dump(data)
        good = parse_bytes(data).emit().encode("utf-8", "surrogateescape") == data
        if answer.get("nodes"):
            nodes: Any = got["nodes"]
            good &= [essence(node) for node in nodes] == [essence(node) for node in answer["nodes"]]
        good &= bool(answer.get("err") or answer.get("ierr")) <= ("err" in got)
        environment = environments.get(name)
        if environment is not None and not answer.get("err"):
            good &= (environment["env"] or []) == (got["env"] or [])
            good &= (environment["labels"] or {}) == (got["labels"] or {})
        if not good:
            wrong.append(name)
    assert wrong == []
