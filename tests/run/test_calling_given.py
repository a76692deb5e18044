"""What commands get by roundabout ways: aliases, variables before the command, `-e NAME`, `merge` of bake files."""

from __future__ import annotations

import pytest

from tests.run.test_calling import T, V, shown

RUN = "container-env-secret high"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"alias d=docker\nd run -e A_TOKEN={V} x\n", [f"{RUN} {V}"]),
        (f"alias dr='docker run --rm'\ndr -e A_TOKEN={V} x\n", [f"{RUN} {V}"]),
        (f"alias d=docker dr='d run'\ndr -e A_TOKEN={V} x\n", [f"{RUN} {V}"]),
        ("alias d='sudo docker'\nd login -u a -p $P\n", ["login-argument medium $P"]),
        (f"alias r='docker run -e A_TOKEN={V}'\nr x\n", [f"{RUN} {V}"]),
        # Twice the same name, a circle, more than a command, another word.
        (f"alias d=docker\nalias d=echo\nd run -e A_TOKEN={V} x\n", []),
        (f"alias d=e\nalias e=d\nd run -e A_TOKEN={V} x\n", []),
        (f"alias d='true; docker'\nd run -e A_TOKEN={V} x\n", []),
        (f"alias d=docker\ndd run -e A_TOKEN={V} x\n", []),
        ("alias\nalias d\nd run -e A_TOKEN=$A x; docker\n", []),
    ],
)
def test_aliases(text: str, expected: list[str]) -> None:
    assert shown("a.sh", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"A_TOKEN={V} docker compose up -d\n", [f"{RUN} {V}"]),
        (f"env -u B A_TOKEN={V} docker-compose up\n", [f"{RUN} {V}"]),
        (f"sudo A_TOKEN='{V}' docker stack deploy x\n", [f"{RUN} {V}"]),
        (f"A_TOKEN={V} docker run -e A_TOKEN x\n", [f"{RUN} A_TOKEN"]),
        (f"env A_TOKEN={V} docker run -e A_TOKEN x\n", [f"{RUN} A_TOKEN"]),
        (f"export A_TOKEN={V}\ndocker run -e A_TOKEN x\n", [f"{RUN} A_TOKEN"]),
        (f"env A_TOKEN={V} docker build --build-arg A_TOKEN .\n", ["build-arg-secret high A_TOKEN"]),
        ("DB_PASSWORD=postgres docker compose up\n", ["container-env-secret low postgres"]),
        # From outside, or another program's; two values; what is handed to a build as a build secret.
        ("A_TOKEN=$X docker compose up\n", []),
        ("env A_TOKEN=$X docker run -e A_TOKEN x\n", []),
        ("docker run -e A_TOKEN x\n", []),
        (f"A_TOKEN={V}\nA_TOKEN={T}\ndocker run -e A_TOKEN x\n", []),
        (f"A_TOKEN={V} make up  # docker\n", []),
        (f"A_TOKEN={V} docker pull x\n", []),
        ("COMPOSE_PROJECT_NAME=shop TAG=1 docker compose up\n", []),
    ],
)
def test_variables_of_a_command(text: str, expected: list[str]) -> None:
    assert shown("a.sh", text) == expected


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (f'merge({{ A_TOKEN = "{V}" }}, {{ B = "1" }})', [f"build-arg-secret high {V}"]),
        (f'merge({{ B = "1" }}, {{\n    A_TOKEN = "{V}"\n  }})', [f"build-arg-secret high {V}"]),
        (f'merge(base.args, /* }} */ {{ "A_TOKEN" = "{V}" }})', [f"build-arg-secret high {V}"]),
        ("merge(base.args, { A_TOKEN = TOKEN })", ["build-arg-secret medium A_TOKEN = TOKEN"]),
        ('merge(base.args, { B = "1" })', []),
        (f'merged({{ A_TOKEN = "{V}" }})', []),
        (f'merge({{ A_TOKEN = "{V}" }})["x"]', []),
        ("merge(})", None),
    ],
)
def test_arguments_that_are_merged(args: str, expected: list[str] | None) -> None:
    text = f'variable "TOKEN" {{}}\ntarget "a" {{\n  args = {args}\n}}\n'
    if expected is None:
        with pytest.raises(AssertionError):  # the file is not read whole
            shown("docker-bake.hcl", text)
    else:
        assert shown("docker-bake.hcl", text) == expected
