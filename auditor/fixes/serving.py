"""Private keys that a server's configuration in the image names: the container is given them when it starts.

The key leaves the image, and the setting that names it changes along: `/run/secrets/site.key`, where compose and swarm
mount secrets. Safe where all that can read the key is seen, and reads it by that setting: the container then starts as
before once it is given the file.
"""

from __future__ import annotations

import os.path

from auditor.core.edit import Edit
from auditor.core.record import TYPE_CHECKING
from auditor.core.secretnames import MOUNTED, is_file_name, secret_id, versioned
from auditor.core.span import Span
from auditor.fixes.leaving import KEY_KINDS
from auditor.fixes.plan import FileEdit, Given, Refused, Replace
from auditor.fixes.served import Served
from auditor.fixes.users import numbers
from auditor.flow.configurations import configurations
from auditor.flow.paths import user_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.fixes.plan import Plan
    from auditor.fixes.retire import Lifetime
    from auditor.flow.build import Build
    from auditor.flow.facts import LayerFile


def check_build(build: Build, file: LayerFile, path: str) -> None:
    """Raises Refused where the build cannot do without a key that a configuration names."""
    served = _served(build, file, path)
    if served is not None and served.found:
        served.check_build()


def serve(build: Build, file: LayerFile, path: str, lives: Sequence[Lifetime], plan: Plan) -> bool:
    """Add to a plan that takes a key out of the image what lets the container be given it; False where no
    configuration that is seen names the key.

    `path` is where the key lies first, `lives` what the build does with it. Raises Refused where a configuration names
    it, and yet the container might not start.
    """
    served = _served(build, file, path)
    if served is None:
        return False
    served.check_folders()
    if not served.found:
        return False
    served.check(lives)
    _give(build, served, plan)
    if doubt := served.doubt():
        plan.weaken(doubt.applicability, doubt.reason)
    return True


def _served(build: Build, file: LayerFile, path: str) -> Served | None:
    """The key with what names it; None where no configuration is seen."""
    if file.kind is None or file.kind.id not in KEY_KINDS or build.context is None or not configurations(build):
        return None
    return Served(build, file, path)


def _give(build: Build, served: Served, plan: Plan) -> None:
    """The settings' new paths, and what to tell the user."""
    name = _name(build, served)
    path = f"{MOUNTED}/{name}"
    for one, each in served.found:
        if one.heredoc is not None:
            plan.changes.append(Replace(one.heredoc.body.span(each.span.start, each.span.end), path))
        else:
            plan.edits.append(FileEdit(one.source, Edit(Span(*each.span), path)))
    plan.given.append(Given(name, served.source, path))
    server = served.entry["title"]
    plan.title = f"{name} is given to the container when it starts, as {path}"
    plan.reason = f"given the file, {server} reads the same key: the settings that name it change along"
    user = served.how.user or getattr(user_of(served.how.base), "user", "")
    is_root = user.partition(":")[0] in ("", "root", "0")
    needs = served.entry.get("needs", "")
    readable = "" if is_root or needs else f" The file must be readable for the user {user}."
    secret = versioned(secret_id(name), 1)
    plan.notes.append(
        f"give the container the key {name} when it starts: "
        f'`docker run -v "$PWD/{_from_here(build, served.source)}:{path}:ro" ...`, '
        f"`docker service create --secret source={secret},target={name},{_mode(build, user)} ...`, "
        f"or `secrets:` of compose.{f' {needs}' if needs else readable}"
    )


def _from_here(build: Build, source: str) -> str:
    """A file of the build context as it is called from the current folder, where the context is below that."""
    try:
        folder = os.path.relpath(build.context.root) if build.context is not None else "."
    except ValueError:  # another drive
        return source
    return source if folder.startswith("..") else os.path.normpath(os.path.join(folder, source))


def _mode(build: Build, user: str) -> str:
    """How swarm lets the user read the file, and as few others as can be."""
    name = user.partition(":")[0]
    if name in ("", "root", "0"):
        return "mode=0400"
    number = name if name.isdigit() else numbers(build).get(name, "")
    return f"mode=0400,uid={number}" if number else "mode=0444"


def _name(build: Build, served: Served) -> str:
    """The name of the file in the container: its own, with its folder's where another key is called the same.

    Raises Refused for one that cannot be a secret's.
    """
    folder, _slash, base = served.paths[0].rpartition("/")
    others = {
        other.path.rpartition("/")[2]
        for other in build.facts.files
        if other.kind is not None and other.kind.id in KEY_KINDS and other.content.removeprefix("./") != served.source
    }
    name = f"{folder.rpartition('/')[2]}_{base}" if base in others else base
    if not is_file_name(name):
        raise Refused(f"{name} cannot be the name of a secret")
    taken = f"{MOUNTED}/{name}"
    named = any(taken in each.paths for one in configurations(build) for each in one.namings)
    if named or taken in build.document.text:
        raise Refused(f"{taken} is named already")
    return name
