"""The service of an existing compose file: what an override has to repeat, and what it must not touch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.run.images.imagemaking import Ran
from tests.run.wrapping.test_files import READING
from tests.run.wrapping.wrapimages import PATH, VALUE, image, wrapped

Capture = pytest.CaptureFixture[str]
FILE = ("--with", "file", "--map", "DB_PASSWORD")
KSM = ("--with", "ksm", "--form", "exec", "--map", "DB_PASSWORD=keeper://a/field/b")


@pytest.fixture
def at(tmp_path: Path) -> Path:
    return tmp_path / "image.tar"


def override(capsys: Capture, at: Path, compose: str, *options: str, **config: Any) -> Ran:
    """What is generated beside a compose file."""
    path = at.parent / "compose.yml"
    path.write_text(compose)
    return wrapped(capsys, image(at, **config), "--compose", str(path), *options)


def data(ran: Ran) -> dict[str, Any]:
    assert ran.code == 0, ran.err
    found: dict[str, Any] = yaml.safe_load(ran.out)
    return found


START = {
    "nothing": ("", ["start"], ["mysqld"]),
    "null": ("entrypoint:\n    command: ~", ["start"], ["mysqld"]),
    "a command as a list": ('command: ["run", "a b", "$$HOME", "${X}"]', ["start"], ["run", "a b", "$$HOME", "${X}"]),
    "a command as a text": ("command: run 'a b' \"it's\" $$HOME", ["start"], ["run", "a b", "it's", "$$HOME"]),
    "an entrypoint": ("entrypoint: [tini, --, app]", ["tini", "--", "app"], []),
    "an entrypoint as a text": ("entrypoint: tini -- app", ["tini", "--", "app"], []),
    "both": ("entrypoint: [tini]\n    command: [app]", ["tini"], ["app"]),
    "an empty command": ("command: []", ["start"], []),
    "a block": ("command: >\n      run\n      two", ["start"], ["run", "two"]),
}


@pytest.mark.parametrize("made", START.values(), ids=START)
def test_what_starts_the_service(made: tuple[str, list[str], list[str]], at: Path, capsys: Capture) -> None:
    text, entrypoint, command = made
    found = data(override(capsys, at, f"services:\n  web:\n    image: shop/app:1\n    {text}\n", *KSM))
    web = found["services"]["web"]
    assert web["entrypoint"] == ["/cli/glibc/ksm", "exec", "--", *entrypoint]
    assert web["command"] == command
    assert "image" not in web


def test_a_command_with_variables_stays_where_it_is(at: Path, capsys: Capture) -> None:
    """It would be split after its variables are filled in: compose merges it from the file that has it."""
    text = "services:\n  web:\n    image: shop/app:1\n    command: run ${MORE}\n"
    web = data(override(capsys, at, text, *KSM))["services"]["web"]
    assert "command" not in web and web["entrypoint"][-1] == "start"


def test_an_entrypoint_with_variables(at: Path, capsys: Capture) -> None:
    ran = override(capsys, at, "services:\n  web:\n    image: shop/app:1\n    entrypoint: run ${MORE}\n", *KSM)
    assert ran.code == 4 and "write it as a list" in ran.err


def test_anchors_and_merges(at: Path, capsys: Capture) -> None:
    text = f"""
x-base: &base
  image: shop/app:1
  command: [run]
  environment: &env
    DB_PASSWORD: {VALUE}
services:
  web:
    <<: *base
    environment:
      <<: *env
      OTHER: x
"""
    ran = override(capsys, at, text, "--with", "file")
    web = data(ran)["services"]["web"]
    assert web["command"] == ["run"] and web["environment"] == {"DB_PASSWORD": ""}
    assert "still has the value of DB_PASSWORD" in ran.err


def test_both_forms_of_environment(at: Path, capsys: Capture) -> None:
    text = f"services:\n  web:\n    image: shop/app:1\n    environment:\n      - DB_PASSWORD={VALUE}\n      - PASSED\n"
    assert data(override(capsys, at, text, "--with", "file"))["services"]["web"]["environment"] == {"DB_PASSWORD": ""}


@pytest.mark.parametrize("value", ["${DB_PASSWORD}", "${DB_PASSWORD:?}", "$DB_PASSWORD", "keeper://a/field/b"])
def test_values_from_outside_are_no_secrets_of_the_file(value: str, at: Path, capsys: Capture) -> None:
    text = f"services:\n  web:\n    image: shop/app:1\n    environment:\n      DB_PASSWORD: '{value}'\n"
    ran = override(capsys, at, text, "--with", "file")
    assert ran.code == 2 and "--map" in ran.err


@pytest.mark.parametrize("known", ["${T:-%s}", "${T-%s}", "x${T:+%s}y"])
def test_a_default_that_the_command_says_as_well(known: str, at: Path, capsys: Capture) -> None:
    text = f"services:\n  web:\n    image: shop/app:1\n    environment:\n      DB_PASSWORD: '{known % VALUE}'\n"
    ran = override(capsys, at, f"{text}    command: [run, '{VALUE}']\n", *FILE)
    assert ran.code == 4 and "the command" in ran.err


def test_dollar_signs_of_a_secret_are_doubled_in_one_place_only(at: Path, capsys: Capture) -> None:
    """The image has the value as it is, the compose file with its dollar sign doubled."""
    first, last = VALUE[:8], VALUE[8:]
    text = f"services:\n  web:\n    image: shop/app:1\n    command: [run, '{first}$${last}']\n"
    ran = override(capsys, at, text, *FILE, Env=[PATH, f"DB_PASSWORD={first}${last}"])
    assert ran.code == 4 and last not in ran.out + ran.err


def test_a_service_that_reads_files(at: Path, capsys: Capture) -> None:
    text = (
        "services:\n  web:\n    image: shop/app:1\n    environment: {DB_PASSWORD: '${DB_PASSWORD}'}\n    user: '1000'\n"
    )
    ran = override(capsys, at, text, *FILE, Entrypoint=["other"])
    assert "entrypoint" in data(ran)["services"]["web"] and "the user 1000" in ran.err
    path = at.parent / "compose.yml"
    path.write_text(text + "    entrypoint: [reads]\n")
    ran = wrapped(capsys, image(at, READING), "--compose", str(path), *FILE)
    web = data(ran)["services"]["web"]
    assert web == {
        "environment": {"DB_PASSWORD": "", "DB_PASSWORD_FILE": "/run/secrets/db_password"},
        "secrets": ["db_password"],
    }


def test_what_the_file_has_already(at: Path, capsys: Capture) -> None:
    text = """
version: "3.8"
services:
  init: {image: a}
  web:
    image: shop/app:1
    env_file: web.env
    healthcheck: {test: "ping $$DB_PASSWORD"}
secrets:
  op_service_account_token: {file: ./token}
volumes:
  cli:
"""
    ran = override(capsys, at, text, "--with", "op", "--map", "DB_PASSWORD=op://a/b/c", "--form", "exec")
    found = data(ran)
    assert found["version"] == "3.8"
    assert found["services"].keys() == {"init2", "web"}
    assert found["volumes"] == {"cli2": {}} and "secrets" not in found
    assert found["services"]["web"]["secrets"] == ["op_service_account_token"]
    assert found["services"]["web"]["healthcheck"]["test"][-3:] == ["/bin/sh", "-c", "ping $$DB_PASSWORD"]
    assert "env_file" in ran.err
    assert "compose.yml has a secret op_service_account_token already: see that it holds" in ran.err
    assert "make ./secrets/op_service_account_token" not in ran.err


def test_a_health_check_that_is_off(at: Path, capsys: Capture) -> None:
    text = "services:\n  web:\n    image: shop/app:1\n    healthcheck: {disable: true}\n"
    ran = override(capsys, at, text, *FILE, Healthcheck={"Test": ["CMD-SHELL", "x $DB_PASSWORD"]})
    assert "healthcheck" not in data(ran)["services"]["web"]


def test_which_service(at: Path, capsys: Capture) -> None:
    text = "services:\n  a: {image: 'shop/app:1'}\n  b: {image: 'shop/app:1'}\n  c: {build: .}\n"
    ran = override(capsys, at, text, *FILE)
    assert ran.code == 2 and "--service (a, b, c)" in ran.err
    assert data(override(capsys, at, text, *FILE, "--service", "c"))["services"].keys() == {"c"}
    ran = override(capsys, at, text, *FILE, "--service", "d")
    assert ran.code == 2 and "there are a, b, c" in ran.err
    text = "services:\n  a: {image: 'shop/app:1'}\n  b: {image: other}\n"
    assert data(override(capsys, at, text, *FILE, "--image", "shop/app:1"))["services"].keys() == {"a"}


BAD = {
    "no YAML": ("services:\n  a: [\n", 2, "not valid YAML (line 3)"),
    "a repeated key": ("services:\n  a: {image: x}\n  a: {image: y}\n", 2, "stands twice (line 3)"),
    "several documents": ("services: {a: {image: x}}\n---\nservices: {}\n", 2, "2 documents"),
    "no services": ("a: {image: x}\n", 2, "no `services`"),
    "a list": ("- a\n", 2, "no `services`"),
    "nothing": ("", 2, "no `services`"),
    "services that are none": ("services: 5\n", 2, "which service"),
    "extends": ("services:\n  a:\n    image: x\n    extends: {service: b}\n", 4, "docker compose config"),
    "an alias of itself": ("services: &a\n  web: *a\n", 0, ""),
    "deep": ("services: " + "[" * 500, 2, "nested deeper than"),
    "long": ("services:\n  a: {image: x}\n" + "# x\n" * 100_000, 2, "larger than 256 KiB"),
    "odd kinds": ("services:\n  a:\n    image: [x]\n    command: {a: b}\n    environment: 5\n    secrets: x\n", 0, ""),
    "a tag": ("services:\n  a: !!python/object:os.system {image: x}\n", 0, ""),
}


@pytest.mark.parametrize("made", BAD.values(), ids=BAD)
def test_bad_files(made: tuple[str, int, str], at: Path, capsys: Capture) -> None:
    text, code, reason = made
    ran = override(capsys, at, text, *FILE)
    assert ran.code == code and reason in ran.err


def test_files_that_cannot_be_read(at: Path, tmp_path: Path, capsys: Capture) -> None:
    path = image(at)
    (tmp_path / "latin.yml").write_bytes(b"services: {\xff: 1}\n")
    for name, reason in (("none.yml", "no such file"), ("latin.yml", "not UTF-8"), (".", "not a regular file")):
        ran = wrapped(capsys, path, *FILE, "--compose", str(tmp_path / name))
        assert ran.code == 2 and reason in ran.err


def test_byte_order_marks_and_windows_lines(at: Path, capsys: Capture) -> None:
    text = "\ufeffservices:\r\n  web:\r\n    image: shop/app:1\r\n    command: run\r\n"
    assert data(override(capsys, at, text, *FILE))["services"]["web"]["command"] == ["run"]


def test_no_swarm_for_compose_files(at: Path, capsys: Capture) -> None:
    ran = override(capsys, at, "services: {a: {image: x}}\n", "--with", "swarm", "--map", "A", Env=[PATH])
    assert ran.code == 2 and "--compose" in ran.err
