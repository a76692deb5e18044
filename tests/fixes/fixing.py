"""Runs the engine of `audit fix` on one Dockerfile in memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from auditor.core.config import Settings
from auditor.core.finding import Severity
from auditor.run.rewrite.dockerfile import DockerfileFixer
from auditor.run.rewrite.options import FILE, FixOptions
from auditor.run.rewrite.outcome import Rewrite
from auditor.run.selection import chosen
from auditor.sources.files import Input

if TYPE_CHECKING:
    from auditor.core.wrappers import Wrapping
    from auditor.fixes.plan import BuildSecret
    from auditor.run.rewrite.others import OtherText


class Fixed(NamedTuple):
    """The text afterwards, what the build has to be given, the lines for the ignore file, why findings are left, and
    the other files of the context that change along."""

    text: str
    secrets: list[BuildSecret]
    ignored: list[str]
    left: dict[str, str]
    rewrite: Rewrite
    others: tuple[OtherText, ...] = ()


def fixed(
    text: str,
    *,
    unsafe: bool = False,
    form: str = FILE,
    context: Path | None = None,
    least: str = "medium",
    wrapping: Wrapping | None = None,
) -> Fixed:
    """A Dockerfile after `audit fix`; without a context nothing is known of what COPY takes."""
    settings = Settings()
    settings.min_severity = Severity.parse(least)
    path = "Dockerfile"
    if context is None:
        settings.no_context = True
    else:
        settings.context = str(context)
        path = str(context / "Dockerfile")
    # Named in full: a Dockerfile of the current folder is another one.
    source = Input(path, path, text.encode("utf-8", "surrogateescape"), None)
    options = FixOptions(unsafe=unsafe, secret_form=form, wrapping=wrapping)
    fixer = DockerfileFixer(source, settings, options, chosen(settings), {})
    first = fixer.read()
    assert first is not None, "the builder rejects the text"
    rewrite = Rewrite("Dockerfile", first.target)
    last = fixer.fix(first, rewrite)
    before = (first.ignore.after if first.ignore is not None else "").splitlines()
    after = (last.ignore.after if last.ignore is not None else "").splitlines()
    left = {f"{one.finding.rule} {one.finding.subject}": one.reason for one in rewrite.left}
    return Fixed(last.text, rewrite.secrets, [line for line in after if line not in before], left, rewrite, last.others)
