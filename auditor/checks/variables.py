"""Secrets in ARG and ENV."""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditor.checks.case import at, graded, is_key, is_wrapper, live, origin_steps, report
from auditor.checks.remedies import mount_variable, set_at_run_time
from auditor.core.finding import Confidence, Finding, Severity, Step
from auditor.flow.build import GLOBAL, Build
from auditor.flow.facts import Origin, Variable
from auditor.lang.dockerfile.nodes import Instruction


def arg_secret(build: Build) -> Iterator[Finding]:
    """A build argument that is handed a secret, by its name or by what the build does with it."""
    redeclared = {v.name for v in build.facts.variables if v.kind == "argument" and v.step.stage != GLOBAL}
    for variable in build.facts.variables:
        if variable.kind != "argument" or _has_live_literal(variable):
            continue
        if variable.step.stage == GLOBAL and variable.name in redeclared:
            continue
        if not (variable.sensitive or variable.suspect):
            continue
        if variable.pair.raw is not None and not variable.receives and variable.inferred is None and _copied(variable):
            continue
        yield _arg_finding(build, variable)


def _copied(variable: Variable) -> bool:
    """A default taken from another variable whose own declaration is reported."""
    return not any(s.sensitive for s in variable.sources)


def _has_live_literal(variable: Variable) -> bool:
    return variable.literal is not None and variable.literal.level in ("secret", "weak")


def _arg_finding(build: Build, variable: Variable) -> Finding:
    reading, inferred = variable.reading, variable.inferred
    named = reading is not None and (reading.sure or inferred is not None)
    severity = graded(variable.step)
    if (variable.suspect and not variable.sensitive) or variable.step.stage == GLOBAL:
        severity = Severity.MEDIUM
    if variable.step.ships and not variable.step.onbuild and _recorded_by(build, variable) is None:
        severity = Severity.MEDIUM
    why = "is a secret passed as a build argument" if named or inferred is None else f"is a secret: {inferred.reason}"
    placeholder = variable.literal is not None and variable.literal.level == "placeholder"
    return report(
        build,
        "arg-secret",
        variable.step,
        variable.pair.name_span,
        severity,
        f"{variable.name} {why}; {_effect(build, variable)}.",
        variable.name,
        confidence=Confidence.HIGH if named else Confidence.MEDIUM if inferred else Confidence.LOW,
        verdict="placeholder" if placeholder else "unverified",
        flow=_uses(build, variable),
        remedy=mount_variable(variable),
    )


def _effect(build: Build, variable: Variable) -> str:
    """Where the argument's value stays (rewrite facts, section 0; image facts, section 3)."""
    if variable.step.stage == GLOBAL:
        return "the build log and cache keep its value"
    if not variable.step.ships:
        return "this stage is not shipped, but the build log and cache keep its value"
    if _recorded_by(build, variable) is None and not variable.step.onbuild:
        return "no RUN follows that would record it, but current BuildKit puts the argument itself into the history"
    return "the image history keeps its value"


def _recorded_by(build: Build, variable: Variable) -> Instruction | None:
    """The first RUN that the history records together with the argument: any later one that ships."""
    line = variable.step.instruction.line
    return next((node for node in build.shipped_runs if node.line > line), None)


def _uses(build: Build, variable: Variable) -> list[Step]:
    """Where the argument goes: instructions that expand it, files that keep it, the RUN that records it."""
    steps: list[Step] = []
    if variable.inferred is not None and variable.reading is None:
        steps.append(at(build, variable.inferred.reason, variable.inferred.span))
    lines: set[int] = set()
    for where, span in variable.used[:20]:
        if where.instruction.line not in lines:
            lines.add(where.instruction.line)
            keyword = where.instruction.keyword
            steps.append(at(build, f"{keyword} expands it, and the build log prints the result", span))
    for file in build.files_of(variable)[:8]:
        end = "removed again by the same command" if file.gone else "kept in the layer"
        steps.append(at(build, f"written to {file.path}, {end}", file.span))
    recorded = _recorded_by(build, variable) if variable.step.ships and not variable.used else None
    if recorded is not None:
        steps.append(at(build, "this RUN is recorded in the history together with the value", recorded.keyword_span))
    return sorted(steps, key=lambda s: s.location.start_line if s.location else 0)


def arg_default_secret(build: Build) -> Iterator[Finding]:
    """A literal secret as the default of a build argument."""
    for variable in build.facts.variables:
        literal = variable.literal
        if variable.kind != "argument" or literal is None or not live(literal) or literal.kind == "url":
            continue
        weak = literal.level == "weak"
        yield report(
            build,
            "arg-default-secret",
            variable.step,
            literal.span,
            graded(variable.step, literal.level) if variable.step.stage != GLOBAL else Severity.MEDIUM,
            f"The default of {variable.name} is {'a password that works' if weak else 'a secret'}; the file and the"
            f" {'image history' if variable.step.ships else 'build log'} show it.",
            variable.name,
            confidence=Confidence.MEDIUM if weak else Confidence.HIGH,
            literal=literal,
            flow=_uses(build, variable),
        )


def env_secret(build: Build) -> Iterator[Finding]:
    """A secret in the environment that the image's configuration keeps."""
    for variable in build.facts.variables:
        if variable.kind != "environment":
            continue
        literal = variable.literal
        if literal is not None and literal.kind != "url" and not is_key(literal) and not is_wrapper(literal):
            yield _env_literal(build, variable)
        elif any(s.sensitive or (s.suspect and variable.reading is not None) for s in variable.sources):
            yield _env_composed(build, variable)


def _is_built_with(build: Build, variable: Variable) -> bool:
    """Whether a RUN behind a variable names it."""
    name = re.compile(rf"\b{re.escape(variable.name)}\b")
    line = variable.step.instruction.line
    nodes = (run.step.instruction for run in build.facts.runs if run.step.instruction.line > line)
    texts = (text for node in nodes for text in (node.original, *(heredoc.content for heredoc in node.heredocs)))
    return any(name.search(text) is not None for text in texts)


def _env_literal(build: Build, variable: Variable) -> Finding:
    literal = variable.literal
    assert literal is not None
    placeholder = literal.level == "placeholder"
    what = {"weak": "a default password that works", "placeholder": "a placeholder"}.get(literal.level, "a secret")
    where = "the image's configuration and history show it" if variable.step.ships else "the build cache keeps it"
    return report(
        build,
        "env-secret",
        variable.step,
        literal.span,
        graded(variable.step, literal.level),
        f"{variable.name} is set to {what}; {where}.",
        variable.name,
        confidence=Confidence.LOW if placeholder else Confidence.MEDIUM if literal.level == "weak" else Confidence.HIGH,
        verdict="placeholder" if placeholder else "unverified",
        literal=literal,
        remedy=set_at_run_time(variable, building=_is_built_with(build, variable)),
    )


def _env_composed(build: Build, variable: Variable) -> Finding:
    sources = tuple(Origin.of(s) for s in variable.sources if s.sensitive or s.suspect)
    given = ", ".join(dict.fromkeys(o.name for o in sources))
    kind = "build argument" if all(o.variable and o.variable.kind == "argument" for o in sources) else "variable"
    where = "the image's configuration keeps it" if variable.step.ships else "this stage's configuration keeps it"
    return report(
        build,
        "env-secret",
        variable.step,
        variable.pair.name_span,
        graded(variable.step),
        f"{variable.name} takes its value from the secret {kind} {given}; {where}.",
        variable.name,
        flow=[
            *origin_steps(build, sources),
            at(build, f"ENV stores the expanded value as {variable.name}", variable.pair.span),
        ],
        remedy=set_at_run_time(variable, building=_is_built_with(build, variable)),
    )
