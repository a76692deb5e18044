"""`--wrapper` and what belongs to it: names, references, configurations of base images."""

from __future__ import annotations

import json
import re

from auditor.core.config import suggestion
from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.core.smallfile import content_of
from auditor.core.wrappers import EXEC, Wrapping, is_reference, resolving, wrapper_ids, wrapper_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.core.wrapperdata import WrapperEntry

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: What no word of a command can have: NUL, and halves of surrogate pairs, which are no characters.
_UNREAL = re.compile(r"[\x00\ud800-\udfff]")
_MOST_BYTES = 16 * 1024 * 1024


def wrapping_of(name: str, mapped: Sequence[str], form: str, configs: Iterable[str]) -> Wrapping:
    """What the options say. Raises UsageError."""
    wrapper = wrapper_named(name)
    if wrapper is None:
        known = wrapper_ids()
        raise UsageError(f"--wrapper: {name!r} is none of {', '.join(known)}{suggestion(name, known)}")
    if wrapper["passes"] == "none" and not wrapper.get("resolve"):
        raise UsageError(f"--wrapper: {name} starts no program and prints no single value; docs/wrappers.md has more")
    if form == EXEC and wrapper["passes"] == "none":
        raise UsageError(f"--wrapper-form exec: {name} starts no program")
    if form not in ("", EXEC) and not wrapper.get("resolve"):
        raise UsageError(f"--wrapper-form {form}: {name} has no command that prints one value")
    references: dict[str, str] = {}
    for text in mapped:
        variable, reference = _pair(text, wrapper)
        if variable in references:
            raise UsageError(f"--map: {variable} is given twice")
        references[variable] = reference
    return Wrapping(wrapper, references, form, dict(_configs(configs)))


def unknown_names(wrapping: Wrapping, texts: Sequence[str]) -> list[str]:
    """Variables with a reference whose name is in none of the texts: a slip, most likely."""
    return [name for name in wrapping.references if not any(re.search(rf"\b{name}\b", text) for text in texts)]


def _pair(text: str, wrapper: WrapperEntry) -> tuple[str, str]:
    """A variable and its reference. The messages quote no reference: a secret may have been given by mistake."""
    variable, equals, reference = text.partition("=")
    if not equals or not _VARIABLE.fullmatch(variable) or not reference.strip() or not reference.isprintable():
        raise UsageError(f"--map: VARIABLE={wrapper['reference']} is wanted")
    if wrapper["takes"] == "configuration":
        raise UsageError(f"--map: {wrapper['id']} takes all values of a project, none has a reference")
    wrong = UsageError(f"--map {variable}: a reference of {wrapper['id']} looks like {wrapper['reference']}")
    if wrapper["takes"] == "references" and not is_reference(wrapper, reference):
        raise wrong
    try:
        resolving(wrapper, reference)
    except ValueError:
        raise wrong from None
    return variable, reference


def _configs(paths: Iterable[str]) -> Iterator[tuple[str, tuple[tuple[str, ...], tuple[str, ...]]]]:
    """(image, (entrypoint, command)) of every name in the outputs of `docker image inspect`. Raises UsageError."""
    for path in paths:
        wrong = UsageError(f"--base-config: {path} is not what `docker image inspect` prints")
        try:
            data = json.loads(content_of(path, _MOST_BYTES))
        except (ValueError, RecursionError):
            raise wrong from None
        for image in data if isinstance(data, list) else [data]:
            config = image.get("Config") if isinstance(image, dict) else None
            if not isinstance(config, dict):
                raise wrong
            start = (_words(config.get("Entrypoint"), wrong), _words(config.get("Cmd"), wrong))
            for name in (*_words(image.get("RepoTags"), wrong), *_words(image.get("RepoDigests"), wrong)):
                yield name, start
                yield name.removesuffix(":latest"), start


def _words(value: object, wrong: UsageError) -> tuple[str, ...]:
    words = value or []
    if not isinstance(words, list) or not all(isinstance(word, str) and not _UNREAL.search(word) for word in words):
        raise wrong
    return tuple(words)
