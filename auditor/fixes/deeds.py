"""What the commands of a RUN do with one file: remove it, adjust it, copy it on, write to it, or read it."""

from __future__ import annotations

import re

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import Span
from auditor.fixes.readers import may_read
from auditor.fixes.script import acting, full_text, statements
from auditor.flow import moves
from auditor.flow.paths import absolute, covers
from auditor.lang.shell.chain import is_simple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.fixes.script import Acting
    from auditor.flow.facts import Run
    from auditor.lang.shell.nodes import Word

_REMOVERS = frozenset({"rm", "unlink", "shred"})
_ADJUSTERS = frozenset({"chmod", "chown", "chgrp"})
_COPIERS = frozenset({"cp", "mv", "install", "ln"})
_PACKERS = frozenset({"tar", "zip", "rsync", "scp", "cpio"})
#: They change the files that they are given in place.
_WRITERS = frozenset({"tee", "truncate", "dos2unix", "touch", "setfacl"})
_IN_PLACE = frozenset({"sed", "perl", "gsed"})
_NO_OPERATIONS = frozenset({"true", ":"})
_TESTS = frozenset({"[", "[[", "test"})
_FLAGS_OF_ADJUSTERS = frozenset("RvfchLHP")
_CHANGES_INSIDE = re.compile(r"\b(?:rm|unlink|shred|mv|chmod|chown|chgrp)\b")


class Deed(NamedTuple):
    """What one command does with a file.

    `kind`: `remove`, `adjust` (mode, owner), `clear` and `sweep` (removes or adjusts a folder above it with all that is
    in it, or a pattern that takes the file), `parent` (adjusts a folder above it alone), `move`, `copy`, `pack` (copies
    a folder above it on), `write`, `inner` (changes it in a script inside a word), `test` (asks whether it is there),
    `read`.
    `words` are the places of the words that are the very file, with what stays of them where they stand for more;
    `alone`: the command is about nothing else. `goal`: where a copy goes; the folder of `clear`, `sweep`, `parent`.
    `lenient`: it does not mind a missing file. `branch`: it may not run.
    """

    kind: str
    span: Span
    words: tuple[tuple[Span, str], ...] = ()
    alone: bool = False
    goal: str = ""
    lenient: bool = False
    branch: bool = False


def deeds(run: Run, path: str, tools: frozenset[str] | None, after: int = -1) -> list[Deed]:
    """What a RUN does with the file at `path` (absolute), by commands that begin at or behind `after`, in order.

    `tools` are the programs that read it unasked (None: any may). Commands of a script that is not followed count as
    readers.
    """
    node = run.step.instruction
    if node.json:
        return _exec_form(run, path, tools)
    if run.step.dialect != "posix":
        return [Deed("read", node.span)]
    found: list[Deed] = []
    for each in acting(run):
        if each.command.span.start >= after:
            deed = _of(each, path, tools)
            if deed is not None:
                found.append(deed)
    if not found and after < 0 and names(full_text(node), path, run.cwd):
        found.append(Deed("read", node.span))
    return found


def is_removed(run: Run, path: str, after: int) -> bool:
    """Whether a command of the RUN behind `after` removes a path for certain."""
    return any(
        deed.kind in ("remove", "clear") and not deed.branch for deed in deeds(run, path, frozenset(), after=after)
    )


def is_droppable(run: Run, deed: Deed) -> bool:
    """Whether the command is a statement of its own that can be taken out of the RUN's list."""
    links = statements(run.step.instruction)
    if not is_simple(tuple(link for link, _span in links)):
        return False
    place = next((span for _link, span in links if span.covers(deed.span.start)), None)
    if place is None:
        return False
    inside = [each.name for each in acting(run) if place.covers(each.command.span.start)]
    return len([name for name in inside if name not in _NO_OPERATIONS]) == 1


def is_guarded(run: Run, deed: Deed, found: list[Deed]) -> bool:
    """Whether the command stands in a statement that first asks whether the file is there."""
    place = next((span for _link, span in statements(run.step.instruction) if span.covers(deed.span.start)), None)
    return place is not None and any(d.kind == "test" and place.covers(d.span.start) for d in found)


def makes_folder(run: Run, folder: str, before: int, *, sure: bool = False) -> bool:
    """Whether a command of the RUN that begins ahead of `before` makes a folder, or (unless `sure`) a file in it."""
    for each in acting(run):
        if each.command.span.start >= before:
            return False
        if each.name == "mkdir" or (each.name == "install" and any(w.rendered == "-d" for w in each.words)):
            for word in each.words[1:]:
                for text in moves.braces(each.shell.text(word)):
                    if not text.startswith("-") and covers(folder, absolute(text, each.shell.cwd, each.shell.home)):
                        return True
        for redirect in each.command.redirects:
            if not sure and redirect.writes and covers(folder, each.shell.path(redirect.target)):
                return True
    return False


def names_file(run: Run, path: str) -> bool:
    """Whether the RUN's text has the file's path or name."""
    return names(full_text(run.step.instruction), path, run.cwd)


def mentions_folder(run: Run, folder: str) -> bool:
    """Whether a word of the RUN lies in a folder, or a text of it says so."""
    if folder in full_text(run.step.instruction):
        return True
    return any(covers(folder, each.shell.path(word)) for each in acting(run) for word in _all_words(each))


def _of(each: Acting, path: str, tools: frozenset[str] | None) -> Deed | None:
    """What one command does with the file; None where it has nothing to do with it."""
    command, span = each.command, each.command.span
    if any(r.writes and each.shell.path(r.target) == path for r in command.redirects):
        return Deed("write", span)
    deed = _handled(each, path)
    if deed is not None:
        return deed
    named = any(_is_named(each, word, path) for word in _all_words(each))
    if named and (command.kind == "test" or each.name in _TESTS):
        return Deed("test", span, branch=command.branch)
    if named and any(_CHANGES_INSIDE.search(word.source) and len(word.source.split()) > 1 for word in each.words):
        return Deed("inner", span)
    if named or may_read(each.name, tools):
        return Deed("read", span)
    return None


def _handled(each: Acting, path: str) -> Deed | None:
    """What a command does whose business is files."""
    name = each.name
    if name in _REMOVERS or name in _ADJUSTERS:
        return _on_operands(each, path, remove=name in _REMOVERS)
    if name in _COPIERS:
        return _copied(each, path)
    if name in _PACKERS and _packs(each):
        return _packed(each, path)
    in_place = name in _IN_PLACE and any(w.rendered.startswith(("-i", "--in-place", "-pi")) for w in each.words)
    if (name in _WRITERS or in_place) and any(each.shell.path(word) == path for word in each.words[1:]):
        return Deed("write", each.command.span)
    return None


def _on_operands(each: Acting, path: str, *, remove: bool) -> Deed | None:
    operands = _operands(each, skip_first=not remove)
    words: list[tuple[Span, str]] = []
    others, above = 0, ""
    for before, word in operands:
        texts = moves.braces(each.shell.text(word))
        paths = [absolute(text, each.shell.cwd, each.shell.home) for text in texts]
        exact = [text for text, at in zip(texts, paths, strict=True) if at == path]
        others += len(texts) - len(exact)
        if exact:
            rest = " ".join(text for text, at in zip(texts, paths, strict=True) if at != path)
            words.append((Span(before.span.end, word.span.end), f" {rest}" if rest else ""))
        above = above or next((at for at in paths if at != path and covers(at, path)), "")
    branch, span = each.command.branch, each.command.span
    lenient = any(w.rendered.startswith("-") and "f" in w.rendered.partition("=")[0] for w in each.words[1:])
    if above:
        kind = "clear" if remove else "sweep" if _is_recursive(each) else "parent"
        return Deed(kind, span, tuple(words), False, above, lenient, branch)
    if words:
        return Deed("remove" if remove else "adjust", span, tuple(words), not others, "", lenient, branch)
    return None


def _is_recursive(each: Acting) -> bool:
    return any(
        w.rendered == "--recursive" or (w.rendered[:1] == "-" and w.rendered[:2] != "--" and "R" in w.rendered)
        for w in each.words[1:]
    )


def _operands(each: Acting, *, skip_first: bool) -> list[tuple[Word, Word]]:
    """The words that are files, each with the word before it; the first of `chmod` and its kin is the mode."""
    found: list[tuple[Word, Word]] = []
    literal = False
    for before, word in zip(each.words, each.words[1:], strict=False):
        text = word.rendered
        if text == "--" and not literal:
            literal = True
        elif not literal and text.startswith("--"):
            skip_first = skip_first and not text.startswith("--reference")
        elif not literal and text.startswith("-") and len(text) > 1:
            skip_first = skip_first and (each.name != "chmod" or set(text[1:]) <= _FLAGS_OF_ADJUSTERS)
        elif skip_first:
            skip_first = False
        else:
            found.append((before, word))
    return found


def _copied(each: Acting, path: str) -> Deed | None:
    span = each.command.span
    tree = None
    for source, goal, _place in moves.copied(each.words, each.shell):
        if source == path:
            return Deed("move" if each.name == "mv" else "copy", span, goal=goal, branch=each.command.branch)
        if goal == path:
            return Deed("write", span)
        if covers(source, path):
            tree = Deed("pack", span, goal=goal)
    return tree


def _packs(each: Acting) -> bool:
    if each.name != "tar":
        return True
    texts = [w.rendered for w in each.words[1:]]
    modes = [t for t in texts[:1] if not t.startswith("--")] + [t for t in texts if t[:1] == "-" and t[:2] != "--"]
    return any(letter in mode for mode in modes for letter in "cru") or "--create" in texts


def _packed(each: Acting, path: str) -> Deed | None:
    for word in each.words[1:]:
        if not word.rendered.startswith("-") and covers(each.shell.path(word), path):
            exact = each.shell.path(word) == path
            return Deed("copy" if exact else "pack", each.command.span, goal="an archive or another place")
    return None


def _all_words(each: Acting) -> Iterator[Word]:
    yield from each.command.words
    for assignment in each.command.assignments:
        if assignment.value is not None:
            yield assignment.value
    for redirect in each.command.redirects:
        yield redirect.target


def _is_named(each: Acting, word: Word, path: str) -> bool:
    if names(word.source, path, each.shell.cwd):
        return True
    resolved = each.shell.path(word)
    return resolved == path or ("*" in resolved and resolved != "/*" and covers(resolved, path))


def names(text: str, path: str, cwd: str) -> bool:
    """Whether a text has the path, or its last part as a name of its own; a bare word only in the file's folder."""
    folder, _slash, base = path.rpartition("/")
    if path in text:
        return True
    bare = "." not in base and cwd.rstrip("/") != folder
    at = text.find(base)
    while at >= 0 and base:
        before, behind = text[at - 1 : at] if at else "", text[at + len(base) : at + len(base) + 1]
        if not _joins(before) and not _joins(behind) and (before == "/" or not bare):
            return True
        at = text.find(base, at + 1)
    return False


def _joins(char: str) -> bool:
    return bool(char) and (char.isalnum() or char in "_-.")


def _exec_form(run: Run, path: str, tools: frozenset[str] | None) -> list[Deed]:
    texts = [word.text for word in run.step.instruction.words]
    span = run.step.instruction.span
    name = texts[0].rpartition("/")[2].lower() if texts else ""
    operands = [absolute(t, run.cwd, run.home) for t in texts[1:] if not t.startswith("-")]
    if name in _ADJUSTERS:
        operands = operands[1:]
    if name in _REMOVERS or name in _ADJUSTERS:
        above = next((at for at in operands if at != path and covers(at, path)), "")
        if operands and all(at == path for at in operands):
            return [Deed("remove" if name in _REMOVERS else "adjust", span, alone=True)]
        if above:
            return [Deed("clear" if name in _REMOVERS else "sweep", span, goal=above, lenient="-rf" in texts)]
    if may_read(name, tools) or any(names(text, path, run.cwd) for text in texts):
        return [Deed("read", span)]
    return []
