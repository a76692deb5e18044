"""Which packages npm has installed from a public registry, as npm's own hidden lockfile says.

npm keeps no digests of single files, so nothing proves that they are unmodified; but it says for each package where it
came from. A package of a company's registry, of another one than most packages, of git, of a folder or of no registry
at all may be in-house.
(npm documentation, package-lock.json: "Hidden Lockfiles".)
"""

from __future__ import annotations

import json
from collections import Counter

from auditor.sources.images.owning.inhouse import is_public_host

_LOCKFILE = "node_modules/.package-lock.json"
_LARGEST = 32 << 20
_MOST = 200_000
_FOLDER = "node_modules/"
_NAME_PARTS = 2
_NOT_SAID = "(registry)"


def is_lockfile(path: str) -> bool:
    """Whether a file is npm's hidden lockfile."""
    return path.endswith(_LOCKFILE)


class NpmPackages:
    """Collects the lockfiles of one layer."""

    def __init__(self) -> None:
        self._public: set[str] = set()

    def add(self, path: str, data: bytes) -> None:
        """Read one lockfile. Never raises; one that is too long or broken says nothing."""
        if len(data) > _LARGEST:
            return
        try:
            packages = json.loads(data).get("packages")
        except (ValueError, RecursionError, AttributeError):
            return
        if not isinstance(packages, dict):
            return
        hosts = {name: _host(entry) for name, entry in list(packages.items())[:_MOST]}
        most = Counter(host for host in hosts.values() if host).most_common(1)
        root = path.removesuffix(_LOCKFILE)
        if most and (most[0][0] == _NOT_SAID or is_public_host(most[0][0])):
            self._public |= {root + name for name, host in hosts.items() if host == most[0][0]}

    def brought(self, path: str) -> bool:
        """Whether a file lies in a package that came from the registry that most of them came from."""
        at = path.rfind(_FOLDER)
        if at < 0 or not self._public:
            return False
        start = at + len(_FOLDER)
        parts = path[start:].split("/", _NAME_PARTS)
        name = "/".join(parts[:2] if parts[0].startswith("@") else parts[:1])
        return path[:start] + name in self._public


def _host(entry: object) -> str:
    """Where a package was fetched from: the host of an https address of an archive with its digest, else "".

    npm can be told to leave the addresses of registry packages out; those of others it always writes.
    """
    if not isinstance(entry, dict) or entry.get("link") or not isinstance(entry.get("integrity"), str):
        return ""
    resolved = entry.get("resolved")
    if resolved is None:
        return _NOT_SAID
    if not isinstance(resolved, str) or not resolved.startswith("https://"):
        return ""
    return resolved[len("https://") :].partition("/")[0].rpartition("@")[2].lower()
