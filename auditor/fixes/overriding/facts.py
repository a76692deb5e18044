"""What is known of an image and of the service that runs it, before anything is generated."""

from __future__ import annotations

from auditor.core.record import NamedTuple

GLIBC, MUSL, NO_LIBC = "glibc", "musl", "none"
#: What a program is to the kernel.
DYNAMIC, STATIC, SCRIPT, UNKNOWN, MISSING = "dynamic", "static", "script", "unknown", "missing"


class Program(NamedTuple):
    """What the kernel starts: `path` is absolute in the image ("" where there is none), links resolved.

    `kind` is that of the file itself; `loader` the ELF interpreter of it, or of the program that runs the script.
    """

    name: str
    path: str = ""
    kind: str = MISSING
    loader: str = ""


class Reader(NamedTuple):
    """Whose process reads a mounted file: its name, and its numbers, None where the image does not say them."""

    name: str
    uid: int | None
    gid: int | None


class ImageFacts(NamedTuple):
    """One image.

    `entrypoint`, `command` and `health` are as its configuration has them (`health` with CMD or CMD-SHELL before it),
    `shell` is what CMD-SHELL is run with. `environment` holds raw values: nothing of it may be printed. `sh` is the
    path of /bin/sh ("": there is none), `sh_name` what it is (`dash`, `busybox`), `tools` the asked-for programs that
    PATH leads to. `script` and `health_script` are the texts of the shell scripts that start the container and check
    it ("": none). `uid` and `gid` are those of USER, None where the image does not say them; `reader` is whom the start
    script becomes where it gives up being root: that user has to be able to read the files, and root can anyway.
    """

    name: str
    reference: str
    digest: str
    platform: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    user: str
    uid: int | None
    gid: int | None
    workdir: str
    health: tuple[str, ...]
    shell: tuple[str, ...]
    libc: str
    libc_reason: str
    loaders: tuple[str, ...]
    system: str
    sh: str
    sh_name: str
    tools: frozenset[str]
    program: Program
    script: str
    health_script: str
    reader: Reader


class ServiceFacts(NamedTuple):
    """A service of a compose file, or the defaults of one that there is none of.

    `entrypoint` and `command` are words as the file has them, dollar signs still doubled (None: the image's own count);
    `environment` holds raw values, None for a name alone. `version` is the file's `version` ("": none). `restated` says
    whether the words could be taken apart, so that an override may repeat them.
    """

    name: str
    path: str = ""
    version: str = ""
    image: str = ""
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    environment: tuple[tuple[str, str | None], ...] = ()
    user: str = ""
    health: tuple[str, ...] | None = None
    secrets: tuple[str, ...] = ()
    services: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()
    volumes: frozenset[str] = frozenset()
    restated: bool = True
    has_env_file: bool = False


class Leaks(NamedTuple):
    """Which variables hold secrets (`image`, `service`: their names, in order), and which of "entrypoint", "command"
    and "health check" have one among their words (`telling`)."""

    image: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    telling: frozenset[str] = frozenset()
