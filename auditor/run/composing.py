"""From one compose file's bytes to its findings. Imported only where there is one."""

from __future__ import annotations

from auditor.checks.registry import compose_findings
from auditor.core.finding import TargetError
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import LineIndex, Span
from auditor.flow.services import ComposeFacts
from auditor.lang.compose.nodes import Mapping, Scalar, walk
from auditor.lang.compose.services import read_compose
from auditor.lang.unreadable import Unreadable
from auditor.run.analysis import Analysis, internal

if TYPE_CHECKING:
    from auditor.core.finding import Finding, Target
    from auditor.flow.place import Place

_COMMENT = Pattern(r"(?m)(?:^|(?<=[ \t\ufeff]))#[^\n]*")
#: What a file must have for there to be anything to find.
_NEEDLES = Pattern(
    r"environment|args|labels|command|entrypoint|healthcheck|volumes|env_file|secrets|configs|options|driver_opts|audit:"
)


def analyse_compose(data: bytes, target: Target, rules: frozenset[str], place: Place | None = None) -> Analysis:
    """Audit one compose file. What goes wrong is noted in `target.errors`; `target.text` is set for quoting. `place` is
    what lies beside it, None where that is not to be looked at."""
    found: list[Finding] = []
    facts = None
    target.text = text = data.decode("utf-8", "surrogateescape")
    if _NEEDLES.search(text) is None:  # start-up: nothing to find, and the reader of YAML is slow
        return Analysis(None, found, False)
    try:
        facts = ComposeFacts(target.name, read_compose(text), place)
        found += compose_findings(facts, rules)
    except Unreadable as error:
        target.errors.append(TargetError(f"cannot be read: {error.reason}", target.name, error.line))
    except Exception as error:
        internal("reading this file", error, target)
    return Analysis(None, found, False, compose=facts)


class Part(NamedTuple):
    """Lines of the file that a comment above or in them belongs to."""

    line: int
    end_line: int


class CommentedFile(NamedTuple):
    """A compose file for the comments in it: its parts are the entries of sections, command lines, mounts and
    contents, and the lines of keys that stand at the top."""

    text: str
    lines: LineIndex
    instructions: list[Part]
    comments: list[Span]
    directives: dict[str, str]


def commented(facts: ComposeFacts) -> CommentedFile:
    """The comments of a compose file, and what they can belong to."""
    file, lines = facts.file, facts.file.lines
    spans = [entry.span for section in file.sections for entry in section.entries]
    parts: dict[int, int] = {}
    for span in [*spans, *facts.parts.spans()]:
        first, last = lines.line(span.start), lines.line(max(span.end - 1, span.start))
        parts[first] = max(last, parts.get(first, 0))
    for document in file.documents:
        for key, _value in document.pairs if isinstance(document, Mapping) else ():
            parts.setdefault(lines.line(key.span.start), lines.line(key.span.start))
    taken = sorted(
        node.span for document in file.documents for node in walk(document) if isinstance(node, Scalar) and node.style
    )
    comments: list[Span] = []
    at = 0
    for match in _COMMENT.finditer(file.text):
        while at < len(taken) and taken[at].end <= match.start():
            at += 1
        if at == len(taken) or match.start() < taken[at].start:
            comments.append(Span(match.start(), match.end()))
    return CommentedFile(file.text, lines, [Part(*item) for item in sorted(parts.items())], comments, {})
