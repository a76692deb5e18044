"""Retired build-time secret servers: the builder's own mounts take their place."""

from __future__ import annotations

from itertools import pairwise

from auditor.core.edit import Applicability
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.secretnames import secret_id
from auditor.core.span import Span
from auditor.fixes import caches, exposure, quotes, sites
from auditor.fixes.plan import BuildSecret, DropCommand, DropPair, Plan, Refusal, Refused, Replace
from auditor.fixes.script import acting, full_text, statements
from auditor.flow.paths import covers
from auditor.lang.shell.chain import is_simple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.fixes.plan import Change
    from auditor.fixes.script import Acting
    from auditor.flow.build import Build
    from auditor.flow.facts import Run, Use
    from auditor.lang.shell.nodes import Command, Word

_TRUSTED = ("known_hosts", "ssh-keyscan", "StrictHostKeyChecking", "UserKnownHostsFile")
_SSH = BuildSecret("default", "ssh", "", "")
_HABITUS = Pattern(r"/v1/secrets/(?P<kind>file|env)/(?P<name>[\w.-]+)\Z")
_ASSIGNED = Pattern(r"(?P<name>[A-Za-z_]\w*)=(?P<key>[\w.-]+)\Z")
_GUESSED = "the keys come from the build's ssh agent now; whether the host's key is known has to be seen"


def plans(build: Build, form: str = "file") -> Iterator[Plan | Refusal]:
    """A plan for each use of a retired secret server, or the reason why there is none."""
    runs = {id(run.step.instruction): run for run in build.facts.runs}
    for use in build.facts.uses:
        if use.kind != "retired":
            continue
        try:
            run = runs.get(id(use.step.instruction))
            if run is None:
                raise Refused("the instruction is not followed")
            yield _plan(build, run, use, form)
        except Refused as refused:
            yield Refusal((use.span,), refused.reason)


def _plan(build: Build, run: Run, use: Use, form: str) -> Plan:
    exposure.check(run)
    if sites.site(run, use.span.start).nested:
        raise Refused(f"{use.detail} stands in a script inside another command")
    if use.detail == "habitus":
        return _habitus(build, run, use)
    if use.detail == "secrets-bridge":
        return _bridge(build, run, use, form)
    return _through_ssh(build, run, use)


# -- keys for ssh ----------------------------------------------------------------------------------------------------


def _through_ssh(build: Build, run: Run, use: Use) -> Plan:
    """`ONVAULT npm install` and `docker-ssh-exec git clone`: the program runs by itself, with the agent's socket."""
    words = _command(run, use.span).words
    following = next((word for tool, word in pairwise(words) if tool.span == use.span), None)
    if following is None:
        raise Refused(f"{use.detail} runs no command here")
    if following.rendered.startswith("-"):
        raise Refused(f"{use.detail} is given options that nothing takes the place of")
    plan = _ssh_plan(build, run, use)
    plan.changes.append(Replace(Span(use.span.start, following.span.start), ""))
    plan.changes += _installation(build, "ONVAULT" if use.detail.startswith("ONVAULT") else use.detail)
    return plan


def _ssh_plan(build: Build, run: Run, use: Use) -> Plan:
    plan = Plan(f"{use.detail} gives way to the build's ssh agent", "ssh takes its keys from the build's ssh agent")
    if not _trusts(build, run):
        plan.weaken(Applicability.UNSAFE, _GUESSED)
    plan.covers.append(use.span)
    plan.secrets.append(_SSH)
    plan.changes.append(exposure.ssh(run))
    return plan


def _trusts(build: Build, run: Run) -> bool:
    """Whether the stage, up to this RUN, says which hosts ssh may trust."""
    position = run.step.instruction.span.start
    runs = [r for r in build.facts.runs if r.step.stage == run.step.stage]
    before = [full_text(r.step.instruction) for r in runs if r.step.instruction.span.start <= position]
    return any(mark in text for text in before for mark in _TRUSTED)


def _installation(build: Build, tool: str) -> list[DropCommand]:
    """The statements that fetch the tool and make it executable, where they do nothing else."""
    drops: list[DropCommand] = []
    for run in build.facts.runs:
        links = statements(run.step.instruction)
        if not is_simple(tuple(link for link, _span in links)):
            continue
        for _link, span in links:
            inside = [(each.name, each.command) for each in acting(run) if span.covers(each.command.span.start)]
            if inside and any(_mentions(command, tool) for _name, command in inside) and _installs(inside):
                drops.append(DropCommand(run.step.instruction, span.start))
    return drops


def _mentions(command: Command, tool: str) -> bool:
    words = [*command.words[1:], *(r.target for r in command.redirects)]
    return any(word.rendered.rpartition("/")[2] == tool for word in words)


def _installs(inside: Sequence[tuple[str, Command]]) -> bool:
    """Whether a pipeline only downloads (and works out from where), or sets a mode."""
    return all(name in ("curl", "wget", "chmod", "ip", "route", "awk", "grep", "cut") for name, _command in inside)


# -- habitus ---------------------------------------------------------------------------------------------------------


def _habitus(build: Build, run: Run, use: Use) -> Plan:
    """`wget -O FILE http://host:8080/v1/secrets/file/NAME && ... && rm FILE` becomes a secret mounted at FILE."""
    each = _acting(run, use.span)
    match = _HABITUS.search(next(w for w in each.words if w.span == use.span).rendered)
    target = _output(each)
    if match is None or match["kind"] != "file" or not target or each.command.reads or each.command.feeds:
        raise Refused("what is fetched from habitus does not go to a file whose place is known")
    path = each.shell.path(target)
    if not path.startswith("/") or "$" in path:
        raise Refused("what is fetched from habitus goes to a file whose place is not known")
    secret = BuildSecret(secret_id(match["name"]), "file")
    plan = Plan(f"the file from habitus becomes the build secret {secret.id}", "the file is where it was, as a mount")
    plan.covers.append(use.span)
    plan.secrets.append(secret)
    plan.changes += [exposure.mount(run, secret, path), DropCommand(run.step.instruction, each.command.span.start)]
    for later in _touching(run, path, each.command):
        plan.changes.append(DropCommand(run.step.instruction, later.span.start))
    return plan


def _touching(run: Run, path: str, fetched: Command) -> list[Command]:
    """The commands that remove the file or set its mode: a mount takes neither. Raises Refused for others."""
    found: list[Command] = []
    for each in acting(run):
        if each.name not in ("rm", "shred", "unlink", "chmod", "chown", "mv", "cp") or each.command is fetched:
            continue
        plain = [word for word in each.words[1:] if not word.rendered.startswith("-")]
        plain = plain[1:] if each.name in ("chmod", "chown") else plain
        paths = [each.shell.path(word) for word in plain]
        if not any(covers(one, path) for one in paths):
            continue
        if paths != [path] or each.name in ("mv", "cp"):
            raise Refused(f"{each.name} works on the file from habitus and on more than that")
        found.append(each.command)
    return found


def _output(each: Acting) -> Word | None:
    """The file that curl or wget writes."""
    options = ("-O", "--output-document") if each.name == "wget" else ("-o", "--output")
    for option, value in pairwise(each.words):
        letters = option.rendered.startswith("-") and not option.rendered.startswith("--")
        if option.rendered in options or (letters and option.rendered.endswith(options[0][1])):
            return value
    return next((r.target for r in each.command.redirects if r.op == ">"), None)


# -- secrets-bridge --------------------------------------------------------------------------------------------------


def _bridge(build: Build, run: Run, use: Use, form: str) -> Plan:
    """`secrets-bridge -c CONF -e VAR=key -- command`: the command runs by itself, with the variables set."""
    words = _command(run, use.span).words
    marks = [index for index, word in enumerate(words) if word.rendered == "--"]
    if words[0].span != use.span or not marks or marks[0] + 1 >= len(words):
        raise Refused("secrets-bridge is not called as `secrets-bridge ... -e NAME=key -- COMMAND`")
    given = [_ASSIGNED.match(value.rendered) for option, value in _pairs(words[1 : marks[0]]) if option == "-e"]
    if not given or None in given or any(option not in ("-e", "-c") for option, _v in _pairs(words[1 : marks[0]])):
        raise Refused("secrets-bridge is given options that nothing takes the place of")
    plan = Plan("secrets-bridge gives way to build secrets", "the command gets the same variables, from build secrets")
    plan.covers.append(use.span)
    for match in given:
        if match is None:
            continue
        secret = BuildSecret(secret_id(match["key"]), "variable", match["name"])
        plan.secrets.append(secret)
        plan.changes += exposure.variable(run, secret, form=form)
    plan.weaken(Applicability.UNSAFE, "every command of the RUN gets the variables, not just the one behind `--`")
    call = Span(use.span.start, words[marks[0] + 1].span.start)
    plan.covers += [u.span for u in build.facts.uses if u.literal is not None and call.covers(u.span.start)]
    plan.changes += [Replace(call, ""), *caches.filled(run, words[marks[0] + 1 :]), *_unused(build, words, call)]
    return plan


def _unused(build: Build, words: Sequence[Word], call: Span) -> list[Change]:
    """The build arguments that only the call names."""
    names = {use.name for word in words for use in word.variables()}
    text = build.document.text
    found: list[Change] = []
    for v in build.facts.variables:
        if v.kind == "argument" and v.name in names:
            places = [v.pair.span, call]
            others = (m.start() for m in Pattern(rf"\b{v.name}\b").finditer(text))
            if all(any(place.covers(at) for place in places) for at in others):
                found.append(DropPair(v.step.instruction, v.pair))
    return found


def _pairs(words: Sequence[Word]) -> list[tuple[str, Word]]:
    """Options with their values, two words each."""
    return [(words[at].rendered, words[at + 1]) for at in range(0, len(words) - 1, 2)]


def _acting(run: Run, span: Span) -> Acting:
    found = next((each for each in acting(run) if each.command.span.covers(span.start)), None)
    if found is None or quotes.BARE not in sites.site(run, found.command.span.start).kinds:
        raise Refused("the command stands in a script inside another command")
    return found


def _command(run: Run, span: Span) -> Command:
    return _acting(run, span).command
