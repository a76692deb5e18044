"""What `audit fix` would do about one finding, as reports show it: nothing of it is carried out."""

from __future__ import annotations

from auditor.core.record import NamedTuple


class Replacement(NamedTuple):
    """Whole lines of a file as it is on disk: `text` stands for those from `start` up to `end` (1-based, `end` not
    included; equal ones insert). `width` is that of line `end` - 1, 0 unless the file ends there without a line end."""

    path: str
    start: int
    end: int
    text: str
    width: int = 0


class Proposal(NamedTuple):
    """A change that removes a finding. `applicability` is `safe`, `unsafe` or `show-only`, `reason` what had to be
    guessed for it. `diff` is unified, without secrets: for eyes, not for `patch`. `also` are files that change along
    and are not in it, `commands` how the build is called afterwards. `replacements` are the same change for programs;
    there are none where the new lines have secrets, or where the old ones are not those on disk."""

    title: str
    applicability: str
    reason: str
    diff: str
    also: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    replacements: tuple[Replacement, ...] = ()
