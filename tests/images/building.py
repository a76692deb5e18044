"""One Dockerfile with a secret of each kind, for builders; what `audit image` says of the result, for comparing."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.realparts import busybox
from tests.run.images.imagemaking import run

#: Values by what they are planted as; none of them is or looks like anybody's.
SECRETS = {
    "argument": "Vq7xTz2" + "mKp9wLs4",
    "unused": "Hn3bRd8" + "yJc6vFg1",
    "variable": "Xt5kWm9" + "qZr2hNb7",
    "label": "Ld4pGs7" + "cVk8xTq3",
    "literal": "Rw9fYz3" + "nMj6tDh2",
    "deleted": "Bk6vQs1" + "gXw8rPn5",
    "overwritten": "Jm2zCf8" + "tLy5kHv9",
    "live": "Ps7dXn4" + "wGb3qRk6",
    "healthcheck": "Fy8tKv5" + "jSm2zWc4",
    "onbuild": "Nc3hLp6" + "xBq9gTd7",
    "stage": "Zv4mRj9" + "kFs7yXb2",
    "mounted": "Gd2wHt8" + "pNz5cKq6",
    "committed": "Tx6qBn3" + "vLf9mRy4",
}
DOCKERFILE = """\
FROM {base}
ARG API_TOKEN
ARG DEPLOY_PASSWORD
RUN echo "$API_TOKEN" > /dev/null && echo 1 > /one
ENV DB_PASSWORD={variable}
LABEL com.example.api-token={label}
RUN echo "login --password {literal}" > /dev/null && echo 2 > /two
COPY npmrc /root/.npmrc
COPY first.env /app/.env
COPY live.env /app/live.env
RUN rm /root/.npmrc
COPY second.env /app/.env
HEALTHCHECK CMD wget http://probe:{healthcheck}@localhost/ || exit 1
ONBUILD RUN curl -H "Authorization: Bearer {onbuild}" x.example
CMD ["sh"]
"""
ARGUMENTS = [
    *("--build-arg", f"API_TOKEN={SECRETS['argument']}"),
    *("--build-arg", f"DEPLOY_PASSWORD={SECRETS['unused']}"),
]


def root_files() -> bytes:
    """The tar of a file system that has a shell and nothing else."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for folder in ("bin", "etc", "root", "app", "tmp"):
            member = tarfile.TarInfo(folder)
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(member)
        archive.add(busybox(), "bin/busybox", filter=_owned)
        for name in ("sh", "cat", "echo", "rm", "mkdir", "mv", "chmod", "ln", "mkfifo"):
            member = tarfile.TarInfo(f"bin/{name}")
            member.type, member.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(member)
        users = b"root:x:0:0:root:/root:/bin/sh\n"
        member = tarfile.TarInfo("etc/passwd")
        member.size = len(users)
        archive.addfile(member, io.BytesIO(users))
    return made.getvalue()


def _owned(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid, member.gid, member.uname, member.gname, member.mode, member.mtime = 0, 0, "root", "root", 0o755, 0
    return member


def write_context(folder: Path, base: str, dockerfile: str = DOCKERFILE) -> Path:
    """The folder to be built."""
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text(dockerfile.format(base=base, **SECRETS))
    (folder / "npmrc").write_text(f"//npm.example/:_authToken={SECRETS['deleted']}\n")
    (folder / "first.env").write_text(f"SMTP_PASSWORD={SECRETS['overwritten']}\n")
    (folder / "second.env").write_text("SMTP_HOST=mail.example\n")
    (folder / "live.env").write_text(f"ADMIN_PASSWORD={SECRETS['live']}\n")
    return folder


class Found(NamedTuple):
    """A finding: which of SECRETS, and where. `step` is the entry of the history."""

    secret: str
    rule: str
    part: str
    layer: int | None
    path: str
    state: str
    removed_by: int | None
    step: int | None


class Audited(NamedTuple):
    """A report of `audit image`."""

    code: int
    report: Mapping[str, Any]

    @property
    def findings(self) -> list[Found]:
        """All of them, in the order of the report."""
        return [_found(finding) for finding in self.report["findings"]]

    @property
    def secrets(self) -> set[str]:
        """Which of SECRETS it has."""
        return {found.secret for found in self.findings}

    @property
    def ids(self) -> list[str]:
        """Of all findings."""
        return sorted(finding["id"] for finding in self.report["findings"])

    @property
    def target(self) -> Mapping[str, Any]:
        """The only one."""
        [target] = self.report["targets"]
        assert isinstance(target, dict)
        return target

    @property
    def layers(self) -> list[tuple[str, int, object, str]]:
        """Digest and size of every layer as a tar, its step of the history, and whether it was searched."""
        layers = self.target["image"]["layers"]
        return [(one["diff_id"], one["size"], one["history_index"], one["state"]) for one in layers]

    def of(self, secret: str) -> list[Found]:
        """The findings of one of SECRETS."""
        return [found for found in self.findings if found.secret == secret]

    @property
    def complete(self) -> bool:
        """Everything could be read."""
        return all(target["complete"] and not target["errors"] for target in self.report["targets"])


def audit(capsys: pytest.CaptureFixture[str], *argv: str) -> Audited:
    """Run `audit image` without a cache, values shown."""
    capsys.readouterr()
    ran = run(capsys, *argv, "--format", "json", "--no-cache", "--isolated", "--show-secrets")
    assert ran.code in (0, 1, 3), ran.err
    return Audited(ran.code, ran.report)


def _found(finding: Mapping[str, Any]) -> Found:
    place = finding["image"]
    value = (finding["secret"] or {}).get("value", "")
    secret = next((name for name, planted in SECRETS.items() if planted in value), value)
    inner = f"!{place['inner_path']}" if place["inner_path"] else ""
    return Found(
        secret,
        finding["rule"],
        place["part"],
        place["layer_index"],
        f"{place['path'] or place['pointer'] or ''}{inner}",
        place["state"],
        place["removed_by_layer"],
        place["history_index"],
    )


class Saved:
    """What `docker save` wrote, for what it says of itself."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """The image's configuration."""
        with tarfile.open(self.path) as tar:
            [manifest] = json.loads(_member(tar, "manifest.json"))
            config = json.loads(_member(tar, manifest["Config"]))
            assert isinstance(config, dict)
            return config

    @property
    def history(self) -> list[str]:
        """What every step ran or did, as the builder recorded it."""
        return [entry.get("created_by", "") for entry in self.config["history"]]

    def steps(self, *words: str) -> list[int]:
        """The numbers of the steps whose record has all these words."""
        return [number for number, text in enumerate(self.history) if all(word in text for word in words)]

    def step(self, *words: str) -> int:
        """The only one."""
        [number] = self.steps(*words)
        return number


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    assert file is not None
    return file.read()
