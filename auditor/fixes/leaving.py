"""What planners for credential files share: dropping a COPY, run-time readers, ids, lines of .dockerignore."""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.record import TYPE_CHECKING
from auditor.core.secretnames import secret_id
from auditor.detect import credfiles
from auditor.fixes import deeds
from auditor.fixes.folders import is_folder
from auditor.fixes.plan import Burnt, Drop, DropSource, Refusal, Refused
from auditor.fixes.runtime import STARTING
from auditor.fixes.script import full_text
from auditor.flow.paths import absolute, covers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.fixes.plan import Change, Plan
    from auditor.flow.build import Build
    from auditor.flow.facts import LayerFile, Run, Step
    from auditor.lang.dockerfile.nodes import Instruction, Text

#: Kinds of files that only tools of a build read.
BUILD_KINDS = frozenset(
    "npmrc yarnrc pypirc pip-conf netrc git-credentials gitconfig maven-settings gradle-properties nuget-config "
    "bundle-config composer-auth cargo-credentials gem-credentials apt-auth yum-auth".split()
)
#: Kinds of files that a program reads while it runs, not while it is built.
RUN_KINDS = frozenset(
    "private-key key-store pem htpasswd dotenv named-dotenv database-password shadow ovpn tls-folder wp-config "
    "rails-credentials-key tomcat-users mail-login service-configuration".split()
)
#: Key material: a RUN that reads it makes another file of it.
KEY_KINDS = frozenset("private-key key-store pem pgp-key htpasswd ovpn shadow".split())
#: Kinds of files that programs of any sort look for by themselves, at build time, too.
UNASKED_KINDS = frozenset(
    "dotenv named-dotenv rails-credentials-key wp-config service-configuration gcp-key aws-credentials "
    "credentials-json".split()
)
#: Names that say nothing without their folder.
_GENERIC = frozenset("credentials config config.json auth.json hosts.yml token key key.json settings.json".split())
_MOST_MEETINGS = 2_000
_GLOB = frozenset("*?[]$\\")


def too_many(build: Build) -> Iterator[Refusal]:
    """The reason, if there are more files and RUNs than can be followed in bounded time: each file meets every RUN."""
    files = build.facts.files
    if len(files) * len(build.facts.runs) > _MOST_MEETINGS:
        yield Refusal(tuple(file.span for file in files), "there are too many credential files and RUNs to follow")


def id_of(path: str) -> str:
    """The id under which a file is mounted: its name; with the folder's for names that say nothing."""
    folder, _slash, base = path.rpartition("/")
    return secret_id(f"{folder.rpartition('/')[2]}_{base}" if base.lower() in _GENERIC else base)


def source_words(node: Instruction, source: str) -> list[Text]:
    """The words of a COPY that name a source as it was expanded; its only source whatever that says."""
    words = [word for word in node.words[:-1] if not word.text.startswith("<<")]
    if len(words) == 1:
        return words
    return [word for word in words if word.text == source]


def without_source(node: Instruction, source: str) -> Change:
    """The change that takes a source out of a COPY, or the COPY with it."""
    words = source_words(node, source)
    if len(words) != 1:
        raise Refused("the sources of the COPY cannot be told apart")
    if len(node.words) == 2:
        return Drop(node)
    if node.words[-1].text.rstrip("/") in ("", ".") or node.words[-1].text.endswith("/"):
        return DropSource(node, words[0].whole)
    raise Refused("the COPY has several sources and a target that is no folder")


def landing(build: Build, file: LayerFile) -> str:
    """Where a copied file lies, also where the target is a folder although no slash says so.

    Raises Refused where that cannot be told.
    """
    path, node = file.path, file.step.instruction
    base = file.content.rpartition("/")[2]
    goal = node.words[-1].text
    if goal.endswith(("/", "/.")) or goal in (".", "..") or len(node.words) > 2:
        if not base:
            raise Refused("the name of the file is not known")
        return path
    if is_folder(build, file.step, path):
        if not base:
            raise Refused("the name of the file is not known")
        return f"{path.rstrip('/')}/{base}"
    last = path.rpartition("/")[2]
    if last != base and "." not in last and credfiles.recognise(path) is None:
        raise Refused(f"whether {path} is a folder cannot be seen here")
    return path


def brought(build: Build, file: LayerFile) -> list[tuple[str, Step]]:
    """Where else a copied file comes to lie, with the folders that other COPY instructions take from the context."""
    plain = file.content.removeprefix("./").lstrip("/")
    found: list[tuple[str, Step]] = []
    if not plain or (build.context is not None and build.context.ignored(plain)):
        return found
    for step, path, source, _span in build.facts.placed:
        if step.instruction.flag("from") is not None or step.onbuild or any(c in _GLOB for c in source):
            continue
        folder = absolute(source, "/", "/")
        if step.instruction is not file.step.instruction and folder != f"/{plain}" and covers(folder, f"/{plain}"):
            inside = f"/{plain}".removeprefix(folder.rstrip("/"))
            found.append((path.rstrip("/") + inside, step))
    return found


def at_run_time(plan: Plan, path: str, why: str) -> None:
    """Leave a file out that the container may need: only if a person gives it to the container from then on."""
    plan.weaken(Applicability.UNSAFE, f"{why}, so the container has to be given it when it starts")
    plan.notes.append(
        f"{path} is no longer in the image: give it to the container when it starts, for example with "
        f"docker run --mount type=bind,source=FILE,target={path},readonly"
    )


def namers(build: Build, source: str) -> list[Instruction]:
    """Every COPY and ADD that names this file of the context itself, in any notation."""
    wanted = absolute(source, "/", "/")
    found = []
    for stage in build.stages:
        for node in stage.instructions:
            inner = node.child or node
            if inner.keyword in ("COPY", "ADD") and inner.flag("from") is None:
                texts = [word.text for word in inner.words[:-1]]
                if any(t.strip("./*") and covers(absolute(t, "/", "/"), wanted, shell=False) for t in texts):
                    found.append(inner)
    return found


def ignore_line(build: Build, source: str, dropped: Iterable[Instruction]) -> str:
    """The .dockerignore line for a source; "" where it is no plain path, or a COPY that stays names it."""
    plain = source.removeprefix("./").lstrip("/")
    if not plain or any(c in _GLOB or c.isspace() for c in plain) or plain.startswith(("../", "!", "#")):
        return ""
    gone = {id(node) for node in dropped}
    for node in namers(build, plain):
        exact = any(absolute(word.text, "/", "/") == "/" + plain for word in node.words[:-1])
        if exact and id(node) not in gone:
            return ""
    if build.context is not None and build.context.ignored(plain):
        return ""
    return plain


def starts_with(build: Build, path: str, *, environment: bool) -> str:
    """What names a file for the running container: a start command, or ENV (`environment`); "" for nothing."""
    for stage in build.stages:
        if stage.index not in build.ships:
            continue
        for node in stage.instructions:
            if node.keyword in STARTING and deeds.names(node.body.text, path, "/"):
                return node.keyword
            if environment and node.keyword == "ENV" and deeds.names(node.body.text, path, "/"):
                return node.keyword
    return ""


def cover(build: Build, file: LayerFile, plan: Plan) -> None:
    """Note the places whose findings the plan answers, and the credential to rotate."""
    plan.covers.append(file.span)
    plan.covers += [span for _step, span in (*file.removed, *file.carried)]
    title = file.kind.title if file.kind else "credentials"
    name = file.content if file.how == "copied" and file.content else file.path
    plan.burnt.append(Burnt(f"{title} ({name})", f"in a layer as {file.path}", file.span))
    for removal in build.facts.uses:
        if removal.kind == "removed" and deeds.names(build.document.text[slice(*removal.span)], file.path, "/"):
            plan.covers.append(removal.span)


def written_on(build: Build, file: LayerFile) -> str:
    """Where a RUN writes the file's content to; "" for nowhere."""
    for other in build.facts.files:
        if other is not file and not other.gone and any(origin.file is file for origin in other.origins):
            return other.path
    return ""


def switches_user(run: Run) -> bool:
    """Whether commands of the RUN work as another user than the RUN itself."""
    words = full_text(run.step.instruction).replace(";", " ").split()
    return any(word in ("su", "sudo", "gosu", "su-exec", "runuser", "setpriv", "chroot") for word in words)
