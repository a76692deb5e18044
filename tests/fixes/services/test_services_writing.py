"""The text of compose files after `audit fix`: every form of an environment, shared blocks, sections there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixes.services.composing import ITEM, PATH, TOP, V, W, fixed, service

FILE = f"\n      POSTGRES_PASSWORD_FILE: {PATH}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (service(f"\n      POSTGRES_PASSWORD: {V}\n"), service(FILE) + ITEM + TOP),
        (
            service(f"\n      A: b  # c\n      'POSTGRES_PASSWORD': \"{V}\"   # d\n      # e\n    ports: ['1:1']\n"),
            service(f"\n      A: b  # c\n      'POSTGRES_PASSWORD_FILE': \"{PATH}\"   # d\n      # e\n")
            + ITEM
            + "    ports: ['1:1']\n"
            + TOP,
        ),
        (
            service(f"\n      - A=b\n      - POSTGRES_PASSWORD={V} # c\n"),
            service(f"\n      - A=b\n      - POSTGRES_PASSWORD_FILE={PATH} # c\n") + ITEM + TOP,
        ),
        (
            service(f"\n    - 'POSTGRES_PASSWORD={V}'\n    ports:\n    - '1:1'\n"),
            service(f"\n    - 'POSTGRES_PASSWORD_FILE={PATH}'\n    secrets:\n    - postgres_password\n")
            + "    ports:\n    - '1:1'\n"
            + TOP,
        ),
        (
            service(f" {{A: b, POSTGRES_PASSWORD: '{V}'}}\n"),
            service(f" {{A: b, POSTGRES_PASSWORD_FILE: '{PATH}'}}\n") + ITEM + TOP,
        ),
        (
            f"services: {{db: {{image: postgres, environment: [POSTGRES_PASSWORD={V}]}}}}\n",
            f"services: {{db: {{image: postgres, environment: [POSTGRES_PASSWORD_FILE={PATH}], "
            f"secrets: [postgres_password]}}}}\n{TOP}",
        ),
        (
            service(f"\n      POSTGRES_PASSWORD: |-\n        {V}\n      A: b\n"),
            service(f"{FILE}      A: b\n") + ITEM + TOP,
        ),
        (
            service(f"\n      POSTGRES_PASSWORD: !!str {V}\n"),
            service(f"\n      POSTGRES_PASSWORD_FILE: !!str {PATH}\n") + ITEM + TOP,
        ),
        (
            service(f"\n      POSTGRES_PASSWORD: {V}\n    secrets:\n    - other\n") + "secrets:\n  other: {file: o}\n",
            service(f"{FILE}    secrets:\n    - other\n    - postgres_password\n")
            + "secrets:\n  other: {file: o}\n"
            + TOP.removeprefix("secrets:\n"),
        ),
        (
            service(f"\n      POSTGRES_PASSWORD: {V}\n    secrets: [other]\n") + "secrets: {other: {file: o}}\n",
            service(f"{FILE}    secrets: [other, postgres_password]\n")
            + "secrets: {other: {file: o}, postgres_password: {file: ./secrets/postgres_password}}\n",
        ),
        (
            f"x-env: &env\n  POSTGRES_PASSWORD: {V}\nservices:\n  a:\n    image: postgres\n    environment:\n"
            "      <<: *env\n      B: c\n  b:\n    image: postgres\n    environment: *env\n",
            f"x-env: &env\n  POSTGRES_PASSWORD_FILE: {PATH}\nservices:\n  a:\n    image: postgres\n    environment:\n"
            f"      <<: *env\n      B: c\n{ITEM}  b:\n    image: postgres\n    environment: *env\n{ITEM}{TOP}",
        ),
        (
            f"x-db: &db\n  image: postgres\n  environment:\n    POSTGRES_PASSWORD: {V}\n"
            "services:\n  a:\n    <<: *db\n    ports: ['1:1']\n",
            f"x-db: &db\n  image: postgres\n  environment:\n    POSTGRES_PASSWORD_FILE: {PATH}\n"
            f"services:\n  a:\n    <<: *db\n    ports: ['1:1']\n{ITEM}{TOP}",
        ),
        (
            f"services:\n  a: &a\n    image: postgres\n    environment:\n      POSTGRES_PASSWORD: {V}\n  b: *a\n",
            f"services:\n  a: &a\n    image: postgres\n    environment:{FILE}{ITEM}  b: *a\n{TOP}",
        ),
        (
            f"services:\n\n    a:\n        image: postgres\n        environment:\n            POSTGRES_PASSWORD: {V}\n",
            "services:\n\n    a:\n        image: postgres\n        environment:\n"
            f"            POSTGRES_PASSWORD_FILE: {PATH}\n"
            "        secrets:\n            - postgres_password\n\n"
            "secrets:\n    postgres_password:\n        file: ./secrets/postgres_password\n",
        ),
    ],
)  # fmt: skip
def test_a_file_takes_its_place(tmp_path: Path, before: str, after: str) -> None:
    found = fixed(tmp_path, before)
    assert found.text == after
    assert fixed(tmp_path, after, unsafe=True).text == after
    assert fixed(tmp_path, before.replace("\n", "\r\n")).text == after.replace("\n", "\r\n")
    assert fixed(tmp_path, "\ufeff" + before).text == "\ufeff" + after
    assert fixed(tmp_path, before.rstrip("\n")).text == after.rstrip("\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\n      API_TOKEN: VALUE # c\n", "\n      API_TOKEN: ${API_TOKEN:?} # c\n"),
        ("\n      API_TOKEN: 'VALUE'\n", "\n      API_TOKEN: '${API_TOKEN:?}'\n"),
        ("\n      - API_TOKEN=VALUE\n", "\n      - API_TOKEN=${API_TOKEN:?}\n"),
        ('\n      - "API_TOKEN=VALUE"\n', '\n      - "API_TOKEN=${API_TOKEN:?}"\n'),
        (" {API_TOKEN: VALUE, B: c}\n", ' {API_TOKEN: "${API_TOKEN:?}", B: c}\n'),
        (" [API_TOKEN=VALUE]\n", ' ["API_TOKEN=${API_TOKEN:?}"]\n'),
        ("\n      API_TOKEN: >-\n        VALUE\n      B: c\n", "\n      API_TOKEN: ${API_TOKEN:?}\n      B: c\n"),
        ("\n      API_TOKEN: ${TOKEN:-VALUE}\n", "\n      API_TOKEN: ${TOKEN:?}\n"),
        (
            "\n      DATABASE_URL: postgres://app:VALUE@db.example/shop\n",
            "\n      DATABASE_URL: ${DATABASE_URL:?}\n",
        ),
    ],
)
def test_a_variable_takes_its_place(tmp_path: Path, before: str, after: str) -> None:
    image = "    image: registry.example/app:1\n"
    text, wanted = service(before.replace("VALUE", V), image), service(after, image)
    assert fixed(tmp_path, text).text == text
    assert fixed(tmp_path, text, unsafe=True).text == wanted
    assert fixed(tmp_path, wanted, unsafe=True).rewrite.left == []
    crlf = text.replace("\n", "\r\n")
    assert fixed(tmp_path, crlf, unsafe=True).text == wanted.replace("\n", "\r\n")


def test_one_name_stands_for_one_value(tmp_path: Path) -> None:
    one = "  {0}:\n    image: {1}\n    environment:\n      {2}: {3}\n"
    text = "services:\n" + "".join(
        one.format(name, "postgres", "POSTGRES_PASSWORD", value) for name, value in (("a", V), ("b", W), ("c", V))
    )
    found = fixed(tmp_path, text).text
    assert [line.strip() for line in found.split("\n") if "/run/secrets" in line] == [
        f"POSTGRES_PASSWORD_FILE: {PATH}",
        "POSTGRES_PASSWORD_FILE: /run/secrets/b_postgres_password",
        f"POSTGRES_PASSWORD_FILE: {PATH}",
    ]
    assert found.count("file: ./secrets/") == 2
    text = "services:\n" + "".join(
        one.format(name, "registry.example/app", "API_TOKEN", value) for name, value in (("a", V), ("b", W), ("c", V))
    )
    found = fixed(tmp_path, text, unsafe=True).text
    assert [line.strip() for line in found.split("\n") if "${" in line] == [
        "API_TOKEN: ${API_TOKEN:?}",
        "API_TOKEN: ${API_TOKEN_B:?}",
        "API_TOKEN: ${API_TOKEN:?}",
    ]


def test_a_secret_that_is_declared_already_is_another_one(tmp_path: Path) -> None:
    top = "secrets:\n  postgres_password:\n    external: true\n"
    found = fixed(tmp_path, service(f"\n      POSTGRES_PASSWORD: {V}\n") + top).text
    assert "POSTGRES_PASSWORD_FILE: /run/secrets/db_postgres_password\n" in found
    assert top + "  db_postgres_password:\n    file: ./secrets/db_postgres_password\n" in found


def test_two_secrets_of_a_service_are_one_list(tmp_path: Path) -> None:
    text = service(f"\n      MYSQL_ROOT_PASSWORD: {V}\n      MYSQL_PASSWORD: {W}\n", "    image: mysql:8\n")
    found = fixed(tmp_path, text).text
    assert "    secrets:\n      - mysql_root_password\n      - mysql_password\nsecrets:\n" in found
    assert len(found.split("secrets:\n")) == 3


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"x-pw: &pw {V}\n" + service("\n      POSTGRES_PASSWORD: *pw\n"), 1),
        (
            service(f"\n      POSTGRES_PASSWORD: &pw {V}\n") + "  web:\n    image: x\n    command: [*pw]\n",
            5,
        ),
        (service(f"\n      POSTGRES_PASSWORD: {V}\n      POSTGRES_PASSWORD: {W}\n"), 6),
        (service(f"\n      POSTGRES_PASSWORD: {V}\n    image: x\n"), 6),
        (service(f"\n      - POSTGRES_PASSWORD={V}\n      - POSTGRES_PASSWORD={W}\n"), 6),
    ],
)
def test_what_cannot_be_changed_is_refused_with_the_line(tmp_path: Path, text: str, line: int) -> None:
    found = fixed(tmp_path, text, unsafe=True)
    assert found.text == text
    assert found.left and all(f"(line {line})" in reason for reason in found.left)


@pytest.mark.parametrize(
    ("rest", "end", "line"),
    [
        ("    image: postgres\n    secrets:\n", "", 4),
        ("    image: postgres\n    secrets: []\n", "", 4),
        ("    image: postgres\n", "---\nservices: {}\n", 1),
        ("    image: postgres\n", "secrets:\n", 6),
    ],
)
def test_sections_that_cannot_be_added_to(tmp_path: Path, rest: str, end: str, line: int) -> None:
    """The secret comes from outside instead."""
    text = service(f"\n      POSTGRES_PASSWORD: {V}\n", rest) + end
    found = fixed(tmp_path, text)
    assert found.text == text and f"(line {line})" in found.left[0]
    assert fixed(tmp_path, text, unsafe=True).text == text.replace(V, "${POSTGRES_PASSWORD:?}")


def test_merged_secrets_are_not_replaced(tmp_path: Path) -> None:
    text = "x-a: &a\n  secrets: [other]\n" + service(
        f"\n      POSTGRES_PASSWORD: {V}\n", "    <<: *a\n    image: postgres\n"
    )
    assert "merged from elsewhere (line 5)" in fixed(tmp_path, text).left[0]


@pytest.mark.parametrize("head", ["# Generated by a tool, do not edit\n", "{% if x %}\n", "x-a: {{ name }}\n"])
def test_generated_files_and_templates_are_refused(tmp_path: Path, head: str) -> None:
    text = head + service(f"\n      POSTGRES_PASSWORD: {V}\n")
    found = fixed(tmp_path, text, unsafe=True)
    assert found.text == text
    assert all(left.refused for left in found.rewrite.left)
