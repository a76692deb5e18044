"""The top level of a compose file: where build secrets come from."""

from __future__ import annotations

import os.path

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.lang.compose.nodes import Mapping, Scalar, Sequence, walk

if TYPE_CHECKING:
    from auditor.fixes.callers.work import Draft, Work
    from auditor.fixes.callers.yamledit import Sheet

_END = Pattern(r"(?m)^\.\.\.(?:\s|$)")
_PLAIN = Pattern(r"[A-Za-z0-9_./][\w./-]*")


class TopSecrets:
    """The top-level `secrets`: written once, for all services. `sources` are the entries to come, by name."""

    def __init__(self, top: Mapping, sheet: Sheet, *, alone: bool) -> None:
        self.top = top
        self.sheet = sheet
        self._alone = alone
        self.sources: dict[str, str] = {}

    def path(self, source: str, work: Work, draft: Draft) -> str:
        """A file of the build context, seen from the compose file."""
        full = os.path.join(work.build.context, source)
        path = os.path.relpath(full, work.folder) if not os.path.isabs(source) else source
        path = path if path.startswith(("/", "../")) else f"./{path}"
        if not _PLAIN.fullmatch(path):
            draft.fail("the name of the secret file cannot be written here")
        return path

    def add(self, name: str, source: str, draft: Draft) -> None:
        """One entry: `environment: NAME` or `file: PATH`."""
        if not _PLAIN.fullmatch(name) or self.sources.get(name, source) != source:
            draft.fail(f"services give the build secret {name} different values")
        existing = self.top.get("secrets")
        if isinstance(existing, Mapping) and existing.get(name) is not None:
            return
        self.sources[name] = source

    def dash(self) -> str:
        """How the file indents lists."""
        for node in walk(self.top):
            if isinstance(node, Mapping) and not node.flow:
                for key, value in node.pairs:
                    if isinstance(value, Sequence) and not value.flow and value.items:
                        start = self.sheet.line_start(value.items[0].span.start)
                        dash = self.sheet.text.find("-", start) - start
                        return " " * max(dash - self.sheet.column(key), 0) + "- "
        return " " * self.sheet.step(self.top) + "- "

    def declare(self, draft: Draft) -> None:
        """Write the entries that are new."""
        step = " " * self.sheet.step(self.top)
        existing = self.top.get("secrets")
        if isinstance(existing, Mapping) and existing.pairs and not existing.flow and not existing.merges:
            indent = self.sheet.indent(existing)
            lines = [
                x for name, source in self.sources.items() for x in (f"{indent}{name}:", f"{indent}{step}{source}")
            ]
            draft.edits.append(self.sheet.put(self.sheet.last(existing), lines))
        elif isinstance(existing, Mapping) and existing.pairs and existing.flow:
            end = existing.pairs[-1][1].span.end
            text = "".join(f", {name}: {{{source}}}" for name, source in self.sources.items())
            draft.replace(Span(end, end), text)
        elif existing is not None or self.top.flow or not self._alone or self._is_closed():
            draft.fail("the top-level `secrets` cannot be written safely")
        else:
            lines = ["secrets:"]
            for name, source in self.sources.items():
                lines += [f"{step}{name}:", f"{step}{step}{source}"]
            is_airy = "\n\n" in self.sheet.text.replace("\r", "").rstrip("\n")
            lines = ["", *lines] if is_airy and "+" not in self._tail() else lines
            draft.edits.append(self.sheet.put(len(self.sheet.text), lines))

    def _is_closed(self) -> bool:
        """Whether nothing can follow at the end of the file on the left."""
        return self.sheet.column(self.top.pairs[0][0]) > 0 or _END.search(self.sheet.text) is not None

    def _tail(self) -> str:
        """Head of a block scalar that the file ends with: one that keeps blank lines must not get one."""
        last = list(walk(self.top))[-1]
        ends = isinstance(last, Scalar) and last.style in ("|", ">")
        return self.sheet.text[last.span.start : last.span.start + 3] if ends else ""
