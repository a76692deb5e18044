"""Inline contents of configs and secrets: they become files beside the compose file."""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.plan import Refusal, Refused
from auditor.fixes.services.plan import FOLDER, FilePlan
from auditor.lang.compose.interpolation import interpolated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.core.span import Span
    from auditor.flow.place import Place
    from auditor.flow.services import ComposeFacts
    from auditor.lang.compose.parts import Source

_PLAIN = Pattern(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


def plans(facts: ComposeFacts, place: Place) -> Iterator[FilePlan | Refusal]:
    """A plan, or the reason against one, for every content with secrets."""
    for source in facts.parts.sources:
        spans = tuple(
            one.literal.span for one in facts.spoken if one.kind == source.kind and one.node is source.content
        )
        if spans:
            try:
                yield _plan(facts, place, source, spans)
            except Refused as refused:
                yield Refusal(spans, refused.reason)


def _plan(facts: ComposeFacts, place: Place, source: Source, spans: tuple[Span, ...]) -> FilePlan:
    file, node = facts.file, source.content
    assert node is not None
    pair = source.node.pair("content")
    line = file.line(node)
    if pair is None or pair[1] is not node or file.is_used_elsewhere(node) or file.is_used_elsewhere(source.node):
        raise Refused(f"the content is shared by an anchor or a merge (line {line})")
    if any(source.node.get(key) is not None for key in ("file", "environment", "external")):
        raise Refused(f"{source.name} has another source beside its content, which compose rejects (line {line})")
    if not _PLAIN.fullmatch(source.name):
        raise Refused(f"no file can be named after {source.kind}.{source.name[:40]}")
    text, uses = interpolated(facts.parts.text_of(node))
    if uses:
        raise Refused(f"compose fills in variables of the content, which it does not in a file (line {line})")
    path = _path(facts, source)
    doubled = " (`$$` in compose is one `$`)" if text.text != node.value else ""
    there = " It is there already: see that it holds that." if place.is_taken(path) else ""
    return FilePlan(
        source,
        path,
        f"{source.kind}.{source.name}",
        spans,
        Applicability.SAFE,
        f"the content of {source.kind}.{source.name} is read from the file {path}",
        "the services get the same text at the same place",
        (
            f"make the file {path} beside the compose file with the content of {source.kind}.{source.name}{doubled},"
            f" readable for the users that the containers run as.{there}",
            f"keep {FOLDER}/ out of git and out of build contexts: a line `{FOLDER}/` in .gitignore and .dockerignore.",
        ),
    )


def _path(facts: ComposeFacts, source: Source) -> str:
    """A path that no other entry has: a config and a secret may have one name."""
    path = f"./{FOLDER}/{source.name}"
    others = [o for o in facts.parts.sources if o.node is not source.node]
    if any(o.file is not None and o.file.value == path for o in others) or (
        source.kind == "configs" and any(o.kind == "secrets" and o.name == source.name for o in others)
    ):
        return f"./{FOLDER}/{source.kind}-{source.name}"
    return path
