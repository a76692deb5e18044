"""How two images differ: nothing is judged here."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.run.proving.files import File
    from auditor.run.proving.trees import Whole

#: What a container's start depends on (OCI image-spec, config).
SETTINGS = (
    "Env",
    "Cmd",
    "Entrypoint",
    "User",
    "WorkingDir",
    "Labels",
    "ExposedPorts",
    "Volumes",
    "Healthcheck",
    "OnBuild",
    "Shell",
    "StopSignal",
    "StopTimeout",
)
_NAMED = ("Env", "Labels")
_KINDS = {"0": "a file", "2": "a symbolic link", "3": "a device", "4": "a device", "5": "a folder", "6": "a pipe"}
_WORDS = {"xattrs": "extended attributes", "device": "device number", "link": "target of the link"}


class SettingChange(NamedTuple):
    """A setting, or one name of Env and Labels, with both values; None: it is not there."""

    setting: str
    name: str
    before: object
    after: object


class FileChange(NamedTuple):
    """A path with what is there in both images; None: nothing."""

    path: str
    before: File | None
    after: File | None

    @property
    def aspects(self) -> frozenset[str]:
        """In what they differ: names of fields, or `existence`."""
        if self.before is None or self.after is None:
            return frozenset(("existence",))
        if self.before.kind != self.after.kind:
            return frozenset(("kind",))
        pairs = zip(self.before._fields, self.before, self.after, strict=True)
        # Whether another content has another size is chance.
        return frozenset(name for name, one, other in pairs if one != other) - {"size"}

    @property
    def described(self) -> str:
        """The difference in words."""
        before, after = self.before, self.after
        if before is None or after is None:
            there = before or after
            what = _KINDS.get(there.kind, "something") if there else "nothing"
            return f"{what} only in the image {'before' if before else 'after'}"
        aspects = self.aspects
        if "kind" in aspects:
            return f"{_KINDS.get(before.kind, 'something')} before, {_KINDS.get(after.kind, 'something')} after"
        told = []
        if "mode" in aspects:
            told.append(f"mode {before.mode:04o} before, {after.mode:04o} after")
        if aspects & {"uid", "gid"}:
            told.append(f"owner {before.uid}:{before.gid} before, {after.uid}:{after.gid} after")
        told += [f"another {_WORDS.get(name, name)}" for name in sorted(aspects - {"mode", "uid", "gid"})]
        return "; ".join(told)


def setting_changes(before: Mapping[str, object], after: Mapping[str, object]) -> list[SettingChange]:
    """The settings that differ; variables and labels each by its name, whatever their order."""
    found: list[SettingChange] = []
    for setting in SETTINGS:
        one, other = before.get(setting) or None, after.get(setting) or None
        if setting not in _NAMED:
            if one != other:
                found.append(SettingChange(setting, "", one, other))
            continue
        old, new = _by_name(one), _by_name(other)
        for name in dict.fromkeys([*old, *new]):
            if old.get(name) != new.get(name):
                found.append(SettingChange(setting, name, old.get(name), new.get(name)))
    return found


def file_changes(before: Whole, after: Whole) -> list[FileChange]:
    """The paths at which the two differ, sorted."""
    one, other = before.tree, after.tree
    found = [FileChange(path, file, other.get(path)) for path, file in one.items() if file != other.get(path)]
    found += [FileChange(path, None, file) for path, file in other.items() if path not in one]
    return sorted(found, key=lambda change: change.path)


def _by_name(value: object) -> dict[str, str]:
    """Env as (name, value), and Labels as they are."""
    if isinstance(value, dict):
        return {str(name): str(text) for name, text in value.items()}
    texts = value if isinstance(value, list) else []
    pairs = (str(text).partition("=") for text in texts)
    return {name: text for name, _, text in pairs}
