"""Valid YAML that few people write: what a change does not touch stays as it is, and what cannot change is left."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from auditor.cli.main import main
from tests.fixes.services.composing import V, W, fixed

END = "secrets:\n  postgres_password:\n    file: ./secrets/postgres_password\n"
OWN = "    secrets:\n      - postgres_password\n"
FIRST, CHANGED = f"      POSTGRES_PASSWORD: {V}\n", "      POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password\n"
HEAD = "services:\n  db:\n    image: postgres:17\n    environment:\n"
#: Lines behind the service's environment, at the depth of the service and of the top.
INSIDE = {
    "binary": "    labels:\n      logo: !!binary aGVsbG8=\n",
    "binary that is none": '    labels:\n      logo: !!binary "***"\n',
    "tags of compose": '    ports: !override ["80:80"]\n    dns: !reset null\n',
    "a tag of nobody": "    x-a: !mine {a: 1}\n    x-b: !<tag:yaml.org,2002:str> 1\n",
    "dates, numbers, keys that are no texts": (
        "    labels:\n      a: 2001-99-99\n      b: 1:99:30\n      c: .inf\n      d: =\n"
        "      ? [x, y]\n      : z\n      ? {q: 1}\n      : zz\n"
    ),
    "merges of nothing": "    labels:\n      <<: 5\n      a: b\n",
}
BEHIND = {
    "sets and pairs": "x-a: !!set {a, b}\nx-b: !!omap [a: 1, b: 2]\nx-c: !!pairs [a: 1, a: 2]\n",
    "values that are not what their tags say": "x-d: !!timestamp a\nx-e: !!int zz\nx-f: !!float zz\nx-g: !!bool zz\n",
    "tags that other readers run": "x-h: !!python/object/apply:os.system [exit]\n",
    "an anchor inside of itself": "x-e: &e\n  a: *e\n",
}


@pytest.mark.parametrize("lines", INSIDE.values(), ids=INSIDE)
def test_beside_the_change(lines: str, tmp_path: Path) -> None:
    found = fixed(tmp_path, HEAD + FIRST + lines)
    assert found.text == HEAD + CHANGED + OWN + lines + END
    assert found.left == []


@pytest.mark.parametrize("lines", BEHIND.values(), ids=BEHIND)
def test_behind_the_change(lines: str, tmp_path: Path) -> None:
    found = fixed(tmp_path, HEAD + FIRST + lines)
    assert found.text == HEAD + CHANGED + OWN + lines + END
    assert found.left == []


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (f"!!binary {base64.b64encode(W.encode()).decode()}", "the value has a tag of its own (line 6)"),
        (f"!mine {W}", "the value has a tag of its own (line 6)"),
    ],
)
def test_a_value_that_cannot_change_is_left(
    value: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = f"      MYSQL_PASSWORD: {value}\n"
    found = fixed(tmp_path, HEAD + FIRST + other, unsafe=True)
    assert found.text == HEAD + CHANGED + other + OWN + END
    assert found.left == [reason]
    assert [left.refused for left in found.rewrite.left] == [False]
    assert main(["fix", "--isolated", "--unsafe-fixes", str(tmp_path)]) == 1
    capsys.readouterr()


def test_a_text_by_its_tag_is_a_text(tmp_path: Path) -> None:
    found = fixed(tmp_path, HEAD + FIRST.replace(": ", ": !!str "))
    assert found.text == HEAD + CHANGED.replace(": ", ": !!str ") + OWN + END
