"""Commands that move files about: rm and its kin, cp, mv, install, find -delete, xargs rm, cd."""

from __future__ import annotations

from itertools import pairwise

from auditor.core.pattern import Pattern
from auditor.core.span import Span
from auditor.detect import credfiles
from auditor.flow import commands, outputs
from auditor.flow.paths import absolute, covers
from auditor.flow.state import Shell
from auditor.lang.shell.nodes import Command, Word

_BRACES = Pattern(r"^(.*?)\{([^{}]*,[^{}]*)\}(.*)$")
_MAX_BRACES = 64
#: Options that take a value, which is no file.
_VALUES = {
    "install": frozenset({"-m", "-o", "-g", "-S", "--mode", "--owner", "--group"}),
    "cp": frozenset({"-S", "--suffix"}),
    "mv": frozenset({"-S", "--suffix"}),
}


def remove(words: tuple[Word, ...], shell: Shell) -> None:
    """`rm`, `shred -u`, `unlink`, `Remove-Item`."""
    for word in words[1:]:
        if not word.rendered.startswith("-"):
            for text in braces(shell.text(word)):
                _gone(absolute(text, shell.cwd, shell.home), word.span, shell)


def _gone(path: str, span: Span, shell: Shell) -> None:
    if shell.remove(path, span) or not shell.layers.took_unknown:
        return
    kind = credfiles.recognise(path)
    if kind is not None and kind.certainty == "sure" and path.startswith(shell.cwd.rstrip("/") + "/"):
        shell.use("removed", span, kind.title)


def braces(text: str) -> list[str]:
    """What a brace expansion stands for: `.{a,b}` is `.a` and `.b`."""
    done: list[str] = []
    todo = [text]
    while todo and len(done) + len(todo) <= _MAX_BRACES:
        current = todo.pop(0)
        match = _BRACES.match(current)
        if match is None or "${" in current:
            done.append(current)
        else:
            todo += [match[1] + choice + match[3] for choice in match[2].split(",")]
    return done + todo


def find(words: tuple[Word, ...], shell: Shell) -> None:
    """`find DIR -name X -delete` and `-exec rm {} +`."""
    texts = [word.rendered for word in words]
    if "-delete" not in texts and not ("rm" in texts and any(t in texts for t in ("-exec", "-execdir"))):
        return
    roots = []
    for word in words[1:]:
        if word.rendered.startswith(("-", "(", "!")):
            break
        roots.append(shell.path(word))
    names = [b for a, b in pairwise(words) if a.rendered in ("-name", "-iname")]
    for root in roots or [shell.cwd]:
        for path, _file in shell.layers.find(root):
            base = "/" + path.rpartition("/")[2]
            for word in names:
                if covers("/" + shell.text(word), base, shell=False):
                    shell.remove(path, word.span)
                    break
            if not names and path in shell.layers.files:
                shell.remove(path, words[0].span)


def remove_listed(command: Command, words: tuple[Word, ...], shell: Shell) -> None:
    """`echo .npmrc | xargs rm -f`."""
    if commands.base_name(command.words[0]) == "xargs" and words and commands.base_name(words[0]) in ("rm", "shred"):
        for word in outputs.input_words(command):
            for text in shell.text(word).split():
                _gone(absolute(text, shell.cwd, shell.home), word.span, shell)


def copied(words: tuple[Word, ...], shell: Shell) -> list[tuple[str, str, Span]]:
    """What cp, mv, install or ln do: source path, goal path, span of the goal's word, for each source."""
    name = commands.base_name(words[0]).lower()
    values = _VALUES.get(name, frozenset())
    plain: list[Word] = []
    folder: Word | None = None
    for before, word in pairwise(words):
        text = word.rendered
        if before.rendered in ("-t", "--target-directory"):
            folder = word
        elif text.startswith("--target-directory="):
            continue
        elif not text.startswith("-") and before.rendered not in values:
            plain.append(word)
    if folder is None and len(plain) < 2:
        return []
    target = folder or plain[-1]
    sources = plain if folder else plain[:-1]
    goal = shell.text(target)
    into = folder is not None or goal.endswith(("/", "/.")) or goal in (".", "..") or len(sources) > 1
    found = []
    for source in sources:
        path = shell.path(source)
        place = goal.rstrip("/") + "/" + path.rpartition("/")[2] if into else goal
        found.append((path, absolute(place, shell.cwd, shell.home), target.span))
    return found


def rename(path: str, goal: str, span: Span, shell: Shell) -> bool:
    """`mv`: the files below `path` are now below `goal`; returns whether any known one was there."""
    found = shell.layers.find(path)
    for at, file in found:
        place = goal + at[len(path) :] if at.startswith(path) else goal + "/" + at.rpartition("/")[2]
        del shell.layers.files[at]
        saved = next((o.file for o in file.origins if o.file is not None and o.name == place), None)
        if saved is not None and file.step.instruction is shell.step.instruction:
            file.gone = True  # a copy put back in its place: what an earlier layer holds already
            shell.layers.put(place, saved)
        elif file.step.instruction is not shell.step.instruction:
            file.removed.append((shell.step, span))
        elif file.path == at:
            file.path = place
        if saved is not None:
            continue
        if shell.keeps(place):
            shell.layers.put(place, file)
        elif file.step.instruction is shell.step.instruction:
            file.gone = True
    return bool(found)


def change_folder(words: tuple[Word, ...], shell: Shell) -> None:
    """`cd`, with its options, `-` and no operand."""
    operands = [word for word in words[1:] if word.rendered == "-" or not word.rendered.startswith("-")]
    before = shell.cwd
    if not operands:
        shell.cwd = shell.home
    elif operands[0].rendered == "-":
        shell.cwd = shell.previous
    else:
        shell.cwd = shell.path(operands[0])
    shell.previous = before
