"""Whether a start script that knows NAME_FILE does with it what it did with NAME."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from auditor.fixes.filevars import reads_file

HEAD = "#!/bin/sh\nset -eu\n"
HELPER = (
    'file_env() {\n  var="$1"\n  eval "path=\\${${var}_FILE:-}"\n'
    '  if [ -n "$path" ]; then\n    export "$var"="$(cat "$path")"\n  fi\n}\n'
)
READING = '[ -z "${DB_PASSWORD_FILE:-}" ] || export DB_PASSWORD="$(cat "$DB_PASSWORD_FILE")"\n'
SHOW = "exec sh -c 'printf %s \"${DB_PASSWORD-none}\"'\n"

SAME = {
    "export": HEAD + READING + SHOW,
    "redirection": (
        '#!/bin/sh\nexport DB_PASSWORD\n[ ! -f "$DB_PASSWORD_FILE" ] || read -r DB_PASSWORD <$DB_PASSWORD_FILE\n'
        + SHOW
    ),
    "helper": HEAD + HELPER + 'file_env "DB_PASSWORD"\n' + SHOW,
    "helper in a loop": HEAD + HELPER + 'for v in DB_USER \\\n    DB_PASSWORD; do\n  file_env "$v"\ndone\n' + SHOW,
    "all exported": '#!/bin/sh\nset -a\n[ -z "$DB_PASSWORD_FILE" ] || DB_PASSWORD=$(cat $DB_PASSWORD_FILE)\n' + SHOW,
    "itself the program": HEAD + READING.replace("export ", "") + 'printf %s "$DB_PASSWORD"\n',
    "guarded": '#!/bin/sh\nif [ -z "$DB_PASSWORD" ] && [ -f "$DB_PASSWORD_FILE" ]; then\n' + READING + "fi\n" + SHOW,
    "default": HEAD + 'echo "${DB_PASSWORD:+set}" >&2\n' + READING + SHOW,
}  # fmt: skip
OTHER = {
    "not exported": HEAD + READING.replace("export ", "") + SHOW,
    "needed before": HEAD + ': "${DB_PASSWORD:?}"\n' + READING + SHOW,
    "unset is an error": HEAD + 'if [ -z "$DB_PASSWORD" ]; then\n' + READING + "fi\n" + SHOW,
    "only mentioned": HEAD + "# cat $DB_PASSWORD_FILE\nunset DB_PASSWORD_FILE\n" + SHOW,
    "another variable": HEAD + HELPER + "file_env DB_PASSWORD_OLD\n" + SHOW,
    "helper that does not export": HEAD + HELPER.replace("export ", "eval ") + "file_env DB_PASSWORD\n" + SHOW,
    "nothing": HEAD + SHOW,
}


@pytest.mark.parametrize("script", SAME.values(), ids=SAME.keys())
def test_comes_to_the_same(script: str, tmp_path: Path) -> None:
    assert reads_file(script, "DB_PASSWORD")
    assert _shown(script, tmp_path) == b"words-of-it"


@pytest.mark.parametrize("script", OTHER.values(), ids=OTHER.keys())
def test_comes_to_something_else(script: str, tmp_path: Path) -> None:
    assert not reads_file(script, "DB_PASSWORD")
    assert _shown(script, tmp_path) != b"words-of-it"


def _shown(script: str, folder: Path) -> bytes:
    """What the program behind the script sees, given a file and no variable."""
    (folder / "secret").write_text("words-of-it\n")
    (folder / "start").write_text(script)
    env = {"PATH": os.environ["PATH"], "DB_PASSWORD_FILE": str(folder / "secret")}
    return subprocess.run(["sh", str(folder / "start")], env=env, capture_output=True, check=False).stdout


@pytest.mark.parametrize("piece", ["f() {\n", "for v in ", "DB_PASSWORD ", "export $", "cat $DB_PASSWORD_FILE\n", "# "])
def test_hostile_scripts_end(piece: str) -> None:
    for size in (60_000, 600_000):
        assert reads_file(piece * (size // len(piece)), "DB_PASSWORD") in (True, False)
