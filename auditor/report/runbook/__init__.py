"""The rotation runbook: what leaked, where it still is, how to replace each credential and to clean up, as Markdown.

No value is in it, whatever the options say: a runbook is handed on. Equal findings give equal text.
"""

from __future__ import annotations

from collections import Counter

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.report.meta import IMAGES
from auditor.report.runbook.credentials import credentials
from auditor.report.runbook.entries import source_of, steps
from auditor.report.runbook.markdown import Markdown, code, finalize, text, word
from auditor.report.runbook.places import SOURCE
from auditor.report.runbook.uses import Versions, services_of, versions_of
from auditor.report.templates import rendered
from auditor.report.terminal import inert

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence

    from auditor.core.finding import Finding, Report, Target
    from auditor.core.rotationrules import RotationEntry
    from auditor.report.meta import Meta
    from auditor.report.runbook.credentials import Credential
    from auditor.report.runbook.entries import Step
    from auditor.report.runbook.places import Place

_FOLDER, _TEMPLATE = "runbook", "runbook.md.j2"
#: Of more places, targets, names and small entries the first are listed, and the others counted.
MOST_PLACES, _MOST_TARGETS, _MOST_NAMES, _MOST_SMALL = 20, 20, 5, 50
_NOT_REFERENCES = ("oci:", "oci-archive:", "docker-archive:", "rootfs:")
_ARCHIVES = (".tar", ".tgz", ".gz", ".xz", ".bz2", ".zst", ".oci")
_TRANSPORTS = ("docker:", "podman:", "registry:")
_TRAILING = Pattern(r" +(?=\n)")
_GAP = Pattern(r"\n{3,}")
_HIDDEN_VALUE = "****"
_GIT = ".git"
_UNKNOWN_IMAGE = Markdown("IMAGE")


class Item(NamedTuple):
    """One credential as the template reads it; `first` is the number of an earlier item with the same steps, or 0."""

    number: int
    credential: Credential
    places: list[Place]
    more_places: int
    entry: RotationEntry
    steps: list[Step]
    first: int
    source: str
    file: Markdown
    versions: Versions
    services: list[Markdown]
    images: list[Markdown]
    checks: list[Markdown]


def render(report: Report, meta: Meta) -> str:
    """The runbook for all credentials that a report shows."""
    return written(report, meta)


def written(
    report: Report, meta: Meta, notes: Callable[[Finding], str] = lambda finding: "", more: Sequence[str] = ()
) -> str:
    """The runbook; `notes` says what has been done about a finding, `more` names further credentials."""
    found = credentials(report, meta, notes)
    real = [one for one in found if not (one.weak or one.placeholder)]
    images = [target for target in report.targets if target.kind in IMAGES]
    places = [place for one in real for place in one.places]
    values = {
        "items": _items(real, images, meta),
        "weak": [one for one in found if one.weak],
        "placeholders": [one for one in found if one.placeholder],
        "most": _MOST_SMALL,
        "more": more,
        "targets": images[:_MOST_TARGETS],
        "more_targets": max(len(images) - _MOST_TARGETS, 0),
        "incomplete": not report.complete,
        "hidden": len(report.active) - len(meta.shown(report)),
        "least": meta.min_severity.label,
        "suppressed": len(report.findings) - len(report.active),
        "images": _images(target.name for target in images),
        "in_images": any(place.part != SOURCE for place in places),
        "in_git": bool(more) or any(place.part == SOURCE or _GIT in place.path.split("/") for place in places),
        "code": code,
        "own": Markdown,
        "many": _many,
        "named": _naming(real),
        "standing": _standing,
        "listed": _listed,
        "placed": _placed,
    }
    made = rendered(_FOLDER, _TEMPLATE, values, finalize)
    return inert(_GAP.sub("\n\n", _TRAILING.sub("", made)).strip("\n") + "\n")


def _items(real: list[Credential], images: Sequence[Target], meta: Meta) -> list[Item]:
    told: dict[str, int] = {}
    names = {target.name for target in images}
    return [
        Item(
            number,
            one,
            one.places[:MOST_PLACES],
            max(len(one.places) - MOST_PLACES, 0),
            one.entry,
            steps(one.entry),
            first if (first := told.setdefault(one.entry["id"], number)) != number else 0,
            source_of(one.kind),
            word(one.file.removeprefix("./"), "FILE"),
            Versions(*map(Markdown, versions_of(one))),
            [Markdown(service) for service in services_of(one)],
            _images(held := _holding(one, names)),
            _checks(held, meta),
        )
        for number, one in enumerate(real, 1)
    ]


def _holding(one: Credential, names: Container[str]) -> list[str]:
    """The first images that hold a credential."""
    return list(dict.fromkeys(place.target for place in one.places if place.target in names))[:_MOST_NAMES]


def _checks(images: Sequence[str], meta: Meta) -> list[Markdown]:
    """The runs that have to come out clean: one for each image, or one for all files."""
    if images:
        return [Markdown(f"audit image {word(name, 'TARGET')}") for name in images]
    return [Markdown(f"audit {'scan PATH' if meta.command == 'scan' else 'lint .'}")]


def _images(names: Iterable[str]) -> list[Markdown]:
    """References of images that a runtime or registry knows; a word to be filled in where none is known."""
    found = dict.fromkeys(reference for name in names if (reference := _reference(name)))
    return list(found)[:_MOST_TARGETS] or [_UNKNOWN_IMAGE]


def _reference(name: str) -> Markdown:
    if name.startswith(_NOT_REFERENCES) or name.lower().endswith(_ARCHIVES):
        return Markdown()
    for transport in _TRANSPORTS:
        name = name.removeprefix(transport)
    return word(name, "")


def _many(number: int, noun: str) -> Markdown:
    return text(f"{number:,} {noun}{'' if number == 1 else 's'}")


def _naming(real: Sequence[Credential]) -> Callable[[Credential], Markdown]:
    """How credentials are called: by a few words, and where those do not tell one from another, by the first place."""
    called = Counter(map(_named, real))

    def named(one: Credential) -> Markdown:
        name, spot = _named(one), code(one.places[0].spot)
        return Markdown(f"{name} in {spot}") if called[name] > 1 and not name.endswith(spot) else name

    return named


def _named(one: Credential) -> Markdown:
    """A credential in a few words: what it is, and the surest sign of which one."""
    if one.file:
        return Markdown(f"{text(one.title)} {code(one.file)} in {code(one.places[0].spot)}")
    if one.names:
        return Markdown(f"{text(one.title)} {'in ' if one.kind else ''}{code(one.names[0])}")
    if one.redacted and one.redacted != _HIDDEN_VALUE:
        return Markdown(f"{text(one.title)} {code(one.redacted)}")
    return Markdown(f"{text(one.title)} in {code(one.places[0].spot)}")


def _standing(one: Credential) -> str:
    if one.verdict == "expired":
        return "expired"
    return "visible" if one.visible else "deleted or hidden, and still readable"


def _listed(names: Sequence[str]) -> Markdown:
    shown = ", ".join(code(name) for name in names[:_MOST_NAMES])
    return Markdown(f"{shown} and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else shown)


def _placed(place: Place) -> Markdown:
    """A place in one line: where, what holds it, what became of it, what made it."""
    parts = [code(place.spot)]
    if place.holder:
        digest = f" ({code(place.digest)})" if place.digest else ""
        parts.append(Markdown(f", {text(place.holder)}{digest} of {code(place.target)}"))
    if place.told:
        parts.append(Markdown(f": {text(place.told)}"))
    if place.made:
        parts.append(Markdown(f"; made by {code(place.made)}"))
    if place.source:
        parts.append(Markdown(f" in {code(place.source)}"))
    return Markdown("".join(parts))
