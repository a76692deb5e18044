"""What `audit fix --wrapper` makes of a Dockerfile, started for real with unmodified wrappers and without a server."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from auditor.core.wrappers import EXEC, SHIM, Wrapping, wrapper_named
from auditor.lang.dockerfile.parser import parse
from tests.fixes.fixing import fixed
from tests.fixes.wrapping.realwrappers import Keeper, dotenvx, encrypted, keeper

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("wrappers")]

UID = "AuditExampleRecord0001"
PASSWORD = "p$w'\" `x` \\ two  blanks"
REFERENCE = f"keeper://{UID}/field/password"


@pytest.fixture(scope="module")
def ksm(tmp_path_factory: pytest.TempPathFactory) -> Keeper:
    return keeper(tmp_path_factory.mktemp("ksm"))


@pytest.fixture(scope="module")
def dotenvx_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dotenvx(tmp_path_factory.mktemp("dotenvx"))


def start(name: str, form: str, env: str, **references: str) -> list[str]:
    """The words that a container starts with, after the fix."""
    wrapper = wrapper_named(name)
    assert wrapper is not None
    text = f'FROM debian\nCOPY {name} /usr/bin/\nENV DB_PASSWORD={env}\nENTRYPOINT ["env"]\n'
    done = fixed(text, unsafe=True, wrapping=Wrapping(wrapper, references, form)).text
    assert env not in done
    return list(parse(done).instructions[-1].args)


def environment(ksm: Keeper, folder: Path) -> dict[str, str]:
    """Where the client finds its configuration and the vault's answer."""
    ksm.vault(folder, UID, PASSWORD)
    path = f"{ksm.program.parent}:{os.environ['PATH']}"
    return {"PATH": path, "PYTHONPATH": str(ksm.packages), "KSM_INI_DIR": str(folder), "KSM_CACHE_DIR": str(folder)}


LITERAL = "tk" + "-9sKxW2mQe7RuTi4LpBvA"


@pytest.mark.parametrize("form", [SHIM, EXEC])
def test_keeper(form: str, ksm: Keeper, tmp_path: Path) -> None:
    given = {**environment(ksm, tmp_path), "DB_PASSWORD": REFERENCE}
    words = start("ksm", form, LITERAL, DB_PASSWORD=REFERENCE)
    command = ["/bin/sh", "-c", 'printf %s "$DB_PASSWORD"; printf "<%s>" "$@"', "sh", "a b", "", "'\""]
    done = subprocess.run([*words, *command], env=given, capture_output=True, text=True, timeout=60)
    assert done.stdout == f"{PASSWORD}<a b><><'\">", done.stderr


def test_keeper_does_not_know_the_record_field(ksm: Keeper, tmp_path: Path) -> None:
    given = {**environment(ksm, tmp_path), "DB_PASSWORD": f"keeper://{UID}/field/login"}
    words = start("ksm", SHIM, LITERAL, DB_PASSWORD=REFERENCE)
    done = subprocess.run([*words, "echo", "started"], env=given, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("DB_PASSWORD: ksm gives no value\n")


def test_keeper_with_a_program_that_ends_by_a_signal_or_a_code(ksm: Keeper, tmp_path: Path) -> None:
    """What the catalogue of wrappers says of the two forms."""
    given = {**environment(ksm, tmp_path), "DB_PASSWORD": REFERENCE}
    shim, plain = (start("ksm", form, LITERAL, DB_PASSWORD=REFERENCE) for form in (SHIM, EXEC))
    codes = [
        subprocess.run([*words, "/bin/sh", "-c", "exit 7"], env=given, capture_output=True, timeout=60).returncode
        for words in (shim, plain)
    ]
    assert codes == [7, 1]
    trap = ["/bin/sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done"]
    with subprocess.Popen([*shim, *trap], env=given, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 9


@pytest.mark.parametrize("form", [SHIM, EXEC])
def test_dotenvx(form: str, dotenvx_folder: Path, tmp_path: Path) -> None:
    key = encrypted(dotenvx_folder, tmp_path, "DB_PASSWORD", "s3-cr3t two")
    given = {"PATH": f"{dotenvx_folder}:{os.environ['PATH']}", "HOME": str(tmp_path), "DOTENV_PRIVATE_KEY": key}
    words = start("dotenvx", form, LITERAL)
    tell = ["/bin/sh", "-c", 'printf "%s<%s>" "$DB_PASSWORD" "${DOTENV_PRIVATE_KEY+key}"']
    done = subprocess.run([*words, *tell], cwd=tmp_path, env=given, capture_output=True, text=True, timeout=60)
    assert done.stdout.endswith(f"s3-cr3t two<{'' if form == SHIM else 'key'}>"), done.stderr
    assert "s3-cr3t" not in (tmp_path / ".env").read_text()
    without = {**given, "DOTENV_PRIVATE_KEY": ""}
    done = subprocess.run([*words, *tell], cwd=tmp_path, env=without, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "encrypted:" not in done.stdout
