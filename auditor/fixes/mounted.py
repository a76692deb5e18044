"""What a Dockerfile takes as build secrets already, for callers that still pass it as build arguments."""

from __future__ import annotations

import re

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.secretnames import MOUNTED, secret_id
from auditor.fixes.plan import BuildSecret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.lang.dockerfile.nodes import Document, Instruction

_VARIABLE = Pattern(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_PLACES = ("target", "dst", "destination")
_MOST_MOUNTS = 500


def mounted(document: Document) -> tuple[BuildSecret, ...]:
    """A secret for every variable that a RUN has a mount for and that is no build argument of the file.

    The variable is that of `env=`, one that the RUN reads from the mounted file, or, of a mount without a place of its
    own, the one that `audit fix` would have named so. Several may have one id: a caller passes one of them.
    """
    arguments = {pair.name for node in document.instructions if node.keyword == "ARG" for pair in node.pairs}
    found: dict[tuple[str, str], BuildSecret] = {}
    mounts = 0
    for node in document.instructions:
        for flag in node.flags if node.keyword == "RUN" else ():
            if flag.name != "mount" or mounts >= _MOST_MOUNTS:
                continue
            mounts += 1
            fields = _fields(flag.value or "")
            for name in _names(node, fields) if fields.get("type") == "secret" else ():
                if name not in arguments and _VARIABLE.fullmatch(name):
                    key = _id(fields), name
                    found.setdefault(key, BuildSecret(*_of(*key), required=_is_required(fields), argument=True))
    return tuple(found.values())


def _of(id_: str, name: str) -> tuple[str, str, str]:
    return id_, "variable", name


def _fields(flag: str) -> dict[str, str]:
    pairs = (field.partition("=") for field in flag.split(","))
    return {key.strip().lower(): value.strip("\"'") for key, _equals, value in pairs}


def _place(fields: dict[str, str]) -> str:
    return next((fields[key] for key in _PLACES if fields.get(key)), "")


def _id(fields: dict[str, str]) -> str:
    return fields.get("id") or _place(fields).rpartition("/")[2]


def _is_required(fields: dict[str, str]) -> bool:
    return fields.get("required", "false").lower() in ("", "true", "1")


def _names(run: Instruction, fields: dict[str, str]) -> Iterator[str]:
    name, place = _id(fields), _place(fields)
    if not name or "$" in name:
        return
    if fields.get("env"):
        yield fields["env"]
    path = re.escape(place or f"{MOUNTED}/{name}")
    text = "\n".join([run.body.text, *(heredoc.content for heredoc in run.heredocs)])
    if "cat" in text or "<" in text:
        read = rf"(?:^|[\s;&|(])([A-Za-z_]\w*)=[\"']?\$\([ \t]*(?:cat[ \t]+|<[ \t]*)[\"']?{path}(?=[\s\"')])"
        yield from (match[1] for match in re.finditer(read, text))
    if not place and not fields.get("env"):
        plain = re.sub(r"\W", "_", name)
        yield from (one for one in dict.fromkeys((plain.upper(), plain)) if secret_id(one) == name.replace("-", "_"))
