"""`python -m auditor.lang.dockerfile FILE...`: one JSON line per file with what was read, for comparison with BuildKit.

Base images count as having only `PATH=/usr/bin:/bin`. Not part of the product's command line.
"""

from __future__ import annotations

import json
import re
import sys

from auditor.lang.dockerfile.image import image_config
from auditor.lang.dockerfile.nodes import Heredoc, Instruction
from auditor.lang.dockerfile.parser import parse_bytes

_STUB_ENV = {"PATH": "/usr/bin:/bin"}
_UNDECODABLE = re.compile("[\udc80-\udcff]")


def dump(data: bytes) -> dict[str, object]:
    """What the reader makes of a file, in the form of the comparison data."""
    document = parse_bytes(data)
    row: dict[str, object] = {"esc": document.escape, "nodes": [dump_node(node) for node in document.instructions]}
    if document.error is not None:
        row["err"] = f"line {document.error.line}: {document.error.message}"
    config = image_config(document, base_env=_STUB_ENV)
    row["env"] = [_clean(f"{name}={value}") for name, value in config.env.items()] or None
    row["labels"] = {_clean(name): _clean(value) for name, value in config.labels.items()} or None
    if config.error:
        row["env_err"] = _clean(config.error)
    return row


def dump_node(node: Instruction) -> dict[str, object]:
    """One instruction; keys whose value is empty are left out."""
    args = [] if node.keyword == "ONBUILD" else [_clean(word) for word in node.args]
    row: dict[str, object] = {"v": _clean(node.keyword), "s": node.line, "e": node.end_line, "o": _clean(node.original)}
    optional: dict[str, object] = {
        "args": args,
        "flags": [_clean(flag.text) for flag in node.flags],
        "json": node.json,
        "heredocs": [_dump_heredoc(heredoc) for heredoc in node.heredocs],
        "child": dump_node(node.child) if node.child is not None else None,
    }
    return row | {key: value for key, value in optional.items() if value}


def _dump_heredoc(heredoc: Heredoc) -> dict[str, object]:
    return {
        "Name": _clean(heredoc.name),
        "Expand": heredoc.expand,
        "Chomp": heredoc.chomp,
        "Content": _clean(heredoc.content),
    }


def _clean(text: str) -> str:
    """Undecodable bytes as U+FFFD, as Go's JSON writes them."""
    return _UNDECODABLE.sub("\ufffd", text)


def main(paths: list[str]) -> int:
    """Print one line per file; exit code 1 where one could not be opened."""
    failed = False
    for path in paths:
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError as error:
            failed = True
            print(json.dumps({"file": path, "err": error.strerror}))
            continue
        print(json.dumps({"file": path, **dump(data)}))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
