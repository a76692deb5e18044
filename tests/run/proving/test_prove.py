"""What a proof says, with images made by hand and a docker command that does what it is told."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from auditor.fixes.plan import BuildSecret
from auditor.run.proving.prove import prove
from auditor.run.proving.shapes import Given, ProofError
from tests.run.images.imagemaking import layer, layer_of, members, saved
from tests.run.proving.fakes import TOKEN, FakeDocker, temporary_folders
from tests.run.proving.proofs import AFTER, BASE, BEFORE, CLEAN, LEAKING, OUT, images, proven, wish


def test_holds(engine: FakeDocker, context: Path, scratch: Path) -> None:
    images(engine, [layer(OUT)], [layer({**OUT, "run/": b"", "run/secrets/": b""})])
    proof, checks = proven(wish(context), engine)
    assert proof.holds
    assert (proof.before, proof.after) == ("before", "after")
    assert list(checks) == ["values", "build before", "build after", "absence", "log", "leak before", "config", "files"]
    assert checks["values"] == (True, "1 value is looked for.", "npm_token")
    assert checks["leak before"][2] == "history /history/1/created_by: The value of npm_token is here."
    assert checks["config"] == (True, "The configuration of the images is the same.", "")
    assert "/run/secrets: a folder only in the image after" in checks["files"][2]


def test_how_docker_is_called(engine: FakeDocker, context: Path, scratch: Path) -> None:
    images(engine, [], [])
    asked = wish(context, target="app", options=("--platform", "linux/amd64", "--network", "none"), ignore_before="x\n")
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
    assert value not in repr(proof)
    assert checks["values"][2] == "npm_token, made up for this proof"
    told = "Neither the image before nor its log held a value: that they do not now proves nothing."
    assert not proof.holds and checks["leak before"][:2] == (False, told)
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


def test_a_folder_that_a_copy_made_and_a_mount_does_not_leave(engine: FakeDocker, context: Path) -> None:
    images(engine, [layer({"opt/cfg/": b"", "opt/cfg/npmrc": b"", "opt/cfg/.wh.npmrc": b""})], [], old=CLEAN)
    after = b"FROM a\nRUN --mount=type=secret,id=npmrc,target=/opt/cfg/npmrc,required=true npm ci\n"
    asked = wish(context, secrets=(BuildSecret("npmrc", "file"),), arguments=frozenset(), after=after, given=Given())
    evidence = proven(asked, engine)[1]["files"][2]
    assert "/opt/cfg: a folder only in the image before (the folder of a mount)" in evidence
    images(engine, [layer({"opt/other/": b""})], [], old=CLEAN)
    assert "(" not in proven(asked, engine)[1]["files"][2].partition("/opt/other")[2]


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
