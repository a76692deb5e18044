"""The one pass over all bytes: where a match of any of many patterns may be, so that `re` runs only around there."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.detect.prefiltering.interface import LONGEST, Prefilter, Trigger

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LONGEST", "Prefilter", "Trigger", "prefilter"]


def prefilter(triggers: Sequence[Trigger], digest: str, *, engine: str = "auto") -> Prefilter:
    """Compile the triggers, or take them from the user's cache; `digest` identifies the rules they come from.

    `engine`: "hyperscan", "keywords" (no library needed), or "auto" for the first of these that is installed. Raises
    ValueError on another name, ImportError where hyperscan is asked for and missing, re.error or OverflowError on a
    pattern that Python cannot read.
    """
    if engine not in ("auto", "hyperscan", "keywords"):
        raise ValueError(f"unknown engine {engine!r}")
    if engine != "keywords":
        # start-up: scans only; the library takes ten times as long to load as the lint of a file.
        from auditor.detect.prefiltering.native import NativePrefilter

        try:
            return NativePrefilter(triggers, digest)
        except ImportError:
            if engine == "hyperscan":
                raise
    # start-up: scans without hyperscan only
    from auditor.detect.prefiltering.words import WordPrefilter

    return WordPrefilter(triggers, digest)
