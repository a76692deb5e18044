"""Retired ways to get a secret into a build, and squashing used as if it removed one."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.span import Span
from auditor.flow import commands
from auditor.flow.flat import Flat
from auditor.flow.state import Shell
from auditor.lang.shell.nodes import Command, Word

_HABITUS = Pattern(r"/v1/secrets/(?:file|env)/")


def server_use(command: Command, words: tuple[Word, ...], shell: Shell) -> None:
    """Record a use of ONVAULT, docker-ssh-exec, secrets-bridge, habitus, or of a squash."""
    if not command.words:
        return
    first = commands.base_name(command.words[0])
    if first == "ONVAULT":
        shell.use("retired", command.words[0].span, "ONVAULT (dockito/vault)")
    elif first in ("docker-ssh-exec", "secrets-bridge"):
        shell.use("retired", command.words[0].span, first)
    elif first in ("curl", "wget"):
        flat = Flat(list(words))
        match = _HABITUS.search(flat.text)
        if match:
            word = next(w for w in words if _HABITUS.search(w.rendered))
            shell.use("retired", word.span, "habitus")
    else:
        found = squash(command, words)
        if found is not None:
            shell.use("squash", *found)


def squash(command: Command, words: tuple[Word, ...]) -> tuple[Span, str] | None:
    """Place and name of what flattens an image in a command; None where nothing does."""
    first = commands.base_name(words[0]) if words else ""
    if first == "docker-squash":
        return words[0].span, first
    if first not in ("docker", "podman", "buildah", "nerdctl"):
        return None
    flag = next((w for w in words if w.rendered in ("--squash", "--squash-all")), None)
    if flag is not None and any(w.rendered in ("build", "bud") for w in words):
        return flag.span, f"{words[0].rendered} build --squash"
    if len(words) > 1 and words[1].rendered == "import":
        export = next((c for c in command.reads if len(c.words) > 1 and c.words[1].rendered == "export"), None)
        if export is not None:
            return Span(export.words[0].span.start, export.words[1].span.end), "docker export | docker import"
    return None
