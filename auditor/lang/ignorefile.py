"""`.dockerignore`: which paths of a build context the builder is not sent.

Follows moby's `patternmatcher` and its `ignorefile` reader to the letter, oddities included: an oddity decides whether
a secret is sent. Pure except for `ignore_file_for`. Knows nothing of what the paths hold.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from auditor.core.record import NamedTuple
from auditor.lang.gopath import BadPattern, check_against_dot, clean, trim

_MAX_LINE = 65536
_MAX_PATTERN = 4096
_MAX_PATTERNS = 2_000
_EXPRESSION_SIGNS = re.compile(r"[.+()$]")

Matcher = Callable[[str], bool]


class IgnoreError(NamedTuple):
    """A line that makes Docker refuse the file or the build; the rest of the file still counts here."""

    line: int
    text: str
    reason: str


class Pattern:
    """One active line: its 1-based number, cleaned text without `!`, and whether it re-includes."""

    __slots__ = ("_matches", "is_expression", "line", "negated", "text")

    def __init__(self, line: int, text: str, negated: bool) -> None:
        self.line = line
        self.text = text
        self.negated = negated
        self._matches, self.is_expression = _matcher(text)

    def __repr__(self) -> str:
        return f"Pattern(line={self.line}, text={self.text!r}, negated={self.negated})"

    def matches(self, path: str) -> bool:
        """Whether the pattern fits this very path (its parents are not tried)."""
        return self._matches(path)

    def fixed_prefix(self) -> str | None:
        """The directory a `!` pattern is confined to, or None if wildcards let it match in other places."""
        text = self.text.removesuffix("/**").removesuffix("/*")
        return None if any(sign in text for sign in "*[]?^\\") else text


class Decision(NamedTuple):
    """Outcome for one path of a walk, and the state that its children need (bit i: pattern i matched above)."""

    ignored: bool
    state: int


class IgnoreFile:
    """The patterns of one file, in order; the last one that applies decides."""

    __slots__ = ("_expressions", "_reopened", "errors", "patterns")

    def __init__(self, patterns: list[Pattern], errors: list[IgnoreError]) -> None:
        self.patterns = patterns
        self.errors = errors
        self._expressions = sum(pattern.is_expression for pattern in patterns)
        self._reopened = [pattern.fixed_prefix() for pattern in patterns if pattern.negated]

    def matches(self, path: str, is_dir: bool = False) -> bool:
        """Whether the path is ignored (moby's `MatchesOrParentMatches`).

        `path` is relative to the context root, with `/`. Docker answers the same for files and directories, so
        `is_dir` changes nothing. Raises nothing.
        """
        pattern = self.decided_by(path)
        return pattern is not None and not pattern.negated

    def decided_by(self, path: str) -> Pattern | None:
        """The pattern that settles the path: it ignores it or, if negated, brings it back. None: no pattern applies."""
        path = clean(path).lstrip("/")
        if path in ("", "."):
            return None
        candidates = [path, *_parents(path)]
        decision: Pattern | None = None
        matched = False
        for pattern in self.patterns:
            if pattern.negated == matched and any(map(pattern.matches, candidates)):
                decision, matched = pattern, not pattern.negated
        return decision

    def decide(self, path: str, above: int) -> Decision:
        """Decide one path from its parent's state, the way the build client walks (`MatchesUsingParentResults`).

        `above` is 0 for the top level. A `!` pattern that had nothing to bring back at the parent is not seen as
        matching it, so the answer can differ from `matches`: what is sent follows this one.
        """
        ignored = False
        state = 0
        for at, pattern in enumerate(self.patterns):
            bit = 1 << at
            if above & bit or (pattern.negated == ignored and pattern.matches(path)):
                state |= bit
                ignored = not pattern.negated
        return Decision(ignored, state)

    def excludes(self, path: str) -> bool:
        """Whether the path is left out of what is sent: `decide` for each directory above it, then for itself."""
        path = clean(path).lstrip("/")
        if path in ("", "."):
            return False
        decision = Decision(False, 0)
        for part in [*_parents(path), path]:
            decision = self.decide(part, decision.state)
        return decision.ignored

    def cost(self, path: str) -> int:
        """Upper bound of the steps that deciding one path takes, for callers that limit their work."""
        return len(self.patterns) + self._expressions * len(path)

    def may_reopen_below(self, directory: str) -> bool:
        """Whether a `!` pattern could bring back something below an ignored directory."""
        return any(prefix is None or f"{prefix}/".startswith(directory + "/") for prefix in self._reopened)


def parse(text: str) -> IgnoreFile:
    """Read an ignore file. Never raises: lines that Docker rejects are listed in `errors` and otherwise left out."""
    patterns: list[Pattern] = []
    errors: list[IgnoreError] = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        written = line.removesuffix("\r")
        try:
            normal = _normalise(written, line)
            if normal is None:
                continue
            if len(patterns) == _MAX_PATTERNS:
                errors.append(IgnoreError(number, written[:80], f"more than {_MAX_PATTERNS} patterns"))
                break
            negated = normal.startswith("!")
            patterns.append(_pattern(number, normal[negated:], negated))
        except BadPattern as error:
            errors.append(IgnoreError(number, written[:80], str(error)))
    return IgnoreFile(patterns, errors)


def ignore_file_for(dockerfile_path: str, context_root: str) -> str | None:
    """The ignore file that applies, or None: `<Dockerfile>.dockerignore` beside it goes before the context's own."""
    for candidate in (dockerfile_path + ".dockerignore", os.path.join(context_root, ".dockerignore")):
        if os.path.isfile(candidate):
            return candidate
    return None


def _normalise(written: str, line: str) -> str | None:
    """What Docker's two readers make of a line: the pattern, or None if it holds none. Raises BadPattern."""
    if len(line) * 4 >= _MAX_LINE and len(line.encode("utf-8", "replace")) >= _MAX_LINE:
        raise BadPattern("the line is longer than 65,535 bytes")
    if written.startswith("#"):
        return None
    pattern = trim(written)
    if not pattern:
        return None
    sign = "!" if pattern.startswith("!") else ""
    pattern = trim(pattern[len(sign) :])
    if pattern:
        pattern = clean(pattern)
        if len(pattern) > 1:
            pattern = pattern.removeprefix("/")
    pattern = trim(sign + pattern)
    if not pattern:
        return None
    if len(pattern) > _MAX_PATTERN:
        raise BadPattern(f"the pattern is longer than {_MAX_PATTERN} characters, which is more than a path can have")
    return clean(pattern)


def _pattern(line: int, text: str, negated: bool) -> Pattern:
    if not text:
        raise BadPattern('"!" stands alone')
    check_against_dot(text)
    return Pattern(line, text, negated)


def _parents(path: str) -> list[str]:
    """Directories above a relative path, outermost first."""
    return [path[:at] for at, char in enumerate(path) if char == "/"]


def _matcher(text: str) -> tuple[Matcher, bool]:
    """The cheapest test that equals moby's, and whether it is an expression. Raises BadPattern."""
    expression = _Translation(text)
    if expression.kind == "expression":
        from auditor.lang.goregexp import Expression  # start-up: most files need no expression

        return Expression("^" + "".join(expression.out) + "$").matches, True
    if expression.kind == "prefix":
        prefix = text[:-2]
        return lambda path: path.startswith(prefix), False
    if expression.kind == "suffix":
        suffix = text[2:]
        whole = suffix.removeprefix("/") if suffix.startswith("/") else None
        return lambda path: path.endswith(suffix) or path == whole, False
    return lambda path: path == text, False


class _Translation:
    """Pattern text -> Go expression, and the kind of test that suffices.

    moby means to escape `|`, `{` and `}` too, but its table of bits has no room for them: they keep their meaning.
    """

    __slots__ = ("kind", "out", "text")

    def __init__(self, text: str) -> None:
        self.text = text.translate(_NOT_UTF8).removeprefix("\ufeff")
        self.kind = "equal"
        self.out: list[str] = []
        at = 0
        while at < len(self.text):
            at = self._next(at)

    def _next(self, at: int) -> int:
        text, char = self.text, self.text[at]
        if char == "*":
            return self._star(at)
        if char == "\\":
            if at + 1 < len(text):
                self._special(text[at : at + 2])
            else:
                self.out.append(char)
            return at + 2
        if char in "[]":
            self._special(char)
        elif char == "?":
            self._special("[^/]")
        else:
            self.out.append(_EXPRESSION_SIGNS.sub(r"\\\g<0>", char))
        return at + 1

    def _special(self, source: str) -> None:
        self.out.append(source)
        self.kind = "expression"

    def _star(self, at: int) -> int:
        text = self.text
        if not text.startswith("**", at):
            self._special("[^/]*")
            return at + 1
        end = at + 3 if text.startswith("/", at + 2) else at + 2
        if end < len(text):
            self._special("(.*/)?")
        elif self.kind == "equal":
            self.kind = "prefix"
        else:
            self._special(".*")
        if at == 0:
            self.kind = "suffix"
        return end


_NOT_UTF8 = dict.fromkeys(range(0xDC80, 0xDD00), "\ufffd")
