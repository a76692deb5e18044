"""BuildKit's shell words: expanding a text, splitting it, listing its variables. Knows nothing of instructions."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from auditor.lang.dockerfile.lexer import MAX_DEPTH, MAX_LENGTH, Lexer, Lookup
from auditor.lang.dockerfile.substitution import ExpansionError, VariableUse

__all__ = [
    "MAX_DEPTH",
    "MAX_LENGTH",
    "ExpansionError",
    "VariableUse",
    "expand",
    "expand_heredoc",
    "expand_words",
    "variables",
]


def _unset(_name: str) -> str | None:
    return None


def expand(text: str, env: Mapping[str, str] | Lookup, escape: str = "\\") -> str:
    """The text with variables expanded and quotes and escapes removed, as one word. Raises ExpansionError."""
    if text.isascii() and not ("$" in text or escape in text or '"' in text or "'" in text):
        return text
    return Lexer(text, env if callable(env) else env.get, escape).run()[0]


def expand_words(text: str, env: Mapping[str, str] | Lookup, escape: str = "\\") -> list[str]:
    """The same, split at white space outside quotes after expansion. Raises ExpansionError."""
    return Lexer(text, env if callable(env) else env.get, escape).run()[1]


def expand_heredoc(text: str, env: Mapping[str, str] | Lookup) -> str:
    """Content of a COPY or ADD heredoc with variables expanded; quotes stay, the escape is always a backslash. Raises
    ExpansionError."""
    if "$" not in text and "\\" not in text:
        return text
    return Lexer(text, env if callable(env) else env.get, plain_quotes=True).run()[0]


def variables(text: str, escape: str = "\\") -> list[VariableUse]:
    """Every variable that the text mentions, in the order of their `$`, those inside defaults included.

    Single-quoted and escaped ones do not count. Where the text is malformed, those before the fault are returned.
    """
    if "$" not in text:
        return []
    lexer = Lexer(text, _unset, escape)
    with contextlib.suppress(ExpansionError):
        lexer.run()
    return sorted(lexer.uses, key=lambda use: use.start)
