"""`audit wrap --with NAME`: overrides that start an image through a wrapper of a secret store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from auditor.core.wrappers import wrapper_ids, wrapper_named
from tests.run.images.imagemaking import Ran
from tests.run.wrapping.wrapimages import GLIBC, MUSL, PATH, VALUE, elf, file, image, system, wrapped

Capture = pytest.CaptureFixture[str]
REFERENCE = "keeper://Ab3dEf/field/password"
KSM = ("--with", "ksm", "--map", f"DB_PASSWORD={REFERENCE}")


@pytest.fixture
def at(tmp_path: Path) -> Path:
    return tmp_path / "image.tar"


def data(ran: Ran) -> dict[str, Any]:
    """The override."""
    assert ran.code == 0, ran.err
    found: dict[str, Any] = yaml.safe_load(ran.out)
    return found


@pytest.mark.parametrize(("loader", "libc"), [(GLIBC, "glibc"), (MUSL, "musl")])
def test_keeper_in_the_plain_form(loader: str, libc: str, at: Path, capsys: Capture) -> None:
    ran = wrapped(capsys, image(at, system(loader)), *KSM, "--form", "exec")
    assert data(ran) == {
        "services": {
            "init": {"image": "keeper/keeper-secrets-manager-cli"},
            "app": {
                "image": "shop/app:1",
                "depends_on": {"init": {"condition": "service_completed_successfully"}},
                "volumes_from": ["init:ro"],
                "entrypoint": [f"/cli/{libc}/ksm", "exec", "--", "start"],
                "command": ["mysqld"],
                "environment": {"DB_PASSWORD": REFERENCE, "KSM_INI_DIR": "/run/secrets"},
                "secrets": ["keeper.ini"],
            },
        },
        "secrets": {"keeper.ini": {"file": "./secrets/keeper.ini"}},
    }
    assert "docker stop waits" in ran.err and "--form shim keeps the program process 1" in ran.err


def test_keeper_in_the_usual_form(at: Path, capsys: Capture) -> None:
    made = data(wrapped(capsys, image(at, system(MUSL)), *KSM))["services"]["app"]
    assert made["entrypoint"][:2] == ["/bin/sh", "-c"] and made["entrypoint"][3:] == ["sh", "start"]
    script = made["entrypoint"][2].replace("$$", "$")
    assert 'DB_PASSWORD=$(/cli/musl/ksm secret notation "$DB_PASSWORD")' in script
    assert "unset KSM_CONFIG KSM_TOKEN KSM_CONFIG_BASE64_1 KSM_INI_DIR" in script and script.endswith('exec "$@"\n')
    assert made["command"] == ["mysqld"]


def test_a_token_that_no_file_can_be(at: Path, capsys: Capture) -> None:
    made = data(wrapped(capsys, image(at), "--with", "op", "--map", "DB_PASSWORD=op://shop/db/password"))
    app = made["services"]["app"]
    script = app["entrypoint"][2].replace("$$", "$")
    assert "OP_SERVICE_ACCOUNT_TOKEN=$(cat /run/secrets/op_service_account_token)" in script
    assert 'DB_PASSWORD=$(/cli/op read --no-newline "$DB_PASSWORD")' in script
    assert "unset OP_SERVICE_ACCOUNT_TOKEN OP_CONNECT_TOKEN" in script
    assert app["environment"]["OP_CACHE"] == "false"
    assert "OP_SERVICE_ACCOUNT_TOKEN" not in app["environment"]
    assert made["secrets"] == {"op_service_account_token": {"file": "./secrets/op_service_account_token"}}
    assert made["services"]["init"] == {
        "image": "${OP_IMAGE:?an image that has op}",
        "entrypoint": ["cp", "/usr/local/bin/op", "/cli/op"],
        "command": [],
        "user": "0",
        "network_mode": "none",
        "volumes": ["cli:/cli"],
    }
    assert (app["volumes"], made["volumes"]) == (["cli:/cli:ro"], {"cli": {}})


def test_a_token_in_the_plain_form(at: Path, capsys: Capture) -> None:
    """The token comes by a shell, which becomes the wrapper, which starts the program."""
    words = (
        "--with",
        "op",
        "--form",
        "exec",
        "--map",
        "DB_PASSWORD=op://shop/db/password",
        "--cli-image",
        "tools/op:2",
    )
    made = data(wrapped(capsys, image(at), *words, "--cli", "/opt/op"))["services"]
    assert made["app"]["entrypoint"][3:] == ["sh", "/cli/op", "run", "--", "start"]
    assert made["init"]["image"] == "tools/op:2"
    assert made["init"]["entrypoint"] == ["cp", "/opt/op", "/cli/op"]


def test_a_static_wrapper_in_an_image_without_anything(at: Path, capsys: Capture) -> None:
    """No shell and no loader are needed: the token has a file form, and the wrapper becomes the program."""
    path = image(at, [file("app", elf())], Entrypoint=["/app"], Cmd=None, Env=[])
    made = data(wrapped(capsys, path, "--with", "vault-env", "--map", "P=vault:secret/data/db#password"))["services"]
    assert made["app"]["entrypoint"] == ["/cli/vault-env", "/app"]
    assert made["app"]["environment"] == {
        "P": "vault:secret/data/db#password",
        "VAULT_TOKEN_FILE": "/run/secrets/vault_token",
    }


def test_the_image_that_brings_the_program_is_asked_for(at: Path, capsys: Capture) -> None:
    mapped = ("--with", "op", "--map", "P=op://a/b/c")
    ran = wrapped(capsys, image(at), *mapped)
    assert "OP_IMAGE" in data(ran)["services"]["init"]["image"]
    assert "1. say which image brings the program op, as /usr/local/bin/op: OP_IMAGE=IMAGE in" in ran.err
    assert "OP_IMAGE" not in wrapped(capsys, image(at), *mapped, "--cli-image", "tools/op:2").err
    assert "_IMAGE" not in wrapped(capsys, image(at), "--with", "ksm", "--map", "P=keeper://a/field/b").err


def test_values_by_their_names(at: Path, capsys: Capture) -> None:
    """No variable of the container says which: the script does."""
    made = data(wrapped(capsys, image(at), "--with", "chamber", "--form", "shim", "--map", "P=shop prod/db's key"))
    app = made["services"]["app"]
    script = app["entrypoint"][2].replace("$$", "$")
    assert "P=$(/cli/chamber read --quiet 'shop prod' 'db'\"'\"'s key')" in script
    assert app["environment"] == {"AWS_SHARED_CREDENTIALS_FILE": "/run/secrets/aws_credentials"}
    assert "unset" not in script  # the program may need the same credential


def test_words_to_be_filled_in(at: Path, capsys: Capture) -> None:
    ran = wrapped(capsys, image(at), "--with", "chamber")
    assert ran.code == 2 and "--fill SERVICE=VALUE" in ran.err
    made = data(wrapped(capsys, image(at), "--with", "chamber", "--fill", "SERVICE=shop$prod"))["services"]["app"]
    assert made["entrypoint"] == ["/cli/chamber", "exec", "shop$$prod", "--", "start"]


def test_a_wrapper_that_takes_one_text(at: Path, capsys: Capture) -> None:
    """Arguments would be split at blanks: they are quoted for the shell that gets the text."""
    path = image(at, system(), Entrypoint=["start", "a b"], Cmd=["it's", "$HOME", ""])
    made = data(wrapped(capsys, path, "--with", "bws"))["services"]["app"]
    text = "exec start 'a b' 'it'\"'\"'s' '$$HOME' ''"
    assert made["entrypoint"][4:] == ["/cli/bws", "run", "--", text]
    assert made["command"] == []


def test_secrets_without_a_reference(at: Path, capsys: Capture) -> None:
    path = image(at, Env=[PATH, f"DB_PASSWORD={VALUE}", f"API_TOKEN={VALUE[::-1]}"])
    ran = wrapped(capsys, path, *KSM)
    assert ran.code == 2 and not ran.out
    assert "API_TOKEN" in ran.err and "DB_PASSWORD" not in ran.err and "--keep API_TOKEN" in ran.err
    assert wrapped(capsys, path, *KSM, "--keep", "API_TOKEN").code == 0


def test_a_configuration_takes_the_place_of_old_values(at: Path, capsys: Capture) -> None:
    path = image(at, Env=[PATH, f"DB_PASSWORD={VALUE}"])
    made = data(wrapped(capsys, path, "--with", "doppler", "--form", "exec"))["services"]["app"]
    assert made["environment"] == {"DB_PASSWORD": ""}
    assert made["entrypoint"][4:8] == ["/cli/doppler", "run", "--no-fallback", "--"]


def test_a_health_check_is_wrapped_as_well(at: Path, capsys: Capture) -> None:
    path = image(at, Healthcheck={"Test": ["CMD-SHELL", "ping -p$DB_PASSWORD"]})
    made = data(wrapped(capsys, path, *KSM, "--form", "exec"))["services"]["app"]
    assert made["healthcheck"]["test"] == [
        "CMD", "/cli/glibc/ksm", "exec", "--", "/bin/sh", "-c", "ping -p$$DB_PASSWORD",
    ]  # fmt: skip


REFUSED = {
    "no C library": (
        "ksm",
        ["P=keeper://a/field/b"],
        [file("a", elf())],
        {"Entrypoint": ["/a"]},
        4,
        "needs a C library",
    ),
    "no shell for a token": ("op", ["P=op://a/b/c"], [file("a", elf())], {"Entrypoint": ["/a"]}, 4, "no /bin/sh"),
    "an interpreter": ("dotenvx", ["P=DB"], system(), {}, 4, "needs node"),
    "a file of its own": ("ejson2env", [], system(), {}, 4, "starts no program"),
    "a reference of another": ("ksm", ["P=op://a/b/c"], system(), {}, 2, "keeper://RECORD_UID"),
    "no reference": ("ksm", ["P"], system(), {}, 2, "keeper://RECORD_UID"),
    "no variable at all": ("ksm", [], system(), {}, 2, "--map VAR=keeper"),
    "a name that no shell has": ("ksm", ["a.b=keeper://a/field/b"], system(), {}, 4, "a.b"),
    "a reference of one part": ("sops", ["P=DB"], system(), {}, 2, "takes references such as"),
    "a secret for a reference": ("vault-agent", [f"P={VALUE}"], system(), {}, 2, "references such as MOUNT/PATH#KEY"),
    "an option for a reference": ("doppler", ["P=--json"], system(), {}, 2, "references such as NAME"),
    "an unknown wrapper": ("kms", [], system(), {}, 2, "did you mean 'ksm'"),
    "nothing to start": ("vault-env", ["P=vault:a#b"], system(), {"Entrypoint": None, "Cmd": None}, 4, "what to start"),
}


@pytest.mark.parametrize("made", REFUSED.values(), ids=REFUSED)
def test_refused(made: tuple[str, list[str], list, dict[str, Any], int, str], at: Path, capsys: Capture) -> None:
    name, maps, members, config, code, reason = made
    path = image(at, members, **config)
    ran = wrapped(capsys, path, "--with", name, *(word for one in maps for word in ("--map", one)))
    assert (ran.code, ran.out) == (code, "")
    assert reason in ran.err


@pytest.mark.parametrize("form", ["shim", "exec"])
@pytest.mark.parametrize("name", wrapper_ids())
def test_every_wrapper_gives_something_or_says_why_not(
    name: str, form: str, at: Path, capsys: Capture, root: Path
) -> None:
    """No credential ever stands in what is generated, and its variable is only ever a path or read from a file."""
    entry = wrapper_named(name)
    assert entry is not None
    takes_map = form == "shim" or entry["takes"] == "references"
    reference = {"ksm": REFERENCE, "op": "op://v/i/f"}.get(name, entry["reference"])
    maps = ["--map", f"DB_PASSWORD={reference}"] if takes_map else []
    fill = [word for one in entry.get("fill", []) for word in ("--fill", f"{one}=filled")]
    ran = wrapped(capsys, image(at), "--with", name, "--form", form, *maps, *fill, "--format", "json")
    if ran.code == 2:
        assert form == "shim" and not entry.get("resolve"), ran.err
        return
    jsonschema.validate(ran.report, json.loads((root / "docs/schemas/wrap-1.schema.json").read_text()))
    if ran.code == 4:
        assert entry["passes"] == "none" or "static" not in entry["libc"]
        return
    made = yaml.safe_load(ran.report["generated"]["text"])
    app = made["services"]["app"]
    credential = entry["credential"][0]
    assert credential.get("variable", "-") not in app["environment"] if "environment" in app else True
    assert [made["secrets"][one]["file"] for one in app["secrets"]] == [f"./secrets/{one}" for one in app["secrets"]]
    assert "filled" in json.dumps(app) or not fill or form == "shim"
