"""The parts that every compose override has: the service, its start, its health check, secrets, and what it says."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.core.secretnames import MOUNTED
from auditor.fixes.overriding.facts import NO_LIBC
from auditor.fixes.overriding.plan import FOLDER
from auditor.fixes.overriding.starting import doubled
from auditor.fixes.overriding.yamltext import override

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.fixes.overriding.facts import ImageFacts
    from auditor.fixes.overriding.plan import Request
    from auditor.fixes.overriding.yamltext import Value

#: The first words of every generated file, by which it is known again.
MARK = "Made by `audit wrap`"
_WIDEST = 100


class Override:
    """A compose override while it is put together; keys come out in the order in which they are first set."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.service: dict[str, Value] = {}
        self._environment: dict[str, str] = {}
        self._secrets: dict[str, str] = {}
        self.services: dict[str, Value] = {}
        self.volumes: dict[str, Value] = {}

    def start(self, entrypoint: Sequence[str], command: Sequence[str]) -> None:
        """Take the place of what starts the container; words as compose has them."""
        self.service["entrypoint"] = list(entrypoint)
        if command or not self._request.service.restated:
            if self._request.service.restated:
                self.service["command"] = list(command)
        else:
            self.service["command"] = []

    def check(self, words: Sequence[str]) -> None:
        """Take the place of the health check."""
        self.service["healthcheck"] = {"test": ["CMD", *words]}

    def set(self, name: str, value: str) -> None:
        """Set a variable to a value that stands for itself."""
        self._environment[name] = doubled(value)

    def secret(self, name: str, source: str = "") -> str:
        """Give the service the content of a file under /run/secrets; its path there."""
        self._secrets[name] = source or f"./{FOLDER}/{name}"
        return f"{MOUNTED}/{name}"

    def text(self, head: Sequence[str]) -> str:
        """The file."""
        service = self._request.service
        image = self._request.image
        own: dict[str, Value] = {}
        if not service.path:
            own["image"] = doubled(image.reference)
        own |= self.service
        if self._environment:
            own["environment"] = self._environment
        if self._secrets:
            own["secrets"] = list(self._secrets)
        data: dict[str, Value] = {"version": service.version} if service.version else {}
        data["services"] = {**self.services, service.name: own}
        declared = {name: {"file": doubled(path)} for name, path in self._secrets.items() if self._is_new(name)}
        if declared:
            data["secrets"] = declared
        if self.volumes:
            data["volumes"] = self.volumes
        return override(data, head)

    def _is_new(self, name: str) -> bool:
        return name not in self._request.service.declared


def head(request: Request, how: Sequence[str]) -> list[str]:
    """The lines of comment that a generated file begins with: what was read, and `how` it works."""
    image = request.image
    lines = [f"{MARK} --with {request.method}. Read from the image {shown([image.name])}:"]
    lines += [f"  {name.ljust(11)} {text}" for name, text in read_from(image, request.leaks.telling)]
    return [*lines, *how]


def read_from(image: ImageFacts, telling: frozenset[str]) -> list[tuple[str, str]]:
    """What was read from an image, for people; commands that hold a secret are left out."""
    words = {"entrypoint": image.entrypoint, "command": image.command}
    lines = [
        (name, "(holds a secret)" if name in telling else shown(given) or "(none)") for name, given in words.items()
    ]
    numbers = "" if image.uid is None else f"uid {image.uid}" + ("" if image.gid is None else f", gid {image.gid}")
    who = shown([image.user]) if image.user else "root"
    lines.append(("user", f"{who} ({numbers})" if numbers else f"{who} (not in its /etc/passwd)"))
    library = "no C library" if image.libc == NO_LIBC else image.libc
    lines.append(("C library", f"{library} ({image.libc_reason})"))
    lines.append(("shell", f"{image.sh} ({shown([image.sh_name])})" if image.sh else "none"))
    if image.system:
        lines.append(("system", image.system))
    return lines


def shown(words: Sequence[str]) -> str:
    """Words for people, on one line that is not too long."""
    parts: list[str] = []
    for word in words:
        odd = not word or any(char.isspace() or char in "\"'$`\\" for char in word)
        parts.append(repr(word) if odd else word)
        if sum(map(len, parts)) + len(parts) > _WIDEST:
            return " ".join(parts)[:_WIDEST] + "..."
    return " ".join(parts)
