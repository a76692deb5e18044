"""How each instruction's text becomes arguments: flags, words, JSON form, name=value pairs. Knows one logical line."""

from __future__ import annotations

import re
from functools import cache

from auditor.core.pattern import sound
from auditor.core.span import Span
from auditor.lang.dockerfile.json_array import NotStringsError, parse_strings
from auditor.lang.dockerfile.nodes import Flag, Instruction, Pair
from auditor.lang.dockerfile.text import SPACE, Text

_INSTRUCTIONS = (
    *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER"),
    *("ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
)
#: Every instruction by its name in lower case.
KEYWORDS = {name.lower(): name for name in _INSTRUCTIONS}

_SPACES = re.compile(r"[\t\v\f\r ]+")
_HEAD = re.compile(r"([^\t\v\f\r ]*)([\t\v\f\r ]+)?")
_BYTE_WORD = rb"([^\t-\r \x85\xa0]*+)[\t-\r \x85\xa0]*+(.*)"
_WORDS = re.compile(r"[^\t\v\f\r ]+")
_ANY_SPACE = re.escape(SPACE)


@cache
def _pair_word(escape: str) -> re.Pattern[str]:
    """A word of ENV, ARG or LABEL: quotes and escapes are kept, an escape that ends the text is not."""
    esc = re.escape(escape)
    source = rf"(?:[^{_ANY_SPACE}'\"{esc}]++|{esc}.|'[^']*+(?:'|\Z)|\"(?:[^\"{esc}]++|{esc}.)*+(?:\"|\Z|(?={esc}\Z)))++"
    return re.compile(sound(source), re.DOTALL)


_SURROGATE = "[\udc80-\udcff]"


class SyntaxFault(ValueError):
    """Why BuildKit's parser rejects an instruction."""


def read_instruction(line: Text, escape: str, *, nested: bool = False) -> tuple[Instruction, str]:
    """Instruction of a logical line, and why BuildKit's parser rejects it ("" where it does not)."""
    bare = line.strip()
    head = _HEAD.match(bare.text)
    assert head is not None
    written = head.group(1)
    keyword = KEYWORDS.get(written.lower()) or written.upper()
    flags, start = read_flags(bare, head.end(), escape) if head.group(2) else ((), len(bare.text))
    body = bare.slice(start, len(bare.text)).strip()
    instruction = Instruction(keyword, bare.span(0, len(written)), flags, body, line.text)
    instruction.span = bare.whole
    try:
        _read_arguments(instruction, escape, nested)
    except (SyntaxFault, NotStringsError) as fault:
        return instruction, str(fault)
    return instruction, ""


def written_keyword(original: str) -> str:
    """The first word of a logical line as written."""
    head = _HEAD.match(original.strip(SPACE))
    return head.group(1) if head is not None else ""


def _read_arguments(instruction: Instruction, escape: str, nested: bool) -> None:
    body, keyword = instruction.body, instruction.keyword
    if not body.text:
        return
    if keyword in ("ENV", "LABEL"):
        _read_pairs(instruction, escape)
    elif keyword == "ARG":
        words = pair_words(body.text, escape)
        instruction.args = tuple(_scrub(body.text[start:end]) for start, end in words)
        instruction.split_later(lambda node: ((), tuple(_pair(node.body, start, end) for start, end in words)))
    elif keyword in ("RUN", "CMD", "ENTRYPOINT", "SHELL"):
        if not _read_json(instruction, body, ()):
            instruction.args = (body.text,)
    elif keyword in ("ADD", "COPY", "VOLUME"):
        if not _read_json(instruction, body, ()):
            _read_words(instruction)
    elif keyword in ("FROM", "EXPOSE"):
        _read_words(instruction)
    elif keyword == "HEALTHCHECK":
        _read_healthcheck(instruction)
    elif keyword == "ONBUILD":
        _read_trigger(instruction, escape, nested)
    elif keyword in ("MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR"):
        instruction.args = (body.text,)
        instruction.split_later(lambda node: ((node.body,), ()))


def _read_json(instruction: Instruction, body: Text, before: tuple[Text, ...]) -> bool:
    """Take the JSON form if that is what it is. Raises NotStringsError."""
    if not body.text.startswith("["):
        return False
    elements = parse_strings(body)
    if elements is None:
        return False
    words = (*before, *elements)
    instruction.json = True
    instruction.args = tuple(word.text for word in words)
    instruction.split_later(lambda _node: (words, ()))
    return True


def _read_words(instruction: Instruction) -> None:
    instruction.args = tuple(_SPACES.split(instruction.body.text))
    instruction.split_later(
        lambda node: (tuple(node.body.slice(m.start(), m.end()) for m in _WORDS.finditer(node.body.text)), ())
    )


def _read_healthcheck(instruction: Instruction) -> None:
    body = instruction.body
    kind_end = next((i for i, c in enumerate(body.text) if c in SPACE or not c.isascii()), len(body.text))
    kind = body.slice(0, kind_end)
    command_start = kind_end + len(body.text[kind_end:]) - len(body.text[kind_end:].lstrip("\t\n\v\f\r "))
    command = body.slice(command_start, len(body.text))
    if kind_end < len(body.text) and not body.text[kind_end].isascii():
        _read_odd_healthcheck(instruction)
    elif not (command.text and _read_json(instruction, command.strip(), (kind,))):
        instruction.args = (kind.text, command.text) if command.text else (kind.text,)


def _read_odd_healthcheck(instruction: Instruction) -> None:
    """HEALTHCHECK whose type is not ASCII: BuildKit walks the bytes and splits characters at 0x85 and 0xA0."""
    data = instruction.body.text.encode("utf-8", "surrogateescape")
    match = re.match(_BYTE_WORD, data, re.DOTALL)
    assert match is not None
    parts = tuple(part.decode("utf-8", "surrogateescape") for part in match.groups() if part)
    body = instruction.body
    command = body.slice(len(body.text) - len(parts[-1]), len(body.text)).strip()
    kind = body.slice(0, min(len(parts[0]), len(body.text)))
    if len(parts) > 1 and _read_json(instruction, command, (kind,)):
        parts = (parts[0], *instruction.args[1:])
    instruction.args = parts


def _read_trigger(instruction: Instruction, escape: str, nested: bool) -> None:
    """ONBUILD's own instruction. BuildKit forbids ONBUILD in ONBUILD, so one level is enough."""
    if nested:
        return
    child, fault = read_instruction(instruction.body, escape, nested=True)
    instruction.child = child
    instruction.args = (child.keyword, *child.args)
    if fault:
        raise SyntaxFault(fault)


def _read_pairs(instruction: Instruction, escape: str) -> None:
    """ENV and LABEL: `name=value ...`, or the legacy `name value` where the first word has no `=`."""
    body = instruction.body
    words = pair_words(body.text, escape)
    if not words:
        return
    if "=" not in body.text[words[0][0] : words[0][1]]:
        gap = _SPACES.search(body.text)
        if gap is None:
            raise SyntaxFault(f"{instruction.keyword} must have two arguments")
        middle = gap.span()
        instruction.args = (body.text[: middle[0]], body.text[middle[1] :], "")
        instruction.split_later(lambda node: ((), (_legacy_pair(node.body, *middle),)))
        return
    args: list[str] = []
    for start, end in words:
        word = _scrub(body.text[start:end])
        name, equals, value = word.partition("=")
        if not equals:
            raise SyntaxFault(f"Syntax error - can't find = in {quoted(word)}. Must be of the form: name=value")
        args += (name, value, "=")
    instruction.args = tuple(args)
    instruction.split_later(lambda node: ((), tuple(_pair(node.body, start, end) for start, end in words)))


def pair_words(text: str, escape: str) -> list[tuple[int, int]]:
    """Ranges of the words of ENV, ARG and LABEL; quoted white space and escaped characters do not end one."""
    return [match.span() for match in _pair_word(escape).finditer(text)]


def _pair(body: Text, start: int, end: int) -> Pair:
    word = body.text[start:end]
    equals = word.find("=")
    if equals < 0:
        return Pair(word, body.span(start, end), None, body.span(start, end))
    value = start + equals + 1
    return Pair(word[:equals], body.span(start, value - 1), body.slice(value, end), body.span(start, end))


def _legacy_pair(body: Text, name_end: int, value_start: int) -> Pair:
    end = len(body.text)
    return Pair(body.text[:name_end], body.span(0, name_end), body.slice(value_start, end), body.span(0, end))


def _scrub(word: str) -> str:
    """Undecodable bytes as U+FFFD: BuildKit copies these words character by character."""
    return word if word.isascii() else re.sub(_SURROGATE, "\ufffd", word)


def quoted(word: str) -> str:
    """A word as it appears in an error message: quoted as Go does it, long ones cut."""
    shown = word if len(word) <= 64 else word[:61] + "..."
    return '"' + "".join(map(_quoted_character, shown)) + '"'


def _quoted_character(character: str) -> str:
    code = ord(character)
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def read_flags(line: Text, start: int, escape: str) -> tuple[tuple[Flag, ...], int]:
    """The `--flag` words that stand at `start`, and the offset at which the arguments begin."""
    text = line.text
    if not text.startswith("--", start):
        return (), start
    if text.isascii():
        words, begin = _flag_words(text, start, escape)
        return tuple(_flag(word, line.span(first, last)) for word, first, last in words), begin
    return _byte_flags(line, start, escape)


def _flag(word: str, span: Span) -> Flag:
    name, equals, value = word.partition("=")
    return Flag(word, name[2:], value if equals else None, span)


def _byte_flags(line: Text, start: int, escape: str) -> tuple[tuple[Flag, ...], int]:
    """Flags of a line that is not ASCII: BuildKit walks the bytes and takes each for a Latin-1 character."""
    data = line.text.encode("utf-8", "surrogateescape")
    places: list[int] = []
    for index, character in enumerate(line.text):
        places += [index] * len(character.encode("utf-8", "surrogateescape"))
    places.append(len(line.text))
    begin = len(line.text[:start].encode("utf-8", "surrogateescape"))
    words, end = _flag_words(data.decode("latin-1"), begin, escape)
    flags = tuple(_flag(word, line.span(places[first], places[last - 1] + 1)) for word, first, last in words)
    while end < len(data) and end and places[end] == places[end - 1]:
        end += 1
    return flags, places[end]


def _flag_words(text: str, start: int, escape: str) -> tuple[list[tuple[str, int, int]], int]:
    """Flag words without quotes and escapes and their ranges; a lone `--` ends them."""
    words: list[tuple[str, int, int]] = []
    at = start
    while True:
        while at < len(text) and text[at] in SPACE:
            at += 1
        if not text.startswith("--", at):
            return words, at
        begin = at
        word, at, blank_ok = _flag_word(text, at, escape)
        if word == "--" and at < len(text):
            return words, at
        if word != "--" and (word or blank_ok):
            words.append((word, begin, at))
        if at >= len(text):
            return words, at


def _flag_word(text: str, at: int, escape: str) -> tuple[str, int, bool]:
    """One flag word from `at`: its value, its end, and whether quotes let it be empty."""
    parts: list[str] = []
    quote = ""
    blank_ok = False
    while at < len(text):
        character = text[at]
        if character == quote:
            quote = ""
        elif not quote and character in SPACE:
            break
        elif not quote and character in "'\"":
            quote, blank_ok = character, True
        elif character == escape:
            at += 1
            if at < len(text):
                parts.append(text[at])
            else:
                break
        else:
            parts.append(character)
        at += 1
    return "".join(parts), min(at, len(text)), blank_ok
