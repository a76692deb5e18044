"""A login whose password is an argument: it gets it on its input, from the shell's own `printf`."""

from __future__ import annotations

from auditor.core.edit import Applicability, Edit
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.fixes.calls.plan import CallPlan
from auditor.fixes.plan import Refused
from auditor.lang.shell.nodes import Substitution

if TYPE_CHECKING:
    from auditor.fixes.plan import Burnt
    from auditor.flow.calling.uses import Site, Use
    from auditor.lang.shell.nodes import Word

#: Programs whose login reads the password from its input.
_KNOWN = frozenset("docker docker.exe podman nerdctl buildah skopeo helm oras crane gcrane cosign".split())
_NAMES = ("-p", "--password")
_USERS = ("-u", "--username")
_VARIABLE = "REGISTRY_PASSWORD"
_SEVERAL = "the password is put together of several parts"


def login(use: Use, site: Site, burnt: Burnt | None) -> CallPlan:
    """The plan for one login in a shell text. Raises Refused."""
    _check(site)
    literal = use.given.literal if use.given is not None else None
    if literal is None:
        value = _quoted(site)
    elif _VARIABLE in site.variables.assigned:
        raise Refused(f"the script uses {_VARIABLE} for something else")
    else:
        value = site.unit.own('"${' + _VARIABLE + ':?}"')
    first = site.unit.span(site.command.span.start, site.command.span.start + 1).start
    head = site.unit.own("printf %s ") + value + site.unit.own(" | ")
    edits = (Edit(Span(first, first), head), Edit(_option(site), "--password-stdin"))
    if literal is None:
        reason = f"{use.tool} reads the same value from its input"
        return CallPlan(use, edits, Applicability.SAFE, f"{use.tool} reads the password from its input", reason, more=1)
    return CallPlan(
        use,
        edits,
        Applicability.UNSAFE,
        f"{use.tool} reads the password from its input, out of {_VARIABLE}",
        f"{_VARIABLE} has to be set where the command runs",
        (f"set {_VARIABLE} in the environment of what runs this, to a new password: the old one stood in the file",),
        burnt,
        more=1,
    )


def _check(site: Site) -> None:
    """Raises Refused for a command that cannot be put behind a pipe, or reads no password from its input."""
    call, option, command = site.call, site.option, site.command
    if call is None or option is None or option.value is None or option.name not in _NAMES:
        raise Refused("this command takes no password on its input: sign in before it")
    literal = command.words[call.first].literal
    if literal is not None and literal.rpartition("/")[2] not in _KNOWN:
        raise Refused(f"whether {call.title} reads a password from its input is not known")
    if len(list(call.values(*_NAMES))) != 1 or any(o.name == "--password-stdin" for o in call.options):
        raise Refused("the password is given more than once")
    if not any(call.values(*_USERS)):
        raise Refused("a login that reads the password from its input needs the name of the user, too")
    before = [word.rendered for word in command.words[: call.first]]
    if before not in ([], ["sudo"]):
        raise Refused("another program runs the login, which may read the input itself")
    if command.reads or any(redirect.op.startswith("<") for redirect in command.redirects):
        raise Refused("its input is taken already")


def _word(site: Site) -> Word:
    """The word of the command that holds the password."""
    assert site.option is not None and site.option.value is not None
    at = site.option.value.span.start
    return next(word for word in site.command.words if word.span.start <= at < word.span.end)


def _option(site: Site) -> Span:
    """The place of the option with its value."""
    assert site.option is not None
    return site.unit.span(site.option.word.span.start, _word(site).span.end)


def _quoted(site: Site) -> str:
    """The password as one word, in the notation of the file."""
    unit, word = site.unit, _word(site)
    assert site.option is not None and site.option.value is not None
    start, end = site.option.value.span.start, word.span.end
    if start > word.span.start and unit.text[start - 1] in "\"'":
        start -= 1
    source = unit.text[start:end]
    if "\n" in source or "\n" in unit.raw(start, end):
        raise Refused("the password goes over several lines")
    if len(source) > 2 and source[0] in "\"'" and source[-1] == source[0] and source[0] not in source[1:-1]:
        return unit.raw(start, end)
    parts = site.option.value.parts
    is_output = len(parts) == 1 and isinstance(parts[0], Substitution) and source == unit.text[slice(*parts[0].span)]
    if not is_output and any(c in source for c in "\"'\\` \t"):
        raise Refused(_SEVERAL)
    return unit.own('"') + unit.raw(start, end) + unit.own('"')
