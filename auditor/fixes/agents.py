"""The build's SSH agent: when it can take the place of a key file, and the RUNs that get it."""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.fixes import deeds
from auditor.fixes.exposure import ssh as agent
from auditor.fixes.leaving import switches_user
from auditor.fixes.plan import BuildSecret
from auditor.fixes.readers import may_read, readers_of_file
from auditor.fixes.runtime import STARTING
from auditor.fixes.script import acting, full_text
from auditor.fixes.users import numbers
from auditor.lang.dockerfile.mounts import mount_fields

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.fixes.plan import Plan
    from auditor.fixes.script import Acting
    from auditor.flow.build import Build
    from auditor.flow.facts import Run

#: Keys that ssh tries without being told.
_DEFAULT_NAMES = ("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "identity")
#: With one of these, ssh does not ask the agent that a build offers, or asks another one.
_NO_AGENT = Pattern(r"IdentitiesOnly|IdentityAgent|ssh-agent|ssh-add|SSH_AUTH_SOCK|GIT_SSH_COMMAND|core\.sshCommand")
#: What git does without asking another machine.
_LOCAL = frozenset(
    "config init add commit tag checkout switch branch log show status diff describe rev-parse rev-list reset clean "
    "apply am merge rebase stash ls-files version --version".split()
)
_CONNECTING = Pattern(r"(?<![\w.-])(?:git|ssh|scp|sftp|rsync)(?![\w.-])")
_NOTE = "give the build an SSH agent: docker build --ssh default, or --ssh default=KEYFILE"
#: Programs that use the keys of ssh.
READERS = readers_of_file("ssh-key")


def agent_serves(build: Build, path: str) -> bool:
    """Whether ssh finds the key by itself and would take one of the agent as well."""
    folder, _slash, base = path.rpartition("/")
    if base not in _DEFAULT_NAMES or not folder.endswith("/.ssh"):
        return False
    if any(goal.endswith("/.ssh/config") for _step, goal, _source, _span in build.facts.placed):
        return False  # what it says about keys is not known
    nodes = [node.child or node for stage in build.stages for node in stage.instructions]
    if any(_NO_AGENT.search(full_text(node)) for node in nodes if node.keyword in ("RUN", "ENV", "COPY")):
        return False
    return not any(_names_key(build, run, path) for run in build.facts.runs)


def _names_key(build: Build, run: Run, path: str) -> bool:
    """Whether a command of the RUN that is more than `chmod`, `rm` or what writes the key names it."""
    if run.step.instruction.json:
        return any(deeds.names(word.text, path, run.cwd) for word in run.step.instruction.words[1:])
    return any(
        deed.kind in ("read", "inner")
        and deeds.names(build.document.text[deed.span.start : deed.span.end], path, run.cwd)
        for deed in deeds.deeds(run, path, frozenset())
    )


def connects(run: Run) -> bool:
    """Whether a RUN has a command that may open a connection with the key: not `git config` and its like."""
    return run.step.instruction.json or any(
        may_read(each.name, READERS) and not (each.name == "git" and _subcommand(each) in _LOCAL)
        for each in acting(run)
    )


def _subcommand(each: Acting) -> str:
    """What git is to do: its first word that is neither an option nor an option's value."""
    before = ""
    for word in each.words[1:]:
        text = word.rendered
        if not text.startswith("-") and before not in ("-C", "-c"):
            return text
        before = text
    return ""


def with_agent(build: Build, runs: Iterable[Run], plan: Plan, source: str = "", name: str = "") -> None:
    """Give those RUNs the agent that may connect somewhere; `source` is the key's file on the host, if it is known,
    `name` the build argument that was the key's text."""
    users = numbers(build)
    for run in runs:
        if not connects(run):
            continue
        flags = [mount_fields(f.value or "") for f in run.step.instruction.flags if f.name == "mount"]
        if not any(fields.get("type") == "ssh" for fields in flags):
            given = agent(run, users)
            if not run.step.user and switches_user(run):
                plan.weaken(
                    Applicability.UNSAFE, "commands of the RUN work as another user, who has to reach the agent"
                )
                given = given._replace(text=given.text.replace("type=ssh", "type=ssh,mode=0666"))
            plan.changes.append(given)
    plan.secrets.append(BuildSecret("default", "ssh", name, source))
    plan.notes.append(_NOTE)


def starts_ssh(build: Build) -> str:
    """The keyword of an instruction that runs git or ssh in the container; "" for none."""
    shipped = [node for stage in build.stages if stage.index in build.ships for node in stage.instructions]
    return next((n.keyword for n in shipped if n.keyword in STARTING and _CONNECTING.search(n.body.text)), "")
