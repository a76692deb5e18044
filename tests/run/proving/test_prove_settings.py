"""What a proof says of values in several places and of settings of the image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.core.secret import Secret
from auditor.fixes.plan import BuildSecret
from auditor.run.proving.shapes import Given
from tests.run.images.imagemaking import config_of, layer, saved
from tests.run.proving.fakes import OTHER, TOKEN, FakeDocker
from tests.run.proving.proofs import BASE, BEFORE, CLEAN, LEAKING, OUT, images, proven, wish


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


def test_defaults_of_arguments(engine: FakeDocker, context: Path) -> None:
    """One that is a secret is what both builds take; one that is none stands for what callers give."""
    images(engine, [], [])
    before = BEFORE.replace(b"NPM_TOKEN\n", f"NPM_TOKEN={TOKEN}\n".encode())
    asked = wish(context, before=before, values=(Secret(TOKEN, "key"),), given=Given())
    assert proven(asked, engine)[0].holds
    assert engine.called("build")[-1].secrets == {"npm_token": [TOKEN, 0o600]}
    proven(asked._replace(values=(Secret(OTHER, "key"),)), engine)
    [made_up, _mode] = engine.called("build")[-1].secrets["npm_token"]
    assert made_up not in (TOKEN, OTHER) and engine.called("build")[-2].environment["NPM_TOKEN"] == made_up


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
    leak = [f"RUN |1 NPM_TOKEN={TOKEN}"]
    old = config_of(leak, Entrypoint=["/bin/sh", "-c", "app"], Cmd=["x"], Healthcheck=check)
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


EXPORT = '[ -n "${T+set}" ] || [ ! -r /run/secrets/t ] || export T="$(cat /run/secrets/t)"; '
HANDS_OVER = 'exec "$@"'
GIVEN = {
    "a shell before it": (["app", "x"], ["/bin/sh", "-c", EXPORT + HANDS_OVER, "sh", "app", "x"], True),
    "no entry point before": (None, ["/bin/sh", "-c", EXPORT + EXPORT + HANDS_OVER, "sh"], True),
    "one secret more": (
        ["/bin/sh", "-c", EXPORT + HANDS_OVER, "sh", "app"],
        ["/bin/sh", "-c", EXPORT.replace("/t", "/u") + EXPORT + HANDS_OVER, "sh", "app"],
        True,
    ),
    "one secret more behind it": (
        ["/bin/sh", "-c", "umask 7; " + HANDS_OVER, "sh", "app"],
        ["/bin/sh", "-c", "umask 7; " + EXPORT + HANDS_OVER, "sh", "app"],
        True,
    ),
    "a plain export": (["app"], ["/bin/sh", "-c", EXPORT.rpartition("|| ")[2] + HANDS_OVER, "sh", "app"], True),
    "another command": (["app"], ["/bin/sh", "-c", EXPORT + HANDS_OVER, "sh", "app", "x"], False),
    "another statement": (["app"], ["/bin/sh", "-c", EXPORT + "id; " + HANDS_OVER, "sh", "app"], False),
    "in the condition": (
        ["app"], ["/bin/sh", "-c", EXPORT.replace("set}", "set}$(id)") + HANDS_OVER, "sh", "app"], False,
    ),
    "no exec": (["app"], ["/bin/sh", "-c", EXPORT + '"$@"', "sh", "app"], False),
    "another file": (
        ["app"], ["/bin/sh", "-c", EXPORT.replace("/run/secrets", "/etc") + HANDS_OVER, "sh", "app"], False,
    ),
    "the first argument": (["app"], ["/bin/sh", "-c", EXPORT + HANDS_OVER, "app"], False),
}  # fmt: skip


@pytest.mark.parametrize("name", GIVEN)
def test_a_command_that_is_given_secrets(name: str, engine: FakeDocker, context: Path) -> None:
    before, after, fine = GIVEN[name]
    leak = [f"RUN |1 NPM_TOKEN={TOKEN}"]
    images(engine, [], [], old=config_of(leak, Entrypoint=before), new=config_of(Entrypoint=after))
    proof, checks = proven(wish(context), engine)
    assert proof.holds is fine and checks["config"][0] is fine
    assert ("Entrypoint" in checks["config"][2]) and ("exported before it" in checks["config"][2]) is fine


STAGED = b"FROM base.example/a AS one\nARG NPM_TOKEN\nRUN wc\nFROM base.example/b\nCOPY --from=one /x /\n"


def test_only_an_earlier_stage_leaks(engine: FakeDocker, context: Path) -> None:
    images(engine, [], [], old=CLEAN)
    engine.image("before-0", saved([BASE], LEAKING))
    engine.image("after-0", saved([BASE], CLEAN))
    unused = b"FROM base.example/a AS unused\n"
    asked = wish(context, before=unused + STAGED, after=unused + STAGED.replace(b"ARG NPM_TOKEN\n", b""))
    assert not proven(asked, engine)[0].holds
    assert engine.called("build")[-1].texts[""] == (unused + STAGED).decode().partition("FROM base.example/b")[0]
    engine.image("before-1", saved([BASE], LEAKING))
    engine.image("after-1", saved([BASE], CLEAN))
    proof, checks = proven(asked, engine)
    assert proof.holds, checks
    assert checks["leak before"][2] == "stage 1: history /history/1/created_by: The value of npm_token is here."
    tags = [call.words[call.words.index("--tag") + 1] for call in engine.called("build")[-4:]]
    assert engine.called("rmi")[-1].words[1:] == tags
    engine.image("after-1", saved([BASE], LEAKING))
    proof, checks = proven(asked, engine)
    assert not proof.holds and not checks["stages"][0]
    first = wish(context, before=STAGED, after=STAGED.replace(b"ARG NPM_TOKEN\n", b""))
    engine.image("before-0", saved([BASE], LEAKING))
    assert proven(first, engine)[0].holds
    engine.told("after-1", code=1)
    proof, checks = proven(asked, engine)
    assert not proof.holds and checks["stages"][2] == "stage 1: it cannot be built by itself"


def test_kept_out_of_the_context(engine: FakeDocker, context: Path) -> None:
    """What the ignore file leaves out from now on is looked for, and is the reason why it is gone."""
    env = f"PASSWORD={TOKEN}\n"
    (context / ".env").write_text(env)
    (context / ".git").mkdir()
    (context / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (context / ".git" / "link").symlink_to("HEAD")
    git = {"app/.git/": b"", "app/.git/HEAD": b"ref: refs/heads/main\n"}
    more = {"secrets": (), "arguments": frozenset(), "given": Given(), "ignore_after": ".env\n.git\n"}
    images(engine, [layer({**OUT, **git, "app/.env": env.encode()})], [layer(OUT)], old=CLEAN)
    proof, checks = proven(wish(context, **more), engine)
    assert proof.holds, checks
    assert checks["values"][1] == "2 values are looked for."
    assert "/app/.git/HEAD: a file only in the image before (the rewrite keeps it out of" in checks["files"][2]
    git["app/.git/HEAD"] = b"another text of size\n"
    images(engine, [layer({**OUT, **git, "app/.env": env.encode()})], [layer(OUT)], old=CLEAN)
    proof, checks = proven(wish(context, **more), engine)
    assert not proof.holds and not checks["files"][0]
    more["ignore_after"] = ".env\n.git\napp.txt\n"
    images(engine, [layer({"app/": b"", "app/app.txt": b"hello\n", "app/.env": env.encode()})], [], old=CLEAN)
    proof, checks = proven(wish(context, **more), engine)
    assert not proof.holds and checks["files"][2].startswith("/app/app.txt: a file only in the image before\n")
