"""Which heredocs a command line announces. The escape is always a backslash here, whatever the directive says."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.lang.dockerfile.lexer import Lexer
from auditor.lang.dockerfile.nodes import Heredoc, Instruction
from auditor.lang.dockerfile.substitution import ExpansionError

_WORD = Pattern(r"[0-9]*+<<(-?)[\t\n\f\r ]*+([^<]*+)\Z")
_TAKERS = ("RUN", "COPY", "ADD")


def announced(instruction: Instruction) -> tuple[list[Heredoc], str]:
    """Heredocs that the instruction announces, in order, still empty; and why BuildKit rejects the line ("" mostly)."""
    node = instruction
    if node.keyword == "ONBUILD" and node.child is not None:
        node = node.child
    if "<<" not in instruction.original or node.keyword not in _TAKERS or node.json:
        return [], ""
    try:
        lexer = Lexer(instruction.original, _unset, raw_quotes=True, raw_escapes=True, keep_unset=True)
        words = lexer.run()[1]
    except ExpansionError:
        return [], ""
    found: list[Heredoc] = []
    for word in words:
        try:
            heredoc = heredoc_word(word)
        except ExpansionError as error:
            return found, str(error)
        if heredoc is not None:
            found.append(heredoc)
    return found, ""


def heredoc_word(word: str) -> Heredoc | None:
    """The heredoc that a word such as `<<-"EOF"` announces, None for any other word. Raises ExpansionError."""
    match = _WORD.match(word)
    if match is None or not match.group(2):
        return None
    rest = match.group(2)
    plain = Lexer(rest, _unset, keep_unset=True).run()[1]
    if len(plain) != 1:
        return None
    raw = Lexer(rest, _unset, raw_quotes=True, keep_unset=True).run()[1]
    if len(raw) != 1:
        raise ExpansionError(f"internal lexing of heredoc produced inconsistent results: {rest}")
    expand = _quotes(plain[0]) == _quotes(raw[0])
    return Heredoc(plain[0], expand, match.group(1) == "-")


def _quotes(word: str) -> int:
    return word.count("'") + word.count('"')


def _unset(_name: str) -> str | None:
    return None
