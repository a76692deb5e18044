"""`audit context DIR`: what `COPY . .` would take into an image, after the ignore file."""

from __future__ import annotations

import os

from auditor.cli.arguments import parser
from auditor.core.errors import ExitCode, UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.detect.credfiles import recognise
from auditor.report.terminal import escape
from auditor.sources.context import BuildContext
from auditor.sources.files import SKIPPED_DIRECTORIES

if TYPE_CHECKING:
    import argparse

    from auditor.sources.context import ContextFile

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024
#: Certainties of `detect.credfiles` as said to people; a folder is only as sensitive as what lies in it.
_MARKS = {"sure": "sensitive", "maybe": "may be sensitive"}


def run(argv: list[str]) -> int:
    """Run the command and return the exit code: 3 where the folder could not be read whole. Raises UsageError."""
    arguments = build_parser().parse_args(argv)
    if not os.path.isdir(arguments.directory):
        raise UsageError(f"{arguments.directory}: no such directory")
    dockerfile = arguments.file or os.path.join(arguments.directory, "Dockerfile")
    context = BuildContext.open(arguments.directory, dockerfile)
    _print(context, only_sensitive=arguments.sensitive, verbose=arguments.verbose)
    return ExitCode.INCOMPLETE if context.skipped else ExitCode.CLEAN


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command's arguments."""
    p = parser("context", "List what COPY . would take into an image, sensitive files marked.")
    p.add_argument("directory", metavar="DIR", nargs="?", default=".", help="the build context (default: .)")
    p.add_argument("-f", "--file", metavar="DOCKERFILE", help="the Dockerfile, whose own ignore file takes precedence")
    p.add_argument("-v", "--verbose", action="store_true", help="every file, those of .git, node_modules, ... as well")
    p.add_argument("--sensitive", action="store_true", help="list only the files that are marked")
    return p


def _print(context: BuildContext, *, only_sensitive: bool, verbose: bool) -> None:
    files = [file for file in context.walk() if not file.is_dir]
    marked = {file.path: mark for file in files if (mark := _mark(file))}
    folders: dict[str, list[ContextFile]] = {}
    if not verbose:
        for file in files:
            if file.path not in marked and (folder := _folder(file.path)):
                folders.setdefault(folder, []).append(file)
    for file in files:
        mark = marked.get(file.path, "")
        folder = "" if mark or verbose else _folder(file.path)
        if folder and not only_sensitive and folder in folders:
            held = folders.pop(folder)
            size = _size(sum(one.size for one in held)).rjust(10)
            print(f"{size}  {escape(folder)}/  ({len(held):,} file{'' if len(held) == 1 else 's'})")
        elif mark or not (only_sensitive or folder):
            print(f"{_size(file.size).rjust(10)}  {escape(file.path)}{f'  <- {mark}' if mark else ''}")
    for skipped in context.skipped:
        print(f"{'skipped'.rjust(10)}  {escape(skipped.path)}: {escape(skipped.reason)}")
    ignore = escape(context.ignore_path) if context.ignore_path else "no .dockerignore"
    total = _size(sum(file.size for file in files))
    print(f"{len(files)} files, {total}, {len(marked)} marked as sensitive; {ignore}")


def _folder(path: str) -> str:
    """The outermost folder of a path that holds dependencies or data of tools, whose files say little one by one."""
    names = path.split("/")[:-1]
    at = next((number for number, name in enumerate(names) if name in SKIPPED_DIRECTORIES), -1)
    return "/".join(names[: at + 1])


def _mark(file: ContextFile) -> str:
    kind = recognise(file.path)
    if kind is None or kind.certainty not in _MARKS:
        return ""
    return f"{_MARKS[kind.certainty]}: {kind.title}"


def _size(number: int) -> str:
    amount = float(number)
    for unit in _UNITS:
        if amount < _STEP or unit == _UNITS[-1]:
            break
        amount /= _STEP
    return f"{number} B" if unit == "B" else f"{amount:.1f} {unit}"
