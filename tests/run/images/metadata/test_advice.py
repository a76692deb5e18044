"""Advice about an image names the variable that holds the secret, and speaks of builds where one uses it."""

from __future__ import annotations

from tests.run.images.configs import RANDOM, found, history


def advice(*created_by: str, env: str = "") -> list[str]:
    config = {**history(*created_by), "config": {"Env": [env] if env else []}}
    return [one.leak.remedy for one in found(config, layers=len(created_by))]


def test_a_variable_is_set_when_the_container_starts() -> None:
    made = advice("RUN make", env=f"DB_PASSWORD={RANDOM}")
    assert made == [
        "Take it out of the image and set it when the container starts:\ndocker run --env DB_PASSWORD IMAGE"
    ]


def test_a_build_that_uses_it_is_told_how_to_mount_it() -> None:
    (made,) = advice('RUN /bin/sh -c ./migrate "$DB_PASSWORD" # buildkit', env=f"DB_PASSWORD={RANDOM}")
    assert made.index("docker run --env DB_PASSWORD") < made.index("--mount=type=secret,id=db_password")


def test_a_build_argument_becomes_a_mount_of_its_name() -> None:
    (made,) = advice(f"RUN |1 PDF_KEY={RANDOM} /bin/sh -c make # buildkit")
    assert "id=pdf_key,required=true" in made and 'PDF_KEY="$(cat' in made and RANDOM not in made
