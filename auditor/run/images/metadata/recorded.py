"""Secrets in the history: values of ENV, LABEL and build arguments, commands, comments, authors."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.core.image import HISTORY, OVERWRITTEN, ImagePlace
from auditor.core.record import NamedTuple
from auditor.core.span import Span
from auditor.run.images.history import goformat, pairs
from auditor.run.images.history.align import Alignment
from auditor.run.images.history.createdby import BuildArgument, Recorded
from auditor.run.images.history.entries import Entry, History
from auditor.run.images.history.goformat import Piece
from auditor.run.images.metadata import sentences
from auditor.run.images.metadata.documents import point
from auditor.run.images.metadata.hits import Hit
from auditor.run.images.metadata.judging import Judge
from auditor.run.images.metadata.sightings import HISTORY_RANK, METADATA, Context, Sightings


class Final(NamedTuple):
    """What the finished configuration holds: values by variable and by label, and every other text of it."""

    environment: Mapping[str, frozenset[str]]
    labels: Mapping[str, frozenset[str]]
    texts: frozenset[str]


class Reader:
    """Judges the instructions of a history, or of a copy of one of them elsewhere in the metadata."""

    def __init__(self, judge: Judge, sightings: Sightings, final: Final) -> None:
        self._judge = judge
        self._sightings = sightings
        self._final = final

    def history(self, history: History, alignment: Alignment, diff_ids: tuple[str, ...]) -> None:
        """Look over all entries."""
        for entry in history.entries:
            layer = None if entry.empty_layer else alignment.layer_of(entry.number)
            diff_id = diff_ids[layer] if layer is not None and layer < len(diff_ids) else ""
            place = ImagePlace(HISTORY, layer, diff_id, history_index=entry.number)
            pointer = point("/history", entry.number, "created_by")
            self.instruction(entry.recorded, entry.created_by, place._replace(pointer=pointer), HISTORY_RANK)
            self._said(entry, place)

    def instruction(self, recorded: Recorded, text: str, place: ImagePlace, rank: int) -> None:
        """Look over one instruction; `text` is the `created_by` that it was read from."""
        for argument in recorded.arguments:
            self._argument(
                argument, Context(text, place, ("argument", argument.name), "arg-secret", sentences.ARGUMENT, rank)
            )
        keyword = recorded.keyword
        if keyword in ("ENV", "LABEL", "ARG"):
            self._pairs(recorded, text, place, rank)
        elif keyword in ("CMD", "ENTRYPOINT", "HEALTHCHECK", "SHELL"):
            self._listed(recorded, text, place, rank)
        elif keyword == "ONBUILD":
            context = Context(
                text, self._lasting(recorded.body, place), ("trigger", ""), "onbuild-secret", sentences.TRIGGER, rank
            )
            self._sightings.add(self._judge.trigger(recorded.body), context, recorded.start)
        elif keyword in ("RUN", ""):
            channel = ("text" if keyword else "command", "")
            context = Context(text, place, channel, "literal-secret", sentences.COMMAND, rank)
            self._sightings.add(self._judge.command(recorded.body), context, recorded.start)
        else:
            self._plain(recorded, text, place, rank)

    def _plain(self, recorded: Recorded, text: str, place: ImagePlace, rank: int) -> None:
        """What is neither a command nor a declaration."""
        keyword = recorded.keyword
        copies = keyword in ("ADD", "COPY")
        channel = ("text", "") if copies else ("field", sentences.SAME_FIELD.get(keyword, keyword))
        sentence = sentences.INSTRUCTION.replace("{name}", keyword)
        where = place if copies else self._lasting(recorded.body, place)
        context = Context(text, where, channel, "literal-secret" if copies else METADATA, sentence, rank)
        self._sightings.add(self._judge.text(recorded.body), context, recorded.start)

    def _argument(self, argument: BuildArgument, context: Context) -> None:
        named = context._replace(sentence=context.sentence.replace("{name}", argument.name))
        self._sightings.add(self._judge.value(argument.name, argument.value), named, argument.start)

    def _pairs(self, recorded: Recorded, text: str, place: ImagePlace, rank: int) -> None:
        keyword = recorded.keyword
        kind, rule, sentence = sentences.DECLARED[keyword]
        if keyword == "ARG" and recorded.builder == "legacy":
            rule = "arg-default-secret"
        final = {"ENV": self._final.environment, "LABEL": self._final.labels}.get(keyword)
        for pair in pairs.split(keyword, recorded.body, final or {}):
            # An unset name was cleared, too.
            gone = final is not None and pair.value not in final.get(pair.name, ())
            said = sentences.CLEARED if gone else sentence
            channel = (kind, pair.name)
            where = place._replace(state=OVERWRITTEN) if gone else place
            context = Context(
                text,
                where,
                channel,
                rule,
                said.replace("{name}", f"{keyword} {pair.name}" if gone else pair.name),
                rank,
            )
            self._sightings.add(self._judge.value(pair.name, pair.value), context, recorded.start + pair.start)

    def _listed(self, recorded: Recorded, text: str, place: ImagePlace, rank: int) -> None:
        """A command that is printed as a list of quoted strings, or as it stands."""
        keyword, body = recorded.keyword, recorded.body
        kind, rule, sentence = sentences.COMMANDS[keyword]
        if keyword == "HEALTHCHECK":
            pieces = goformat.healthcheck(body)
        else:
            listed = goformat.quoted_list(body)
            pieces = listed[0] if listed is not None else []
        context = Context(text, place, (kind, ""), rule, sentence, rank)
        if not pieces:
            context = context._replace(place=self._lasting(body, place))
            self._sightings.add(self._judge.command(body), context, recorded.start)
            return
        context = context._replace(place=self._lasting(" ".join(piece.text for piece in pieces), place))
        for number, hit in self._judge.words([piece.text for piece in pieces]):
            self._piece(pieces[number], hit, context, body, recorded.start)

    def _piece(self, piece: Piece, hit: Hit, context: Context, body: str, begin: int) -> None:
        if body[piece.start : piece.end] == piece.text:
            self._sightings.add((hit,), context, begin + piece.start)
        else:
            self._sightings.add((hit,), context, extent=Span(begin + piece.start, begin + piece.end))

    def _lasting(self, text: str, place: ImagePlace) -> ImagePlace:
        """The place, overwritten where the finished configuration does not hold the text any more."""
        return place if text in self._final.texts else place._replace(state=OVERWRITTEN)

    def _said(self, entry: Entry, place: ImagePlace) -> None:
        for key, text in (("comment", entry.comment), ("author", entry.author)):
            if text:
                where = place._replace(pointer=point("/history", entry.number, key))
                sentence = sentences.SAID.replace("{key}", key).replace("{number}", str(entry.number))
                context = Context(text, where, ("said", key), METADATA, sentence, HISTORY_RANK)
                self._sightings.add(self._judge.author(text), context)
