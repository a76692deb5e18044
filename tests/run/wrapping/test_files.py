"""`audit wrap --with file`: overrides for images that read NAME_FILE, and for those that do not."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.run.images.imagemaking import Ran
from tests.run.wrapping.wrapimages import (
    FILE_ENV,
    GLIBC,
    PATH,
    READS_FILES,
    VALUE,
    elf,
    file,
    image,
    link,
    system,
    wrapped,
)

Capture = pytest.CaptureFixture[str]
MAPPED = ("--with", "file", "--map", "DB_PASSWORD")
READING = system(GLIBC, file("usr/local/bin/reads", READS_FILES), link("bin/bash", "sh"))


@pytest.fixture
def at(tmp_path: Path) -> Path:
    return tmp_path / "image.tar"


def service(ran: Ran, name: str = "app") -> dict[str, Any]:
    """The service of an override."""
    assert ran.code == 0, ran.err
    found: dict[str, Any] = yaml.safe_load(ran.out)["services"][name]
    return found


def test_an_entrypoint_that_reads_files(at: Path, capsys: Capture) -> None:
    ran = wrapped(capsys, image(at, READING, Entrypoint=["reads"]), "--with", "file", "--map", "DB_PASSWORD")
    assert yaml.safe_load(ran.out) == {
        "services": {
            "app": {
                "image": "shop/app:1",
                "environment": {"DB_PASSWORD_FILE": "/run/secrets/db_password"},
                "secrets": ["db_password"],
            }
        },
        "secrets": {"db_password": {"file": "./secrets/db_password"}},
    }
    assert "/usr/local/bin/reads in the image reads the file" in ran.err


def test_a_start_script_behind_another_program(at: Path, capsys: Capture) -> None:
    """It is the script that reads the file, not what starts the script."""
    members = [*READING, file("sbin/tini", elf())]
    ran = wrapped(capsys, image(at, members, Entrypoint=["tini", "reads"], Env=[f"{PATH}:/sbin"]), *MAPPED)
    assert ran.code == 0 and "(the start script in the image reads the file)" in ran.err


def test_an_image_of_the_catalogue(at: Path, capsys: Capture) -> None:
    """What starts it cannot be read as a script here; its name says what it takes."""
    members = system(GLIBC, file("usr/local/bin/docker-entrypoint.sh", elf()))
    path = image(at, members, tag="docker.io/library/mysql:8.0", Entrypoint=["docker-entrypoint.sh"])
    ran = wrapped(capsys, path, "--with", "file", "--map", "MYSQL_PASSWORD")
    assert service(ran, "mysql")["environment"] == {"MYSQL_PASSWORD_FILE": "/run/secrets/mysql_password"}
    assert "known of the image docker.io/library/mysql:8.0" in ran.err


def test_an_image_that_only_has_the_name_of_another(at: Path, capsys: Capture) -> None:
    """Its script is seen, and knows nothing of files."""
    ran = wrapped(capsys, image(at, tag="mysql:8.0"), "--with", "file", "--map", "MYSQL_PASSWORD")
    assert service(ran, "mysql")["entrypoint"][:2] == ["/bin/sh", "-c"]


def test_a_value_of_the_image_is_emptied(at: Path, capsys: Capture) -> None:
    path = image(at, READING, Entrypoint=["reads"], Env=[PATH, f"DB_PASSWORD={VALUE}"])
    ran = wrapped(capsys, path, "--with", "file")
    assert service(ran)["environment"] == {"DB_PASSWORD": "", "DB_PASSWORD_FILE": "/run/secrets/db_password"}
    assert "the image keeps the value of DB_PASSWORD" in ran.err


@pytest.mark.parametrize("test", ['[ -n "${DB_PASSWORD+x}" ]', "[[ -v DB_PASSWORD ]]", "printenv DB_PASSWORD"])
def test_a_value_that_must_not_be_empty(test: str, at: Path, capsys: Capture) -> None:
    """An entrypoint that asks whether the variable is there takes an empty one for a value."""
    script = f'#!/bin/bash\nset -e\n{FILE_ENV}if {test}; then exit 1; fi\nfile_env DB_PASSWORD\nexec "$@"\n'
    members = system(GLIBC, file("usr/local/bin/reads", script), link("bin/bash", "sh"))
    path = image(at, members, Entrypoint=["reads"], Env=[PATH, f"DB_PASSWORD={VALUE}"])
    ran = wrapped(capsys, path, "--with", "file")
    assert ran.code == 4 and not ran.out
    assert "DB_PASSWORD is set now" in ran.err


def test_the_words_of_the_image_stay(at: Path, capsys: Capture) -> None:
    words = ["a b", "", "$HOME", "${X:-y}", "'q'", '"d"', "l1\nl2", "x: y", "#", "*", "yes", "0400", "\x1b[31m", "é"]
    ran = wrapped(capsys, image(at, Entrypoint=["start", *words], Cmd=words), "--with", "file", "--map", "DB_PASSWORD")
    made = service(ran)
    assert made["entrypoint"][:2] == ["/bin/sh", "-c"] and made["entrypoint"][3] == "sh"
    doubled = [word.replace("$", "$$") for word in words]
    assert made["entrypoint"][4:] == ["start", *doubled]
    assert made["command"] == doubled
    assert "\x1b" not in ran.out + ran.err


def test_an_image_with_a_command_only(at: Path, capsys: Capture) -> None:
    made = service(wrapped(capsys, image(at, Entrypoint=None), "--with", "file", "--map", "DB_PASSWORD"))
    assert (made["entrypoint"][3:], made["command"]) == (["sh"], ["mysqld"])


def test_an_image_without_a_command(at: Path, capsys: Capture) -> None:
    """A new entrypoint takes the image's command away: nothing has to be said about it, and nothing wrong is."""
    made = service(wrapped(capsys, image(at, Cmd=None), "--with", "file", "--map", "DB_PASSWORD"))
    assert (made["entrypoint"][3:], made["command"]) == (["sh", "start"], [])


HEALTH = {
    "a shell's command": ({"Test": ["CMD-SHELL", "ping -p$DB_PASSWORD"]}, ["/bin/sh", "-c", "ping -p$$DB_PASSWORD"]),
    "words": ({"Test": ["CMD", "ping", "$DB_PASSWORD"]}, ["ping", "$$DB_PASSWORD"]),
    "a script": ({"Test": ["CMD", "check"]}, ["check"]),
    "a script of a shell's command": ({"Test": ["CMD-SHELL", "check || exit 1"]}, ["/bin/sh", "-c", "check || exit 1"]),
    "another variable": ({"Test": ["CMD-SHELL", "ping -p$DB_PASSWORD_2 $ADB_PASSWORD"]}, None),
    "none": ({"Test": ["NONE"]}, None),
    "the base's": ({}, None),
}


@pytest.mark.parametrize("made", HEALTH.values(), ids=HEALTH)
def test_health_checks(made: tuple[dict[str, Any], list[str] | None], at: Path, capsys: Capture) -> None:
    check, words = made
    script = file("usr/local/bin/check", '#!/bin/sh\nping "$DB_PASSWORD"\n')
    path = image(at, system(GLIBC, script), Healthcheck=check)
    ran = wrapped(capsys, path, "--with", "file", "--map", "DB_PASSWORD")
    test = service(ran).get("healthcheck", {}).get("test")
    told = "the health check names none of these variables" in ran.err
    assert told == (words is None and check.get("Test", ["NONE"]) != ["NONE"])
    if words is None:
        assert test is None
    else:
        assert test[:3] == ["CMD", "/bin/sh", "-c"] and test[5:] == words


REFUSED = {
    "no shell": ([file("app", elf()), file("bin/cat", elf())], {"Entrypoint": ["/app"]}, "no /bin/sh"),
    "no cat": ([file("app", elf()), file("bin/sh", elf())], {"Entrypoint": ["/app"]}, "program cat"),
    "nothing to start": (system(), {"Entrypoint": None, "Cmd": None}, "says what to start"),
    "an option first": (system(), {"Entrypoint": ["-x"]}, "no program"),
    "an empty program": (system(), {"Entrypoint": [""]}, "no program"),
    "a NUL": (system(), {"Entrypoint": ["start", "a\0b"]}, "NUL"),
    "variables that the shell drops": (system(), {"Env": [PATH, "discovery.type=single"]}, "discovery.type"),
    "a secret in the command": (
        system(),
        {"Env": [PATH, f"DB_PASSWORD={VALUE}"], "Cmd": ["x", f"-p{VALUE}"]},
        "command holds a secret",
    ),
    "a secret in the entrypoint": (
        system(),
        {"Env": [PATH, f"DB_PASSWORD={VALUE}"], "Entrypoint": ["x", VALUE]},
        "entrypoint holds a secret",
    ),
    "a secret in the health check": (
        system(),
        {"Env": [PATH, f"DB_PASSWORD={VALUE}"], "Healthcheck": {"Test": ["CMD-SHELL", f"x {VALUE} $DB_PASSWORD"]}},
        "health check holds a secret",
    ),
    "a name that no shell has": (system(), {"Env": [PATH, f"db.password={VALUE}"]}, "db.password"),
}


@pytest.mark.parametrize("made", REFUSED.values(), ids=REFUSED)
def test_refused(made: tuple[list, dict[str, Any], str], at: Path, capsys: Capture, root: Path) -> None:
    members, config, reason = made
    path = image(at, members, **config)
    ran = wrapped(capsys, path, "--with", "file", "--map", "DB_PASSWORD", "--format", "json")
    assert ran.code == 4
    assert reason in ran.err and ran.err.startswith("audit: refused: ")
    jsonschema.validate(ran.report, json.loads((root / "docs/schemas/wrap-1.schema.json").read_text()))
    assert ran.report["state"] == "refused" and reason in ran.report["reason"]
    text = wrapped(capsys, path, "--with", "file", "--map", "DB_PASSWORD")
    assert (text.code, text.out) == (4, "")


def test_bash_keeps_variables_of_any_name(at: Path, capsys: Capture) -> None:
    members = [*system(), file("bin/bash", elf()), link("bin/sh", "bash")]
    path = image(at, members, Env=[PATH, "discovery.type=single"])
    assert wrapped(capsys, path, "--with", "file", "--map", "DB_PASSWORD").code == 0


def test_a_name_that_may_stay(at: Path, capsys: Capture) -> None:
    path = image(at, Env=[PATH, f"DB_PASSWORD={VALUE}", f"API_TOKEN={VALUE[::-1]}"])
    ran = wrapped(capsys, path, "--with", "file", "--keep", "API_TOKEN")
    assert service(ran)["environment"] == {"DB_PASSWORD": ""}


@pytest.mark.parametrize("what", ["entrypoint", "command"])
def test_words_that_are_no_secret_after_all(what: str, at: Path, capsys: Capture) -> None:
    """Detection may be wrong, and only the user can know."""
    words = {
        "entrypoint": {"Entrypoint": ["start", "--password=Xy7" + "kQ2mWz"]},
        "command": {"Cmd": ["--password=Xy7" + "kQ2mWz"]},
    }
    path = image(at, **words[what])
    ran = wrapped(capsys, path, "--with", "file", "--map", "DB_PASSWORD")
    assert ran.code == 4 and f"--keep {what}" in ran.err
    ran = wrapped(capsys, path, "--with", "file", "--map", "DB_PASSWORD", "--keep", what)
    assert "--password=Xy7" in str(service(ran)[what])


def test_nothing_to_do(at: Path, capsys: Capture) -> None:
    ran = wrapped(capsys, image(at), "--with", "file")
    assert ran.code == 2 and "--map" in ran.err


def test_names_that_would_be_the_same_secret(at: Path, capsys: Capture) -> None:
    ran = wrapped(capsys, image(at), "--with", "file", "--map", "DB_PASSWORD", "--map", "db_password")
    assert yaml.safe_load(ran.out)["secrets"].keys() == {"db_password", "db_password_2"}


def test_the_file_that_is_named(at: Path, capsys: Capture) -> None:
    ran = wrapped(capsys, image(at), "--with", "file", "--map", "A=keys/$x", "--map", "B=/etc/b", "--map", "C=../c")
    files = {name: one["file"] for name, one in yaml.safe_load(ran.out)["secrets"].items()}
    assert files == {"a": "./keys/$$x", "b": "/etc/b", "c": "../c"}


def test_report_and_file(at: Path, tmp_path: Path, capsys: Capture, root: Path) -> None:
    out = tmp_path / "override.yml"
    path = image(at, READING, Entrypoint=["reads"], User="mysql")
    ran = wrapped(capsys, path, "--with", "file", "--map", "DB_PASSWORD", "--output", str(out), "--format", "json")
    jsonschema.validate(ran.report, json.loads((root / "docs/schemas/wrap-1.schema.json").read_text()))
    assert ran.report["generated"] == {"kind": "compose", "path": str(out), "text": out.read_text()}
    [one] = ran.report["variables"]
    assert (one["how"], one["target"], one["secret"]) == ("file-variable", "DB_PASSWORD_FILE", "db_password")
    assert ran.report["image"]["uid"] == 999 and not ran.err
    again = wrapped(capsys, path, "--with", "file", "--map", "OTHER", "--output", str(out))
    assert again.code == 0 and "OTHER" in out.read_text()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["image.tar", "override.yml"]


def test_a_file_of_others_stays(at: Path, tmp_path: Path, capsys: Capture) -> None:
    mine = tmp_path / "compose.yml"
    mine.write_text("services: {}\n")
    ran = wrapped(capsys, image(at), "--with", "file", "--map", "A", "--output", str(mine))
    assert ran.code == 2 and mine.read_text() == "services: {}\n"
    ran = wrapped(capsys, image(at), "--with", "file", "--map", "A", "--output", str(tmp_path / "no" / "where"))
    assert ran.code == 2 and "No such file" in ran.err
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        ran = wrapped(capsys, image(at), "--with", "file", "--map", "A", "--output", str(tmp_path / name))
        assert ran.code == 2 and "not a regular file" in ran.err


def test_a_link_to_a_file_of_ours(at: Path, tmp_path: Path, capsys: Capture) -> None:
    """The file is written, and the link stays one."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.yml").symlink_to("sub/real.yml")
    for name in ("A", "B"):
        ran = wrapped(capsys, image(at), "--with", "file", "--map", name, "--output", str(tmp_path / "link.yml"))
        assert ran.code == 0 and (tmp_path / "link.yml").is_symlink()
        assert f"export {name}" in (tmp_path / "sub" / "real.yml").read_text()
    assert [one.name for one in (tmp_path / "sub").iterdir()] == ["real.yml"]


def test_standard_output_by_name(at: Path, capsys: Capture) -> None:
    ran = wrapped(capsys, image(at), "--with", "file", "--map", "A", "--output", "-")
    assert "services" in yaml.safe_load(ran.out)
