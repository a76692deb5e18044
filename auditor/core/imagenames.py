"""Names of images as FROM, compose files and engines spell them."""

from __future__ import annotations

_HUB = ("docker.io/library/", "index.docker.io/library/", "library/", "docker.io/", "index.docker.io/")
_LONGEST_TAG = 128


def split_image(image: str) -> tuple[str, str]:
    """(repository without Docker Hub's prefixes, tag) in lower case; no tag where it is not known."""
    name, _at, digest = image.lower().partition("@")
    for beginning in _HUB:
        if name.startswith(beginning):
            name = name.removeprefix(beginning)
            break
    repository, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:  # the colon of a port
        repository, tag = name, "" if digest else "latest"
    return repository, "" if "$" in tag or len(tag) > _LONGEST_TAG else tag


def repository(image: str) -> str:
    """The repository alone, without tag and digest."""
    return split_image(image)[0]
