"""When a compose secret may become a file: what starts the service, and what else names the variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixes.services.composing import DOCKERFILE, ENTRYPOINT, PATH, V, built, fixed, service

ENV = f"\n      POSTGRES_PASSWORD: {V}\n"
OWN = f"\n      DB_PASSWORD: {V}\n"


@pytest.mark.parametrize(
    "rest",
    [
        "    image: postgres\n",
        "    image: docker.io/library/postgres:17-alpine\n",
        "    image: postgres:${TAG:-17}\n",
        "    image: postgres:${TAG}\n",
        "    image: postgres\n    command: postgres -c max_connections=9\n",
        "    image: postgres\n    command: ['-c', 'log_statement=all']\n",
        "    image: postgres\n    entrypoint:\n",
        "    image: postgres\n    volumes: ['data:/var/lib/x', './init.sql:/docker-entrypoint-initdb.d/a.sql']\n",
    ],
)
def test_known_images(tmp_path: Path, rest: str) -> None:
    found = fixed(tmp_path, service(ENV, rest))
    assert f"POSTGRES_PASSWORD_FILE: {PATH}" in found.text, found.left


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        ("    image: registry.example/postgres\n", "nothing shows that what starts db reads"),
        ("    image: ${IMAGE}\n", "nothing shows"),
        ("    image: ${IMAGE:-redis}\n", "nothing shows"),
        ("    image: postgres\n    command: sh -c 'exec postgres'\n", "nothing shows"),
        ("    image: postgres\n    command: $CMD\n", "nothing shows"),
        ('    image: postgres\n    command: "a \'b"\n', "nothing shows"),
        ("    image: postgres\n    entrypoint: /mine.sh\n", "nothing shows"),
        ("    image: postgres\n    build: https://git.example/x.git\n", "nothing shows"),
        ("    image: postgres\n    healthcheck:\n      test: psql $$POSTGRES_PASSWORD\n", "elsewhere, too (line 5)"),
        ("    image: postgres\n    labels: [POSTGRES_PASSWORD]\n", "elsewhere, too (line 4)"),
        ("    image: postgres\n    volumes: ['./e.sh:/usr/local/bin/docker-entrypoint.sh:ro']\n", "a volume lies over"),
        ("    image: postgres\n    extends: {file: other.yml, service: x}\n", "`extends`"),
    ],
)
def test_what_is_not_certain_is_given_from_outside(tmp_path: Path, rest: str, reason: str) -> None:
    text = service(ENV, rest)
    found = fixed(tmp_path, text)
    assert found.text == text
    assert reason in found.left[0] and found.rewrite.left[0].unsafe
    assert fixed(tmp_path, text, unsafe=True).text == text.replace(V, "${POSTGRES_PASSWORD:?}")


@pytest.mark.parametrize(
    "rest",
    [
        "    build: .\n",
        "    build: ./\n    command: [serve, --verbose]\n",
        "    build:\n      context: .\n      dockerfile: Dockerfile\n",
        "    build:\n      context: ${CONTEXT:-.}\n      args: {A: b}\n",
        "    image: own\n    build: {}\n",
        "    build: .\n    entrypoint: [/entrypoint.sh, x]\n",
        "    build: .\n    command: [sh, -c, 'serve --password=$$DB_PASSWORD']\n",
    ],
)
def test_builds_whose_script_reads_the_file(tmp_path: Path, rest: str) -> None:
    built(tmp_path)
    found = fixed(tmp_path, service(OWN, rest))
    assert "DB_PASSWORD_FILE: /run/secrets/db_password" in found.text, found.left


def test_a_build_of_a_known_image(tmp_path: Path) -> None:
    built(tmp_path, "FROM postgres:17\nCOPY entrypoint.sh /docker-entrypoint-initdb.d/x.sh\n")
    assert PATH in fixed(tmp_path, service(ENV, "    build: .\n")).text
    text = service(ENV, "    build:\n      context: .\n      args: {A: b}\n")
    assert fixed(tmp_path, text).text == text, "an argument may choose the base image"


@pytest.mark.parametrize(
    ("dockerfile", "script", "rest", "reason"),
    [
        (DOCKERFILE, "#!/bin/sh\nexec serve\n", "    build: .\n", "nothing shows"),
        (DOCKERFILE, ENTRYPOINT, "    build: .\n    entrypoint: [/other.sh]\n", "nothing shows"),
        (DOCKERFILE, ENTRYPOINT, "    build:\n      context: .\n      dockerfile_inline: FROM x\n", "nothing shows"),
        (DOCKERFILE, ENTRYPOINT, "    build: ./gone\n", "nothing shows"),
        (DOCKERFILE, ENTRYPOINT, "    build: .\n    healthcheck:\n      test: x $$DB_PASSWORD\n", "elsewhere, too"),
        (DOCKERFILE, ENTRYPOINT, "    build: ../..\n", "nothing shows"),
        (DOCKERFILE, ENTRYPOINT, "    build: .\n    volumes: [./e.sh:/entrypoint.sh]\n", "a volume lies over"),
        (DOCKERFILE + "ENV DB_PASSWORD=/none\n", ENTRYPOINT, "    build: .\n", "sets DB_PASSWORD as well"),
        (DOCKERFILE + "HEALTHCHECK CMD check $DB_PASSWORD\n", ENTRYPOINT, "    build: .\n", "health check"),
        ("FROM", ENTRYPOINT, "    build: .\n", "nothing shows"),
    ],
)
def test_builds_that_do_not_show_it(tmp_path: Path, dockerfile: str, script: str, rest: str, reason: str) -> None:
    built(tmp_path, dockerfile, script)
    text = service(OWN, rest)
    found = fixed(tmp_path, text)
    assert found.text == text
    assert reason in found.left[0]


def test_standard_settings_read_nothing_without_context(tmp_path: Path) -> None:
    from auditor.core.config import Settings
    from auditor.run.rewrite.engine import fix
    from auditor.run.rewrite.options import FixOptions

    built(tmp_path)
    (tmp_path / "compose.yml").write_text(service(OWN, "    build: .\n"))
    settings = Settings()
    settings.no_context = True
    [rewrite] = [r for r in fix(settings, [str(tmp_path)], FixOptions()).rewrites if r.target.kind == "compose"]
    assert rewrite.changes == []


def test_env_files(tmp_path: Path) -> None:
    rest = "    image: postgres\n    env_file: [app.env]\n"
    text = service(ENV, rest)
    found = fixed(tmp_path, text)
    assert found.text == text and "cannot be seen" in found.left[0]
    assert PATH in fixed(tmp_path, text, unsafe=True).text
    assert PATH in fixed(tmp_path, text, app__env="OTHER=1\n").text
    found = fixed(tmp_path, text, app__env="POSTGRES_PASSWORD=other\n")
    assert found.text == text and "names POSTGRES_PASSWORD as well" in found.left[0]


def test_other_compose_files_of_the_folder(tmp_path: Path) -> None:
    text = service(ENV)
    other = "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: ${P}\n"
    found = fixed(tmp_path, text, compose__override__yml=other)
    assert found.text == text and "may be merged with this file" in found.left[0]
    assert PATH in fixed(tmp_path, text, unsafe=True).text


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("  b:\n    extends: db\n", "`extends`"),
        ("  b:\n    extends: {service: db}\n", "`extends`"),
    ],
)
def test_services_that_others_extend(tmp_path: Path, more: str, reason: str) -> None:
    text = service(ENV) + more
    found = fixed(tmp_path, text)
    assert found.text == text and reason in found.left[0]


def test_a_shared_block_needs_every_service(tmp_path: Path) -> None:
    text = f"x-env: &env\n  POSTGRES_PASSWORD: {V}\nservices:\n" + "".join(
        f"  {name}:\n    image: {image}\n    environment: *env\n" for name, image in (("a", "postgres"), ("b", "app"))
    )
    found = fixed(tmp_path, text)
    assert found.text == text and "what starts b reads" in found.left[0]
    assert fixed(tmp_path, text, unsafe=True).text == text.replace(V, "${POSTGRES_PASSWORD:?}")


def test_a_service_that_overrides_a_merged_entry(tmp_path: Path) -> None:
    text = f"x-env: &env\n  POSTGRES_PASSWORD: {V}\n" + service("\n      <<: *env\n      POSTGRES_PASSWORD: $P\n")
    found = fixed(tmp_path, text)
    assert found.text == text and "in more than one place" in found.left[0]


def test_a_service_that_takes_over_another(tmp_path: Path) -> None:
    text = (
        f"services:\n  a: &a\n    image: postgres\n    environment:\n      POSTGRES_PASSWORD: {V}\n"
        "  b:\n    <<: *a\n    environment: {A: b}\n"
    )
    found = fixed(tmp_path, text)
    assert found.text == text and "b takes over" in found.left[0]


def test_notes_name_the_file_and_never_the_value(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "postgres_password").write_text("there")
    found = fixed(tmp_path, "version: '3'\n" + service(ENV))
    notes = " ".join(found.rewrite.notes)
    assert "secrets/postgres_password with the value of POSTGRES_PASSWORD" in notes
    assert "It is there already" in notes and ".gitignore and .dockerignore" in notes and "3.1" in notes
    assert V not in notes
    [burnt] = found.rewrite.burnt
    assert burnt.what == "value of db.POSTGRES_PASSWORD" and V not in str(burnt)


def test_doubled_dollar_signs_are_told_of(tmp_path: Path) -> None:
    found = fixed(tmp_path, service(ENV.replace(V, "pa$$" + V)))
    assert PATH in found.text
    assert any("`$$` in compose is one `$`" in note for note in found.rewrite.notes)


def test_a_changed_dockerfile_counts_as_it_will_be(tmp_path: Path) -> None:
    """What a fix of the same run takes out of the Dockerfile does not stand in the way, so that one run is enough."""
    built(tmp_path, DOCKERFILE + f"ENV DB_PASSWORD={V}\n")
    text = service(OWN, "    build: .\n")
    found = fixed(tmp_path, text)
    assert "DB_PASSWORD_FILE: /run/secrets/db_password" in found.text


def test_many_secrets_take_little_time(tmp_path: Path) -> None:
    one = "  s{0}:\n    image: postgres\n    environment:\n      POSTGRES_PASSWORD: " + V + "{0}\n"
    text = "services:\n" + "".join(one.format(number) for number in range(1500))
    found = fixed(tmp_path, text)
    assert found.text == text and "too many secrets" in found.left[0]
    found = fixed(tmp_path, text, unsafe=True)
    assert len(found.rewrite.applied) == 1500 and found.left == []
