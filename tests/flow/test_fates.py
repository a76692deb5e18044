"""What becomes of a secret file over layers and stages: the cases where the obvious reading is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.checks.registry import findings
from auditor.core.resources import load_rules
from auditor.flow.build import follow
from auditor.lang.dockerfile.parser import parse
from auditor.sources.context import BuildContext


def rules_of(text: str, context: BuildContext | None = None) -> list[str]:
    """`rule line` of every finding from medium on."""
    found = findings(follow(parse(text), "Dockerfile", context), frozenset(load_rules()["rules"]))
    found = sorted(found, key=lambda f: f.location.start_line)
    return [f"{f.rule} {f.location.start_line}" for f in found if f.severity.label not in ("low", "info")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A sibling stage's rm is no later layer of ours.
        ("FROM a AS s\nCOPY id_rsa /x/\nFROM a AS t\nRUN rm /x/id_rsa\nFROM s\n", ["copied-credential-file 2"]),
        (
            "FROM a AS s\nCOPY id_rsa /x/\nFROM s\nRUN rm /x/id_rsa\n",
            ["copied-credential-file 2", "deleted-secret-file 4"],
        ),
        # Over two stages.
        (
            "FROM a AS s\nCOPY id_rsa /x/\nFROM b AS t\nCOPY --from=s /x /y\nFROM c\nCOPY --from=t /y /z\n",
            ["copied-credential-file 2", "carried-secret-file 4", "carried-secret-file 6"],
        ),
        ("FROM a AS s\nCOPY id_rsa /x/\nFROM c\nCOPY --from=s /other /z\n", ["copied-credential-file 2"]),
    ],
)
def test_stages(text: str, expected: list[str]) -> None:
    assert rules_of(text) == expected


W = "//r.example/:_authToken=$TOKEN"


@pytest.mark.parametrize(
    ("script", "kept"),
    [
        (f'echo "{W}" > /r/.npmrc && a && rm /r/.npmrc', False),
        (f'echo "{W}" > /r/.npmrc && a; rm -f /r/.npmrc', False),
        (f'echo "{W}" > /r/.npmrc; a || rm /r/.npmrc', True),
        (f'echo "{W}" > /r/.npmrc; if a; then rm /r/.npmrc; fi', True),
        (f'echo "{W}" > /r/.npmrc; rm /r/*', True),  # a shell's wildcard spares dot files
        (f'echo "{W}" > /r/.npmrc; rm -rf /r', False),
        (f'cd /r; echo "{W}" > .npmrc; (cd /q; a); rm .npmrc', False),
        (f'f() {{ rm /r/.npmrc; }}; echo "{W}" > /r/.npmrc; f', False),
        (f'f() {{ rm /r/.npmrc; }}; echo "{W}" > /r/.npmrc', True),
        (f"trap 'rm /r/.npmrc' EXIT; echo \"{W}\" > /r/.npmrc; a", False),
        (f"trap 'rm /r/.npmrc' EXIT; echo \"{W}\" > /r/.npmrc; exec a", True),
        (f"trap 'rm /r/.npmrc' EXIT; echo \"{W}\" > /r/.npmrc; exec 2> /log; (exec a)", False),
        (f'echo "{W}" > /r/.npmrc' + " && a" * 100 + " && rm /r/.npmrc", False),
        (f'echo "{W}" > /r/.npmrc' + " && a" * 100, True),
        (f'cat > /r/.npmrc <<< "{W}"', True),
        (f'echo "{W}" > /dev/shm/x', False),
        (f'echo "{W}" | tee /r/.npmrc > /dev/null', True),
        (f'D=/r; echo "{W}" > $D/.npmrc; rm $D/.npmrc', False),
    ],
)
def test_one_script(script: str, kept: bool) -> None:
    found = rules_of(f"FROM a\nARG TOKEN\nRUN {script}\n")
    assert ("written-secret-file 3" in found) is kept, found


@pytest.mark.parametrize(
    ("dockerfile", "expected"),
    [
        ("FROM a\nCOPY . /app\n", ["context-secret-file 2"]),
        ("FROM a\nCOPY . /app\nRUN rm /app/src/a/.env\n", ["context-secret-file 2", "deleted-secret-file 3"]),
        ("FROM a\nCOPY src /app\nRUN rm /app/a/.env\n", ["context-secret-file 2", "deleted-secret-file 3"]),
        ("FROM a\nCOPY src/ /app/x/\nRUN rm -r /app/x\n", ["context-secret-file 2", "deleted-secret-file 3"]),
        ("FROM a\nCOPY s* /app/\nRUN rm /app/a/.env\n", ["context-secret-file 2", "deleted-secret-file 3"]),
        ("FROM a\nCOPY src /app\nRUN rm /app/.env\n", ["context-secret-file 2"]),
        ("FROM a\nCOPY --exclude=.env src /app\n", []),
        ("FROM a\nCOPY --exclude=**/.env src /app\n", []),
        (
            "FROM a AS s\nCOPY . /app\nFROM b\nCOPY --from=s /app /app\n",
            ["context-secret-file 2", "carried-secret-file 4"],
        ),
        ("FROM a AS s\nCOPY . /app\nFROM b\nCOPY --from=s /app/dist /app\n", ["context-secret-file 2"]),
        ("FROM a\nCOPY src/app.js /app/\n", []),
    ],
)
def test_what_a_folder_brings_is_followed_too(tmp_path: Path, dockerfile: str, expected: list[str]) -> None:
    (tmp_path / "src" / "a").mkdir(parents=True)
    (tmp_path / "src" / "a" / ".env").write_text("DB_PASSWORD=Zq8vT1xhunter2\n")
    (tmp_path / "src" / "app.js").write_text("x\n")
    (tmp_path / ".dockerignore").write_text("Dockerfile\n")
    path = tmp_path / "Dockerfile"
    path.write_text(dockerfile)
    context = BuildContext.open(str(tmp_path), str(path))
    assert rules_of(dockerfile, context) == expected
