"""Secrets in instructions that only write the image's configuration: LABEL, CMD, ENTRYPOINT, HEALTHCHECK, ..."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from auditor.core.secret import Secret
from auditor.detect import positions, values
from auditor.flow.facts import Literal, Origin, Step, Use, Variable
from auditor.flow.script import follow
from auditor.flow.state import Facts, Layers, Shell
from auditor.flow.variables import unquoted
from auditor.lang.dockerfile import words
from auditor.lang.dockerfile.nodes import Instruction, Text
from auditor.lang.shell import reader
from auditor.lang.shell.nodes import Command, Script, Word
from auditor.lang.shell.nodes import Literal as ShellText

Find = Callable[[str], "Variable | None"]


def metadata_uses(instruction: Instruction, step: Step, find: Find) -> list[Use]:
    """The secrets that an instruction writes into the image's configuration."""
    keyword = instruction.keyword
    if keyword == "LABEL":
        return list(_labels(instruction, step, find))
    if keyword in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
        return _command_line(instruction, step)
    if keyword in ("MAINTAINER", "USER", "WORKDIR", "EXPOSE", "VOLUME", "STOPSIGNAL"):
        return list(_texts([instruction.body], instruction, step))
    return []


def _labels(instruction: Instruction, step: Step, find: Find) -> Iterator[Use]:
    for pair in instruction.pairs:
        if pair.raw is None:
            continue
        raw = unquoted(pair.raw)
        mentioned = words.variables(pair.raw.text)
        if mentioned:
            inside = [v for use in mentioned if (v := find(use.name)) is not None]
            origins = tuple(Origin.of(v) for v in inside)
            if origins:
                yield Use("label", step, raw.whole, pair.name, origins)
            yield from _texts([raw], instruction, step)
            continue
        found = list(_texts([raw], instruction, step))
        if found:
            yield from found
            continue
        name = pair.name.strip("\"'").rpartition(".")[2]
        judged = values.judge(name, raw.text)
        if judged.level in ("secret", "weak"):
            literal = Literal(Secret(raw.text, judged.kind), raw.whole, judged.level, "value", name)
            yield Use("label", step, raw.whole, pair.name, (), literal)


def _texts(texts: list[Text], instruction: Instruction, step: Step) -> Iterator[Use]:
    for text in texts:
        for found in positions.find(text.text):
            if found.level in ("secret", "weak"):
                secret = Secret(text.text[found.start : found.end], found.secret_kind, found.prefix)
                literal = Literal(secret, text.span(found.start, found.end), found.level, found.kind, found.name)
                yield Use(instruction.keyword.lower(), step, literal.span, instruction.keyword, (), literal)


def _command_line(instruction: Instruction, step: Step) -> list[Use]:
    """Literals in the arguments of the program that the container starts; variables there are read at run time."""
    if instruction.json:
        command = Command(instruction.span)
        command.words = tuple(Word((ShellText(w.text, w.whole),), w.whole, w.text) for w in instruction.words)
        script = Script((command,))
    else:
        text = _after_cmd(instruction)
        script = reader.read(text.text, text.source)
    kind = "healthcheck" if instruction.keyword == "HEALTHCHECK" else "command"
    return [Use(kind, step, one.span, instruction.keyword, (), one) for one in literals_in(script, step)]


def literals_in(script: Script, step: Step) -> list[Literal]:
    """The literal secrets in what the container runs, each place once."""
    facts = Facts()
    follow(script, Shell(step, facts, Layers(), "/", "/root"))
    found = [use.literal for use in facts.uses]
    found += [literal for file in facts.files for literal in file.literals]
    kept: dict[int, Literal] = {}
    for literal in found:
        if literal is not None:
            kept.setdefault(literal.span.start, literal)
    return list(kept.values())


def _after_cmd(instruction: Instruction) -> Text:
    """The command line of `HEALTHCHECK CMD ...`, `CMD ...`, `ENTRYPOINT ...`."""
    body = instruction.body
    if instruction.keyword == "HEALTHCHECK":
        stripped = body.strip()
        if stripped.text[:4].upper() == "CMD ":
            return stripped.slice(4, len(stripped.text))
        return stripped
    return body
