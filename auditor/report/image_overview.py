"""How the report on an image ends: what was searched, and which secrets to replace, each in one line."""

from __future__ import annotations

from auditor.core.image import LIVE
from auditor.core.layerline import FAILED, SKIPPED
from auditor.core.record import TYPE_CHECKING
from auditor.report.images import part, spot
from auditor.report.terminal import Painter, columns, cut, escape, wrap

if TYPE_CHECKING:
    from auditor.core.finding import Finding, Target
    from auditor.core.layerline import LayerLine
    from auditor.report.images import Group
    from auditor.report.meta import Meta

#: Fewer secrets are seen at one glance without a list; of more than can be, the worst are listed.
_FEWEST, _MOST = 4, 40
_LONGEST_NAME = 40
_MASK = "****"
_CUT = "…"


def searched(target: Target, hit: set[int | None], width: int) -> list[str]:
    """Which layers hold nothing, and which nobody has looked at; `hit` are those with findings, shown or not."""
    clean = [layer.number for layer in target.layers if layer.number not in hit and was_read(layer)]
    unread = [layer.number for layer in target.layers if not was_read(layer)]
    lines = wrap(f"Not searched whole: {_ranges(unread)}.", width, "", "") if unread else []
    return lines + (wrap(f"Nothing found in {_ranges(clean)}.", width, "", "") if clean else [])


def was_read(layer: LayerLine) -> bool:
    """Whether a layer was searched to its end, now or before."""
    return layer.state not in (SKIPPED, FAILED)


def overview(found: list[Group], meta: Meta) -> list[str]:
    """The secrets, worst first, where there are too many to see at one glance: what it is, and where it is."""
    if len(found) < _FEWEST:
        return []
    worst = sorted((group.finding for group in found), key=lambda f: (-f.severity, -f.confidence, f.sort_key))
    listed = worst if meta.verbose else worst[:_MOST]
    levels = max(len(finding.severity.label) for finding in listed)
    names = [cut(escape(_name(finding)), _LONGEST_NAME) for finding in listed]
    longest = max(map(columns, names))
    painter = Painter(meta.color)
    lines = ["", painter.paint("path", "To replace, worst first:")]
    for finding, name in zip(listed, names, strict=True):
        level = painter.severity(finding.severity, finding.severity.label)
        lead = f"  {level}{' ' * (levels - len(finding.severity.label))}  {name}{' ' * (longest - columns(name))}"
        room = max(meta.width - 6 - levels - longest, 8)
        lines.append(f"{lead}  {_place(finding, room)}")
    if len(worst) > len(listed):
        lines.append(f"  and {len(worst) - len(listed)} more (-v lists them)")
    return lines


def _name(finding: Finding) -> str:
    if finding.secret is None:
        return finding.rule
    # What a key in PEM ends with tells nothing.
    shown = finding.secret.redacted.removesuffix("----")
    return finding.secret.kind if shown == _MASK else f"{finding.secret.kind} {shown}"


def _place(finding: Finding, room: int) -> str:
    """Where it is and what became of that, in `room` columns; of a long path its end says most."""
    if finding.image is None:
        return cut(escape(finding.location.path), room)
    holder, state = f"{part(finding.image)}: ", finding.image.state
    gone = "" if state == LIVE else f", {state}"
    return holder + _end(escape(spot(finding.image)), max(room - len(holder) - len(gone), 8)) + gone


def _end(text: str, room: int) -> str:
    if columns(text) <= room:
        return text
    used, at = 1, len(text)
    while at > 0 and used + columns(text[at - 1]) <= room:
        at -= 1
        used += columns(text[at])
    return _CUT + text[at:]


def _ranges(numbers: list[int]) -> str:
    """`layer 3`, `layers 0-2, 4`."""
    runs: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    listed = ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in runs)
    return f"{'layer' if len(numbers) == 1 else 'layers'} {listed}"
