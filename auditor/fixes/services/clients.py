"""The credential of a secret manager's client that starts a service: it becomes a file that only the container gets.

Which clients read theirs from a file, and what names it, is data (`rules/wrappers`); all others get it from outside.
"""

from __future__ import annotations

from functools import cache

from auditor.core.edit import Applicability
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.resources import load_wrappers
from auditor.core.secretnames import MOUNTED
from auditor.fixes.plan import Refused
from auditor.fixes.services.plan import FOLDER, EnvPlan, Separated
from auditor.fixes.starters import start, words_of
from auditor.lang.compose.nodes import Scalar, Sequence

if TYPE_CHECKING:
    from auditor.fixes.services.planning import Planner
    from auditor.flow.services import Setting
    from auditor.lang.compose.nodes import Node
    from auditor.lang.compose.services import Entry, Service

_DASHES = "--"


class Client(NamedTuple):
    """A client with the credential that it takes from a file as well.

    `argv`: its words before the command, but those that the user fills in. `file`: what the file is called, if the
    client looks for one of that name in a folder; "" where it is given the path. `made`: how such a file is made; ""
    where it holds just the value of the variable.
    """

    argv: tuple[str, ...]
    title: str
    variable: str
    file_variable: str
    file: str
    made: str

    @property
    def name(self) -> str:
        """As it is called."""
        return self.argv[0]


class _Began(NamedTuple):
    """A service that a client starts: the words that say so, from their place in the compose file (None: in the
    Dockerfile)."""

    client: Client
    words: list[str]
    node: Node | None


@cache
def _clients() -> tuple[Client, ...]:
    found = []
    for entry in load_wrappers()["wrappers"]:
        argv = tuple(word for word in entry["argv"] if word not in entry.get("fill", ()))
        for one in entry["credential"]:
            if "variable" in one and "file_variable" in one and not one.get("shared"):
                file = one.get("file_name", "") if one.get("file_is") == "folder" else ""
                made = one.get("file_made", "")
                found.append(Client(argv, one["title"], one["variable"], one["file_variable"], file, made))
    return tuple(found)


def plan(planner: Planner, setting: Setting) -> EnvPlan | None:
    """The plan for the credential of the client that starts all services that use it; None for a setting that no client
    takes from a file, or that another program may. Raises Refused."""
    name = setting.entry.name
    known = [client for client in _clients() if client.variable == name]
    if setting.kind != "environment" or not known:
        return None
    services = planner.file.users(setting.entry.section) or []
    began = [_began(planner, service, known) for service in services]
    if not any(began) and not any(client.made for client in known):
        return None
    if setting.uses:
        raise Refused(f"the value of {name} has variables in it, which a file cannot have")
    if not services or not planner.file.modern:
        raise Refused("which services use it cannot be told")
    planner.check_apart(services)
    client = next((one.client for one in began if one is not None), known[0])
    doubts = [_check(planner, service, setting.entry, client) for service in services]
    separated: dict[int, Separated] = {}
    for service, one in zip(services, began, strict=True):
        if one is None or one.client != client:
            raise Refused(f"nothing shows that {client.name} starts {service.name}")
        found = _missing(one)
        if found is not None:
            separated.setdefault(id(found.words), found)
    planner.writer.check(service.node for service in services)
    made = _planned(planner, setting, client, services, next(filter(None, doubts), ""))
    return made._replace(separated=tuple(separated.values()))


def _planned(planner: Planner, setting: Setting, client: Client, services: list[Service], doubt: str) -> EnvPlan:
    shown = ", ".join(dict.fromkeys(service.name for service in services))
    given = _free(planner, client.file) if client.file else planner.secret(setting)
    reads = f"looks for {given} in the folder" if client.file else "reads it from the file"
    notes = planner.file_notes(setting, given)
    if client.made:
        notes = (
            f"{client.made}, and put its {given} into {FOLDER}/ beside the compose file, readable for the user that the"
            " container runs as.",
            *notes[1:],
        )
    return EnvPlan(
        setting,
        client.file_variable,
        given,
        tuple({id(service.node): service.node for service in services}.values()),
        Applicability.UNSAFE if doubt else Applicability.SAFE,
        f"{client.name} of {shown} reads its {client.title} from a file, the secret {given}",
        doubt or f"{client.name} starts {shown}, and {reads} that {client.file_variable} names",
        notes,
        MOUNTED if client.file else "",
    )


def _free(planner: Planner, name: str) -> str:
    top = planner.file.top.mapping("secrets") if planner.file.top is not None else None
    if top is not None and top.get(name) is not None:
        raise Refused(f"there is a secret {name} already")
    return name


def _check(planner: Planner, service: Service, own: Entry, client: Client) -> str:
    """What is not known of other places that set the variable. Raises Refused where one does, or another variable says
    where the credential is."""
    if planner.file.inherited(service.node, "extends") is not None:
        raise Refused(f"{service.name} and another service share their settings with `extends`")
    family = client.file_variable.rpartition("_")[0] + "_"
    entries = [entry for section in planner.file.environment_of(service) for entry in section.entries]
    others = [e for e in entries if e is not own and (e.name == own.name or e.name.startswith(family))]
    if others:
        raise Refused(f"{service.name} sets {others[0].name} as well (line {planner.file.line(others[0].node)})")
    return planner.starts.alone(service, own)


# -- what starts a service ---------------------------------------------------------------------------------------


def _began(planner: Planner, service: Service, known: list[Client]) -> _Began | None:
    """The client that the first thing that is seen to start a service is; None for another program."""
    entrypoint = planner.file.inherited(service.node, "entrypoint")
    found: list[tuple[list[str], Node | None]] = []
    if entrypoint is None:
        found.append((_words_of_image(planner, service), None))
        command = planner.file.inherited(service.node, "command")
        found += [(_words(planner, command), command)] if command is not None else []
    else:
        found.append((_words(planner, entrypoint), entrypoint))
    for words, node in found:
        client = next((one for one in known if _starts(one, words)), None)
        if client is not None:
            return _Began(client, words, node)
    return None


def _starts(client: Client, words: list[str]) -> bool:
    """Whether words are a call of a client that starts a program: its own words in their order, options between."""
    if not words or words[0].rpartition("/")[2] != client.name:
        return False
    at = 1
    for word in client.argv[1:]:
        if word in words[at:]:
            at = words.index(word, at) + 1
        elif word != _DASHES:
            return False
    return True


def _words_of_image(planner: Planner, service: Service) -> list[str]:
    """The words of the ENTRYPOINT of a service's own Dockerfile; none where that cannot be seen."""
    node = planner.file.inherited(service.node, "build")
    build = planner.place.build_of(planner.file, node) if node is not None else None
    entrypoint = start(build).entrypoint if build is not None else None
    return words_of(entrypoint) if entrypoint is not None else []


def _words(planner: Planner, node: object) -> list[str]:
    if isinstance(node, Scalar):
        return node.value.split()
    items = [planner.file.resolve(item) for item in node.items] if isinstance(node, Sequence) else []
    return [item.value if isinstance(item, Scalar) else "" for item in items]


def _missing(began: _Began) -> Separated | None:
    """Where `--` is missing between a client and what it starts, for one that would take options for its own."""
    argv, words, node = began.client.argv, began.words, began.node
    if argv[-1] != _DASHES:
        return None
    before = argv[-2]
    at = words.index(before) + 1 if before != argv[0] else 1
    while at < len(words) and words[at].startswith("-") and words[at] != _DASHES:
        at += 1
    if at < len(words) and words[at] == _DASHES:
        return None
    if not isinstance(node, Sequence):
        where = "write the words as a list" if node is not None else "it stands in the Dockerfile"
        raise Refused(f"`{_DASHES}` is missing behind `{' '.join(argv[:-1])}`: {where}")
    return Separated(node, at)
