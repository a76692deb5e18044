"""Real wrappers for tests, from the package registries of their languages; what cannot be had skips, and says why."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.realparts import program

_SECONDS = 240
#: What a Keeper vault with one record answers, kept as its client keeps it for times without a network: the client is
#: unmodified, the answer is made by its own library for tests.
_FORGE = """
import json, os, sys
from keeper_secrets_manager_core import mock
from keeper_secrets_manager_core.crypto import CryptoUtils
folder, uid, password = sys.argv[1:]
config = mock.MockConfig.make_config()
answer = mock.Response()
record = answer.add_record(title="Database", uid=uid)
record.field("password", [password])
key = os.urandom(32)
secret = CryptoUtils.url_safe_str_to_bytes(config["appKey"])
data = json.dumps(answer.dump(secret)).encode()
with open(os.path.join(folder, "ksm_cache.bin"), "wb") as file:
    file.write(key + CryptoUtils.encrypt_aes(data, key))
names = {name.lower(): name for name in ("clientId", "privateKey", "appKey", "appOwnerPublicKey", "serverPublicKeyId")}
with open(os.path.join(folder, "keeper.ini"), "w") as file:
    lines = [f"{name} = {config[key]}" for name, key in names.items() if key in config]
    file.write("[_default]\\nhostname = keeper.invalid\\n" + "\\n".join(lines) + "\\n")
    file.write("[_config]\\nactive_profile = _default\\ncolor = False\\ncache = True\\n")
os.chmod(os.path.join(folder, "keeper.ini"), 0o600)
"""


class Keeper(NamedTuple):
    """Keeper's command line client: the folder of its packages, and how to make a vault of one record."""

    packages: Path
    program: Path
    vault: Callable[[Path, str, str], None]


def keeper(folder: Path) -> Keeper:
    """The client, unmodified, from PyPI."""
    packages = folder / "packages"
    words = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(packages), "keeper-secrets-manager-cli"]
    _install(words, "keeper-secrets-manager-cli")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(packages), "HOME": str(folder)}

    def vault(place: Path, uid: str, password: str) -> None:
        subprocess.run(
            [sys.executable, "-c", _FORGE, str(place), uid, password], env=environment, check=True, timeout=60
        )

    return Keeper(packages, packages / "bin" / "ksm", vault)


def dotenvx(folder: Path) -> Path:
    """The folder of dotenvx' program, from npm."""
    program("node")
    options = ("--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix")
    _install([program("npm"), "install", *options, str(folder), "@dotenvx/dotenvx"], "dotenvx")
    return folder / "node_modules" / ".bin"


def encrypted(dotenvx_folder: Path, place: Path, name: str, value: str) -> str:
    """Write .env with an encrypted value to a place; returns the key that opens it."""
    (place / ".env").write_text(f"{name}={json.dumps(value)}\n")
    environment = {"PATH": f"{dotenvx_folder}:{os.environ['PATH']}", "HOME": str(place)}
    subprocess.run(["dotenvx", "encrypt"], cwd=place, env=environment, check=True, capture_output=True, timeout=60)
    keys = place / ".env.keys"
    [line] = [line for line in keys.read_text().splitlines() if line.startswith("DOTENV_PRIVATE_KEY=")]
    keys.unlink()
    return line.partition("=")[2].strip('"')


def _install(words: list[str], what: str) -> None:
    # The home folder of a test is empty; an installer needs its user's settings, which name the registry.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "PYTHONPATH"))}
    kept["HOME"] = os.path.expanduser(f"~{os.environ.get('USER', '') or 'root'}")
    try:
        done = subprocess.run(words, env=kept, capture_output=True, text=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{what} cannot be installed: the package registry does not answer")
    if done.returncode:
        pytest.skip(f"{what} cannot be installed: {done.stderr.strip()[-200:]}")
