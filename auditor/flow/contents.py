"""Looks into the real build context: what the files that COPY takes in really hold, and which ones a folder brings."""

from __future__ import annotations

from auditor.core.record import NamedTuple
from auditor.core.span import Span
from auditor.detect import credfiles, positions
from auditor.detect.credfiles import CredentialFile
from auditor.flow.facts import LayerFile, Step
from auditor.lang.dockerfile.nodes import Text
from auditor.sources.context import BuildContext

_READ_LIMIT = 256 * 1024
_MAX_READS = 400
_MAX_LISTED = 200
#: Files of these kinds are nothing but their secret, whatever text is in them.
_OPAQUE_KINDS = frozenset("ssh-key key-store private-key pgp-key htpasswd shadow history".split())
_KEY_HEADS = (b"-----BEGIN", b"PuTTY-User-Key", b"openssh-key-v1", b"\xfe\xed\xfe\xed", b"\x30\x82")


class Taken(NamedTuple):
    """Sensitive files of the build context that one COPY source takes in. `whole`: the source is the context itself."""

    step: Step
    span: Span
    files: tuple[tuple[str, CredentialFile], ...]
    whole: bool
    has_ignore_file: bool


class ContextReader:
    """Reads the build context of one Dockerfile; bounded in files read, each file once."""

    def __init__(self, context: BuildContext) -> None:
        self.context = context
        self._known: dict[str, str] = {}

    def evidence(self, path: str, kind: CredentialFile) -> str:
        """`unknown` (not in the context), `secret`, `clean` (read, holds none), by the file's content."""
        if path not in self._known:
            self._known[path] = self._look(path, kind) if len(self._known) < _MAX_READS else "unknown"
        return self._known[path]

    def _look(self, path: str, kind: CredentialFile) -> str:
        data = self.context.read(path, _READ_LIMIT)
        if data is None:
            return "unknown"
        if not data.strip():
            return "clean"
        if kind.id == "private-key" or path.lower().endswith((".pem", ".key")):
            return _key_evidence(data)
        if kind.id in _OPAQUE_KINDS:
            return "secret"
        found = positions.find(data.decode("utf-8", "replace"))
        if any(p.level in ("secret", "weak") for p in found):
            return "secret"
        return "clean" if kind.certainty == "maybe" or kind.id in _READABLE else "secret"

    def judge(self, file: LayerFile) -> str:
        """Evidence for a copied credential file: its own, or that of the folder's files."""
        assert file.kind is not None
        if file.content.strip("./*") == "":
            return "unknown"
        paths = self.context.select(file.content)[:_MAX_LISTED]
        if file.kind.certainty == "folder":
            found = [self._inside(path) for path in paths]
        else:
            found = [self.evidence(path, file.kind) for path in paths]
        if not found:
            return "unknown"
        return "secret" if "secret" in found else "clean" if all(e == "clean" for e in found) else "unknown"

    def _inside(self, path: str) -> str:
        """Evidence for a file of a folder that may hold anything: as what its own name says."""
        kind = credfiles.recognise(path)
        if kind is not None and kind.certainty != "folder":
            return self.evidence(path, kind)
        data = self.context.read(path, _READ_LIMIT)
        if data is None:
            return "unknown"
        if b"PRIVATE KEY" in data or data.startswith(_KEY_HEADS[1:4]):
            return "secret"
        found = positions.find(data.decode("utf-8", "replace"))
        return "secret" if any(p.level in ("secret", "weak") for p in found) else "clean"

    def taken(self, step: Step, source: Text, path: str) -> Taken | None:
        """The sensitive files below a folder that COPY takes; None for a single file."""
        chosen = self.context.select(path)
        whole = path.strip("./*") == ""
        if not whole and chosen == [path.removeprefix("./").rstrip("/")]:
            return None
        files: list[tuple[str, CredentialFile]] = []
        git = False
        for name in chosen:
            if "/.git/" in "/" + name or name == ".git":
                git = True
                continue
            kind = credfiles.recognise(name)
            if kind is None or kind.certainty == "folder":
                continue
            if kind.certainty == "maybe" and self.evidence(name, kind) != "secret":
                continue
            if kind.certainty == "sure" and self.evidence(name, kind) == "clean":
                continue
            files.append((name, kind))
        if git and (folder := credfiles.recognise(".git/")) is not None:
            files.append((".git", folder))
        return Taken(step, source.whole, tuple(files), whole, self.context.ignore is not None)


#: Text files whose secrets the detector can read: without one they are harmless.
_READABLE = frozenset(
    "npmrc yarnrc netrc pypirc pip-conf dotenv git-credentials gitconfig docker-config kubeconfig maven-settings "
    "gradle-properties nuget-config terraform aws-credentials apt-auth wp-config bundle-config".split()
)


def _key_evidence(data: bytes) -> str:
    """A key file by its content: PEM private key, DER, or something public."""
    if b"PRIVATE KEY" in data:
        return "secret"
    if data.lstrip().startswith((b"-----BEGIN", b"ssh-")):
        return "clean"
    return "secret" if data.startswith(_KEY_HEADS) or len(data) < 8192 else "unknown"
