"""A plan, or the reason against one, for every secret that a file hands to a container tool.

Safe is only what gives the tool the same value as before. What stands in the file has to come from outside, which
asks for something that was not needed so far.
"""

from __future__ import annotations

from auditor.core.edit import Applicability, Edit
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.fixes.calls.login import login
from auditor.fixes.calls.plan import CallPlan
from auditor.fixes.plan import Burnt, Refusal, Refused
from auditor.flow.calling import kinds, uses
from auditor.flow.calling.arguments import open_quote
from auditor.flow.calling.given import TYPED

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.flow.calling.files import CallFacts
    from auditor.flow.calling.uses import Site, Use

_WITH_DOCKERFILE = (
    "a build argument becomes a build secret together with its Dockerfile, and none among the paths was changed for"
    " this one"
)
_NOT_NAME = Pattern(r"[^A-Za-z0-9_]+")
_WORKFLOW = Pattern(r"(?:^|/)\.(?:github|gitea|forgejo)/workflows/[^/]+$")
_RUNNER = Pattern(r"\bruns-on[\"']?[ \t]*:")
_BEFORE, _BEHIND = ("", " ", "\t", "<"), ("", " ", "\t", "|", ";", "\n", "\r")
_KEEPS_QUOTES = ("\\", "%", "\n", "$", "`", '"', "'")


def plans(facts: CallFacts) -> list[CallPlan | Refusal]:
    """In the order of the uses."""
    return [_plan(facts, use) for use in facts.uses]


def _plan(facts: CallFacts, use: Use) -> CallPlan | Refusal:
    planner = _PLANNERS.get(use.kind)
    try:
        if planner is None:
            raise Refused(_REASONS[use.kind])
        given = use.given
        if given is not None and given.how == TYPED and given.literal is not None:
            line = facts.lines.line(given.literal.span.start)
            raise Refused(f"its value stands in a variable (line {line}): take it from outside the file there")
        return planner(facts, use)
    except Refused as refused:
        return Refusal((use.span,), refused.reason)


_REASONS = {
    uses.BUILD_ARG: _WITH_DOCKERFILE,
    uses.COMMIT: "what the image is to be made of instead is for a person to say",
    uses.SQUASH: "what the image is to be made of instead is for a person to say",
}


def of_site(use: Use) -> Site:
    """The command of a use, where its text can be changed. Raises Refused."""
    if use.site is None:
        raise Refused("it stands where it cannot be changed")
    if use.site.nested:
        raise Refused("it stands behind an alias, or in a script inside of the script, whose quotes would have to fit")
    return use.site


def burnt(use: Use) -> Burnt | None:
    """What has to be rotated, if the file held it."""
    literal = use.given.literal if use.given is not None else None
    if literal is None:
        return None
    what = f"password of {use.tool}" if use.kind == uses.LOGIN else f"value of {use.name}"
    return Burnt(what, "in the file, its copies and its history", literal.span)


def _container(facts: CallFacts, use: Use) -> CallPlan:
    """`-e NAME=value` becomes `-e NAME`."""
    site = of_site(use)
    option = site.option
    if option is None or option.value is None:
        raise Refused("it stands where it cannot be changed")
    if option.name == "--env-add":
        raise Refused("`--env-add` takes no value from the environment; give the service a secret instead")
    if "sudo" in _before(site) or "doas" in _before(site):
        raise Refused("sudo clears the environment that the value would come from")
    if use.name in site.variables.assigned:
        raise Refused(f"the script uses {use.name} for something else")
    start, end = _cut(site, use.name)
    span = site.unit.span(start, end)
    if "\n" in facts.text[span.start : span.end]:
        raise Refused("the value goes over several lines")
    return CallPlan(
        use,
        (Edit(span, ""),),
        Applicability.UNSAFE,
        f"{use.name} comes from the environment of {use.tool}",
        f"{use.name} has to be set, and exported, where the command runs",
        (f"set {use.name} in the environment of what runs this: its value stood in the file",),
        burnt(use),
    )


def _before(site: Site) -> list[str]:
    first = site.call.first if site.call is not None else 0
    return [word.rendered.rpartition("/")[2] for word in site.command.words[:first]]


def _cut(site: Site, name: str) -> tuple[int, int]:
    """The range of `=value`, in the text that the shell reads, without a quote that was opened before it."""
    option = site.option
    assert option is not None and option.value is not None
    word = next(w for w in site.command.words if w.span.start <= option.value.span.start < w.span.end)
    text = site.unit.text
    equals = text.find("=", option.value.span.start + len(name))
    if equals < 0 or text[option.value.span.start : equals].strip("\"'") != name:
        raise Refused("the name is written in a way that cannot be changed safely")
    quote = open_quote(text[word.span.start : equals])
    end = word.span.end
    if quote.startswith("$"):
        raise Refused("the name is written in a way that cannot be changed safely")
    if quote and text[end - 1] == quote:
        end -= 1
    elif quote:
        raise Refused("the value is put together of several parts")
    return equals, end


def _secret(facts: CallFacts, use: Use) -> CallPlan:
    """`echo value | docker secret create name -` takes the value of a variable."""
    site = of_site(use)
    literal = use.given.literal if use.given is not None else None
    if literal is None:
        raise Refused("it stands where it cannot be changed")
    start, end = literal.span
    text = facts.text
    around = text[start - 1 : start] + text[end : end + 1]
    if around in ('""', "''"):
        start, end = start - 1, end + 1
    if any(c in text[literal.span.start : literal.span.end] for c in _KEEPS_QUOTES) or not _is_word(text, start, end):
        raise Refused("the value is written in a way that cannot be changed safely: let a variable stand for it")
    name = _NOT_NAME.sub("_", use.name).strip("_").upper()
    if not name.isidentifier() or name in site.variables.assigned:
        raise Refused("no variable can have the name of the secret")
    return CallPlan(
        use,
        (Edit(Span(start, end), site.unit.own('"${' + name + ':?}"')),),
        Applicability.UNSAFE,
        f"the value of the secret {use.name} comes from outside the file, as {name}",
        f"{name} has to be set where the script runs",
        (
            f"set {name} in the environment of what runs this, to a new value: the old one stood in the file",
            f"a secret cannot be changed: create it under a new name ({use.name}_v2) and give the services that one",
        ),
        burnt(use),
    )


def _is_word(text: str, start: int, end: int) -> bool:
    """Whether a range is a whole word of a command: white space, or an operator, on both sides."""
    return text[start - 1 : start] in _BEFORE and text[end : end + 1] in _BEHIND


def _variable(facts: CallFacts, use: Use) -> CallPlan:
    """A literal of a workflow becomes a secret of the repository."""
    literal = use.given.literal if use.given is not None else None
    if facts.kind == kinds.BAKE:
        raise Refused(f"leave the default empty, and set {use.name} in the environment of bake")
    if literal is None or not _WORKFLOW.search(facts.path.replace("\\", "/")):
        raise Refused("set it in the CI system, as a secret variable of the project, and take it out here")
    assert use.given is not None
    inner = facts.text[use.given.span.start : use.given.span.end]
    if inner.startswith("&"):
        raise Refused("the value has an anchor, and may be used elsewhere in the file")
    if inner.strip("\"'") != facts.text[literal.span.start : literal.span.end]:
        raise Refused("only a part of the value is a secret: put it together of a secret and the rest")
    name = use.name if use.kind == uses.VARIABLE else "REGISTRY_PASSWORD"
    name = _NOT_NAME.sub("_", name).strip("_").upper()
    if not name.isidentifier() or name.startswith("GITHUB_"):
        raise Refused("no secret of the repository can have this name")
    return CallPlan(
        use,
        (Edit(literal.span, f"${{{{ secrets.{name} }}}}"),),
        Applicability.UNSAFE,
        f"{use.name} comes from the repository's secret {name}",
        f"the repository has to have the secret {name}",
        (f"add the repository secret {name}, with a new value: the old one stood in the file",),
        burnt(use),
    )


def _login(facts: CallFacts, use: Use) -> CallPlan:
    runners = _RUNNER.split(facts.text[: use.span.start]) if _WORKFLOW.search(facts.path.replace("\\", "/")) else []
    if len(runners) > 1 and "windows" in runners[-1].partition("\n")[0].lower() and use.site is not None:
        raise Refused("the job runs on Windows, whose shell may have no `printf`")
    return _variable(facts, use) if use.site is None else login(use, of_site(use), burnt(use))


_PLANNERS: dict[str, Callable[[CallFacts, Use], CallPlan]] = {
    uses.CONTAINER_ENV: _container,
    uses.SWARM_SECRET: _secret,
    uses.VARIABLE: _variable,
    uses.LOGIN: _login,
}
