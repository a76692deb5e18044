"""The JSON report of `audit wrap`, version 1. Field names are a contract: fields are added, never renamed."""

from __future__ import annotations

import json

from auditor import __version__
from auditor.core.record import TYPE_CHECKING
from auditor.report.plain import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.fixes.overriding.facts import ImageFacts
    from auditor.fixes.overriding.plan import Generated, Request

SCHEMA_VERSION = 1


def render(request: Request, made: Generated | None, refused: str) -> str:
    """The report; commands that hold a secret are null in it."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "audit", "version": __version__},
        "state": "refused" if made is None else "generated",
        "reason": clean(refused) or None,
        "with": request.method,
        "form": (made.form or None) if made is not None else None,
        "service": clean(request.service.name),
        "compose": clean(request.service.path) or None,
        "image": _image(request.image, request.leaks.telling),
        "variables": [_clean(one._asdict()) for one in (made.given if made is not None else ())],
        "generated": None
        if made is None
        else {"kind": made.kind, "path": clean(request.output) or None, "text": clean(made.text)},
        "notes": list(map(clean, made.notes)) if made is not None else [],
        "steps": list(map(clean, made.steps)) if made is not None else [],
    }
    return json.dumps(content, indent=1) + "\n"


def _clean(given: dict[str, str]) -> dict[str, str]:
    return {name: clean(value) for name, value in given.items()}


def _image(image: ImageFacts, telling: frozenset[str]) -> dict[str, object]:
    def words(what: str, given: Sequence[str]) -> list[str] | None:
        return None if what in telling else list(map(clean, given))

    return {
        "name": clean(image.name),
        "reference": clean(image.reference) or None,
        "digest": image.digest or None,
        "platform": image.platform or None,
        "entrypoint": words("entrypoint", image.entrypoint),
        "command": words("command", image.command),
        "health_check": words("health check", image.health),
        "user": clean(image.user),
        "uid": image.uid,
        "gid": image.gid,
        "workdir": clean(image.workdir),
        "libc": image.libc,
        "libc_reason": clean(image.libc_reason),
        "loaders": list(map(clean, image.loaders)),
        "system": clean(image.system) or None,
        "shell": image.sh or None,
        "program": {name: clean(value) for name, value in image.program._asdict().items()},
    }
