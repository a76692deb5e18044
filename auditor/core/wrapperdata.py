"""Shapes of what `wrappers.json` holds: programs that give secrets to the one they start, and how images start."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class CredentialEntry(TypedDict):
    """What a wrapper proves itself with: a run-time secret, never an ARG, an ENV or a file of the image.

    `variable` takes the value itself, `file_variable` the path of a file that holds it (`file_is` "file") or of the
    folder that the file `file_name` lies in ("folder"); at least one of the two is there. `file_made`: how such a file
    is made anew, where it holds something else than the variable. `settings` are variables that
    go with it and are no secrets. `shared`: other programs use the same credential, so it stays in their environment.
    """

    title: str
    variable: NotRequired[str]
    file_variable: NotRequired[str]
    file_is: NotRequired[str]
    file_name: NotRequired[str]
    file_made: NotRequired[str]
    settings: NotRequired[list[str]]
    shared: NotRequired[bool]


class WrapperEntry(TypedDict):
    """A program that starts another one with secrets in its environment, `rules/wrappers/`.

    `argv`: the words before the command, those of `fill` to be filled in by the user. `passes` says how the command
    follows them: "argv" word by word, "shell" as one text for a shell, "none" not at all. `takes`: "references" (each
    variable whose value is one; `pattern` is a regular expression for the whole value), "names" (`resolve` asks for one
    by its name) or "configuration" (whatever a project or file holds). `reference` shows what the user has to give for
    one value. `prefixes`: how a value begins that is not resolved. `resolve`: the words of a command that prints one
    value; `{reference}`, or `{before}` and `{after}` the last `separator` in it, stand in them. `variables`: the only
    ones that it can give. `process`: "exec" (becomes the program) or "fork". `signals`: "kept" (it is the program),
    "forwarded", "delayed", "dropped". `exit_code`: "kept" or "one" (1 for every failure). `libc`: what it runs with:
    "static", "glibc", "musl" (a build for each), "python", "node". `environment`: NAME=value that has to be set.
    `unset`: variables of its own that the program must not get, besides its credentials. `handed_as`: variables that
    its credential is often handed on by, and that it does not read itself. `cli_*`: an image whose
    volume brings the program, and its paths there. `install`: lines of a Dockerfile. `measured`: its behaviour was
    tried, not read. The first of `credential` is the usual one.
    """

    id: str
    title: str
    homepage: str
    argv: list[str]
    passes: str
    takes: str
    reference: str
    process: str
    signals: str
    exit_code: str
    libc: list[str]
    install: str
    traps: list[str]
    credential: list[CredentialEntry]
    fill: NotRequired[list[str]]
    pattern: NotRequired[str]
    prefixes: NotRequired[list[str]]
    separator: NotRequired[str]
    resolve: NotRequired[list[str]]
    variables: NotRequired[list[str]]
    environment: NotRequired[list[str]]
    unset: NotRequired[list[str]]
    handed_as: NotRequired[list[str]]
    cli_image: NotRequired[str]
    cli_volume: NotRequired[str]
    cli_glibc: NotRequired[str]
    cli_musl: NotRequired[str]
    measured: NotRequired[bool]


class VendorEntry(TypedDict):
    """How an image of others starts, `rules/vendors/`: the first entry that fits a repository and tag counts.

    `repositories`: names as FROM spells them, without registry. `tags`: regular expression for the whole tag; without
    it, any. `entrypoint` and `command` are words, empty where the image has none. `libc`: "glibc", "musl" or "windows".
    """

    id: str
    repositories: list[str]
    entrypoint: list[str]
    command: list[str]
    libc: str
    tags: NotRequired[str]


class WrapperData(TypedDict):
    """Compiled wrappers and vendors' images, in the order of the files; only what wraps a start reads them."""

    digest: str
    wrappers: list[WrapperEntry]
    vendors: list[VendorEntry]
