"""The configuration of the image that a Dockerfile builds: final ENV and LABEL, or why BuildKit refuses to build."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple
from auditor.lang.dockerfile.environment import Environment, GlobalScope
from auditor.lang.dockerfile.heredoc import heredoc_word
from auditor.lang.dockerfile.mounts import mount_error
from auditor.lang.dockerfile.nodes import Document, Instruction
from auditor.lang.dockerfile.reference import platform_error, reference_error
from auditor.lang.dockerfile.scope import Scope
from auditor.lang.dockerfile.stages import Stage, find_source, global_args, needed, source_names, stages
from auditor.lang.dockerfile.substitution import ExpansionError
from auditor.lang.dockerfile.validation import InstructionFault, check_instruction
from auditor.lang.dockerfile.words import expand, expand_heredoc, expand_words

_NUMBER = Pattern(r"[-+]?[0-9]+\Z")
_PORT = Pattern(r"[-+]?[0-9]{1,18}\Z")
_SIGNALS = frozenset(
    (
        *("ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE"),
        *("POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU"),
        *("URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX"),
        *(f"RTMIN+{number}" for number in range(1, 16)),
        *(f"RTMAX-{number}" for number in range(1, 15)),
    )
)


class ImageConfig(NamedTuple):
    """ENV in the order of the image's configuration and LABEL; both empty where there is an `error`."""

    env: dict[str, str]
    labels: dict[str, str]
    error: str


def image_config(
    document: Document,
    build_args: Mapping[str, str] | None = None,
    target: str | None = None,
    base_env: Mapping[str, str] | None = None,
) -> ImageConfig:
    """What building the document gives; `base_env` stands for the environment of every base image but scratch."""
    if document.error is not None:
        return ImageConfig({}, {}, document.error.message)
    found = stages(document, build_args, target)
    name = target or (found[-1].name if found else "")
    outer = GlobalScope(document, global_args(document), build_args or {}, name)
    error = outer.error or _stage_error(found, outer)
    if error:
        return ImageConfig({}, {}, error)
    return _dispatch(found, outer, base_env or {})


def _dispatch(found: list[Stage], outer: GlobalScope, base_env: Mapping[str, str]) -> ImageConfig:
    reached = needed(found)
    scopes: list[Scope] = []
    for stage in found:
        scope = Scope.of(stage, outer, scopes, {} if stage.base == "scratch" else base_env)
        scopes.append(scope)
        instructions = (*stage.triggers, *stage.instructions)
        for instruction in instructions if stage.index in reached else stage.triggers:
            error = _instruction_error(instruction, scope.environment, outer.escape)
            scope.apply(instruction)
            if (error or scope.error) and stage.index in reached:
                return ImageConfig({}, {}, error or scope.error)
    final = next(scope for stage, scope in zip(found, scopes, strict=True) if stage.is_final)
    env = {name: declaration.value or "" for name, declaration in final.env.items()}
    return ImageConfig(env, final.labels, "")


def _stage_error(found: list[Stage], outer: GlobalScope) -> str:
    """Why BuildKit refuses a stage before it runs any instruction."""
    by_name = {stage.name: stage.index for stage in found if stage.name is not None}
    for stage in found:
        args = stage.from_instruction.args
        try:
            base = expand(args[0], outer.environment.get, outer.escape)
            written = stage.from_instruction.flag("platform")
            platform = expand(written or "", outer.environment.get, outer.escape)
        except ExpansionError as fault:
            return str(fault)
        if not base:
            return f"base name ({args[0]}) should not be blank"
        if written and (error := platform_error(platform) if platform else "empty platform value"):
            return f"failed to parse platform {written}: {error}"
    if _circular(found):
        return "circular dependency detected"
    reached = needed(found)
    for stage in found:
        triggers = stage.triggers if stage.index in reached else ()
        for instruction in (*triggers, *stage.instructions):
            if error := _source_error(instruction, stage, by_name, found, stage.index in reached):
                return error
        if error := next((e for trigger in triggers if (e := _trigger_error(trigger))), ""):
            return error
        if stage.base_stage is None and stage.base != "scratch" and (error := reference_error(stage.base)):
            return f'failed to parse stage name "{stage.base}": {error}'
    return ""


def _trigger_error(trigger: Instruction) -> str:
    try:
        check_instruction(trigger)
    except InstructionFault as fault:
        return str(fault)
    return ""


def _circular(found: list[Stage]) -> bool:
    """Whether stages take files from each other in a circle; FROM cannot close one."""
    by_name = {stage.name: stage.index for stage in found if stage.name is not None}
    edges = [
        {
            source
            for instruction in stage.instructions
            for name in source_names(instruction)
            if (source := find_source(instruction, name, by_name, len(found))) is not None
        }
        for stage in found
    ]
    waiting = [len(targets) for targets in edges]
    sources: list[list[int]] = [[] for _ in found]
    for index, targets in enumerate(edges):
        for target in targets:
            sources[target].append(index)
    free = [index for index, count in enumerate(waiting) if not count]
    for index in free:
        for source in sources[index]:
            waiting[source] -= 1
            if not waiting[source]:
                free.append(source)
    return len(free) < len(found)


def _source_error(
    instruction: Instruction, stage: Stage, by_name: Mapping[str, int], found: list[Stage], reached: bool
) -> str:
    """Why a COPY --from or RUN --mount from= cannot be resolved."""
    for name in source_names(instruction):
        source = find_source(instruction, name, by_name, len(found))
        if instruction.keyword == "COPY":
            try:
                if expand(name, {}) != name:
                    return "variable expansion is not supported for --from"
            except ExpansionError as fault:
                return str(fault)
            if source is None and _NUMBER.match(name):
                return f"invalid stage index {name}"
        if source is not None and source > stage.index and reached:
            return f'cannot copy from stage "{name}", it needs to be defined before current stage'
        if source is None and name != "scratch" and (error := reference_error(name)):
            return f'failed to parse stage name "{name}": {error}'
    return ""


def _instruction_error(instruction: Instruction, environment: Environment, escape: str) -> str:
    """Why BuildKit refuses to run an instruction; ARG, ENV and LABEL are the scope's matter."""
    keyword = instruction.keyword
    try:
        if keyword == "EXPOSE":
            ports = [port for word in instruction.args for port in expand_words(word, environment.get, escape)]
            return next((error for port in ports if (error := _port_error(port))), "")
        if keyword in ("WORKDIR", "USER", "VOLUME", "STOPSIGNAL"):
            values = [expand(word, environment.get, escape) for word in instruction.args]
            return _value_error(keyword, values)
        if keyword in ("COPY", "ADD"):
            return _copy_error(instruction, environment, escape)
        if keyword == "RUN":
            for flag in instruction.flags:
                if flag.name == "mount":
                    error = mount_error(flag.value or "", lambda text: expand(text, environment.get, escape))
                    if error:
                        return error
    except ExpansionError as fault:
        return str(fault)
    return ""


def _value_error(keyword: str, values: list[str]) -> str:
    if keyword == "VOLUME" and not all(values):
        return "VOLUME specified can not be an empty string"
    if keyword == "STOPSIGNAL":
        signal = values[0]
        named = signal.upper().removeprefix("SIG") in _SIGNALS
        if not named and not (_PORT.match(signal) and int(signal)):
            return f"invalid signal: {signal}"
    return ""


def _copy_error(instruction: Instruction, environment: Environment, escape: str) -> str:
    for name in ("chown", "chmod", "checksum"):
        value = expand(instruction.flag(name) or "", environment.get, escape)
        if name == "chmod" and value.isdecimal() and (not set(value) <= set("01234567") or int(value, 8) > 0o7777):
            return f"invalid chmod parameter: '{value}'. it should be octal string and between 0 and 07777"
    for word in instruction.args:
        if heredoc_word(word) is None:
            expand(word, environment.get, escape)
    for heredoc in instruction.heredocs:
        if heredoc.expand:
            expand_heredoc(heredoc.body.text, environment.get)
    return ""


def _port_error(port: str) -> str:
    """Why BuildKit refuses a port of EXPOSE."""
    *host, container = port.split(":")
    container, _, protocol = container.partition("/")
    if not container:
        return f'invalid port: "{port}": no port specified'
    if protocol.lower() not in ("", "tcp", "udp", "sctp"):
        return f'invalid port: "{port}": invalid proto: {protocol}'
    inner, outside = _port_range(container), _port_range(host[-1]) if host and host[-1] else 0
    if inner is None:
        return f"invalid containerPort: {container}"
    if outside is None:
        return f"invalid hostPort: {host[-1]}"
    if host and host[-1] and inner and inner != outside:
        return "invalid ranges specified for container and host Ports"
    return ""


def _port_range(ports: str) -> int | None:
    """Length of a port range less one; None where it is invalid."""
    first, dash, last = ports.partition("-")
    bounds = [first, last] if dash and last != first else [first, first]
    if not all(_PORT.match(bound) and 0 <= int(bound) <= 65_535 for bound in bounds):
        return None
    length = int(bounds[1]) - int(bounds[0])
    return length if length >= 0 else None
