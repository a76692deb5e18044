"""Puts the HTML report together: the summary, the images, the list, and what was not read."""

from __future__ import annotations

import posixpath
from base64 import b64encode
from hashlib import sha256

from auditor.core.finding import Severity
from auditor.core.image import STATES
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.report.html.entries import Entries, Entry, listed, target_name
from auditor.report.html.escaping import BREAK, Html, finalize, prose
from auditor.report.html.layers import LANE, MIDDLE, timeline
from auditor.report.meta import IMAGES
from auditor.report.templates import rendered, source

if TYPE_CHECKING:
    from auditor.core.finding import Report, Target
    from auditor.report.html.layers import Timeline
    from auditor.report.meta import Meta

_FOLDER = "html"
#: More are not looked at in a browser, and make it slow; the strongest are kept.
MOST_FINDINGS = 25_000
#: Images with a timeline, files in the overview, and problems that are named.
_MOST_TIMELINES, _MOST_FILES, _MOST_PROBLEMS = 20, 15, 200
#: Names in the heading.
_MOST_NAMED = 3
#: Up to so many findings are shown open.
_OPEN = 5
_UNITS = {"lint": "file", "image": "image", "scan": "file"}


class Bar(NamedTuple):
    """A file of the overview: how many findings of each severity, with begin and width in percent."""

    name: str
    number: int
    parts: list[tuple[str, int, float, float]]


def render(report: Report, meta: Meta) -> str:
    """The whole page: all findings that are not hidden or suppressed. Secrets are masked in any case."""
    everything = listed(report)
    found = [pair for pair in everything if pair[0].severity >= meta.min_severity]
    kept = found[:MOST_FINDINGS]
    entries = Entries(report, meta)
    items = [entries.entry(number, finding, group) for number, (finding, group) in enumerate(kept, 1)]
    style, script = _inline("style.css"), _inline("script.js")
    values = {
        "meta": meta,
        "report": report,
        "style": style,
        "script": script,
        "policy": _policy(style, script),
        "entries": items,
        "cut": len(found) - len(kept),
        "open": len(items) <= _OPEN,
        "levels": _levels(items),
        "states": [state for state in STATES if any(state in item.states for item in items)],
        "rules": _rules(items),
        "named": _named(report, items),
        "timelines": (drawn := _timelines(report, items, entries)),
        "unshown_timelines": max(_with_layers(report) - len(drawn), 0),
        "bars": _bars(items),
        "guides": entries.advisor.guides(),
        "problems": _problems(report, entries),
        "skipped": _skipped(report),
        "most": _MOST_PROBLEMS,
        "hidden": len(everything) - len(found),
        "suppressed": len(report.findings) - len(report.active),
        "heading": (heading := _heading(report, meta)),
        "unnamed": len(_audited(report)) - len(heading) if meta.command == "image" else 0,
        "many": _many,
        "said": prose,
        "nl": BREAK,
        "unit": _UNITS.get(meta.command, "file"),
        "files": sum(target.files for target in report.targets),
        "lane": LANE,
        "middle": MIDDLE,
    }
    return rendered(_FOLDER, "report.html.j2", values, finalize, html=True)


def _inline(name: str) -> Html:
    return Html(source(_FOLDER, name).strip())


def _policy(style: str, script: str) -> str:
    """Nothing but this style and this script; no network, no form, no frame, no markup made of strings."""
    hashes = [b64encode(sha256(text.encode()).digest()).decode() for text in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; trusted-types 'none'; require-trusted-types-for 'script'"
    )


def _levels(items: list[Entry]) -> list[tuple[str, int]]:
    counted = dict.fromkeys((level.label for level in sorted(Severity, reverse=True)), 0)
    for item in items:
        counted[item.severity] += 1
    return list(counted.items())


def _rules(items: list[Entry]) -> list[tuple[str, int]]:
    counted: dict[str, int] = {}
    for item in items:
        counted[item.finding.rule] = counted.get(item.finding.rule, 0) + 1
    return sorted(counted.items())


def _named(report: Report, items: list[Entry]) -> list[tuple[int, str, int]]:
    """The targets with findings, to choose from: index, name, findings; most findings first."""
    counted: dict[int, int] = {}
    for item in items:
        counted[item.target] = counted.get(item.target, 0) + 1
    known = [(at, target_name(report.targets[at]), number) for at, number in counted.items() if at >= 0]
    return sorted(known, key=lambda entry: (-entry[2], entry[1]))


def _has_layers(target: Target) -> bool:
    return target.kind in IMAGES and bool(target.layers)


def _with_layers(report: Report) -> int:
    return sum(map(_has_layers, report.targets))


def _timelines(report: Report, items: list[Entry], entries: Entries) -> list[Timeline]:
    """Those of the images with the strongest findings, in the order of the report."""
    mine: dict[int, list[Entry]] = {}
    for item in items:
        mine.setdefault(item.target, []).append(item)
    images = [at for at, target in enumerate(report.targets) if _has_layers(target) or _holds(target, mine.get(at))]
    first = sorted(images, key=lambda at: mine[at][0].number if at in mine else len(items) + 1)
    made = []
    for at in sorted(first[:_MOST_TIMELINES]):
        target = report.targets[at]
        name = target.name
        made.append(timeline(target, at, mine.get(at, []), lambda c, room, name=name: entries.said(name, c, room)))  # type: ignore[misc]
    return made


def _holds(target: Target, mine: list[Entry] | None) -> bool:
    return target.kind in IMAGES and bool(mine)


def _bars(items: list[Entry]) -> list[Bar]:
    """The files with most findings; nothing where there is but one."""
    files: dict[str, dict[str, int]] = {}
    for item in items:
        if item.finding.image is None:
            counted = files.setdefault(item.finding.location.path, {})
            counted[item.severity] = counted.get(item.severity, 0) + 1
    if len(files) < 2:
        return []
    ordered = sorted(files.items(), key=lambda entry: (-sum(entry[1].values()), entry[0]))[:_MOST_FILES]
    most = max(sum(counted.values()) for _, counted in ordered)
    return [_bar(name, counted, most) for name, counted in ordered]


def _bar(name: str, counted: dict[str, int], most: int) -> Bar:
    parts, x = [], 0.0
    for level in sorted(Severity, reverse=True):
        if number := counted.get(level.label, 0):
            width = 100 * number / most
            parts.append((level.label, number, round(x, 3), round(width, 3)))
            x += width
    return Bar(name, sum(counted.values()), parts)


def _problems(report: Report, entries: Entries) -> list[tuple[str, str]]:
    """What could not be read whole: place and reason."""
    told = []
    for target in report.targets:
        for error in target.errors:
            place = error.path or target.name
            if target.kind in IMAGES and place != target.name:
                place = f"{target.name}: {place}"
            told.append(
                (f"{place}:{error.line}" if error.line else place, entries.masker(target.name).mask(error.message))
            )
    return told


def _skipped(report: Report) -> list[tuple[str, int, str]]:
    """What was left out on purpose, by reason: how much, and the first of it; most first."""
    reasons: dict[str, list[str]] = {}
    for target in report.targets:
        for item in target.skipped:
            reasons.setdefault(item.reason, []).append(item.path)
    ordered = sorted(reasons.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return [(reason, len(paths), paths[0]) for reason, paths in ordered]


def _audited(report: Report) -> list[Target]:
    """What was read, without the folders that were searched for it; those where there was nothing in them."""
    return [target for target in report.targets if target.kind != "directory"] or report.targets


def _heading(report: Report, meta: Meta) -> list[str]:
    """What the report is about: the first names, or for many files their number and common folder."""
    names = [target_name(target) for target in _audited(report)]
    if meta.command == "image" or len(names) <= _MOST_NAMED:
        return names[:_MOST_NAMED]
    try:
        folder = posixpath.commonpath([posixpath.dirname(name) for name in names])
    except ValueError:  # absolute and relative ones
        folder = ""
    return [f"{len(names):,} files{f' in {folder}' if folder else ''}"]


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
