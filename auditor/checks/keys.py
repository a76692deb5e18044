"""Private keys of servers in the image: which configuration names them, and what that means for their remedy."""

from __future__ import annotations

from auditor.checks.case import at
from auditor.checks.remedies import given_at_start
from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.core.finding import Step
    from auditor.core.span import Span
    from auditor.flow.build import Build
    from auditor.flow.configurations import Configuration, Naming
    from auditor.flow.facts import LayerFile

#: Kinds of files that servers read keys from.
_KINDS = frozenset({"private-key", "pem", "tls-folder", "secrets-folder"})
_MOST_STEPS, _MOST_FILES = 6, 50


class Named(NamedTuple):
    """A key of the image and a setting that names it; `exact`: the file itself, not the folder it is in."""

    file: LayerFile
    configuration: Configuration
    naming: Naming
    exact: bool


def named(build: Build, file: LayerFile) -> list[Named]:
    """The settings in the image that name a copied key, or a key of a copied folder; each once."""
    kind = file.kind
    if kind is None or kind.id not in _KINDS:
        return []
    from auditor.flow.configurations import naming, naming_folder, places  # start-up: builds with keys only

    files = [file]
    if kind.certainty != "sure":
        files += [f for f in build.facts.files if f.how == "context" and f.span == file.span and f.kind is not None]
    found: dict[tuple[str, Span], Named] = {}
    for one in files[:_MOST_FILES]:
        for path in places(build, one.content, one.path):
            exact = naming(build, path)
            for configuration, each in exact or naming_folder(build, path):
                found.setdefault((configuration.shown, each.span), Named(one, configuration, each, bool(exact)))
    return list(found.values())


def story(build: Build, found: Sequence[Named]) -> list[Step]:
    """One step for each setting that names the key."""
    steps = []
    for _file, configuration, each, _exact in found[:_MOST_STEPS]:
        where = f"{configuration.shown}, line {configuration.line(each)},"
        steps.append(at(build, f"{where} names it: {each.directive} {each.word}", configuration.span))
    return steps


def remedy(found: Sequence[Named], *, ignored: bool = False) -> str:
    """The way out of the image for the key; "" where no setting names the very file. `ignored`: by .dockerignore."""
    for file, configuration, each, exact in found:
        if exact:
            place = f"{configuration.shown}, line {configuration.line(each)}"
            return given_at_start(file, place, each.directive, ignored=ignored)
    return ""
