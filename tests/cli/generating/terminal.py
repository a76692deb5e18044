"""Completions as shells make them: bash and fish asked for a list, bash and zsh with keys in a terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.realparts import program

#: What bash takes for words of their own besides what stands between spaces.
_BREAKS = re.compile(r"([=:]+)")
_BASH = """\
source "$1" || exit
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_audit
if [ "${#COMPREPLY[@]}" -gt 0 ]; then printf '%s\\n' "${COMPREPLY[@]}"; fi
"""
_PROMPT = "READY>"
#: No bell, no lists of matches and no redrawing: what is printed can be read.
_ZSHRC = """\
PS1='{prompt}' PS2= RPS1=
unsetopt beep auto_list auto_menu prompt_sp prompt_cr
unset zle_bracketed_paste
autoload -Uz compinit && compinit -u -D
source {script}
"""
_BASHRC = """\
bind 'set bell-style none'
bind 'set enable-bracketed-paste off'
source {script}
PS1='{prompt}' PS2=
"""
_PRINTED = re.compile(rf"^< (.*) >[^<]*{_PROMPT}", re.MULTILINE)
_PATIENCE = 30.0


def bash(script: Path, line: str, folder: Path) -> set[str]:
    """What bash offers at the end of a line; the words of the line have no quotes."""
    words = [part for word in line.split(" ") for part in _BREAKS.split(word) if part or not word]
    if line[-1] in "=:":
        words.append("")
    command = [program("bash"), "--norc", "-u", "-c", _BASH, "bash", str(script), *words]
    return set(_run(command, folder).splitlines())


def fish(script: Path, line: str, folder: Path) -> set[str]:
    """What fish offers at the end of a line, without descriptions."""
    code = "source $argv[1]; complete -C $argv[2]"
    told = _run([program("fish"), "--no-config", "-c", code, str(script), line], folder)
    return {offer.partition("\t")[0] for offer in told.splitlines()}


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


class Shell:
    """A shell that waits for keys, with completions from a script."""

    def __init__(self, terminal: int, show: str) -> None:
        self._terminal = terminal
        self._show = show

    def completed(self, line: str) -> str:
        """The line after a tab at its end; what matches several words stays as it was."""
        # To the front of the line, so that it is printed and not run.
        self._send(f"{line}\t\x01{self._show} '<' \x05 '>'\n")
        return " ".join(self._read(_PRINTED)[1].split())

    def _send(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def _read(self, wanted: re.Pattern[str]) -> re.Match[str]:
        """What is shown, up to where it has what is wanted."""
        told = ""
        limit = time.monotonic() + _PATIENCE
        while (found := wanted.search(told)) is None:
            ready, _, _ = select.select([self._terminal], [], [], max(0.0, limit - time.monotonic()))
            assert ready, told
            told += os.read(self._terminal, 65536).decode(errors="replace")
        return found

    def wait(self) -> None:
        """Wait for the first prompt."""
        self._read(re.compile(_PROMPT))


@contextmanager
def zsh(script: Path, folder: Path, home: Path) -> Iterator[Shell]:
    """A zsh in a folder, with settings in `home`. Skips where there is none."""
    (home / ".zshrc").write_text(_ZSHRC.format(prompt=_PROMPT, script=shlex.quote(str(script))))
    with _started([program("zsh"), "-d", "-i"], folder, home, "print -r --") as shell:
        yield shell


@contextmanager
def readline(script: Path, folder: Path, home: Path) -> Iterator[Shell]:
    """A bash in a folder, with settings in `home`."""
    settings = home / "bashrc"
    settings.write_text(_BASHRC.format(prompt=_PROMPT, script=shlex.quote(str(script))))
    command = [program("bash"), "--noprofile", "--rcfile", str(settings), "-i"]
    with _started(command, folder, home, "printf '%s '") as shell:
        yield shell


@contextmanager
def _started(command: list[str], folder: Path, home: Path, show: str) -> Iterator[Shell]:
    """A shell in a terminal of its own; `show` prints words as they are."""
    ours, its = pty.openpty()
    environment = {**os.environ, "TERM": "dumb", "HOME": str(home), "ZDOTDIR": str(home)}
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=its, stdout=its, stderr=its, start_new_session=True
    )
    try:
        os.close(its)
        shell = Shell(ours, show)
        shell.wait()
        yield shell
    finally:
        process.kill()
        process.wait()
        os.close(ours)
