"""The manual page, read by the programs that people read it with."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from auditor.cli.generate import manual
from auditor.cli.generating.commands import all_commands, with_subcommands
from auditor.cli.generating.man import escaped, render
from auditor.core.errors import EXIT_CODES
from tests.cli.generating.hostile import TEXT, hostile
from tests.realparts import program

#: The page has no date, so that it is the same whenever it is made.
NO_DATE = 'WARNING: missing date, using "": TH'


def run(command: list[str], **environment: str) -> tuple[str, str]:
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, encoding="utf-8", check=False
    )
    return done.stdout, done.stderr


@pytest.fixture(params=["ours", "hostile"])
def page(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "audit.1"
    path.write_text(manual() if request.param == "ours" else render(hostile()), encoding="utf-8")
    return path


@pytest.mark.real
def test_groff_has_nothing_to_say(page: Path) -> None:
    # -ww is every warning there is.
    assert run([program("groff"), "-man", "-ww", "-z", "-Tutf8", str(page)]) == ("", "")


@pytest.mark.real
def test_man_shows_it_without_a_warning(page: Path) -> None:
    out, err = run([program("man"), "--warnings", "-l", str(page)], MANWIDTH="80", LC_ALL="C.UTF-8")
    assert err == "" and "User Commands" in out


@pytest.mark.real
def test_mandoc_finds_nothing_but_the_missing_date(page: Path) -> None:
    out, err = run([program("mandoc"), "-Tlint", str(page)])
    assert [line for line in (out + err).splitlines() if NO_DATE not in line and "STYLE" not in line] == []


@pytest.mark.real
def test_our_own_page_has_no_bad_style(tmp_path: Path) -> None:
    path = tmp_path / "audit.1"
    path.write_text(manual(), encoding="utf-8")
    assert [line for line in run([program("mandoc"), "-Tlint", str(path)])[0].splitlines() if NO_DATE not in line] == []


@pytest.mark.real
def test_a_help_text_is_printed_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "audit.1"
    path.write_text(render(hostile()), encoding="utf-8")
    shown = run([program("mandoc"), "-Tutf8", "-Owidth=500", str(path)])[0]
    plain = re.sub(r".\x08", "", shown)
    wanted = " ".join(TEXT.split())
    told = [" ".join(line.split()) for line in plain.splitlines()]
    assert {wanted, f".{wanted}", f"'{wanted}"} <= set(told)


def test_the_page_has_every_command_option_and_exit_code() -> None:
    text = manual()
    for command in with_subcommands(all_commands()):
        part = text.partition(f'.SH "AUDIT {escaped(" ".join(command.words).upper())}"\n')[2].partition("\n.SH ")[0]
        assert part
        for option in command.options:
            assert all(f"\\fB{escaped(name)}\\fR" in part for name in option.names)
    codes = text.partition(".SH EXIT STATUS\n")[2]
    assert all(f"\\fB{int(code)}\\fR\n" in codes for code in EXIT_CODES)
    assert "\\fBAUDIT_FAIL_ON\\fR" in text and "AUDIT_SHOW_SECRETS" not in text


def test_the_page_is_the_same_every_time() -> None:
    assert manual() == manual()
    assert not re.search(r"\b20\d\d\b", manual().partition("\n")[0])
