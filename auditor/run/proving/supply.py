"""What both builds are given, and the values that must be gone afterwards.

A secret that the user does not give is made up: it is as good for the question where it ends up, unless a build logs
in with it.
"""

from __future__ import annotations

import os
import re
import secrets as randomness
import string

from auditor.core.record import TYPE_CHECKING
from auditor.core.secret import encoded
from auditor.core.smallfile import content_of
from auditor.run.proving.options import LARGEST, given_arguments, given_secrets
from auditor.run.proving.shapes import ProofError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.fixes.plan import BuildSecret
    from auditor.run.proving.shapes import Wish

_LETTERS = string.ascii_letters + string.digits
_LENGTH = 32
#: The values go to the docker command by its environment: these names would rule the command itself.
_RESERVED = re.compile(
    r"(?:PATH|HOME|TMPDIR|PWD|USER|GODEBUG|SSH_AUTH_SOCK|(?:DOCKER|BUILDX|BUILDKIT|LD|XDG|SSL|OTEL)_\w*)"
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


class Supply:
    """What the builds are given.

    `arguments`: all build arguments of the build before, by name; `kept`: those of the one after. `files`: contents of
    the build after's secrets by id, `both`: of those that both builds take. `ssh` is (agent or key option as given, or
    the content of a key). `values` are to be looked for, by a name for people; those of `made_up` are nobody's.
    """

    def __init__(self, wish: Wish) -> None:
        self._wish = wish
        self._literals = _literals(wish.before)
        self.arguments = given_arguments(wish.given.arguments)
        self.kept = {name: value for name, value in self.arguments.items() if name not in wish.arguments}
        given = given_secrets(wish.given.secrets)
        wanted = {secret.id for secret in wish.secrets}
        self.both = {name: content for name, content in given.items() if name not in wanted}
        self.files: dict[str, bytes] = {}
        self.ssh: tuple[str, ...] = wish.given.ssh
        self.key = b""
        self.needs_ssh = False
        self.values: dict[str, bytes] = {}
        self.made_up: set[str] = set()
        self._unnamed = _unnamed(wish, self._literals)
        for secret in wish.secrets:
            self._provide(secret, given.get(secret.id))
        for name in wish.arguments - self.arguments.keys():
            self.arguments[name] = self._made_up(name)
            self._seek(name, self.arguments[name].encode())
        for secret_value in wish.values:
            self._seek(secret_value.kind, encoded(secret_value.reveal()))
        _check(self.arguments)

    def __repr__(self) -> str:
        return f"Supply of {len(self.values)} values"

    def _provide(self, secret: BuildSecret, given: bytes | None) -> None:
        if secret.kind == "ssh":
            self._provide_ssh(secret)
        elif secret.kind == "file":
            self._provide_file(secret, given)
        else:
            self._provide_variable(secret, given)

    def _provide_variable(self, secret: BuildSecret, given: bytes | None) -> None:
        """One value for both: what the user gives, what the Dockerfile holds, or one that is made up."""
        takes = secret.name in self._wish.arguments
        if given is None and takes and secret.name in self.arguments:
            given = encoded(self.arguments[secret.name])
        literal = self._literals.get(secret.name, "") if not takes else ""
        if given is None and (literal or (not takes and self._unnamed)):
            given = encoded(literal or self._unnamed)
        if given is None:
            given = self._made_up(secret.id).encode()
        self.files[secret.id] = given
        # A shell's "$(cat FILE)" drops line breaks at the end.
        value = given.rstrip(b"\n")
        if takes:
            self.arguments[secret.name] = value.decode("utf-8", "surrogateescape")
        self._seek(secret.id, value)

    def _provide_file(self, secret: BuildSecret, given: bytes | None) -> None:
        here = self._in_context(secret.source)
        if here is not None:
            self._seek_file(secret.id, secret.source, here)
        if given is not None:
            self._seek_file(secret.id, secret.source, given)
        elif here is None:
            given = self._made_up(secret.id).encode() + b"\n"
            self._seek(secret.id, given.strip())
        self.files[secret.id] = here if given is None and here is not None else given or b""

    def _provide_ssh(self, secret: BuildSecret) -> None:
        here = self._in_context(secret.source)
        if here is not None:
            self._seek(secret.source, here)
            if not self.ssh:
                self.key = here
        elif not self.ssh:
            self.needs_ssh = True

    def _in_context(self, path: str) -> bytes | None:
        """A file of the build context, if it is one and not outside of it."""
        root = os.path.realpath(self._wish.context)
        place = os.path.realpath(os.path.join(root, path.lstrip("/")))
        if not path or os.path.commonpath([root, place]) != root or not os.path.isfile(place):
            return None
        return content_of(place, LARGEST, ProofError)

    def _made_up(self, name: str) -> str:
        self.made_up.add(name)
        # It begins with a letter, for what takes only names.
        return randomness.choice(string.ascii_letters) + "".join(
            randomness.choice(_LETTERS) for _ in range(_LENGTH - 1)
        )

    def _seek_file(self, name: str, path: str, content: bytes) -> None:
        """The file as a whole, and what in it is a secret."""
        from auditor.detect.detector import Detector  # start-up: only with files

        self._seek(name, content.rstrip(b"\r\n"))
        for found in Detector().detect(content, path):
            value = encoded(found.secret.reveal())
            if len(value) > 5:
                self._seek(f"{name} ({found.secret.kind})", value)

    def _seek(self, name: str, value: bytes) -> None:
        if value in self.values.values() or not value:
            return
        free, count = name, 1
        while free in self.values:
            count += 1
            free = f"{name} {count}"
        self.values[free] = value


def _literals(dockerfile: bytes) -> dict[str, str]:
    """Values that ARG and ENV of a Dockerfile state, by name, as far as they are texts without variables."""
    from auditor.lang.dockerfile.parser import parse_bytes  # start-up: only with a proof
    from auditor.lang.dockerfile.words import expand

    document = parse_bytes(dockerfile)
    found: dict[str, str] = {}
    for instruction in document.instructions:
        for pair in instruction.pairs if instruction.keyword in ("ARG", "ENV") else ():
            if pair.raw is None or "$" in pair.raw.text:
                continue
            try:
                found[pair.name] = expand(pair.raw.text, {}, document.escape)
            except ValueError:
                continue
    return found


def _unnamed(wish: Wish, literals: Mapping[str, str]) -> str:
    """The one value of the findings that stands in the Dockerfile under no name, for the one secret that has it."""
    known = set(literals.values())
    values = {value.reveal() for value in wish.values} - known
    variables = [
        secret
        for secret in wish.secrets
        if secret.kind == "variable" and secret.name not in wish.arguments and secret.name not in literals
    ]
    return values.pop() if len(values) == len(variables) == 1 else ""


def _check(arguments: Mapping[str, str]) -> None:
    for name, value in arguments.items():
        if _RESERVED.fullmatch(name) or not _NAME.fullmatch(name):
            raise ProofError(f"the build argument {name} cannot be passed to the docker command by its environment")
        if "\0" in value:
            raise ProofError(f"the value of the build argument {name} holds a zero byte")
