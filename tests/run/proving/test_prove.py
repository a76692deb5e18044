"""What a proof says, with images made by hand and a docker command that does what it is told."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from auditor.core.secret import Secret
from auditor.fixes.plan import BuildSecret
from auditor.run.proving.prove import prove
from auditor.run.proving.shapes import Given, Proof, ProofError, Wish, as_json
from tests.run.images.imagemaking import config_of, layer, layer_of, members, saved
from tests.run.proving.fakes import OTHER, TOKEN, FakeDocker, temporary_folders

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
    told = json.dumps(as_json(proof)) + repr(proof)
    for value in (TOKEN, OTHER, *(secret.reveal() for secret in asked.values)):
        assert value not in told
        assert all(value not in word for call in engine.calls for word in call.words)
    return proof, {check.name: (check.ok, check.sentence, "\n".join(check.evidence)) for check in proof.checks}


def test_holds(engine: FakeDocker, context: Path, scratch: Path) -> None:
    images(engine, [layer(OUT)], [layer({**OUT, "run/": b"", "run/secrets/": b""})])
    proof, checks = proven(wish(context), engine)
    assert proof.holds
    assert (proof.before, proof.after) == ("before", "after")
    assert list(checks) == ["values", "build before", "build after", "absence", "leak before", "log", "config", "files"]
    assert checks["values"] == (True, "1 value is looked for.", "npm_token")
    assert checks["leak before"][2] == "history /history/1/created_by: The value of npm_token is here."
    assert checks["config"] == (True, "The configuration of the images is the same.", "")
    assert "/run/secrets: a folder only in the image after" in checks["files"][2]
    told = as_json(proof)
    assert told["holds"] is True and told["images"] == {"before": "before", "after": "after"}
    assert [set(check) for check in told["checks"]] == [{"name", "ok", "sentence", "evidence"}] * 8  # type: ignore[attr-defined]


def test_how_docker_is_called(engine: FakeDocker, context: Path, scratch: Path) -> None:
    images(engine, [], [])
    asked = wish(context, target="app", platform="linux/amd64", network="none", ignore_before="x\n")
    given = Given(arguments=(f"NPM_TOKEN={TOKEN}", "MODE=fast"), ssh=("default=/some/key",))
    proven(asked._replace(given=given), engine)
    before, after = engine.called("build")
    assert before.environment["NPM_TOKEN"] == TOKEN and "NPM_TOKEN" not in after.environment
    assert before.environment["DOCKER_BUILDKIT"] == after.environment["DOCKER_BUILDKIT"] == "1"
    assert before.environment["MODE"] == after.environment["MODE"] == "fast"
    assert [word for word in before.words if word in ("NPM_TOKEN", "MODE")] == ["NPM_TOKEN", "MODE"]
    assert "NPM_TOKEN" not in after.words and "MODE" in after.words
    assert before.secrets == {} and after.secrets == {"npm_token": [TOKEN, 0o600]}
    for call in (before, after):
        assert "--no-cache" in call.words and call.words[-1] == str(context)
        for flag, value in (("--target", "app"), ("--platform", "linux/amd64"), ("--network", "none")):
            assert call.words[call.words.index(flag) + 1] == value
        assert call.words[call.words.index("--ssh") + 1] == "default=/some/key"
    assert before.texts == {"": BEFORE.decode(), ".dockerignore": "x\n"}
    assert after.texts == {"": AFTER.decode(), ".dockerignore": "# nothing\n"}


def test_nothing_stays(engine: FakeDocker, context: Path, scratch: Path) -> None:
    images(engine, [], [])
    proven(wish(context), engine)
    tags = [call.words[call.words.index("--tag") + 1] for call in engine.called("build")]
    assert [call.words for call in engine.called("rmi")] == [["rmi", *tags]]
    assert temporary_folders(str(scratch)) == []
    proven(wish(context, keep_images=True), engine)
    assert len(engine.called("rmi")) == 1


def test_a_value_is_made_up(engine: FakeDocker, context: Path, scratch: Path) -> None:
    images(engine, [], [])
    proof, checks = proven(wish(context, given=Given()), engine)
    before, after = engine.called("build")
    value = before.environment["NPM_TOKEN"]
    assert len(value) >= 24 and value.isalnum()
    assert after.secrets["npm_token"][0] == value
    assert value not in json.dumps(as_json(proof))
    assert checks["values"][2] == "npm_token, made up for this proof"
    assert checks["leak before"][:2] == (True, "The image before held no value: it did not leak, or not these values.")
    proven(wish(context, given=Given()), engine)
    assert engine.called("build")[-2].environment["NPM_TOKEN"] != value


@pytest.mark.parametrize(
    "place", [{"app/conf": f"token={TOKEN}".encode()}, {"app/conf": TOKEN.encode().hex().encode()}]
)
def test_still_leaks(engine: FakeDocker, context: Path, place: dict[str, bytes]) -> None:
    images(engine, [layer(place)], [layer(place)])
    proof, checks = proven(wish(context), engine)
    assert not proof.holds and not checks["absence"][0]
    assert "layer 1: app/conf (live)" in checks["absence"][2]


def test_deleted_is_not_gone(engine: FakeDocker, context: Path) -> None:
    taken = [layer({"a": TOKEN.encode()}), layer({".wh.a": b""})]
    images(engine, taken, taken)
    proof, checks = proven(wish(context), engine)
    assert not proof.holds
    assert "layer 1: a (deleted)" in checks["absence"][2]


def owned(**fields: object) -> bytes:
    """A layer with one file whose header has these fields."""
    [(info, data)] = members({"app/run": b"#!/bin/sh\n"})
    for name, value in fields.items():
        setattr(info, name, value)
    return layer_of([(info, data)])


CHANGED: dict[str, tuple[bytes, bytes, str]] = {
    "mode": (owned(mode=0o755), owned(mode=0o644), "mode 0755 before, 0644 after"),
    "owner": (owned(uid=1000), owned(), "owner 1000:0 before, 0:0 after"),
    "content": (layer({"app/run": b"one"}), layer({"app/run": b"two"}), "another content"),
    "missing": (owned(), layer({"other": b""}), "a file only in the image before"),
    "kind": (owned(), layer({"app/run/": b""}), "a file before, a folder after"),
    "link": (
        owned(type=tarfile.SYMTYPE, linkname="a", size=0),
        owned(type=tarfile.SYMTYPE, linkname="b", size=0),
        "another target of the link",
    ),
    "attributes": (
        owned(pax_headers={"SCHILY.xattr.user.a": "1"}),
        owned(pax_headers={"SCHILY.xattr.user.a": "2"}),
        "another extended attributes",
    ),
}


@pytest.mark.parametrize("name", CHANGED)
def test_files_differ(name: str, engine: FakeDocker, context: Path) -> None:
    before, after, told = CHANGED[name]
    images(engine, [before], [after])
    proof, checks = proven(wish(context), engine)
    assert not proof.holds
    assert f"/app/run: {told}" in checks["files"][2]
    assert [call.words[call.words.index("--tag") + 1].rpartition(":")[2] for call in engine.called("build")] == [
        "before", "after", "again",
    ]  # fmt: skip


def test_times_do_not_matter(engine: FakeDocker, context: Path) -> None:
    images(engine, [owned(mtime=1)], [owned(mtime=2)])
    proof, checks = proven(wish(context), engine)
    assert proof.holds
    assert checks["files"] == (True, "The files of the images are the same.", "")


def test_what_every_build_changes(engine: FakeDocker, context: Path) -> None:
    def made(number: int) -> bytes:
        return layer({"var/log/build.log": b"%d" % number, f"root/_logs/2026-0{number}-debug.log": b"x"})

    images(engine, [made(1)], [made(2)])
    engine.image("again", saved([BASE, made(3)], LEAKING))
    proof, checks = proven(wish(context), engine)
    assert proof.holds
    assert "/var/log/build.log: another content (differs with every build)" in checks["files"][2]
    assert "/root/_logs/2026-02-debug.log" in checks["files"][2]


def test_noise_explains_nothing_else(engine: FakeDocker, context: Path) -> None:
    [(old, data)] = members({"var/log/build.log": b"1"})
    [(new, more)] = members({"var/log/build.log": b"2"})
    new.mode = 0o777
    images(engine, [layer_of([(old, data)])], [layer_of([(new, more)])])
    engine.image("again", saved([BASE, layer({"var/log/build.log": b"3"})], LEAKING))
    proof, checks = proven(wish(context), engine)
    assert not proof.holds and "mode 0644 before, 0777 after; another content" in checks["files"][2]


def test_a_copied_file_becomes_a_mount(engine: FakeDocker, context: Path) -> None:
    content = f"//npm.example/:_authToken={TOKEN}\n"
    (context / ".npmrc").write_text(content)
    images(
        engine,
        [layer({"root/.npmrc": content.encode(), "root/cfg/": b"", "root/cfg/x.npmrc": content.encode()})],
        [layer({"root/.npmrc": b""})],
        old=CLEAN,
    )
    after = b"FROM a\nRUN --mount=type=secret,id=npmrc,target=/root/.npmrc,required=true npm ci\n"
    secret = BuildSecret("npmrc", "file", source=".npmrc")
    asked = wish(context, secrets=(secret,), arguments=frozenset(), after=after, given=Given())
    proof, checks = proven(asked, engine)
    assert proof.holds, checks
    assert engine.called("build")[1].secrets == {"npmrc": [content, 0o600]}
    assert "layer 1: root/.npmrc (live)" in checks["leak before"][2]
    assert "/root/.npmrc: another content (its content held a value)" in checks["files"][2]
    assert "/root/cfg: a folder only in the image before (the folder of what was taken out)" in checks["files"][2]


def test_a_file_that_is_not_there_is_made_up(engine: FakeDocker, context: Path) -> None:
    images(engine, [], [])
    secret = BuildSecret("netrc", "file", source="../.netrc")
    proven(wish(context, secrets=(secret,), arguments=frozenset(), given=Given()), engine)
    [content, mode] = engine.called("build")[1].secrets["netrc"]
    assert len(content.strip()) >= 24 and mode == 0o600


def test_a_cache_that_is_no_longer_made(engine: FakeDocker, context: Path) -> None:
    cached = {"root/.cache/": b"", "root/.cache/tool/": b"", "root/.cache/tool/x": b"1"}
    images(engine, [layer(cached)], [])
    proof, checks = proven(wish(context), engine)
    assert proof.holds and checks["files"][2].count("(a cache, which nothing depends on)") == 2
    images(engine, [], [layer(cached)])
    assert not proven(wish(context), engine)[0].holds


def test_no_private_folder(engine: FakeDocker, context: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/no/such/folder")
    with pytest.raises(ProofError, match="private folder"):
        prove(wish(context), engine)


def test_literals(engine: FakeDocker, context: Path) -> None:
    before = f'FROM a\nENV API_KEY="{TOKEN}"\nRUN curl -u u:{OTHER} x.example\n'.encode()
    old = config_of(Env=[f"API_KEY={TOKEN}", "A=1"], Labels={"x": OTHER})
    images(engine, [], [], old=old, new=config_of(Env=["A=1", "API_KEY_FILE=/run/secrets/api_key"]))
    secrets = (BuildSecret("api_key", "variable", "API_KEY"), BuildSecret("login", "variable", ""))
    values = (Secret(TOKEN, "key"), Secret(OTHER, "password"))
    asked = wish(context, before=before, secrets=secrets, values=values, arguments=frozenset(), given=Given())
    proof, checks = proven(asked, engine)
    assert proof.holds, checks
    assert engine.called("build")[1].secrets == {"api_key": [TOKEN, 0o600], "login": [OTHER, 0o600]}
    assert checks["config"][1] == "The configuration of the images agrees otherwise."
    assert checks["config"][2].splitlines() == [
        "Env API_KEY: only in the image before (the variable of the secret)",
        "Env API_KEY_FILE: only in the image after (it says where secrets are mounted)",
        "Labels x: only in the image before (it held a value)",
    ]


SETTINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "Cmd": ({"Cmd": ["a"]}, {"Cmd": None}),
    "Env": ({"Env": ["A=1"]}, {"Env": ["A=2"]}),
    "Env A": ({"Env": ["A=1"]}, {}),
    "Env B": ({"Env": ["A=1"]}, {"Env": ["A=1", "B=1"]}),
    "User": ({"User": "app"}, {"User": ""}),
    "Labels": ({"Labels": {"a": "1"}}, {"Labels": {"a": "2"}}),
    "Entrypoint": ({"Entrypoint": ["a"]}, {"Entrypoint": ["/bin/none", "a"]}),
    "Healthcheck": ({"Healthcheck": {"Test": ["CMD", "a"]}}, {"Healthcheck": {"Test": ["CMD", "b"]}}),
    "Volumes": ({"Volumes": {"/a": {}}}, {}),
    "StopSignal": ({}, {"StopSignal": "SIGINT"}),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_differ(name: str, engine: FakeDocker, context: Path) -> None:
    before, after = SETTINGS[name]
    images(engine, [], [], old=config_of(**before), new=config_of(**after))
    proof, checks = proven(wish(context), engine)
    assert not proof.holds
    assert not checks["config"][0] and name in checks["config"][2]


def test_a_wrapper(engine: FakeDocker, context: Path) -> None:
    shim = '#!/bin/sh\nexec "$@"\n'
    check = {"Test": ["CMD-SHELL", "app check"], "Retries": 3}
    old = config_of(Entrypoint=["/bin/sh", "-c", "app"], Cmd=["x"], Healthcheck=check)
    wrapped = {**check, "Test": ["CMD", "/bin/env.sh", "/bin/sh", "-c", "app check"]}
    new = config_of(Entrypoint=["/bin/env.sh", "/bin/sh", "-c", "app"], Cmd=["x"], Healthcheck=wrapped)
    images(engine, [], [layer({"bin/env.sh": shim.encode()})], old=old, new=new)
    asked = wish(context, new_files={"tools/env.sh": shim}, ignore_after="*.txt\n")
    proof, checks = proven(asked, engine)
    assert proof.holds, checks
    assert checks["config"][2].count("behind a file of the rewrite") == 2
    assert "/bin/env.sh: a file only in the image after (a file of the rewrite)" in checks["files"][2]
    assert engine.called("build")[1].context == {"tools/env.sh": "0o755"}
    assert not (context / "tools").exists()
    images(engine, [], [layer({"bin/env.sh": b"another"})], old=old, new=new)
    assert not proven(asked, engine)[0].holds


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
