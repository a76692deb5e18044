"""The statements and words of a wrapper that stand before a program: what asks for each value, and what hands over.

The shell is POSIX's. Nothing secret stands in an argument; a value that cannot be had ends the start with a message.
"""

from __future__ import annotations

import shlex

from auditor.core.record import TYPE_CHECKING
from auditor.core.secretnames import MOUNTED, secret_id
from auditor.core.wrappers import SHIM, own_variables, resolving
from auditor.fixes.plan import Refused
from auditor.fixes.shims import Shim, is_shim, program_of, reading_file

if TYPE_CHECKING:
    from auditor.core.wrapperdata import CredentialEntry, WrapperEntry
    from auditor.core.wrappers import Wrapping


def shim_of(wrapping: Wrapping, names: list[str]) -> Shim:
    """What goes before the program for these variables. Raises Refused where the wrapper cannot do that."""
    wrapper = wrapping.wrapper
    if wrapping.way == SHIM:
        if not wrapper.get("resolve"):
            raise Refused(f"{wrapper['title']} has no command that prints one value: leave out --wrapper-form")
        body = "".join(_asking(wrapping, name) for name in names)
        return Shim(body, head=_head(wrapper) + _given(wrapper), tail=_tail(wrapper))
    if wrapper["passes"] == "none":
        raise Refused(f"{wrapper['title']} starts no program: leave out --wrapper-form")
    return Shim(head=_given(wrapper), words=tuple(wrapper["argv"]))


def credential_of(wrapper: WrapperEntry) -> CredentialEntry:
    """The usual way in which it proves itself."""
    return wrapper["credential"][0]


def credential_names(wrapper: WrapperEntry) -> frozenset[str]:
    """Variables that hold its own credential: they are never resolved, and the program does not get them."""
    found = {one["variable"] for one in wrapper["credential"] if "variable" in one}
    return frozenset(found | set(wrapper.get("unset", ())))


def settings(wrapping: Wrapping) -> list[tuple[str, str]]:
    """Variables that the image has to have, none of them secret."""
    credential = credential_of(wrapping.wrapper)
    found: list[tuple[str, str]] = []
    if "file_variable" in credential:
        is_folder = credential["file_is"] == "folder"
        path = MOUNTED if is_folder else f"{MOUNTED}/{credential['file_name']}"
        found.append((credential["file_variable"], path))
    if wrapping.way != SHIM:
        for setting in wrapping.wrapper.get("environment", ()):
            name, _equals, value = setting.partition("=")
            found.append((name, value))
    return found


def credential_file(wrapper: WrapperEntry) -> str:
    """The path at which the container finds the credential."""
    credential = credential_of(wrapper)
    return f"{MOUNTED}/{credential.get('file_name') or secret_id(credential['variable'])}"


def runs_wrapper(words: list[str], wrapper: WrapperEntry) -> int:
    """Where the wrapper's own words begin among those of a start, -1 where it is not started by it."""
    words = program_of(words)
    if wrapper["passes"] == "none":
        return -1
    for at, word in enumerate(words):
        if word.rpartition("/")[2] == wrapper["argv"][0]:
            second = wrapper["argv"][1:2]
            return at if not second or words[at + 1 : at + 2] == second else -1
    return -1


def asks(words: list[str], wrapper: WrapperEntry) -> bool:
    """Whether a start asks for single values with the wrapper's command."""
    head = wrapper.get("resolve", [])[:2]
    return bool(head) and is_shim(words) and " ".join(head) in words[2]


def _asking(wrapping: Wrapping, name: str) -> str:
    """The statement that fills one variable; a value that was given from outside stays."""
    wrapper = wrapping.wrapper
    unresolved = "|".join(['""', *(f"{shlex.quote(one)}*" for one in wrapper.get("prefixes", ()))])
    check = f"case ${name} in {unresolved}) no {name};; esac"
    if wrapper["takes"] == "references":
        prefixes = unresolved.partition("|")[2]
        command = _command(wrapper["resolve"], f'"${name}"')
        return f'case ${name} in {prefixes}) {name}="$({command})" || no {name}; {check};; esac; '
    words = resolving(wrapper, wrapping.references.get(name, _placeholder(wrapper, name)))
    command = " ".join(shlex.quote(word) for word in words)
    return f'[ -n "${{{name}+set}}" ] || {{ {name}="$({command})" || no {name}; {check}; export {name}; }}; '


def _placeholder(wrapper: WrapperEntry, name: str) -> str:
    """What is asked for where the user did not say: the variable's own name, or what has to be filled in."""
    return name if wrapper["reference"] == "NAME" else wrapper["reference"]


def _command(words: list[str], value: str) -> str:
    return " ".join(value if word == "{reference}" else shlex.quote(word) for word in words)


def _head(wrapper: WrapperEntry) -> str:
    """What ends the start: a value that is not to be had, or a signal that comes while the wrapper is asked."""
    message = f'echo "$1: {wrapper["id"]} gives no value" >&2'
    return f"no() {{ {message}; exit 1; }}; trap 'exit 143' TERM; trap 'exit 130' INT; "


def _given(wrapper: WrapperEntry) -> str:
    """What takes the credential from its file, where the wrapper cannot do that itself."""
    credential = credential_of(wrapper)
    if "file_variable" in credential:
        return ""
    return reading_file(credential["variable"], credential_file(wrapper))


def _tail(wrapper: WrapperEntry) -> str:
    """What keeps the credential from the program."""
    names = own_variables(wrapper)
    return f"unset {' '.join(names)}; " if names else ""
