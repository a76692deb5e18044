"""Runs `audit fix` on compose files of a folder, in memory."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from auditor.core.config import Settings
from auditor.run.rewrite.engine import fix
from auditor.run.rewrite.options import FixOptions
from auditor.run.rewrite.outcome import Rewrite

V = "tk37" + "Wb3LsZ9uKd6YpHq2"
W = "Gq4zT8" + "pLx2VnR6sWc1"

DOCKERFILE = (
    'FROM base.example/app:1\nCOPY entrypoint.sh /entrypoint.sh\nENTRYPOINT ["/entrypoint.sh"]\nCMD ["serve"]\n'
)
ENTRYPOINT = (
    "#!/bin/sh\nset -eu\n"
    'if [ -n "${DB_PASSWORD_FILE:-}" ]; then DB_PASSWORD="$(cat "$DB_PASSWORD_FILE")"; export DB_PASSWORD; fi\n'
    'exec "$@"\n'
)


class Composed(NamedTuple):
    """The compose file afterwards, and why findings are left."""

    text: str
    left: list[str]
    rewrite: Rewrite


def fixed(folder: Path, text: str, *, unsafe: bool = False, name: str = "compose.yml", **files: str) -> Composed:
    """A compose file after `audit fix`, with other files of the folder by name (`__` stands for a dot)."""
    for other, content in files.items():
        path = folder / other.replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, newline="")
    run = fix(Settings(), [str(folder)], FixOptions(unsafe=unsafe))
    [rewrite] = [one for one in run.rewrites if one.target.kind == "compose" and one.path == str(path)]
    [after] = [change.after for change in rewrite.changes] or [text]
    return Composed(after, [left.reason for left in rewrite.left], rewrite)


def built(folder: Path, dockerfile: str = DOCKERFILE, script: str = ENTRYPOINT) -> None:
    """A Dockerfile and its entrypoint script in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text(dockerfile)
    (folder / "entrypoint.sh").write_text(script)


def service(environment: str, rest: str = "    image: postgres:17\n") -> str:
    """A file with one service; `environment` begins behind the colon, lines end with a line feed."""
    return f"services:\n  db:\n{rest}    environment:{environment}"


TOP = "secrets:\n  postgres_password:\n    file: ./secrets/postgres_password\n"
ITEM = "    secrets:\n      - postgres_password\n"
PATH = "/run/secrets/postgres_password"
