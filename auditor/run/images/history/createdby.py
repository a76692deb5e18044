"""Reads `created_by` of a history entry, as the builders write it: which instruction, with which build arguments.

legacy      `/bin/sh -c #(nop)  ENV A=b`, `/bin/sh -c command`, `|2 A=1 B=2 /bin/sh -c command`
BuildKit    `RUN |2 A=1 B=2 /bin/sh -c command # buildkit`, `COPY a /b # buildkit`, `ENV A=b`
buildah     as the legacy builder; kaniko writes the instruction as it stands in the Dockerfile
docker commit  the command line of the container; other tools write what they like
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple

KEYWORDS = frozenset(
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME "
    "WORKDIR".split()
)
#: What stands before the command of a RUN where no SHELL says otherwise.
DEFAULT_SHELLS = ("/bin/sh -c", "cmd /S /C", "powershell -Command")
_BUILDKIT = " # buildkit"
_NOP = "#(nop)"
#: Characters before `#(nop)` in which only a shell stands, and most of a count of build arguments.
_LONGEST_SHELL = 400
_MOST_ARGUMENTS = 1_000
_MOST_SHELL_PLACES = 20
_COUNT = Pattern(r"\|([0-9]{1,9}) ?")
_ANY_SHELL = Pattern(
    r"(?:^|(?<= ))(?:/\S{0,200}/)?(?:[a-z]{0,4}sh|pwsh|cmd|powershell)(?:\.exe)?(?: [-/+]\w+(?: pipefail)?){0,6}?"
    r" (?:-[a-z]*c|/[cC]|-[Cc]ommand)(?= |$)"
)
_ARGUMENT = Pattern(r"(?:^|(?<= ))([A-Za-z_]\w{0,200})=")
_WORD = Pattern(r"([A-Za-z]{3,11})(?:[ \t]|\Z)")
_MERGED = Pattern(r"(?:merge|create new from) sha256:")


class BuildArgument(NamedTuple):
    """A build argument that a RUN saw; `start` and `end` are its value's place in `created_by`."""

    name: str
    value: str
    start: int
    end: int


class Recorded(NamedTuple):
    """What `created_by` tells.

    `keyword` is the instruction ("" if it is none: a container's command line, or words), `body` what follows it:
    for RUN the command without shell and arguments. `start` is where the body begins in `created_by`. `arguments` are
    the build arguments that the RUN saw, `shell` what ran it ("" for none). `builder`: buildkit, legacy or other.
    """

    keyword: str
    body: str
    start: int
    arguments: tuple[BuildArgument, ...] = ()
    shell: str = ""
    builder: str = "other"


def parse(created_by: str, comment: str, declared: Collection[str], shells: Sequence[str]) -> Recorded:
    """What a history entry records. `declared` are the names of earlier ARG entries, `shells` what RUN may begin with.

    Linear in the text; never raises.
    """
    end = len(created_by)
    builder = "other"
    if created_by.endswith(_BUILDKIT) or comment.startswith("buildkit"):
        builder = "buildkit"
        end -= len(_BUILDKIT) if created_by.endswith(_BUILDKIT) else 0
    if (after := _after_nop(created_by)) is not None:
        return _instruction(created_by, after, end, "legacy")
    if created_by.startswith("|"):
        return _run(created_by, 0, end, declared, shells, "legacy")
    word = _WORD.match(created_by)
    if word is not None and word[1].upper() in KEYWORDS and (word[1].isupper() or builder == "buildkit"):
        if word[1] == "RUN":
            return _run(created_by, word.end(), end, declared, shells, builder)
        return _instruction(created_by, 0, end, builder)
    if any(created_by.startswith(f"{shell} ") for shell in shells):
        return _run(created_by, 0, end, declared, shells, "legacy")
    return Recorded("", created_by[:end], 0, builder=builder)


def is_merge(comment: str) -> bool:
    """Whether a comment is that of `docker build --squash`, whose entry holds the layers of all before it."""
    return _MERGED.match(comment) is not None


def _after_nop(text: str) -> int | None:
    """Where the instruction begins behind `<shell> #(nop)`, which the legacy builder and buildah write."""
    place = text.find(_NOP, 0, _LONGEST_SHELL)
    if place < 0:
        return None
    before = text[:place]
    if before.startswith("|"):
        before = before[before.rfind(" /") + 1 :]
    if before and not (before.endswith(" ") and before[0] != "#" and "\n" not in before):
        return None
    return place + len(_NOP)


def _instruction(text: str, start: int, end: int, builder: str) -> Recorded:
    start = _skip(text, start, end)
    word = _WORD.match(text, start, end)
    if word is None or word[1].upper() not in KEYWORDS:
        return Recorded("", text[start:end], start, builder=builder)
    begin = _skip(text, word.end(1), end)
    stop = len(text[:end].rstrip(" ")) if builder == "legacy" else end
    return Recorded(word[1].upper(), text[begin : max(begin, stop)], begin, builder=builder)


def _run(text: str, start: int, end: int, declared: Collection[str], shells: Sequence[str], builder: str) -> Recorded:
    arguments: tuple[BuildArgument, ...] = ()
    start = _skip(text, start, end)
    count = _COUNT.match(text, start, end)
    if count is not None:
        number = min(int(count[1]), _MOST_ARGUMENTS)
        arguments, start = _arguments(text, count.end(), end, number, declared, shells)
    shell = next((shell for shell in shells[::-1] if text.startswith(f"{shell} ", start)), "")
    if not shell and (found := _ANY_SHELL.match(text, start, end)) is not None:
        shell = found[0]
    if shell:
        start = min(start + len(shell) + 1, end)
    return Recorded("RUN", text[start:end], start, arguments, shell, builder)


def _arguments(
    text: str, start: int, end: int, count: int, declared: Collection[str], shells: Sequence[str]
) -> tuple[tuple[BuildArgument, ...], int]:
    """The arguments, which only blanks divide, and where the command begins.

    They end at the first shell that leaves room for all of them; a name that some ARG declared begins the next one.
    """
    if count == 0:
        return (), start
    places: list[tuple[int, str]] = []
    stop = -1
    for stop in _shell_places(text, start, end, shells):
        places = _names(text, start, stop, declared, count)
        if len(places) >= count:
            break
    if stop < 0:
        places = _names(text, start, end, declared, count)
        last = places[-1][0] if places else start
        blank = text.find(" ", last, end)
        stop = end if blank < 0 else blank + 1
    if not places:
        return (), start  # a count without arguments: whatever follows is the command
    ends = [*(place for place, _ in places[1:]), stop]
    found = []
    for (place, name), after in zip(places, ends, strict=True):
        begin = place + len(name) + 1
        finish = max(begin, after - 1 if text[after - 1 : after] == " " else after)
        found.append(BuildArgument(name, text[begin:finish], begin, finish))
    return tuple(found), stop


def _shell_places(text: str, start: int, end: int, shells: Sequence[str]) -> Iterator[int]:
    """Where a shell may begin, the known ones first if any is there; not more than a few."""
    known = "|".join(re.escape(shell) for shell in dict.fromkeys(shells))
    for pattern in (re.compile(rf"(?<= )(?:{known})(?= )"), _ANY_SHELL.compiled):
        found = 0
        for match in pattern.finditer(text, start, end):
            yield match.start()
            found += 1
            if found >= _MOST_SHELL_PLACES:
                return
        if found:
            return


def _names(text: str, start: int, end: int, declared: Collection[str], count: int) -> list[tuple[int, str]]:
    """Places and names of the arguments before `end`: those declared, and others only if there are too few."""
    sure: list[tuple[int, str]] = []
    other: list[tuple[int, str]] = []
    seen: set[str] = set()
    for match in _ARGUMENT.finditer(text, start, end):
        name = match[1]
        if name in seen or len(sure) >= count:
            continue
        seen.add(name)
        # What stands first is a name, declared or not.
        if name in declared or match.start() == start:
            sure.append((match.start(), name))
        elif len(other) < count:
            other.append((match.start(), name))
    return sorted(sure + other[: count - len(sure)])


def _skip(text: str, start: int, end: int) -> int:
    while start < end and text[start] in " \t":
        start += 1
    return start
