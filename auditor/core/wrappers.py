"""Look-ups in the tables of exec wrappers and of how vendors' images start."""

from __future__ import annotations

import re
from functools import cache

from auditor.core.imagenames import split_image
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.resources import load_wrappers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.core.wrapperdata import VendorEntry, WrapperEntry

SHIM, EXEC = "shim", "exec"
#: What stands for the reference in the words of `resolve`.
_WHOLE, _BEFORE, _AFTER = "{reference}", "{before}", "{after}"


class Wrapping(NamedTuple):
    """What a start is wrapped with: the wrapper, references by variable, the form that was asked for ("" for none), and
    (entrypoint, command) of images that are known besides those of the table."""

    wrapper: WrapperEntry
    references: Mapping[str, str]
    form: str = ""
    configs: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] | None = None

    @property
    def way(self) -> str:
        """The form that was asked for, or the usual one."""
        return self.form or usual_form(self.wrapper)


def usual_form(wrapper: WrapperEntry) -> str:
    """SHIM: a shell asks for each value and becomes the program; EXEC: the wrapper starts it, and becomes it or cannot
    be asked for single values."""
    shims = bool(wrapper.get("resolve")) and wrapper["process"] == "fork"
    return SHIM if shims or wrapper["passes"] == "none" else EXEC


def own_variables(wrapper: WrapperEntry) -> list[str]:
    """Variables that hold a wrapper's own credential, which the program that it starts has no use for."""
    held = [one["variable"] for one in wrapper["credential"] if "variable" in one and not one.get("shared")]
    return list(dict.fromkeys([*held, *wrapper.get("unset", ())]))


@cache
def credential_variables() -> tuple[str, ...]:
    """The variables that hold the credential of any wrapper: each opens all secrets behind it. Raises RuleDataError."""
    found = (name for one in load_wrappers()["wrappers"] for name in (*own_variables(one), *one.get("handed_as", ())))
    return tuple(dict.fromkeys(found))


def wrapper_ids() -> list[str]:
    """The names of all wrappers, sorted. Raises RuleDataError."""
    return sorted(entry["id"] for entry in load_wrappers()["wrappers"])


def wrapper_named(name: str) -> WrapperEntry | None:
    """The wrapper of this id, None if there is none. Raises RuleDataError."""
    return next((entry for entry in load_wrappers()["wrappers"] if entry["id"] == name), None)


def vendor_of(image: str) -> VendorEntry | None:
    """How an image starts, by its name as FROM spells it; None where the table does not say so for certain.

    Without a tag or a digest the tag is "latest". Of an image that is named by its digest alone, or whose tag has a
    variable in it, the tag is not known: then all entries of the repository but those for Windows have to say the same,
    and `libc` is "" where it differs. Raises RuleDataError.
    """
    repository, tag = split_image(image)
    found = [entry for entry in load_wrappers()["vendors"] if repository in entry["repositories"]]
    if not tag:
        return _common([entry for entry in found if entry["libc"] != "windows"])
    return next((entry for entry in found if re.fullmatch(entry.get("tags", ".*"), tag)), None)


def is_reference(wrapper: WrapperEntry, value: str) -> bool:
    """Whether a value is one that this wrapper resolves."""
    pattern = wrapper.get("pattern")
    return pattern is not None and re.fullmatch(pattern, value) is not None


def resolving(wrapper: WrapperEntry, reference: str) -> list[str]:
    """The words of the command that prints the value of a reference; none where the wrapper has no such command.

    Raises ValueError if the reference lacks the separator between its two parts, or would be taken for an option.
    """
    words = wrapper.get("resolve", [])
    separator = wrapper.get("separator", "")
    before, found, after = reference.rpartition(separator) if separator else ("", "", "")
    if separator and not (before and found and after):
        raise ValueError(f"{reference!r} is not of the form {wrapper['reference']}")
    parts = {_WHOLE: reference, _BEFORE: before, _AFTER: after}
    if any(parts.get(word, "").startswith("-") for word in words):
        raise ValueError(f"{reference!r} would be taken for an option of {words[0]}")
    return [re.sub(r"\{(?:reference|before|after)\}", lambda m: parts[m[0]], word) for word in words]


def _common(entries: list[VendorEntry]) -> VendorEntry | None:
    """What several entries say, if they start alike."""
    if len({(tuple(entry["entrypoint"]), tuple(entry["command"])) for entry in entries}) != 1:
        return None
    common: VendorEntry = {**entries[0]}
    if len({entry["libc"] for entry in entries}) > 1:
        common["libc"] = ""
    return common
