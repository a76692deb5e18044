"""Gives a RUN a build secret: the mount, and what makes a variable or a file of it, in the canonical form.

The forms are those of the rewrite facts (sections 0 and 4): the file form works on every engine since 20.10.
"""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.plan import Mount, Prelude, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.fixes.plan import BuildSecret, Change
    from auditor.flow.facts import Run, Step

#: Orders of preludes, see `plan.Prelude`.
EXPORT, DERIVED, CLEANING, SETTING = 0, 1, 2, 3
_LAST_UID = 2**32
_NUMBER = Pattern(r"[0-9]{1,10}")
#: Nothing that would end a flag, or a field of it, or that the builder expands in one.
_TARGET = Pattern(r"/(?:[\w.@%+:~-]+/)*[\w.@%+:~-]+")
_PLAIN_PATH = Pattern(r"/(?:[\w.@%+,:=-]+/)*[\w.@%+,:=-]+")


def check(run: Run) -> None:
    """Raises Refused for a RUN that cannot take a secret: triggers, shells that are not POSIX-like."""
    step = run.step
    if step.onbuild:
        raise Refused("it stands in an ONBUILD trigger: the fix would change what every child build has to provide")
    if step.dialect != "posix" and not step.instruction.json:
        raise Refused(f"the RUN's shell is not POSIX-like ({step.dialect})")


def variable(
    run: Run,
    secret: BuildSecret,
    *,
    form: str = "file",
    name: str = "",
    users: Mapping[str, str] | None = None,
    default: str = "",
) -> list[Change]:
    """The secret as an exported variable (`name`, by default the secret's own); `form` is `file` or `env`.

    `default`, a plain word, is its value where the build is not given the secret: then there is no file, or with newer
    engines an empty one where `--secret id=ID,env=NAME` names a variable that is not set (engine 29, measured).
    """
    check(run)
    name = name or secret.name
    if form == "env":
        need = ",required=true" if secret.required else ""
        given: list[Change] = [Mount(run.step.instruction, f"--mount=type=secret,id={secret.id},env={name}{need}")]
        if default:
            given.append(Prelude(run.step.instruction, f'export {name}="${{{name}:-{default}}}"', EXPORT))
        return given
    path = f"/run/secrets/{secret.id}"
    read = f"cat {path}" if secret.required else f"cat {path} 2>/dev/null || true"
    if default:
        read = f"[ -s {path} ] && cat {path} || echo {default}"
    return [mount(run, secret, users=users), Prelude(run.step.instruction, f'export {name}="$({read})"', EXPORT)]


def mount(run: Run, secret: BuildSecret, target: str = "", users: Mapping[str, str] | None = None) -> Mount:
    """The secret as a mounted file, at its usual place or at `target` (absolute).

    Raises Refused for a target that a flag cannot hold.
    """
    check(run)
    if target and not _TARGET.fullmatch(target):
        raise Refused("the path of the file is one that the flag of a mount cannot hold")
    fields = [f"type=secret,id={secret.id}"]
    if target:
        fields.append(f"target={target}")
    fields += readable(run.step, users)
    if secret.required:
        fields.append("required=true")
    return Mount(run.step.instruction, "--mount=" + ",".join(fields))


def readable(step: Step, users: Mapping[str, str] | None = None) -> list[str]:
    """Fields that let the RUN's user read a mount: it is root's alone by default (rewrite facts, 0.7)."""
    user = step.user
    if not user:
        return []
    number = user if _NUMBER.fullmatch(user) else (users or {}).get(user, "")
    if _NUMBER.fullmatch(number) and int(number) < _LAST_UID:
        return [f"uid={number}"]
    return ["mode=0444"]


def ssh(run: Run, users: Mapping[str, str] | None = None) -> Mount:
    """The build's ssh agent."""
    check(run)
    fields = ["type=ssh"]
    owner = readable(run.step, users)
    # A socket must be writable to be connected to.
    fields += ["mode=0666"] if owner == ["mode=0444"] else owner
    return Mount(run.step.instruction, "--mount=" + ",".join([*fields, "required=true"]))


def cleaning(run: Run, command: str) -> Prelude:
    """A command that runs when the RUN's shell ends, however it ends; `compose` makes one trap of all of them."""
    return Prelude(run.step.instruction, command, CLEANING)


def plain_path(path: str) -> str:
    """The path, if a shell reads it as it stands. Raises Refused."""
    if not _PLAIN_PATH.fullmatch(path):
        raise Refused("the path of the file cannot be told, or is one that a shell would read differently")
    return path
