"""Values as the proof looks for them, and what is shown with them masked."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import Masker, Secret, encoded
from auditor.detect.needles import Needles
from auditor.run.images.absence.assertions import LONGEST, SHORTEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FEWEST_DIFFERENT = 3
#: Lines of a value from this length on are masked by themselves: logs are quoted line by line.
_LINE = 6
_SHOWN = 300


class Masks:
    """Values by name: `needles` for those that can be looked for, the others in `unfit` with the reason."""

    def __init__(self, values: Mapping[str, bytes], more: Mapping[str, bytes]) -> None:
        self.unfit: dict[str, str] = {}
        fit: dict[str, bytes] = {}
        for name, value in values.items():
            if reason := _unfit(value):
                self.unfit[name] = reason
            else:
                fit[name] = value
        self.needles = Needles(fit)
        self.names = tuple(fit)
        told = list(_pieces([*values.values(), *more.values()]))
        every = {str(number): piece for number, piece in enumerate(told) if not _unfit(piece)}
        self._needles = Needles(every)
        self._masker = Masker([Secret(piece.decode("utf-8", "surrogateescape"), "value") for piece in told])

    def mask(self, text: str) -> str:
        """The text with every value masked, however it is written, and with nothing that steers a terminal."""
        shown = self._masker.mask(self._needles.masked(text))
        return "".join(char if char.isprintable() or char == "\n" else "?" for char in shown)

    def shown(self, text: str) -> str:
        """One line of it, masked before it is cut."""
        line = self.mask(text).replace("\n", " ")
        return line if len(line) <= _SHOWN else line[:_SHOWN] + "..."

    def holds(self, text: str) -> bool:
        """Whether a value stands in a text."""
        return bool(self.needles.search(encoded(text))) if self.names else False

    def __repr__(self) -> str:
        return f"Masks of {len(self.names)} values"


def _pieces(values: list[bytes]) -> Iterator[bytes]:
    for value in values:
        if value.strip():
            yield value
            lines = value.splitlines()
            yield from (line.strip() for line in lines if len(lines) > 1 and len(line.strip()) >= _LINE)


def _unfit(value: bytes) -> str:
    """Why a value cannot be looked for; "" if it can."""
    if len(value.strip()) < SHORTEST:
        return f"it has fewer than {SHORTEST} bytes and would be found by chance"
    if len(set(value)) < _FEWEST_DIFFERENT:
        return f"it has fewer than {_FEWEST_DIFFERENT} different bytes"
    return f"it has more than {LONGEST:,} bytes" if len(value) > LONGEST else ""
