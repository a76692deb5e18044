"""The pages about `audit wrap`: every command of theirs is run, and says what stands there."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from auditor.core.pattern import Pattern
from tests.run.images.imagemaking import run
from tests.run.wrapping.wrapimages import GLIBC, PATH, VALUE, elf, file, image, link, mysql_image, system

PAGES = ["wrap.md", "systems/ksm-compose-mysql.md", "systems/swarm-wordpress-mysql.md"]
_BLOCK = Pattern(r"(?ms)^```console\n\$ (?P<command>[^\n]*)\n(?P<said>.*?)^```$")
COMPOSE = """\
services:
  db:
    image: mysql:8.4
    environment:
      MYSQL_DATABASE: shop
      MYSQL_ROOT_PASSWORD: {value}
    volumes:
      - data:/var/lib/mysql
volumes:
  data:
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the pages' commands are run, with the images that they speak of."""
    monkeypatch.chdir(tmp_path)
    mysql_image(tmp_path)
    health = {"Test": ["CMD-SHELL", 'shopctl ping --password "$DB_PASSWORD"']}
    alpine = 'PRETTY_NAME="Alpine Linux v3.22"\n'
    app = [file("usr/local/bin/shop", elf()), *system("lib/ld-musl-x86_64.so.1", release=alpine)]
    environment = [PATH, f"DB_PASSWORD={VALUE}"]
    config = {"Entrypoint": ["start"], "Cmd": ["shop", "--listen", ":80"], "Healthcheck": health, "User": "1000"}
    image(tmp_path / "app.tar", app, tag="shop.example/app:2", Env=environment, **config)
    debian = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n'
    script = file("usr/local/bin/docker-entrypoint.sh", '#!/usr/bin/env bash\nset -Eeuo pipefail\nexec "$@"\n')
    wordpress = system(GLIBC, script, link("bin/bash", "sh"), release=debian)
    starts = {"Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["apache2-foreground"]}
    image(tmp_path / "wordpress.tar", wordpress, tag="wordpress:6", **starts)
    (tmp_path / "compose.yml").write_text(COMPOSE.format(value=VALUE))
    return tmp_path


def said(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command of a page says; the password of the images is in nothing but the file that it was in before."""
    name, *words = shlex.split(command)
    if name == "audit":
        ran = run(capsys, *words[1:], command=words[0])
        assert ran.code == 0, ran.err
        text = ran.out + ran.err
    else:
        done = subprocess.run([name, *words], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and name in ("cat", "sed")
        text = done.stdout.replace(VALUE, "...") if words == ["compose.yml"] else done.stdout
    assert VALUE not in text
    return text


@pytest.mark.parametrize("page", PAGES)
def test_pages_show_what_commands_say(
    page: str, here: Path, root: Path, capsys: pytest.CaptureFixture[str], update_golden: bool
) -> None:
    path = root / "docs" / page
    text = path.read_text()
    blocks = list(_BLOCK.finditer(text))
    assert len(blocks) > 2
    parts: list[str] = []
    at = 0
    for block in blocks:
        told = said(block["command"], capsys)
        if not update_golden:
            assert block["said"] == told
        parts += [text[at : block.start("said")], told]
        at = block.end("said")
    if update_golden:
        path.write_text("".join([*parts, text[at:]]))


def test_scripts_of_the_pages_are_shell(here: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for page in PAGES:
        for block in _BLOCK.finditer((root / "docs" / page).read_text()):
            said(block["command"], capsys)
    scripts = sorted(here.glob("*.sh"))
    assert [one.name for one in scripts] == ["app.sh", "mysql.sh", "wordpress.sh"]
    for one in scripts:
        assert subprocess.run(["sh", "-n", one.name], capture_output=True).returncode == 0
