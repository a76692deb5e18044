"""From one script, Makefile, CI or bake file's bytes to its findings. Imported only where there is one."""

from __future__ import annotations

from auditor.core.finding import TargetError
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.flow.calling import kinds
from auditor.run.analysis import CI, SCRIPT, Analysis, internal

if TYPE_CHECKING:
    from auditor.core.finding import Finding, Target
    from auditor.flow.calling.files import CallFacts
    from auditor.run.composing import CommentedFile

#: Texts of which one stands, in any case, in every file that has anything to say here.
NEEDLES = (
    b"docker", b"podman", b"buildah", b"nerdctl", b"kaniko", b"skopeo", b"finch", b"build-arg", b"registry login",
    b"auth login", b"oras login", b"cosign login", b"audit:",
)  # fmt: skip
_SLASHES = Pattern(r"(?m)(?:^|(?<=[ \t]))//")
_TRAILING = Pattern(r"(?<=[ \t])#.*")
_OURS = ("audit:", "hadolint")


def target_kind(kind: str) -> str:
    """The kind of target that a kind of file is."""
    return CI if kind == kinds.CI else SCRIPT


def analyse_calls(data: bytes, target: Target, kind: str, rules: frozenset[str]) -> Analysis:
    """Audit one file of a kind of `kinds`. What goes wrong is noted in `target.errors`."""
    found: list[Finding] = []
    facts = None
    target.text = text = data.decode("utf-8", "surrogateescape")
    lowered = data.lower()
    if kind != kinds.BAKE and not any(needle in lowered for needle in NEEDLES):
        return Analysis(None, found, False)
    from auditor.checks.registry import call_findings  # start-up: most files hold no call
    from auditor.flow.calling.files import Unreadable, read

    try:
        facts = read(target.name, text, kind)
        found += call_findings(facts, rules)
    except Unreadable as error:
        target.errors.append(TargetError(f"cannot be read: {error.reason}", target.name, error.line))
    except Exception as error:
        internal("reading this file", error, target)
    if facts is not None:
        target.errors += [TargetError(f"not followed: {reason}", target.name) for reason in facts.limits]
    return Analysis(None, found, False, calls=facts)


def commented(facts: CallFacts) -> CommentedFile:
    """The comments of such a file; a part is a line, with those that a backslash joins to it."""
    from auditor.run.composing import CommentedFile, Part  # start-up: only files with findings or with comments for us

    text = _plain(facts)
    parts: list[Part] = []
    comments: list[Span] = []
    begun = 0
    for number in range(1, facts.lines.count + 1):
        start, end = facts.lines.bounds(number)
        line = text[start:end]
        bare = line.lstrip(" \t@-")
        if bare.startswith("#"):
            comments.append(Span(end - len(bare), end))
            continue
        trailing = _TRAILING.search(line) if any(word in line for word in _OURS) else None
        if trailing is not None:
            comments.append(Span(start + trailing.start(), end))
        begun = begun or (number if bare else 0)
        goes_on = (len(line) - len(line.rstrip("\\"))) % 2 == 1
        if begun and not goes_on:
            parts.append(Part(begun, number))
            begun = 0
    if begun:
        parts.append(Part(begun, facts.lines.count))
    return CommentedFile(text, facts.lines, parts, comments, {})


def _plain(facts: CallFacts) -> str:
    """The text with `#` for other signs of comments, and without what a script only writes: the same length."""
    if facts.kind == kinds.SCRIPT:
        from auditor.lang.shell.heredocs import extract  # start-up: as above

        return extract(facts.text)[0]
    slashes = facts.kind == kinds.BAKE or "Jenkinsfile" in facts.path
    return _SLASHES.sub(" #", facts.text) if slashes else facts.text
