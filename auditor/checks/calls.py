"""Secrets in what scripts, Makefiles, CI and bake files hand to container tools."""

from __future__ import annotations

from auditor.checks.remedies import named
from auditor.core.finding import Confidence, Finding, Location, Severity, Step
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.flow.calling import given as values
from auditor.flow.calling import kinds, uses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.flow.calling.files import CallFacts
    from auditor.flow.calling.given import Given
    from auditor.flow.calling.uses import Use

#: `$NAME`, `$(NAME)` of make, `${env.NAME}` of Groovy, `${{ secrets.NAME }}`, `$[[ inputs.NAME ]]`.
_REFERENCE = Pattern(r"\$(\w+)|\$\(\s*([\w.-]+)\s*\)|\$?\{+\s*\.?([\w.-]+)\s*\}+|\$\[\[\s*([\w.-]+)\s*\]\]")
_IN_FILE = "everyone who has this file, a copy of it or its history has it"


def build_arg_secret(facts: CallFacts) -> Iterator[Finding]:
    """A secret that is handed to a build as an argument."""
    for use, given in _given(facts, uses.BUILD_ARG):
        if given.literal is not None:
            message = f"{use.name} is handed to {_shown(use)} as a build argument, {_written(given)}: {_IN_FILE}"
            yield _finding(facts, "build-arg-secret", use, f"{message}, and so has everyone who has the image.")
            continue
        mount = f"`--secret id={use.name.lower()},env={use.name}`"
        message = (
            f"{_origin(use, given)} is handed to {_shown(use)} as a build argument: the build's record and its cache"
            f" keep it, and the image's history does for every RUN that can see it. A build secret ({mount}) is kept"
            " nowhere."
        )
        yield _finding(facts, "build-arg-secret", use, message)


def container_env_secret(facts: CallFacts) -> Iterator[Finding]:
    """A literal secret in the environment that a container is started with."""
    for use, given in _given(facts, uses.CONTAINER_ENV):
        message = (
            f"{use.name} is handed to {_shown(use)}, {_written(given)}: {_IN_FILE}, and `docker inspect` of the"
            " container shows it."
        )
        # What a script starts by itself is mostly a service for a test: a word as its password is no leak.
        yield _finding(facts, "container-env-secret", use, message, weak=Severity.LOW)


def login_argument(facts: CallFacts) -> Iterator[Finding]:
    """The password of a registry as an argument of a login."""
    for use, given in _given(facts, uses.LOGIN):
        if given.literal is not None:
            message = f"The password of {_shown(use)} is {_written(given, bare=True)}: {_IN_FILE}."
        else:
            message = (
                f"{_shown(use)} gets the password as an argument ({use.name}): the list of processes shows it to every"
                " user of the machine while it runs, and so do a shell's history and `set -x`."
            )
        yield _finding(facts, "login-argument", use, message[0].upper() + message[1:])


def swarm_secret_literal(facts: CallFacts) -> Iterator[Finding]:
    """The value of a swarm secret, written into the script that creates it."""
    for use, given in _given(facts, uses.SWARM_SECRET):
        message = f"The secret {use.name} is created with {_shown(use)}, {_written(given)}: {_IN_FILE}."
        yield _finding(facts, "swarm-secret-literal", use, message, weak=Severity.LOW)


def ci_variable_secret(facts: CallFacts) -> Iterator[Finding]:
    """A secret among the variables of a CI file."""
    for use, given in _given(facts, uses.VARIABLE):
        literal = given.literal
        # Words and stand-ins are for services that live as long as the job does.
        if literal is not None and literal.level == "secret":
            more = "" if facts.kind == kinds.BAKE else ", and every step that gets it may print it"
            yield _finding(facts, "ci-variable-secret", use, f"{use.name} is set to a secret here: {_IN_FILE}{more}.")


def committed_container(facts: CallFacts) -> Iterator[Finding]:
    """An image made of a container that has secrets in it."""
    for use in facts.uses:
        if use.kind == uses.COMMIT:
            message = (
                f"{use.tool} makes an image of {use.name}: its environment and its files become part of it, secrets"
                " included."
            )
            steps = tuple(Step(text, Location.of(facts.path, facts.lines, at)) for text, at in use.story)
            location = Location.of(facts.path, facts.lines, use.span)
            yield Finding("committed-container", Severity.MEDIUM, location, message, use.name, flow=steps)


def squash_as_fix(facts: CallFacts) -> Iterator[Finding]:
    """Squashing or flattening an image, which removes layers but not history, configuration or caches."""
    for use in facts.uses:
        if use.kind == uses.SQUASH:
            yield Finding(
                "squash-as-fix",
                Severity.LOW,
                Location.of(facts.path, facts.lines, use.span),
                f"{use.tool} merges layers; history, configuration and the original image keep their secrets.",
                use.tool,
                confidence=Confidence.MEDIUM,
            )


def _given(facts: CallFacts, kind: str) -> Iterator[tuple[Use, Given]]:
    """The uses of a kind, but for stand-ins (`dummy`, a key of a manual): nobody's secret, often what a test needs."""
    for use in facts.uses:
        if use.kind == kind and use.given is not None:
            literal = use.given.literal
            if literal is None or literal.level != "placeholder":
                yield use, use.given


def _shown(use: Use) -> str:
    return use.tool if use.tool.startswith("the ") or "/" in use.tool else f"`{use.tool}`"


def _written(given: Given, *, bare: bool = False) -> str:
    where = "in this file" if given.how == values.LITERAL else "in this file, in a variable"
    return f"written {where}" if bare else f"its value written {where}"


def _origin(use: Use, given: Given) -> str:
    """What the value is, for the beginning of a sentence."""
    if given.how == values.BARE:
        return f"{use.name} of the environment"
    if given.how == values.FETCHED:
        return f"What {given.source} prints"
    named = _REFERENCE.fullmatch(given.source)
    if named is not None:
        return f"The value of {named[named.lastindex or 0]}"
    # What an expression is made of may be a secret itself.
    return f"{use.name}, whose value an expression gives," if given.source else use.name


def _finding(facts: CallFacts, rule: str, use: Use, message: str, weak: Severity = Severity.MEDIUM) -> Finding:
    literal = use.given.literal if use.given is not None else None
    is_weak = literal is not None and literal.level == "weak"
    severity = weak if is_weak else Severity.MEDIUM if literal is None else Severity.HIGH
    return Finding(
        rule,
        severity,
        Location.of(facts.path, facts.lines, use.span),
        message,
        use.name or use.tool,
        confidence=Confidence.MEDIUM if is_weak else Confidence.HIGH,
        flow=tuple(Step(text, Location.of(facts.path, facts.lines, at)) for text, at in use.story),
        secret=literal.secret if literal is not None else None,
        secret_span=literal.span if literal is not None else None,
        remedy=named(rule, use.name),
    )
