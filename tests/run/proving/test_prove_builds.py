"""What a proof says of builds that fail, print, or cannot be told apart."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from auditor.fixes.plan import BuildSecret
from auditor.run.proving.prove import prove
from auditor.run.proving.shapes import Given, ProofError
from tests.run.images.imagemaking import layer, layer_of
from tests.run.proving.fakes import OTHER, TOKEN, FakeDocker, temporary_folders
from tests.run.proving.proofs import CLEAN, images, proven, wish


def test_logs(engine: FakeDocker, context: Path) -> None:
    images(engine, [], [], old=CLEAN)
    engine.told("before", log=["#5 [2/2] RUN echo {NPM_TOKEN}"])
    proof, checks = proven(wish(context), engine)
    assert proof.holds
    assert checks["leak before"][1] == "Before, only the build log showed values, not the image."
    assert checks["log"][1] == "The log of the build after shows no value, that of the build before did."
    engine.told("after", log=["#5 [2/2] RUN", "#5 0.1 {npm_token}"])
    proof, checks = proven(wish(context), engine)
    assert not proof.holds
    assert checks["log"] == (
        False, "The log of the build after shows values.", "line 2 of the log: the value of npm_token, plain",
    )  # fmt: skip


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_build_fails(side: str, engine: FakeDocker, context: Path, scratch: Path) -> None:
    images(engine, [], [])
    engine.told(side, code=1, log=["#5 [2/2] RUN x", "#5 bad login {NPM_TOKEN}{npm_token} \x1b[31m", "#5 ERROR"])
    proof, checks = proven(wish(context), engine)
    assert not proof.holds and list(checks)[-1] == f"build {side}"
    assert f"The build {side} failed." == checks[f"build {side}"][1]
    assert "bad login" in checks[f"build {side}"][2] and "****" in checks[f"build {side}"][2]
    assert "\x1b" not in checks[f"build {side}"][2]
    assert engine.called("rmi") and temporary_folders(str(scratch)) == []
    assert len(engine.called("build")) == (1 if side == "before" else 2)


def test_commands(engine: FakeDocker, context: Path) -> None:
    images(engine, [], [])
    asked = wish(context, command=("sh", "-c", "app --version"))
    engine.says("before", "1.0\n")
    engine.says("after", "1.0\n")
    proof, checks = proven(asked, engine)
    assert proof.holds and checks["command"][0]
    call = engine.called("run")[0]
    assert call.words[-5:] == ["--entrypoint", "sh", "before", "-c", "app --version"]
    assert call.words[:4] == ["run", "--rm", "--network", "none"]
    engine.says("after", f"1.0 {TOKEN}\n")
    assert proven(asked, engine)[1]["command"] == (
        False, "The command wrote something else.", "line 1 before: 1.0\nafter: 1.0 ****",
    )  # fmt: skip
    engine.says("after", "1.0\n", 3)
    assert "after: exit code 3" in proven(asked, engine)[1]["command"][2]


def test_interrupted(engine: FakeDocker, context: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    engine.told("before", log=["#1 begins"], hang=True)
    monkeypatch.setattr("auditor.run.proving.logs.BuildLog.feed", interrupt)
    with pytest.raises(KeyboardInterrupt):
        prove(wish(context), engine)
    assert [call.words[0] for call in engine.calls] == ["build", "rmi"]
    assert temporary_folders(str(scratch)) == []


UNFIT: dict[str, tuple[dict[str, Any], str]] = {
    "short": ({"given": Given(arguments=("NPM_TOKEN=abc",))}, "npm_token: it has fewer than 6 bytes"),
    "none": ({"secrets": (), "arguments": frozenset(), "given": Given()}, ""),
    "ssh": ({"secrets": (BuildSecret("default", "ssh"),), "arguments": frozenset()}, ""),
}


@pytest.mark.parametrize("name", UNFIT)
def test_nothing_to_be_proven(name: str, engine: FakeDocker, context: Path) -> None:
    more, told = UNFIT[name]
    proof, checks = proven(wish(context, **more), engine)
    assert not proof.holds and list(checks) == ["values"]
    assert told in checks["values"][2]
    assert engine.calls == []


def test_an_ssh_key_of_the_context(engine: FakeDocker, context: Path) -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\n" + f"{TOKEN}{OTHER}\n" * 3 + "-----END OPENSSH PRIVATE KEY-----\n"
    (context / "id_rsa").write_text(key)
    images(engine, [layer({"root/.ssh/id_rsa": key.encode()})], [], old=CLEAN)
    secret = BuildSecret("default", "ssh", source="id_rsa")
    asked = wish(context, secrets=(secret,), arguments=frozenset(), given=Given())
    proof, checks = proven(asked, engine)
    assert proof.holds, checks
    before, after = engine.called("build")
    assert "--ssh" not in before.words
    assert after.words[after.words.index("--ssh") + 1].startswith("default=")
    assert "root/.ssh/id_rsa (live)" in checks["leak before"][2]


def test_a_damaged_image(engine: FakeDocker, context: Path) -> None:
    whole = layer_of([(tarfile.TarInfo("a"), b"")])
    damaged = io.BytesIO(whole[:512] + b"no header" * 100).getvalue()
    images(engine, [whole], [damaged])
    proof, checks = proven(wish(context), engine)
    assert not proof.holds
    assert checks["files"][1] == "The images could not be compared."


@pytest.mark.parametrize("name", ["PATH", "DOCKER_HOST", "HOME", "LD_PRELOAD", "A B"])
def test_arguments_that_would_rule_the_command(name: str, engine: FakeDocker, context: Path) -> None:
    with pytest.raises(ProofError, match="cannot be passed"):
        prove(wish(context, given=Given(arguments=(f"{name}={TOKEN}",))), engine)
    assert engine.calls == []
