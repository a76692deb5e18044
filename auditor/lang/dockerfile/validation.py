"""What BuildKit's `instructions` package rejects: unknown instructions and flags, wrong numbers of arguments, order."""

from __future__ import annotations

import re
from collections.abc import Callable

from auditor.core.pattern import Pattern
from auditor.lang.dockerfile.arguments import KEYWORDS, quoted, written_keyword
from auditor.lang.dockerfile.heredoc import heredoc_word
from auditor.lang.dockerfile.mounts import csv_fields, device_error, flag_duration
from auditor.lang.dockerfile.nodes import DockerfileError, Flag, Instruction
from auditor.lang.dockerfile.substitution import ExpansionError

_STAGE_NAME = Pattern(r"[a-z][a-z0-9\-_.]*\Z")

#: Flags of each instruction: "bool", "one" (a value, once) or "many" (a value, repeatable).
_FLAGS: dict[str, dict[str, str]] = {
    "ADD": {
        "chown": "one",
        "chmod": "one",
        "link": "bool",
        "keep-git-dir": "bool",
        "checksum": "one",
        "unpack": "bool",
        "exclude": "many",
    },
    "COPY": {"chown": "one", "from": "one", "chmod": "one", "link": "bool", "exclude": "many", "parents": "bool"},
    "FROM": {"platform": "one"},
    "RUN": {"mount": "many", "network": "one", "security": "one", "device": "many"},
    "HEALTHCHECK": {
        "interval": "one",
        "timeout": "one",
        "start-period": "one",
        "start-interval": "one",
        "retries": "one",
    },
}
#: BuildKit never looks at the flags of these.
_UNCHECKED = ("ARG", "STOPSIGNAL")


class InstructionFault(ValueError):
    """Why BuildKit rejects an instruction that its parser has read."""


class Validator:
    """Takes the instructions in order and keeps the first error."""

    __slots__ = ("_in_stage", "_line", "error")

    def __init__(self) -> None:
        self.error: DockerfileError | None = None
        self._in_stage = False
        self._line = 1

    def check(self, instruction: Instruction, faulty: bool) -> None:
        """Look at the next instruction; `faulty` where the parser has already rejected it."""
        self._line = instruction.line
        if instruction.keyword == "FROM":
            self._in_stage = True
        if self.error is not None or faulty:
            return
        try:
            check_instruction(instruction)
            if not self._in_stage and instruction.keyword != "ARG":
                raise InstructionFault("no build stage in current context")
        except InstructionFault as fault:
            self.error = DockerfileError(instruction.line, str(fault))

    def finish(self) -> DockerfileError | None:
        """The first error, once all instructions have been seen."""
        if self.error is None and not self._in_stage:
            return DockerfileError(self._line, "dockerfile contains no stages to build")
        return self.error


def check_instruction(instruction: Instruction) -> None:
    """Raise InstructionFault where BuildKit would reject the instruction by itself."""
    keyword = instruction.keyword
    check = _CHECKS.get(keyword)
    if check is None:
        raise InstructionFault(f"unknown instruction: {_cut(written_keyword(instruction.original))}")
    check(instruction)


def _cut(word: str) -> str:
    return word if len(word) <= 64 else word[:61] + "..."


def _check_flags(instruction: Instruction) -> None:
    known = _FLAGS.get(instruction.keyword, {})
    used: set[str] = set()
    for flag in instruction.flags:
        kind = known.get(flag.name)
        shown = "--" + _cut(flag.name)
        if kind is None:
            raise InstructionFault(f"unknown flag: {shown}")
        if flag.name in used and kind != "many":
            raise InstructionFault(f"duplicate flag specified: {shown}")
        used.add(flag.name)
        if kind == "bool":
            _check_bool(flag, shown)
        elif flag.value is None:
            raise InstructionFault(f"missing a value on flag: {shown}")


def _check_bool(flag: Flag, shown: str) -> None:
    if flag.value == "":
        raise InstructionFault(f"missing a value on flag: {shown}")
    if flag.value is not None and flag.value.lower() not in ("true", "false"):
        raise InstructionFault(f"expecting boolean value for flag {shown}, not: {_cut(flag.value)}")


def _some_arguments(instruction: Instruction) -> None:
    if not instruction.args:
        raise InstructionFault(f"{instruction.keyword} requires at least one argument")


def _one_argument(instruction: Instruction) -> None:
    if len(instruction.args) != 1:
        raise InstructionFault(f"{instruction.keyword} requires exactly one argument")
    if instruction.keyword not in _UNCHECKED:
        _check_flags(instruction)


def _pairs(instruction: Instruction) -> None:
    _check_flags(instruction)
    _some_arguments(instruction)
    if not all(instruction.args[::3]):
        raise InstructionFault(f"{instruction.keyword} names can not be blank")


def _arg(instruction: Instruction) -> None:
    _some_arguments(instruction)
    if any(word.startswith("=") for word in instruction.args):
        raise InstructionFault("ARG names can not be blank")


def _copy(instruction: Instruction) -> None:
    keyword, args = instruction.keyword, instruction.args
    if len(args) < 2:
        raise InstructionFault(
            f"{keyword} requires at least two arguments, but only one was provided. Destination could not be determined"
        )
    _check_flags(instruction)
    try:
        destination = heredoc_word(args[-1])
    except ExpansionError:
        destination = None
    if destination is not None:
        raise InstructionFault(f"{keyword} cannot accept a heredoc as a destination")


def _from(instruction: Instruction) -> None:
    args = instruction.args
    if len(args) == 3 and args[1].lower() == "as":
        if not _STAGE_NAME.match(args[2].lower()):
            reason = "name can't start with a number or contain symbols"
            raise InstructionFault(f"invalid name for build stage: {quoted(args[2])}, {reason}")
    elif len(args) != 1:
        raise InstructionFault("FROM requires either one or three arguments")
    _check_flags(instruction)


def _run(instruction: Instruction) -> None:
    _check_flags(instruction)
    for flag in instruction.flags:
        value = flag.value or ""
        if flag.name == "mount":
            _check_mount(value)
        elif flag.name == "device" and (error := device_error(value)):
            raise InstructionFault(error)
        elif flag.name == "network" and value not in ("default", "none", "host"):
            raise InstructionFault(f"invalid network mode {quoted(value)}")
        elif flag.name == "security" and value not in ("insecure", "sandbox"):
            raise InstructionFault(f"security {quoted(value)} is not valid")


def _check_mount(value: str) -> None:
    fields = csv_fields(value)
    if fields is None:
        raise InstructionFault("failed to parse csv mounts")
    for field in fields:
        key, equals, source = field.partition("=")
        if equals and key.lower() == "from" and 0 <= source.find("$") < len(source) - 1:
            raise InstructionFault("'from' doesn't support variable expansion, define alias stage instead")


def _healthcheck(instruction: Instruction) -> None:
    _some_arguments(instruction)
    kind, *command = instruction.args
    if kind.upper() == "NONE":
        if command:
            raise InstructionFault("HEALTHCHECK NONE takes no arguments")
        return
    _check_flags(instruction)
    if kind.upper() != "CMD":
        raise InstructionFault(f"Unknown type {quoted(kind.upper())} in HEALTHCHECK (try CMD)")
    if not command:
        raise InstructionFault("Missing command after HEALTHCHECK CMD")
    for flag in instruction.flags:
        fault = flag_duration(flag.value or "") if flag.name != "retries" else _retries(flag.value or "")
        if fault:
            raise InstructionFault(fault.replace("%s", flag.name))


def _retries(value: str) -> str:
    if not value:
        return ""
    if not re.fullmatch(r"[-+]?[0-9]+", value) or len(value) > 12 or not -(2**31) <= int(value) < 2**31:
        return f"strconv.ParseInt: parsing {quoted(value)}: invalid syntax"
    return "" if int(value) >= 0 else f"--retries cannot be negative ({value})"


def _onbuild(instruction: Instruction) -> None:
    _some_arguments(instruction)
    _check_flags(instruction)
    trigger = instruction.args[0].strip().upper()
    if trigger == "ONBUILD":
        raise InstructionFault("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
    if trigger in ("MAINTAINER", "FROM"):
        raise InstructionFault(f"{trigger} isn't allowed as an ONBUILD trigger")


def _shell(instruction: Instruction) -> None:
    _check_flags(instruction)
    _some_arguments(instruction)
    if not instruction.json:
        raise InstructionFault("SHELL requires the arguments to be in JSON form")


def _volume(instruction: Instruction) -> None:
    _some_arguments(instruction)
    _check_flags(instruction)
    if not all(word.strip() for word in instruction.args):
        raise InstructionFault("VOLUME specified can not be an empty string")


def _expose(instruction: Instruction) -> None:
    _some_arguments(instruction)
    _check_flags(instruction)


_CHECKS: dict[str, Callable[[Instruction], None]] = {
    **dict.fromkeys(KEYWORDS.values(), _check_flags),
    "ADD": _copy,
    "ARG": _arg,
    "COPY": _copy,
    "ENV": _pairs,
    "EXPOSE": _expose,
    "FROM": _from,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _pairs,
    "MAINTAINER": _one_argument,
    "ONBUILD": _onbuild,
    "RUN": _run,
    "SHELL": _shell,
    "STOPSIGNAL": _one_argument,
    "USER": _one_argument,
    "VOLUME": _volume,
    "WORKDIR": _one_argument,
}
