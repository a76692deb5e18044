"""A report together with what the standard error says of it: what a limit of its readers has cut."""

from __future__ import annotations


class Noted(str):
    """The text of a report; `notes` are sentences without a full stop."""

    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str, *notes: str) -> Noted:
        """The text with the notes that are not empty."""
        made = cls(text)
        made.notes = tuple(note for note in notes if note)
        return made
