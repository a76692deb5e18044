"""Which files can call a build, told by their names (and a script without an extension by its first line)."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.sources.files import is_compose_name

SCRIPT, MAKEFILE, COMPOSE, CI, BAKE = "script", "makefile", "compose", "ci", "bake"

_YAML = r"\.ya?ml$"
_KINDS: tuple[tuple[Pattern, str], ...] = (
    (Pattern(r"(?:^|/)docker-bake(?:\.override)?\.(?:hcl|json)$"), BAKE),
    (Pattern(r"(?:^|/)\.(?:github|gitea|forgejo)/workflows/[^/]+" + _YAML), CI),
    (Pattern(r"(?:^|/)(?:action|bitbucket-pipelines|cloudbuild|[Tt]askfile)" + _YAML), CI),
    # Templates that such files include are named like them: `image.gitlab-ci.yml`, `azure-pipelines-image.yml`.
    (Pattern(r"(?:^|/)(?:[^/]*\.gitlab-ci|azure-pipelines(?:[.-][^/]+)?)" + _YAML), CI),
    (Pattern(r"(?:^|/)\.circleci/config" + _YAML), CI),
    (Pattern(r"(?:^|/)Jenkinsfile(?:\.[^/]+)?$"), CI),
    (Pattern(r"(?:^|/)(?:GNUmakefile|[Mm]akefile|[^/]+\.mk)$"), MAKEFILE),
    (Pattern(r"(?:^|/)[^/]+\.(?:sh|bash)$"), SCRIPT),
)
_SHEBANG = Pattern(r"#![ \t]*\S*/(?:env[ \t]+(?:-S[ \t]+)?)?(?:ba|da|a|k|z)?sh(?:[ \t].*)?\r?$")


def kind_of(path: str) -> str | None:
    """`script`, `makefile`, `compose`, `ci`, `bake`, or None for a file that calls no build as far as its name says."""
    path = path.replace("\\", "/")
    if is_compose_name(path):
        return COMPOSE
    return next((kind for pattern, kind in _KINDS if pattern.search(path)), None)


def sniff(data: bytes) -> str | None:
    """`script` for the beginning of a file whose first line names a POSIX-like shell, else None."""
    first = data[:200].split(b"\n", 1)[0].decode("latin-1")
    return SCRIPT if _SHEBANG.match(first) else None
