"""Secrets in ARG and ENV."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.checks.case import at, graded, is_key, is_wrapper, live, origin_steps, report
from auditor.checks.remedies import first_command, mount_variable, set_at_run_time
from auditor.core.finding import Confidence, Finding, Severity, Step
from auditor.flow.build import GLOBAL, Build
from auditor.flow.facts import Origin, Variable


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
    if variable.suspect and not variable.sensitive:
        severity = Severity.MEDIUM
    if variable.step.stage == GLOBAL:
        severity = Severity.MEDIUM
    why = "is a secret passed as a build argument" if named or inferred is None else f"is a secret: {inferred.reason}"
    if variable.step.ships:
        effect = "the image history keeps its value"
    elif variable.step.stage == GLOBAL:
        effect = "the build log and cache keep its value"
    else:
        effect = "this stage is not shipped, but the build log and cache keep its value"
    placeholder = variable.literal is not None and variable.literal.level == "placeholder"
    return report(
        build,
        "arg-secret",
        variable.step,
        variable.pair.name_span,
        severity,
        f"{variable.name} {why}; {effect}.",
        variable.name,
        confidence=Confidence.HIGH if named else Confidence.MEDIUM if inferred else Confidence.LOW,
        verdict="placeholder" if placeholder else "unverified",
        flow=_uses(build, variable),
        remedy=mount_variable(variable.name, first_command(variable)),
    )


def _uses(build: Build, variable: Variable) -> list[Step]:
    """Where the argument goes: instructions that expand it, files that keep it, ENV that takes it over."""
    steps: list[Step] = []
    if variable.inferred is not None and variable.reading is None:
        steps.append(at(build, variable.inferred.reason, variable.inferred.span))
    lines: set[int] = set()
    for where, span in variable.used:
        if where.instruction.line not in lines:
            lines.add(where.instruction.line)
            steps.append(
                at(build, f"{where.instruction.keyword} expands it, and the build log prints the result", span)
            )
    for file in build.facts.files:
        if any(o.variable is variable for o in file.origins) and file.how in ("written", "stored", "inline"):
            end = "removed again by the same command" if file.gone else "kept in the layer"
            steps.append(at(build, f"written to {file.path}, {end}", file.span))
    if variable.step.ships:
        later = [
            i for i in build.document.instructions if i.keyword == "RUN" and i.line > variable.step.instruction.line
        ]
        if later and not variable.used:
            steps.append(
                at(build, "this RUN is recorded in the history together with the value", later[0].keyword_span)
            )
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
        remedy=set_at_run_time(variable.name),
    )


def _env_composed(build: Build, variable: Variable) -> Finding:
    sources = tuple(
        Origin("variable", s.name, s.pair.name_span, s) for s in variable.sources if s.sensitive or s.suspect
    )
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
        remedy=set_at_run_time(variable.name),
    )
