"""Writes the Dockerfile that a history tells of: one line for each entry, whichever builder wrote it.

What no builder records is not made up: flags of COPY and RUN, the names of copied files (legacy builder), the words of
an exec form. Every line is read again before it is given out, so the whole of them is a valid Dockerfile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple
from auditor.lang.dockerfile.parser import parse
from auditor.run.images.history import goformat, pairs
from auditor.run.images.history.align import Alignment, align
from auditor.run.images.history.createdby import DEFAULT_SHELLS, Recorded
from auditor.run.images.history.entries import Entry, History, read
from auditor.run.images.metadata.configuration import values_of

_DIGESTS = Pattern(r"(?P<flags>--\S{1,200}?)??(?P<sources>(?:file|dir|multi):[0-9a-f]{8,64}) in (?P<goal>.+)")
_DURATION = Pattern(r'"([0-9][0-9a-z.\u00b5]{0,30})"')
_FIELD = Pattern(r"\b(Interval|Timeout|StartPeriod|StartInterval|Retries):([0-9][0-9a-z.\u00b5]{0,30})")
_RETRIES = Pattern(r"'((?:[^'\\]|\\.){1,12})'")
_FLAGS = ("interval", "timeout", "start-period", "start-interval")
_FIELDS = {
    "Interval": "interval",
    "Timeout": "timeout",
    "StartPeriod": "start-period",
    "StartInterval": "start-interval",
    "Retries": "retries",
}
_ZERO = ("0s", "0", "")
_PLAIN = Pattern(r"[A-Za-z0-9_.,:/@%+=~-]+")
_MOST_NAMES = 20
#: Characters of an instruction that is written down, and of a line of it: builders take no longer ones.
_LONGEST, _LONGEST_LINE = 1 << 20, 65_535


class Line(NamedTuple):
    """One instruction as a Dockerfile has it.

    `history_index` is its entry's (None for FROM, which no builder records), `layer_index` the layer that it made.
    `text` is the instruction, of several lines where it has a heredoc, "" where none can be written down. `comment`
    says what the text leaves out ("" for nothing); it has no `#`. Both may hold secrets of the image.
    """

    history_index: int | None
    text: str
    layer_index: int | None
    comment: str = ""


def reconstruct(config: Mapping[str, object]) -> list[Line]:
    """The Dockerfile that the history of an image configuration tells of; [] without a history. Never raises."""
    history = read(config)
    rootfs = config.get("rootfs")
    layers = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    alignment = align(history, len(layers) if isinstance(layers, list) else 0)
    return list(_Writer(history, alignment, config).lines())


class _Writer:
    def __init__(self, history: History, alignment: Alignment, config: Mapping[str, object]) -> None:
        self._history = history
        self._alignment = alignment
        environment, labels = values_of(config)
        self._known = {"ENV": environment, "LABEL": labels}
        self._shells = set(DEFAULT_SHELLS[:1])
        commands = [entry.number for entry in history.entries if entry.recorded.keyword == "CMD"]
        #: A CMD that another one follows is most often the last line of the base image.
        self._base_ends = commands[-2] if len(commands) > 1 else -1

    def lines(self) -> Iterator[Line]:
        """All lines, FROM first."""
        if not self._history.entries:
            return
        base = next((e.comment[5:] for e in self._history.entries if e.comment.startswith("FROM ")), "")
        known = f"; the builder noted the base image {base}" if base and _PLAIN.fullmatch(base) else ""
        yield Line(None, "FROM scratch", None, f"the history does not say where a base image begins{known}")
        for entry in self._history.entries:
            layer = None if entry.empty_layer else self._alignment.layer_of(entry.number)
            text, notes = self._instruction(entry)
            if entry.number == self._base_ends:
                notes.append("a base image may end here")
            if layer is not None and self._alignment.is_shared(layer):
                notes.append("this layer holds what lines before it did")
            if not text and entry.comment and not entry.created_by:
                notes.append(entry.comment)
            yield Line(entry.number, text, layer, "; ".join(" ".join(note.split()) for note in notes))

    def _instruction(self, entry: Entry) -> tuple[str, list[str]]:
        recorded = entry.recorded
        if recorded.keyword == "RUN":
            return self._run(recorded)
        if not recorded.keyword:
            return "", [f"not made by an instruction: {recorded.body}"] if recorded.body.strip() else []
        notes: list[str] = []
        body = recorded.body.strip()
        if recorded.keyword in ("COPY", "ADD"):
            digests = _DIGESTS.fullmatch(body)
            if digests is not None:
                notes.append("the names of the copied files are not recorded")
                flags = f"{digests['flags']} " if digests["flags"] else ""
                body = flags + _words([digests["sources"], digests["goal"].strip()])
        elif recorded.keyword in ("ENV", "LABEL", "ARG"):
            body = self._declared(recorded)
        else:
            body = _body(recorded.keyword, body)
        if recorded.keyword == "SHELL":
            self._shells.add(" ".join(goformat.words(body)))
        text = f"{recorded.keyword} {body}"
        if not _is_instruction(text, recorded.keyword):
            return "", [*notes, f"cannot be written as an instruction: {recorded.keyword} {recorded.body}"]
        return text, notes

    def _run(self, recorded: Recorded) -> tuple[str, list[str]]:
        names = sorted(argument.name for argument in recorded.arguments)
        notes = [f"with build arguments {', '.join(names[:_MOST_NAMES])}"] if names else []
        if not recorded.shell:
            notes.append("recorded without a shell, so it was the exec form")
        elif recorded.shell not in self._shells:
            notes.append(f"run by {recorded.shell}")
        command = recorded.body.strip()
        for text in (f"RUN {command}", _heredoc(command)):
            if _is_run(text, command):
                return text, notes
        return "", [*notes, f"cannot be written as an instruction: {recorded.body}"]

    def _declared(self, recorded: Recorded) -> str:
        found = pairs.split(recorded.keyword, recorded.body, self._known.get(recorded.keyword, {}))
        if not found:
            return recorded.body.strip()
        return " ".join(f"{_quoted(pair.name)}={_quoted(pair.value)}" for pair in found)


def _body(keyword: str, body: str) -> str:
    """What follows the other instructions."""
    if keyword in ("CMD", "ENTRYPOINT", "SHELL", "VOLUME"):
        words = goformat.words(body)
        return _array(words) if words else body
    if keyword == "HEALTHCHECK":
        return _healthcheck(body)
    if keyword == "EXPOSE":
        ports = goformat.map_keys(body) if body.startswith("map[") else body.split()
        return " ".join(sorted(port.removesuffix("/tcp") for port in ports))
    if keyword in ("WORKDIR", "USER", "STOPSIGNAL"):
        return body.replace("\\", "\\\\").replace("$", "\\$")
    return body


def _healthcheck(body: str) -> str:
    pieces = goformat.healthcheck(body)
    words = [piece.text for piece in pieces]
    if not body.startswith(("{", "&{")) or not words:
        return body
    if words[0] == "NONE":
        return "NONE"
    rest = body[pieces[-1].end :]
    given = {_FIELDS[match[1]]: match[2] for match in _FIELD.finditer(rest)}
    if not given:
        given = dict(zip(_FLAGS, (match[1] for match in _DURATION.finditer(rest)), strict=False))
        retries = _RETRIES.search(rest)
        if retries is not None and len(number := goformat.decoded(retries[1])) == 1:
            given["retries"] = str(ord(number))
    flags = "".join(f"--{name}={value} " for name, value in given.items() if value not in _ZERO)
    test = words[1] if words[0] == "CMD-SHELL" and len(words) == 2 else _array(words[1:])
    return f"{flags}CMD {test}"


def _array(words: list[str]) -> str:
    import json  # start-up: images only

    return json.dumps(words, ensure_ascii=False)


def _words(words: list[str]) -> str:
    return " ".join(words) if all(_PLAIN.fullmatch(word) for word in words) else _array(words)


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value) or not value:
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$") + '"'


def _heredoc(command: str) -> str:
    """The command as a heredoc whose end no line of it looks like."""
    lines = set(command.split("\n"))
    name = next(name for number in range(len(lines) + 1) if (name := f"EOF{number or ''}") not in lines)
    return f"RUN <<{name}\n{command}\n{name}"


def _is_bearable(text: str) -> bool:
    return len(text) <= _LONGEST and max(map(len, text.split("\n"))) <= _LONGEST_LINE


def _is_instruction(text: str, keyword: str) -> bool:
    if not _is_bearable(text):
        return False
    document = parse(f"FROM scratch\n{text}\n")
    found = document.instructions
    return document.error is None and len(found) == 2 and found[1].keyword == keyword


def _is_run(text: str, command: str) -> bool:
    """Whether a text is a RUN of just this command."""
    if not _is_bearable(text):
        return False
    document = parse(f"FROM scratch\n{text}\n")
    if document.error is not None or len(document.instructions) != 2:
        return False
    run = document.instructions[1]
    if run.json or run.flags:
        return False
    if text.startswith("RUN <<") and len(run.heredocs) == 1 and not command.startswith("<<"):
        return run.heredocs[0].content.rstrip("\n") == command
    said = run.body.text
    for heredoc in run.heredocs:
        said += f"\n{heredoc.content}{heredoc.name}"
    return said == command
