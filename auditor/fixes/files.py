"""Credential files that COPY or ADD brings by name: dropped, and mounted for the RUNs that read them."""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.record import TYPE_CHECKING
from auditor.detect import credfiles
from auditor.fixes import deeds
from auditor.fixes.copied import Leaving
from auditor.fixes.leaving import ignore_line, too_many
from auditor.fixes.plan import Plan, Refusal, Refused
from auditor.fixes.retire import lifetime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.fixes.retire import Lifetime
    from auditor.flow.build import Build
    from auditor.flow.facts import LayerFile


def plans(build: Build, form: str) -> Iterator[Plan | Refusal]:
    """Plans for credential files that a COPY or ADD names; those of one source come as one plan. `form` is not used."""
    del form
    reasons = list(too_many(build))
    if reasons:
        yield from reasons
        return
    for files in by_source(build, ssh=False):
        yield from together(build, files, [_attempt(build, file) for file in files])


def by_source(build: Build, *, ssh: bool) -> list[list[LayerFile]]:
    """The copied credential files that there is a finding about, SSH keys or the others, those of one source together.

    A folder whose files are known is for the context's planner.
    """
    found: dict[str, list[LayerFile]] = {}
    for file in build.facts.files:
        kind = file.kind
        if file.how != "copied" or kind is None or kind.ssh is not ssh:
            continue
        if file.evidence != "clean" and kind.certainty != "folder":
            found.setdefault(file.content, []).append(file)
    return list(found.values())


def together(build: Build, files: list[LayerFile], outcomes: list[Plan | Refusal]) -> list[Plan | Refusal]:
    """One plan of those for all copies of a source, which keeps the source out of the build context, too."""
    made = [outcome for outcome in outcomes if isinstance(outcome, Plan)]
    if len(made) < len(outcomes):
        return outcomes
    whole = made[0]
    for plan in made[1:]:
        whole.changes += plan.changes
        whole.covers += plan.covers
        whole.burnt += plan.burnt
        whole.secrets += [secret for secret in plan.secrets if secret not in whole.secrets]
        whole.edits += [edit for edit in plan.edits if edit not in whole.edits]
        whole.given += [given for given in plan.given if given not in whole.given]
        whole.notes += [note for note in plan.notes if note not in whole.notes]
        whole.weaken(plan.applicability, plan.reason)
    line = ignore_line(build, files[0].content, [file.step.instruction for file in files])
    if line:
        whole.ignores.append(line)
    return [whole]


def _attempt(build: Build, file: LayerFile) -> Plan | Refusal:
    try:
        if not stands_for_several(build, file):
            return Leaving(build, file).plan()
        return (Pattern if is_one_name(file) else Folder)(build, file).plan()
    except Refused as refused:
        return Refusal((file.span,), refused.reason)


class Folder(Leaving):
    """A folder, or the whole context, that is copied to a place for credentials: one file of it is meant."""

    def _place(self) -> str:
        return f"{self.file.path.rstrip('/')}/{self._base()}"

    def _base(self) -> str:
        kind = self.file.kind
        return (kind.target.rpartition("/")[2] if kind is not None else "") or "credentials"

    def _source(self) -> str:
        return f"{self.file.content.removeprefix('./').strip('/')}/{self._base()}".removeprefix("./").lstrip("/")

    def _follow(self) -> Iterator[tuple[str, Lifetime]]:
        step = self.file.step
        for run in self.build.facts.runs:
            later = run.step.stage != step.stage or run.step.instruction.span.start > step.instruction.span.start
            found = deeds.deeds(run, self.file.path, frozenset()) if later else []
            if any(deed.kind in ("read", "copy", "move", "write", "inner") for deed in found):
                raise Refused(several(self.file))
        yield self.path, lifetime(self.build, self.path, self.file.step, self.tools, mounted=self.mounted)

    def plan(self) -> Plan:
        """The plan; raises Refused."""
        made = super().plan()
        kind = self.file.kind
        if self.file.carried or (made.secrets and (kind is None or not kind.target)):
            raise Refused(several(self.file))
        made.title = f"{self.file.content} is not copied to {self.file.path} any more"
        if made.secrets or made.applicability is Applicability.SAFE:
            made.reason = f"that {self._source()} is the file that matters is a guess"
        made.applicability = Applicability.UNSAFE
        return made


class Pattern(Leaving):
    """`.npmrc*`: a file that need not be there."""

    required = False

    def _place(self) -> str:
        return f"{self.file.path.rpartition('/')[0]}/{self._source().rpartition('/')[2]}"

    def _source(self) -> str:
        return self.file.content.removeprefix("./").replace("*", "")

    def plan(self) -> Plan:
        """The plan; raises Refused."""
        made = super().plan()
        context = self.build.context
        if context is None or context.select(self.file.content) != [self._source()]:
            made.weaken(Applicability.UNSAFE, f"{self.file.content} may take other files along, too")
        return made


def several(file: LayerFile) -> str:
    """Why a copy of a folder stays."""
    return f"{file.content} stands for several files: name the one that holds the credential"


def is_one_name(file: LayerFile) -> bool:
    """Whether a pattern only says that a file may be missing."""
    bare = file.content.replace("*", "")
    known = credfiles.recognise(bare)
    return (
        file.content.endswith("*")
        and file.content.count("*") == 1
        and not any(c in bare for c in "?[]")
        and known is not None
        and known.certainty == "sure"
    )


def stands_for_several(build: Build, file: LayerFile) -> bool:
    """Whether the source is a folder or a pattern, as far as can be seen."""
    source = file.content
    if not source:  # a build argument names it
        return False
    if source.endswith("/") or any(c in source for c in "*?[") or source.strip("./") == "":
        return True
    if build.context is not None:
        return build.context.select(source) not in ([], [source.removeprefix("./")])
    folder, _slash, base = source.rpartition("/")
    if base == "credentials":  # a file in `.aws`, a folder elsewhere
        parents = (folder.rpartition("/")[2], file.path.rpartition("/")[0].rpartition("/")[2])
        return not any(parent.startswith(".") for parent in parents)
    return base.lower() in _FOLDERS


_FOLDERS = frozenset(
    ".ssh .aws .azure .docker .kube .gnupg .gcloud .config .m2 .gradle .nuget .cargo .terraform.d secrets secret "
    "credentials certs ssl tls keys private ssh aws".split()
)
