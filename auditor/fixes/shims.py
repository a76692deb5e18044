"""What stands before the program that a container starts: statements of a shell, a wrapper's words, or both.

A shim is `/bin/sh -c 'STATEMENTS; exec "$@"' sh WORDS...`: the shell becomes the program, which has its process number,
arguments and environment, and gets every signal itself.
"""

from __future__ import annotations

import json

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import Span
from auditor.fixes.plan import Refused, Replace
from auditor.fixes.starters import shell_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.fixes.origins import Origin
    from auditor.flow.build import Build
    from auditor.lang.dockerfile.nodes import Document, Instruction

_HANDS_OVER = 'exec "$@"'
_SHELL = ("/bin/sh", "-c")
_NAME = "sh"


class Shim(NamedTuple):
    """`head` stands once at the beginning, `body` for each variable, `tail` once before the program; `words` are a
    wrapper's, which starts the program. Statements end with "; "."""

    body: str = ""
    head: str = ""
    tail: str = ""
    words: tuple[str, ...] = ()

    @property
    def argv(self) -> tuple[str, ...]:
        """All words that go before those of the program."""
        script = self.head + self.body + self.tail
        return (*_SHELL, script + _HANDS_OVER, _NAME, *self.words) if script else self.words


def before(build: Build, node: Instruction, shim: Shim) -> Replace | None:
    """The change of an ENTRYPOINT, or of a HEALTHCHECK with a command, that puts a shim before its words.

    None where it has no words, or has the whole shim already.
    """
    if not node.json:
        return _shell_form(build, node, shim)
    words = list(node.args[1:] if node.keyword == "HEALTHCHECK" else node.args)
    if not words:
        return None
    if is_shim(words):
        return _inside(build, node, words, shim)
    rest = words[: len(shim.words)]
    argv = shim.argv[: -len(shim.words)] if shim.words and tuple(rest) == shim.words else shim.argv
    at = build.document.text.find("[", node.body.source(0)) + 1
    return Replace(Span(at, at), "".join(f"{_quoted(word)}, " for word in argv)) if argv else None


def reading_file(name: str, path: str) -> str:
    """The statement that takes a variable from a file, where it is not set and the file is there."""
    return f'[ -n "${{{name}+set}}" ] || [ ! -r {path} ] || export {name}="$(cat {path})"; '


def is_shim(words: list[str]) -> bool:
    """Whether these words begin with a shim's; nothing may follow them where the command is the program."""
    return words[:2] == [*_SHELL] and len(words) > 3 and words[2].endswith(_HANDS_OVER) and words[3] == _NAME


def program_of(words: list[str]) -> list[str]:
    """The words behind a shim, if there is one."""
    return words[4:] if is_shim(words) else words


def added(build: Build, how: Origin, shim: Shim, lines: Sequence[str] = ()) -> list[Replace]:
    """The changes that put a shim before what the base image starts, with its command said again where it would be
    cleared, behind other `lines`. Raises Refused where it is not known what that is."""
    base = how.base
    if base is None:
        raise Refused(
            f"how {how.image or 'the base image'} starts is not known: write its ENTRYPOINT and CMD into the Dockerfile"
        )
    lines = [*lines, f"ENTRYPOINT {array([*shim.argv, *base.entrypoint])}"]
    if how.command is None:
        if not base.command:
            raise Refused("neither the Dockerfile nor its base image says what the container starts")
        lines.append(f"CMD {array(base.command)}")
        return [behind(build, how.stage, lines)]
    return [ahead(build.document, how.command, lines)]


def restated(build: Build, how: Origin) -> Replace:
    """The change that says the command of the base image again."""
    assert how.base is not None and how.entrypoint is not None
    return following(build.document, how.entrypoint, [f"CMD {array(how.base.command)}"])


def ahead(document: Document, node: Instruction, lines: list[str]) -> Replace:
    """Lines in front of an instruction."""
    start = document.text.rfind("\n", 0, node.span.start) + 1
    start += 1 if start == 0 and document.bom else 0
    return Replace(Span(start, start), "".join(f"{line}{document.newline}" for line in lines))


def following(document: Document, node: Instruction, lines: list[str]) -> Replace:
    """Lines behind an instruction."""
    last = max(
        node.span.end, *(heredoc.span.end for heredoc in node.heredocs), document.lines.bounds(node.end_line).end
    )
    at = document.text.find("\n", last) + 1
    text = "".join(f"{line}{document.newline}" for line in lines)
    if at:
        return Replace(Span(at, at), text)
    end = len(document.text)
    return Replace(Span(end, end), document.newline + text.removesuffix(document.newline))


def behind(build: Build, stage: int, lines: list[str]) -> Replace:
    """Lines at the end of a stage."""
    found = build.stages[stage]
    node = found.instructions[-1] if found.instructions else found.from_instruction
    return following(build.document, node, lines)


def _shell_form(build: Build, node: Instruction, shim: Shim) -> Replace | None:
    health = node.keyword == "HEALTHCHECK"
    command = node.args[-1] if len(node.args) > (1 if health else 0) else ""
    if not command.strip() or not shim.argv:
        return None
    words = [*shim.argv, *shell_of(build, node), command]
    body = node.body.span(0, len(node.body.text))
    return Replace(body, f"{'CMD ' if health else ''}{array(words)}")


def _inside(build: Build, node: Instruction, words: list[str], shim: Shim) -> Replace | None:
    """More statements in the script of a shim that is there; its text stays as it is written."""
    place = node.words[3 if node.keyword == "HEALTHCHECK" else 2].whole
    script, end = words[2], _HANDS_OVER
    text = shim.body
    if shim.tail and script.endswith(shim.tail + _HANDS_OVER):
        end = shim.tail + _HANDS_OVER
    else:
        text += shim.tail
    text = text if not shim.head or script.startswith(shim.head) or shim.head in script else shim.head + text
    if shim.words and tuple(program_of(words)[: len(shim.words)]) != shim.words:
        raise Refused("what the container starts is behind a shell of its own, which a wrapper cannot be put into")
    if not text or (shim.body and shim.body in script):
        return None
    at = build.document.text.rfind(_quoted(end)[1:-1], place.start, place.end)
    if at < 0:
        raise Refused("what the container starts is spelled in a way that cannot be added to")
    return Replace(Span(at, at), _quoted(text)[1:-1])


def array(words: Sequence[str]) -> str:
    """Words as the exec form of an instruction."""
    return f"[{', '.join(map(_quoted, words))}]"


def _quoted(text: str) -> str:
    """A word of it; what could not be seen, or would turn the line around, is escaped."""
    made = json.dumps(text, ensure_ascii=False)
    return made if made.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in made)


def _escaped(char: str) -> str:
    return json.dumps(char)[1:-1] if ord(char) > 0x7F else f"\\u{ord(char):04x}"
