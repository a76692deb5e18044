"""What is known at one point of a build: the stage's layer files, and inside a RUN the shell's variables and folder."""

from __future__ import annotations

from auditor.core.span import Span
from auditor.flow.facts import CacheUse, LayerFile, Literal, Origin, Step, Use, Variable
from auditor.flow.paths import absolute, covers


class Facts:
    """Everything found so far, in build order. `limits` says what a bound cut short."""

    __slots__ = ("caches", "files", "limits", "placed", "uses", "variables")

    def __init__(self) -> None:
        self.variables: list[Variable] = []
        self.files: list[LayerFile] = []
        self.uses: list[Use] = []
        self.caches: list[CacheUse] = []
        self.limits: list[tuple[Step, str]] = []
        #: Every file that COPY or ADD takes from the context: where it lands, its source, the word that names it.
        self.placed: list[tuple[Step, str, str, Span]] = []


class Layers:
    """The credential files that a stage's layers hold so far, those of its base stage included."""

    __slots__ = ("files", "took_context")

    def __init__(self, parent: Layers | None = None) -> None:
        self.files: list[LayerFile] = list(parent.files) if parent else []
        #: Whether a whole folder was copied in, which may have brought files nobody named.
        self.took_context: bool = parent.took_context if parent else False

    def find(self, path: str) -> list[LayerFile]:
        """The files still there that a path (glob, folder) covers."""
        return [f for f in self.files if not f.gone and not f.removed and covers(path, f.path)]


class Shell:
    """State while the commands of one RUN are followed.

    `variables` maps names to where their values come from; `mounts` are the build secrets' files by target path,
    `cache_mounts` the targets of other mounts; `environment` are all names that ENV and ARG set.
    """

    __slots__ = (
        "cache_mounts",
        "cwd",
        "environment",
        "exported",
        "facts",
        "home",
        "layers",
        "mounts",
        "step",
        "variables",
        "xtrace",
    )

    def __init__(self, step: Step, facts: Facts, layers: Layers, cwd: str, home: str) -> None:
        self.step = step
        self.facts = facts
        self.layers = layers
        self.cwd = cwd
        self.home = home
        self.variables: dict[str, tuple[Origin, ...]] = {}
        self.mounts: list[tuple[str, Origin]] = []
        self.cache_mounts: list[str] = []
        self.environment: frozenset[str] = frozenset()
        self.exported: tuple[Origin, ...] = ()
        self.xtrace = False

    def path(self, text: str) -> str:
        """Absolute path of a word's rendered text."""
        return absolute(text, self.cwd, self.home)

    def contents(self, path: str) -> tuple[Origin, ...]:
        """Where the content of a file comes from: a mounted build secret, or a credential file of the layers."""
        found = [origin for target, origin in self.mounts if covers(path, target) or covers(target, path)]
        if not found:
            found = [
                Origin("file", f.path, f.span, file=f) for f in self.layers.find(path) if f.path == path or "*" in path
            ]
        return tuple(found)

    def use(
        self, kind: str, span: Span, detail: str, origins: tuple[Origin, ...] = (), literal: Literal | None = None
    ) -> None:
        """Record a use in the current instruction."""
        self.facts.uses.append(Use(kind, self.step, span, detail, origins, literal))

    def remove(self, path: str, span: Span) -> bool:
        """Take files out of the layers; returns whether any known one was there."""
        found = self.layers.find(path)
        for file in found:
            if file.step.instruction is self.step.instruction:
                file.gone = True
            else:
                file.removed.append((self.step, span))
        return bool(found)


def unique(origins: list[Origin]) -> tuple[Origin, ...]:
    """The origins without repetition, in order."""
    seen: set[tuple[str, str, int]] = set()
    kept: list[Origin] = []
    for origin in origins:
        key = (origin.kind, origin.name, origin.span.start)
        if key not in seen:
            seen.add(key)
            kept.append(origin)
    return tuple(kept)
