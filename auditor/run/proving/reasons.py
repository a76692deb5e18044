"""Differences that are the point of a rewrite, each with its reason; all others are left."""

from __future__ import annotations

import posixpath
import re
from hashlib import sha256

from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import encoded
from auditor.run.proving.files import FILE, FOLDER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from auditor.run.proving.differences import FileChange, SettingChange
    from auditor.run.proving.files import File
    from auditor.run.proving.leftout import LeftOut
    from auditor.run.proving.masking import Masks
    from auditor.run.proving.shapes import Wish

_MOUNT = re.compile(r"--mount=(\S+)")
_SECRETS = "run/secrets"
_AGENT = "run/buildkit"
#: In what a file may differ whose content held a value.
_OF_CONTENT = frozenset(("existence", "content"))
#: XDG Base Directory Specification: "non-essential data". A command that is gone leaves none.
_CACHE = ".cache"
_SHELL, _HANDS_OVER = ("/bin/sh", "-c"), 'exec "$@"'
#: Statements that do nothing but export a variable from a file of secrets, under conditions or not.
_EXPORTS = re.compile(
    r"""(?:(?:\[ (?:-n "\$\{\w+\+set\}"|! -r /run/secrets/[\w.-]+) \] \|\| )*"""
    r"""export \w+="\$\(cat /run/secrets/[\w.-]+\)"; )+"""
)
_DIGITS = re.compile(r"[0-9]+")


class Reasons:
    """Knows what a rewrite may change. `held` are paths of the image before whose contents held a value."""

    def __init__(
        self, wish: Wish, masks: Masks, left_out: LeftOut, held: Collection[str], after: Mapping[str, File]
    ) -> None:
        self._masks = masks
        self._left_out = left_out
        self._held = frozenset(held)
        self._names = {secret.name for secret in wish.secrets if secret.name}
        self._targets = mount_targets(wish.after)
        self._new = {sha256(encoded(text)).hexdigest() for text in wish.new_files.values()}
        self._after = after
        self._taken: set[str] = set()

    def of_setting(self, change: SettingChange) -> str:
        """Why a setting may differ; "" if there is no reason."""
        setting, name, before, after = change
        if setting in ("Env", "Labels") and after is None:
            if setting == "Env" and name in self._names:
                return "the variable of the secret"
            return "it held a value" if self._masks.holds(f"{name}={before}") else ""
        if setting == "Env" and before is None:
            leads = f"{after}/".startswith(f"/{_SECRETS}/")
            return "it says where secrets are mounted" if leads else ""
        if setting in ("Entrypoint", "Healthcheck"):
            return self._of_command(setting, before, after)
        return ""

    def of_files(self, changes: Sequence[FileChange]) -> dict[FileChange, str]:
        """Reasons of the paths that have one. Folders come last: what they held decides."""
        found: dict[FileChange, str] = {}
        for change in sorted(changes, key=lambda change: (_is_folder(change), -change.path.count("/"))):
            if reason := self._of_file(change):
                found[change] = reason
                self._taken.add(change.path)
        return found

    def _of_command(self, setting: str, before: object, after: object) -> str:
        """An entry point or health check with a file of the rewrite before it."""
        if setting == "Healthcheck" and isinstance(before, dict) and isinstance(after, dict):
            if {**before, "Test": None} != {**after, "Test": None}:
                return ""
            before, after = _plain(before.get("Test")), _plain(after.get("Test"))
        old, new = before or [], after or []
        if not (isinstance(old, list) and isinstance(new, list) and new):
            return ""
        if _is_given_secrets(old, new):
            return "the same command, with secrets exported before it"
        if new[1:] != old:
            return ""
        file = self._after.get(str(new[0]).strip("/"))
        wraps = file is not None and file.content in self._new
        return "the same command behind a file of the rewrite" if wraps else ""

    def _of_file(self, change: FileChange) -> str:
        path, before, after = change
        if after is not None and after.kind == FILE and after.content in self._new:
            return "a file of the rewrite"
        if before is None and after is not None:
            return self._of_new(path, after)
        if path in self._held and change.aspects <= _OF_CONTENT:
            return "its content held a value"
        if after is None and before is not None and self._left_out.explains(path, before):
            return "the rewrite keeps it out of the build context"
        if after is None and _CACHE in path.split("/")[:-1]:
            return "a cache, which nothing depends on"
        if after is None and before is not None and before.kind == FOLDER:
            if any(taken.startswith(f"{path}/") for taken in self._taken):
                return "the folder of what was taken out"
            # Newer engines take away again what they made for a mount.
            return "the folder of a mount" if any(self._is_above(path, target) for target in self._targets) else ""
        return ""

    def _of_new(self, path: str, after: File) -> str:
        if after.kind == FILE and after.size == 0 and self._is_target(path):
            return "an empty file where a secret was mounted"
        if after.kind == FOLDER:
            if path in (_SECRETS, _AGENT) or self._is_target(path):
                return "an empty folder where something was mounted"
            inside = any(self._is_above(path, target) for target in self._targets)
            inside = inside or any(taken.startswith(f"{path}/") for taken in self._taken)
            return "the folder of a mount" if inside else ""
        return ""

    def _is_target(self, path: str) -> bool:
        """Whether something is mounted there; where a path is relative, below some working directory."""
        return any(
            path == target.strip("/") if target.startswith("/") else f"/{path}".endswith(f"/{target}")
            for target in self._targets
        )

    @staticmethod
    def _is_above(path: str, target: str) -> bool:
        return target.startswith(f"/{path}/")


def _is_given_secrets(old: list[object], new: list[object]) -> bool:
    """Whether a command is as it was but for exports of mounted secrets, by a shell before it or in one that was there
    already."""
    if new[:2] != list(_SHELL) or len(new) < 4:
        return False
    before, script = _HANDS_OVER, str(new[2])
    if old[:2] == new[:2] and old[3:] == new[3:]:
        before = str(old[2])
    elif new[4:] != old or new[3] != "sh":
        return False
    if not (before.endswith(_HANDS_OVER) and script.endswith(_HANDS_OVER)):
        return False
    known, now = before.removesuffix(_HANDS_OVER), script.removesuffix(_HANDS_OVER)
    return bool(_EXPORTS.fullmatch(now.removeprefix(known)) or _EXPORTS.fullmatch(now.removesuffix(known)))


def mount_targets(dockerfile: bytes) -> frozenset[str]:
    """Where the RUNs of a Dockerfile mount something, as written: absolute or relative to a working directory."""
    targets = {f"/{_SECRETS}", f"/{_AGENT}"}
    for flag in _MOUNT.findall(dockerfile.decode("utf-8", "replace")):
        pairs = dict(_option(word) for word in flag.split(","))
        target = next((pairs[key] for key in ("target", "dst", "destination") if pairs.get(key)), "")
        name = pairs.get("id", "")
        if not target and name and "/" not in name:
            target = f"/{_SECRETS}/{name}"
        if target:
            clean = posixpath.normpath(target)
            targets.add("/" + clean.lstrip("/") if clean.startswith("/") else clean)
    return frozenset(targets)


class Noise:
    """What two builds of the same Dockerfile do not have in common: what is due to the time of a build."""

    def __init__(self, changes: Iterable[FileChange]) -> None:
        self._changes = {change.path: change.aspects for change in changes}
        self._shapes = {_shape(path) for path, aspects in self._changes.items() if "existence" in aspects}

    def explains(self, change: FileChange) -> bool:
        """Whether a path differs only in what differed there anyway, or has a name that is new with every build."""
        known = self._changes.get(change.path)
        if known is not None and change.aspects <= known:
            return True
        return "existence" in change.aspects and _shape(change.path) in self._shapes


def _shape(path: str) -> tuple[str, str]:
    """A path whose name is the same but for its digits."""
    folder, name = posixpath.split(path)
    return folder, _DIGITS.sub("0", name)


def _option(word: str) -> tuple[str, str]:
    key, _, value = word.partition("=")
    return key.strip().lower(), value.strip("\"'")


def _plain(test: object) -> object:
    """The words of a health check, those of a shell written out."""
    if not isinstance(test, list) or not test:
        return test
    kind, *words = test
    return ["/bin/sh", "-c", *words] if kind == "CMD-SHELL" else words


def _is_folder(change: FileChange) -> bool:
    there = change.before or change.after
    return there is not None and there.kind == FOLDER
