"""Builds to be proven, with images made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from auditor.fixes.plan import BuildSecret
from auditor.run.proving.prove import prove
from auditor.run.proving.shapes import Given, Proof, Wish
from tests.run.images.imagemaking import config_of, layer, saved
from tests.run.proving.fakes import OTHER, TOKEN, FakeDocker

BEFORE = b'FROM base.example/a\nARG NPM_TOKEN\nRUN echo "$NPM_TOKEN" | wc\n'
AFTER = (
    b"FROM base.example/a\nRUN --mount=type=secret,id=npm_token,required=true \\\n"
    b' export NPM_TOKEN="$(cat /run/secrets/npm_token)"; \\\n echo "$NPM_TOKEN" | wc\n'
)
VARIABLE = BuildSecret("npm_token", "variable", "NPM_TOKEN", argument=True)
BASE = layer({"etc/": b"", "etc/motd": b"hello\n"})
LEAKING = config_of(["FROM", f"RUN |1 NPM_TOKEN={TOKEN} /bin/sh -c wc"], Env=["PATH=/bin"])
CLEAN = config_of(["FROM", "RUN /bin/sh -c wc"], Env=["PATH=/bin"])
OUT = {"app/": b"", "app/out": b"done\n"}


def wish(context: Path, **more: Any) -> Wish:
    """A token that becomes a build secret; the user gives its value."""
    made = Wish(
        dockerfile=str(context / "Dockerfile"),
        context=str(context),
        before=BEFORE,
        after=AFTER,
        secrets=(VARIABLE,),
        arguments=frozenset({"NPM_TOKEN"}),
        given=Given(arguments=(f"NPM_TOKEN={TOKEN}",)),
    )
    return made._replace(**more)


def images(
    engine: FakeDocker, before: list[bytes], after: list[bytes], *, old: Mapping[str, Any] = LEAKING, new: Any = CLEAN
) -> None:
    """What the two builds make."""
    engine.image("before", saved([BASE, *before], old))
    engine.image("after", saved([BASE, *after], new))


def proven(asked: Wish, engine: FakeDocker) -> tuple[Proof, dict[str, tuple[bool, str, str]]]:
    """The proof, and its checks by name; no value is in it, nor in the arguments of any call."""
    proof = prove(asked, engine)
    told = repr(proof)
    for value in (TOKEN, OTHER, *(secret.reveal() for secret in asked.values)):
        assert value not in told
        assert all(value not in word for call in engine.calls for word in call.words)
    return proof, {check.name: (check.ok, check.sentence, "\n".join(check.evidence)) for check in proof.checks}
