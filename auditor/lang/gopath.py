"""Go's `filepath.Clean` and `filepath.Match` on slash paths.

The builder applies them to ignore patterns and COPY sources. Pure: no file access. A compiled pattern
matches in time linear in the name for each wildcard.
"""

from __future__ import annotations

import re

from auditor.core.pattern import Pattern

_WILDCARD = Pattern(r"(?s)(?:[^\\*?\[]|\\.?)*+[*?\[]")
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


class BadPattern(ValueError):
    """The pattern is malformed; the message says where Go's reader gives up."""


def trim(text: str) -> str:
    """`strings.TrimSpace`: Python's `strip` would also take the separators U+001C to U+001F."""
    return text.strip(_SPACE)


def clean(path: str) -> str:
    """`filepath.Clean`: the shortest equal path, by text alone; "." for the empty one."""
    rooted = path.startswith("/")
    parts: list[str] = []
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part != "..":
            parts.append(part)
        elif parts and parts[-1] != "..":
            parts.pop()
        elif not rooted:
            parts.append(part)
    joined = "/".join(parts)
    return "/" + joined if rooted else joined or "."


def relative(path: str) -> str:
    """A path below a root, without leading slash; `..` never climbs out of the root. "" is the root itself."""
    return clean("/" + path)[1:]


def has_wildcard(text: str) -> bool:
    """Whether an unescaped `*`, `?` or `[` occurs, so that COPY treats the word as a pattern."""
    return _WILDCARD.match(text) is not None


def glob(pattern: str) -> re.Pattern[str]:
    """The whole-name matcher of a `filepath.Match` pattern. Raises BadPattern.

    Each `*` takes the leftmost place where the literal text after it fits and never reconsiders, as Go does.
    """
    source: list[str] = []
    rest = pattern
    while rest:
        star, chunk, rest = _next_chunk(rest)
        body = _chunk_source(chunk)
        if not star:
            source.append(body)
        elif rest:
            source.append(f"(?>[^/]*?{body})")
        else:
            source.append(f"[^/]*{body}")
    return re.compile("".join(source) + r"\Z")


def check_against_dot(pattern: str) -> None:
    """Raise BadPattern where `filepath.Match(pattern, ".")` fails, the test every ignore pattern must pass.

    Go stops at the first part that cannot match ".", so a mistake behind such a part goes unnoticed here.
    """
    rest, name = pattern, "."
    while rest:
        star, chunk, rest = _next_chunk(rest)
        skip = "[^/]*?" if star else ""
        end = "" if rest else r"\Z"
        found = re.match(skip + _chunk_source(chunk) + end, name)
        if found is None:
            return
        name = name[found.end() :]


def _next_chunk(pattern: str) -> tuple[bool, str, str]:
    """Leading stars?, the text up to the next star outside brackets, and what follows."""
    text = pattern.lstrip("*")
    star = len(text) < len(pattern)
    in_class = False
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif char == "[":
            in_class = True
        elif char == "]":
            in_class = False
        elif char == "*" and not in_class:
            break
        at += 1
    return star, text[:at], text[at:]


def _chunk_source(chunk: str) -> str:
    """Python regex for a chunk without stars."""
    source: list[str] = []
    at = 0
    while at < len(chunk):
        char = chunk[at]
        at += 1
        if char == "?":
            source.append("[^/]")
        elif char == "[":
            text, at = _class_source(chunk, at)
            source.append(text)
        elif char == "\\":
            if at == len(chunk):
                raise BadPattern("a backslash ends the pattern")
            source.append(re.escape(chunk[at]))
            at += 1
        else:
            source.append(re.escape(char))
    return "".join(source)


def _class_source(chunk: str, at: int) -> tuple[str, int]:
    """Python regex of the bracket expression whose inside starts at `at`, and the offset after it."""
    negated = chunk.startswith("^", at)
    at += negated
    ranges: list[str] = []
    first = True
    while first or not chunk.startswith("]", at):
        low, at = _class_char(chunk, at)
        high = low
        if chunk.startswith("-", at):
            high, at = _class_char(chunk, at + 1)
        if low <= high:
            ranges.append(f"{re.escape(low)}-{re.escape(high)}")
        first = False
    at += 1
    if not ranges:
        return (r"[\s\S]" if negated else r"(?!)"), at
    return f"[{'^' if negated else ''}{''.join(ranges)}]", at


def _class_char(chunk: str, at: int) -> tuple[str, int]:
    char = chunk[at : at + 1]
    if char in ("", "-", "]"):
        raise BadPattern("a bracket expression is empty, not closed or has an open range")
    if char == "\\":
        at += 1
        char = chunk[at : at + 1]
    if not char or at + 1 == len(chunk):
        raise BadPattern("a bracket expression is not closed")
    if "\udc80" <= char <= "\udcff":
        raise BadPattern("a bracket expression holds a byte that is not UTF-8")
    return char, at + 1
