"""What COPY and ADD put into a layer: credential files by name, inline files, files of earlier stages, folders."""

from __future__ import annotations

from collections.abc import Callable

from auditor.core.secret import Secret
from auditor.core.span import Span
from auditor.detect import credfiles, positions
from auditor.detect.credfiles import CredentialFile
from auditor.flow.facts import LayerFile, Literal, Origin, Step, Use, Variable
from auditor.flow.paths import absolute, covers
from auditor.flow.state import Facts, Layers
from auditor.lang.dockerfile import words
from auditor.lang.dockerfile.nodes import Heredoc, Instruction, Text

_PUBLIC_NAMES = frozenset({"config", "known_hosts", "authorized_keys", "ssh_config", "sshd_config"})
_WHOLE = frozenset({".", "./", "*", "./*", "/", "/.", "./."})

Expand = Callable[[str], str]
Find = Callable[[str], "Variable | None"]


class Copy:
    """One COPY or ADD being followed."""

    def __init__(
        self,
        step: Step,
        facts: Facts,
        layers: Layers,
        cwd: str,
        home: str,
        expand: Expand,
        find: Find,
        *,
        sees_context: bool,
    ) -> None:
        self.step = step
        #: Whether the real build context is at hand; without it, what a folder brings can only be guessed.
        self.sees_context = sees_context
        self.node: Instruction = step.instruction
        self.facts = facts
        self.layers = layers
        self.cwd = cwd
        self.home = home
        self.expand = expand
        self.find = find
        self.sources = [w for w in self.node.words[:-1] if not w.text.startswith("<<")]
        self.target = self.node.words[-1] if self.node.words else None

    def run(self, stage_layers: Layers | None) -> None:
        """Record what the instruction brings; `stage_layers` are those of the stage that `--from` names."""
        if self.target is None:
            return
        if self.node.flag("from") is not None:
            if stage_layers is not None:
                self._carry(stage_layers)
            return
        for heredoc in self.node.heredocs:
            self._inline(heredoc)
        for source in self.sources:
            self._source(source)

    # -- from the build context ----------------------------------------------------------------------------------

    def _source(self, source: Text) -> None:
        text = self.expand(source.text)
        self._url(source)
        if "://" in text or text.startswith("git@"):
            return
        if not self.sees_context and (text in _WHOLE or "." not in text.strip("./").rpartition("/")[2]):
            self.layers.took_unknown = True
        if self._excluded(text):
            return
        kind, span = self._kind(text, source)
        path = self._landing(text)
        if kind is None:
            self.facts.placed.append((self.step, path, text, source.whole))
            return
        file = LayerFile(path, "copied", span, self.step, kind)
        file.content = text
        file.origins = tuple(Origin.of(v) for u in words.variables(source.text) if (v := self.find(u.name)))
        self._keep(file)

    def take(
        self, source: str, files: tuple[tuple[str, CredentialFile], ...], span: Span
    ) -> tuple[tuple[str, CredentialFile], ...]:
        """Put what a folder or a glob of the real context brings into the layer; returns what `--exclude` leaves."""
        kept = tuple((name, kind) for name, kind in files if not self._excluded(name))
        depth = len([part for part in source.split("/") if part not in ("", ".")])
        for name, kind in kept:
            if kind.certainty == "folder" or name == ".git":  # a history may hold a secret; it need not
                continue
            parts = name.split("/")
            file = LayerFile(
                "/".join((self._target().rstrip("/"), *(parts[depth:] or parts[-1:]))), "context", span, self.step, kind
            )
            file.content, file.evidence = name, "secret"
            self._keep(file)
        return kept

    def _kind(self, text: str, source: Text) -> tuple[CredentialFile | None, Span]:
        """What kind of credential file this is, by its source or by where it goes, and the word that says so."""
        assert self.target is not None
        bare = _without_wildcards(text) if text not in _WHOLE else text
        landing = self._landing(text)
        if landing.endswith((".pub", ".crt", ".cer")):
            return None, source.whole  # it is put down as a public key or a certificate
        by_source = credfiles.recognise(bare) if text and text not in _WHOLE else None
        named = bool(text) and bare.rstrip("/").rpartition("/")[2] not in ("", ".", "..")
        if not (named or text in _WHOLE):
            landing = self._target()
        by_target = credfiles.recognise(landing)
        if by_source is not None and by_source.certainty == "sure":
            return by_source, source.whole
        if (
            by_target is not None
            and by_target.certainty == "sure"
            and not (_public(bare, by_target) or credfiles.is_sample(bare))
        ):
            return by_target, self.target.whole
        found = by_source or (by_target if by_target and by_target.certainty == "maybe" else None)
        return found, source.whole

    def _target(self) -> str:
        assert self.target is not None
        return absolute(self.expand(self.target.text), self.cwd, self.home)

    def _landing(self, source: str) -> str:
        """Absolute path at which a source ends up."""
        assert self.target is not None
        goal = self.expand(self.target.text)
        base = source.rstrip("/").rpartition("/")[2]
        is_folder = goal.endswith(("/", "/.")) or goal in (".", "..") or len(self.sources) > 1
        if is_folder and base not in ("", ".", "*", "..") and not source.endswith("/"):
            goal = goal.rstrip("/") + "/" + base if goal not in (".",) else base
        return absolute(goal, self.cwd, self.home)

    def _url(self, source: Text) -> None:
        """Credentials in the URL that ADD fetches."""
        for found in positions.find(source.text):
            span = source.span(found.begin, found.end)
            if found.kind == "url" and found.level == "variable":
                inside = words.variables(source.text[found.start : found.end])
                origins = tuple(Origin.of(v) for u in inside if (v := self.find(u.name)) is not None)
                self.facts.uses.append(Use("url", self.step, span, self.node.keyword, origins))
            elif found.level in ("secret", "weak"):
                secret = Secret(source.text[found.start : found.end], found.secret_kind, found.prefix)
                literal = Literal(secret, span, found.level, found.kind, found.name)
                kind = "url" if found.kind == "url" else "literal"
                self.facts.uses.append(Use(kind, self.step, span, self.node.keyword, (), literal))

    # -- heredocs ------------------------------------------------------------------------------------------------

    def _inline(self, heredoc: Heredoc) -> None:
        """`COPY <<EOF /path`: the file's content stands in the Dockerfile, and variables are expanded into it."""
        assert self.target is not None
        path = self._landing(heredoc.name)
        kind = credfiles.recognise(path)
        body = heredoc.body
        found: list[Literal] = []
        origins: list[Origin] = []
        for position in positions.find(body.text):
            if position.level in ("secret", "weak"):
                secret = Secret(body.text[position.start : position.end], position.secret_kind, position.prefix)
                span = body.span(position.start, position.end)
                found.append(Literal(secret, span, position.level, position.kind, position.name))
        if heredoc.expand:
            for use in words.variables(body.text):
                variable = self.find(use.name)
                if variable is not None:
                    origins.append(Origin.of(variable))
        file = LayerFile(path, "inline", self.target.whole, self.step, kind)
        file.literals, file.origins, file.content = tuple(found), tuple(origins), body.text[:4096]
        if found or origins:
            self._keep(file)

    def _keep(self, file: LayerFile) -> None:
        self.facts.files.append(file)
        self.facts.show(self.layers, file.path, file, self.step)

    # -- from another stage --------------------------------------------------------------------------------------

    def _carry(self, other: Layers) -> None:
        """Take along what another stage shows below the source: a folder's content, or one file."""
        for source in self.sources:
            path = absolute(self.expand(source.text), "/", "/root")
            for at, file in other.find(path, shell=False):
                if self._excluded(at):
                    continue
                below = at[len(path.rstrip("/")) :] if at.startswith(path.rstrip("/") + "/") else ""
                goal = self._target() + below if below else self._landing(at)
                file.carried.append((self.step, source.whole))
                if not self.facts.show(self.layers, goal, file, self.step):
                    return

    def _excluded(self, path: str) -> bool:
        """Whether `COPY --exclude` leaves a path out."""
        patterns = [flag.value.removeprefix("**/") for flag in self.node.flags if flag.name == "exclude" and flag.value]
        return any(
            covers("/" + p.lstrip("/"), "/" + path.lstrip("/"), shell=False) or _named(p, path) for p in patterns
        )


def _named(pattern: str, path: str) -> bool:
    """Whether a pattern without folders fits the path's last name."""
    return "/" not in pattern and covers("/" + pattern, "/" + path.rpartition("/")[2], shell=False)


def _without_wildcards(text: str) -> str:
    """A name that the pattern matches: `*.key` is some key, `.env*` an environment file."""
    folder, slash, base = text.rpartition("/")
    base = "name" + base.lstrip("*") if base.startswith("*") else base
    return folder + slash + base.replace("*", "")


def _public(name: str, kind: CredentialFile) -> bool:
    """Whether a file name is that of public material, wherever it is put."""
    base = name.rpartition("/")[2].lower()
    if base.endswith((".pub", ".crt", ".cer", ".sh", ".md")):
        return True
    return kind.id in ("ssh-folder", "aws-credentials") and base in _PUBLIC_NAMES
