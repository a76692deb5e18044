"""Whether what starts a container reads a secret from the file that NAME_FILE names: known images, own scripts."""

from __future__ import annotations

from auditor.core.imagenames import repository
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.resources import load_rules
from auditor.fixes.readers import may_read
from auditor.fixes.starters import script_of, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.core.ruledata import ImageEntry
    from auditor.fixes.starters import Start
    from auditor.flow.build import Build

_SUFFIX = "_FILE"
_COMMENT = Pattern(r"(?m)^[ \t]*#.*$")
_HEAD = Pattern(r"[ \t]*(?:function[ \t]+)?(?P<name>\w+)[ \t]*(?:\([ \t]*\)[ \t]*\{?|\{)[ \t]*$")
_EXPORTS = Pattern(r"\bexport[ \t]+[\"']?\$")
_STRICT = Pattern(r"(?m)^[ \t]*set[ \t]+(?:-[a-tv-z]*u|-o[ \t]+nounset)|^#!.*[ \t]-\w*u")
#: Start scripts are short; what is longer is not searched.
_LONGEST = 64 * 1024
_LOOP_LINES = 40
_ALL_EXPORTED = Pattern(r"(?m)^[ \t]*set[ \t]+(?:-[b-z]*a|-o[ \t]+allexport)")


class _Reading(NamedTuple):
    """Where a script reads the file (index of the line), and whether by a helper that exports the value."""

    line: int
    is_exported: bool


def file_variable(build: Build, how: Start, name: str) -> str:
    """The variable that takes the path of a file in place of the value of `name`; "" where none is known for certain.

    An ENTRYPOINT of the Dockerfile's own counts by its script, the base image's by the table of known images.
    """
    if how.entrypoint is not None:
        return script_variable(script_of(build, how.entrypoint), name)
    command = how.command
    return image_variable(how.base, None if command is None else words_of(command) if command.json else [], name)


def script_variable(script: str, name: str) -> str:
    """The same for what a script starts; "" is no script."""
    return name + _SUFFIX if script and reads_file(script, name) else ""


def image_variable(image: str, command: Sequence[str] | None, name: str) -> str:
    """The same for an image of the table, by its name as FROM spells it, with the words of its start command.

    None stands for the image's own command, no words for one that cannot be told.
    """
    entry = _known(image, name)
    if entry is None or not _starts_server(command, entry):
        return ""
    return name + entry.get("suffix", _SUFFIX)


def reads_file(script: str, name: str) -> bool:
    """Whether a shell script, given NAME_FILE and no NAME, comes to the same as given NAME with the file's content."""
    if len(script) > _LONGEST:
        return False
    text = _COMMENT.sub("", script).replace("\\\n", " ")
    lines = text.split("\n")
    reading = _reading(lines, name)
    if reading is None or _is_needed_before("\n".join(lines[: reading.line]), name, _STRICT.search(script) is not None):
        return False
    return reading.is_exported or _is_handed_on(text, name)


def _known(base: str, name: str) -> ImageEntry | None:
    name_of_base = repository(base)
    for entry in load_rules()["tables"]["images"]:
        if name_of_base in entry["repositories"] and any(_fits(name, known) for known in entry["variables"]):
            return entry
    return None


def _fits(name: str, known: str) -> bool:
    return name.startswith(known[:-1]) if known.endswith("*") else name == known


def _starts_server(command: Sequence[str] | None, entry: ImageEntry) -> bool:
    """Whether the start command is one with which the entrypoint reads the files."""
    commands = entry.get("commands", [])
    if command is None or not commands:
        return True
    return bool(command) and (command[0] in commands or ("-" in commands and command[0].startswith("-")))


def _reading(lines: list[str], name: str) -> _Reading | None:
    """How the script reads the file for a variable; None where it does not."""
    direct = Pattern(rf"(?:\bcat[ \t]+(?:--[ \t]+)?|<[ \t]*)\"?\$\{{?{name}_FILE\b")
    if any(direct.search(line) for line in lines):
        word = Pattern(rf"\b{name}_FILE\b")
        return _Reading(next(at for at, line in enumerate(lines) if word.search(line)), False)
    helpers = _helpers(lines)
    given = Pattern(rf"[ \t]*(?P<helper>\w+)[ \t]+[\"']?{name}\b")
    loop = Pattern(rf"[ \t]*for[ \t]+\w+[ \t]+in[ \t].*\b{name}\b")
    for at, line in enumerate(lines):
        call = given.match(line)
        if call is not None and call.group("helper") in helpers:
            return _Reading(at, True)
        if loop.match(line):
            body = " ".join(lines[at : at + _LOOP_LINES]).partition("done")[0]
            if any(helper in body.split() for helper in helpers):
                return _Reading(at, True)
    return None


def _helpers(lines: list[str]) -> frozenset[str]:
    """Functions that read the file of a variable whose name they are given, and export what is in it."""
    found: set[str] = set()
    name, reads, exports = "", False, False
    for line in lines:
        head = _HEAD.match(line)
        if head is not None:
            name, reads, exports = head.group("name"), False, False
        reads = reads or "_FILE" in line
        exports = exports or _EXPORTS.search(line) is not None
        if line.strip() == "}":
            if name and reads and exports:
                found.add(name)
            name = ""
    return frozenset(found)


def _is_needed_before(text: str, name: str, strict: bool) -> bool:
    """Whether something ahead of the reading cannot do without the variable."""
    if not strict:
        text = Pattern(rf"-[nz][ \t]+\"?\$\{{?{name}\}}?\"?").sub("", text)
    return Pattern(rf"\$(?:{name}\b|\{{{name}(?!\w|:?[-+]))").search(text) is not None


def _is_handed_on(text: str, name: str) -> bool:
    """Whether programs that the script starts get the value: it exports the variable, or starts none that may read it.

    Before, every program got it with the container's environment.
    """
    if _ALL_EXPORTED.search(text) or Pattern(rf"(?m)\b(?:export|declare[ \t]+-x)[ \t].*\b{name}\b").search(text):
        return True
    from auditor.lang.shell.reader import read  # start-up: only scripts that know such a variable

    script = read(text)
    return not script.truncated and not any(
        not command.name or may_read(command.name, None)
        for command in script.commands
        if command.words and command.kind == "command"
    )
