"""How the wrapped container starts and is checked: the words of image and service, as a compose file writes them."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.plan import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.fixes.overriding.facts import ImageFacts, ServiceFacts
    from auditor.fixes.overriding.plan import Request

_SHELL, _DIRECT = "CMD-SHELL", "CMD"


def doubled(text: str) -> str:
    """A text as compose takes it for itself: a dollar sign begins a variable there."""
    return text.replace("$", "$$")


def entrypoint_of(image: ImageFacts, service: ServiceFacts) -> list[str]:
    """The words of the entrypoint, dollar signs doubled."""
    return list(service.entrypoint) if service.entrypoint is not None else list(map(doubled, image.entrypoint))


def command_of(image: ImageFacts, service: ServiceFacts) -> list[str]:
    """The same for the command; a service with an entrypoint of its own does not get the image's."""
    if service.command is not None:
        return list(service.command)
    return [] if service.entrypoint is not None else list(map(doubled, image.command))


def words_of(image: ImageFacts, service: ServiceFacts) -> list[str]:
    """All words that the container is started with."""
    words = [*entrypoint_of(image, service), *command_of(image, service)]
    if any("\0" in word for word in words):
        raise Refused("what starts the image has a NUL character in it, which no program can be given")
    return words


def health_of(image: ImageFacts, service: ServiceFacts) -> list[str]:
    """The words of a health check as they are run, dollar signs doubled; none where nothing is checked."""
    given = service.health if service.health is not None else tuple(map(doubled, image.health))
    if given[:1] == (_SHELL,):
        return [*map(doubled, image.shell), *given[1:]]
    return list(given[1:]) if given[:1] == (_DIRECT,) else []


def needs(image: ImageFacts, words: Sequence[str], names: Iterable[str]) -> bool:
    """Whether a health check names one of the variables, itself or in the script that it starts."""
    texts = [*words, image.health_script]
    return any(Pattern(rf"(?<!\w){name}(?!\w)").search(text) for name in names for text in texts)


def check_telling(request: Request, what: str) -> None:
    """Raises Refused where the words that would be repeated hold a secret."""
    if what in request.leaks.telling:
        raise Refused(
            f"the {what} holds a secret, which would be written once more (--keep {kept_as(what)} if it is none)"
        )


def kept_as(what: str) -> str:
    """What --keep calls it: no variable is called like that."""
    return what.replace(" ", "-")
