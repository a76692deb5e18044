"""The credential of the Keeper client that starts a service: it becomes a file that only the container gets.

`ksm` looks for keeper.ini in the folder that KSM_INI_DIR names; without `--` it takes the options of the program that
it starts for its own (rewrite facts, sections 0 and 2).
"""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.record import TYPE_CHECKING
from auditor.core.secretnames import MOUNTED
from auditor.fixes.plan import Refused
from auditor.fixes.services.plan import FOLDER, EnvPlan, Separated
from auditor.lang.compose.nodes import Scalar, Sequence

if TYPE_CHECKING:
    from auditor.fixes.services.planning import Planner
    from auditor.flow.services import Setting
    from auditor.lang.compose.services import Entry, Service

_NAME, _FOLDER_NAME, _FILE = "KSM_CONFIG", "KSM_INI_DIR", "keeper.ini"


def is_client(setting: Setting) -> bool:
    """Whether a setting is the configuration of Keeper's client."""
    return setting.kind == "environment" and setting.entry.name == _NAME


def plan(planner: Planner, setting: Setting) -> EnvPlan:
    """The plan for it. Raises Refused where nothing shows that `ksm` starts all services that use it."""
    file = planner.file
    if setting.uses:
        raise Refused(f"the value of {_NAME} has variables in it, which a file cannot have")
    services = file.users(setting.entry.section)
    if not services or not file.modern:
        raise Refused("which services use it cannot be told")
    planner.check_apart(services)
    separated: dict[int, Separated] = {}
    for service in services:
        _check_environment(planner, service, setting.entry)
        found = _separated(planner, service)
        if found is not None:
            separated.setdefault(id(found.words), found)
    planner.writer.check(service.node for service in services)
    top = file.top.mapping("secrets") if file.top is not None else None
    if top is not None and top.get(_FILE) is not None:
        raise Refused(f"there is a secret {_FILE} already")
    shown = ", ".join(dict.fromkeys(service.name for service in services))
    return EnvPlan(
        setting,
        _FOLDER_NAME,
        _FILE,
        tuple({id(service.node): service.node for service in services}.values()),
        Applicability.SAFE,
        f"ksm of {shown} reads its configuration from a file, the secret {_FILE}",
        f"ksm starts {shown}, and looks for {_FILE} in the folder that {_FOLDER_NAME} names",
        (
            f"revoke the device in Keeper, bind a new one with `ksm profile init`, and put its {_FILE} into {FOLDER}/"
            " beside the compose file, readable for the user that the container runs as.",
            f"keep {FOLDER}/ out of git and out of build contexts: a line `{FOLDER}/` in .gitignore and .dockerignore.",
        ),
        MOUNTED,
        tuple(separated.values()),
    )


def _check_environment(planner: Planner, service: Service, own: Entry) -> None:
    """Raises Refused where another entry sets one of the two variables."""
    if planner.file.inherited(service.node, "extends") is not None:
        raise Refused(f"{service.name} and another service share their settings with `extends`")
    entries = [entry for section in planner.file.environment_of(service) for entry in section.entries]
    others = [e for e in entries if e is not own and e.name in (_NAME, _FOLDER_NAME, "KSM_INI_FILE")]
    if others:
        raise Refused(f"{service.name} sets {others[0].name} as well (line {planner.file.line(others[0].node)})")


def _separated(planner: Planner, service: Service) -> Separated | None:
    """Where `--` is missing in what starts a service. Raises Refused where that is not `ksm exec`."""
    for key in ("entrypoint", "command"):
        node = planner.file.inherited(service.node, key)
        if node is None:
            continue
        words = _words(planner, node)
        if words[:1] and words[0].rpartition("/")[2] == "ksm" and "exec" in words[1:]:
            return _missing(words, node)
        break
    raise Refused(f"nothing shows that ksm starts {service.name}")


def _words(planner: Planner, node: object) -> list[str]:
    if isinstance(node, Scalar):
        return node.value.split()
    items = [planner.file.resolve(item) for item in node.items] if isinstance(node, Sequence) else []
    return [item.value if isinstance(item, Scalar) else "" for item in items]


def _missing(words: list[str], node: object) -> Separated | None:
    at = words.index("exec") + 1
    while at < len(words) and words[at].startswith("-") and words[at] != "--":
        at += 1
    if at < len(words) and words[at] == "--":
        return None
    if not isinstance(node, Sequence):
        raise Refused("`--` is missing behind `ksm exec`: write the words as a list")
    return Separated(node, at)
