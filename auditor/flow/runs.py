"""Follows one RUN: its mounts, its shell, its script, wherever that stands (command line, JSON array, heredoc)."""

from __future__ import annotations

import re

from auditor.core.pattern import Pattern
from auditor.core.span import Span
from auditor.detect import credfiles
from auditor.flow.facts import Origin, Step
from auditor.flow.paths import absolute
from auditor.flow.script import follow, follow_traps
from auditor.flow.state import Shell
from auditor.lang.dockerfile.mounts import mount_fields
from auditor.lang.dockerfile.nodes import Heredoc, Instruction, Text
from auditor.lang.dockerfile.text import TextBuilder
from auditor.lang.shell import reader
from auditor.lang.shell.nodes import Command, Literal, Script, Word

_HEREDOC_WORD = Pattern(r"\d*<<-?\s*(['\"]?)([A-Za-z_][\w.-]*)\1")
#: What Linux reads of a first line, in characters (BINPRM_BUF_SIZE); the pattern is quadratic in it.
_SHEBANG = 256
_POSIX_SHEBANG = Pattern(r"^#!\s*(?:/usr)?/?\S*(?:/env\s+(?:-\S+\s+)?)?\S*?(?:ba|da|a|z|k)?sh\b")
_TRACING_SHEBANG = Pattern(r"#![^\n]*sh[ \t]+-[a-z]*x")
_FLAGS_BEFORE_SCRIPT = Pattern(r"(?i)^(?:[-/][A-Za-z]+[ \t]+)*(?:[-/](?:c|command|s)[ \t]+)?")


def dialect_of(argv: tuple[str, ...], windows_base: bool) -> str:
    """`posix`, `powershell`, `cmd` or `other`, from SHELL's argv (empty: the platform's default shell)."""
    if not argv:
        return "cmd" if windows_base else "posix"
    name = argv[0].replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
    if name in ("powershell", "pwsh"):
        return "powershell"
    if name == "cmd":
        return "cmd"
    return "posix" if name in ("sh", "bash", "dash", "ash", "zsh", "ksh", "env", "busybox") else "other"


def mounts(step: Step, shell: Shell) -> None:
    """Make the build secrets that `--mount` brings known to the shell."""
    for flag in step.instruction.flags:
        if flag.name != "mount" or not flag.value:
            continue
        fields = mount_fields(flag.value)
        kind = fields.get("type", "bind").lower()
        if kind == "secret":
            _secret_mount(fields, flag.span, shell)
        elif kind in ("cache", "tmpfs", "bind") and "target" in fields:
            shell.fleeting.append(absolute(fields["target"], shell.cwd, shell.home))
            source = credfiles.recognise(fields.get("source", ""))
            if kind == "bind" and "from" not in fields and source is not None and source.certainty == "sure":
                shell.mounts.append(
                    (absolute(fields["target"], shell.cwd, shell.home), Origin("mount", fields["source"], flag.span))
                )


def _secret_mount(fields: dict[str, str], span: Span, shell: Shell) -> None:
    """A mounted build secret: a file, or a variable with `env=`. Without an id its source or target names it."""
    target = fields.get("target", "")
    name = fields.get("id") or fields.get("source") or target.rpartition("/")[2] or "secret"
    origin = Origin("mount", name, span)
    if "env" in fields:
        shell.assign(fields["env"], (origin,), None)
        shell.exported[fields["env"]] = True
        if not target:
            return
    default = "/run/secrets/" + name.rpartition("/")[2]
    shell.mounts.append((absolute(target, shell.cwd, shell.home) if target else default, origin))


def follow_run(step: Step, shell: Shell) -> None:
    """Follow the instruction's script in the shell's state."""
    mounts(step, shell)
    _follow(step.instruction, shell, step.dialect)
    follow_traps(shell)
    shell.facts.caches += shell.caches


def _follow(node: Instruction, shell: Shell, dialect: str) -> None:
    if node.json:
        follow(_exec_form(node), shell)
        return
    text, heredocs = node.body, node.heredocs
    bare = _HEREDOC_WORD.sub("", text.text).strip() == ""
    if heredocs and bare:
        for heredoc in heredocs:
            _heredoc_script(heredoc, shell, dialect)
        return
    follow(_read(with_heredocs(text, heredocs), dialect), shell)


def _heredoc_script(heredoc: Heredoc, shell: Shell, dialect: str) -> None:
    """`RUN <<EOF`: the body is the script; with the shebang of another interpreter it is read by word only."""
    body = heredoc.body
    shell.xtrace = shell.xtrace or _TRACING_SHEBANG.match(body.text) is not None
    other = body.text.startswith("#!") and not _POSIX_SHEBANG.match(body.text[:_SHEBANG])
    follow(_read(body, "other" if other else dialect), shell)


def _read(text: Text, dialect: str) -> Script:
    if dialect == "posix":
        return reader.read(text.text, text.source)
    from auditor.lang.shell import windows  # start-up: Windows images and other interpreters only

    if dialect in ("powershell", "cmd"):
        start = _FLAGS_BEFORE_SCRIPT.match(text.text)
        if dialect == "cmd" and re.match(r"(?i)(?:powershell|pwsh)(?:\.exe)?\s", text.text):
            dialect = "powershell"
        elif start and start.end():
            text = text.slice(start.end(), len(text.text))
        return windows.read(text.text, dialect, text.source)
    return windows.read(text.text, "powershell", text.source)


def with_heredocs(text: Text, heredocs: tuple[Heredoc, ...]) -> Text:
    """The command line with its heredoc bodies put back behind it, as the shell gets to see it."""
    if not heredocs:
        return text
    builder = TextBuilder()
    for part, source, end in text.runs():
        builder.add(part, source, end)
    at = text.source(len(text.text))
    for heredoc in heredocs:
        builder.add("\n", at, at)
        for part, source, end in heredoc.body.runs():
            builder.add(part, source, end)
        at = heredoc.span.end
        if heredoc.body.text and not heredoc.body.text.endswith("\n"):
            builder.add("\n", at, at)
        builder.add(heredoc.name + "\n", at, at)
    return builder.build(at)


def _literal(text: Text) -> Word:
    whole = text.whole
    escaped = whole.end - whole.start != len(text.text)
    places = tuple(map(text.source, range(len(text.text)))) if escaped else None
    return Word((Literal(text.text, whole, places),), whole, text.text)


def _exec_form(node: Instruction) -> Script:
    """`RUN ["argv", ...]`: one command of literal words."""
    command = Command(node.span)
    words = node.words
    command.words = tuple(_literal(word) for word in words)
    if len(words) > 1 and re.search(r"(?i)(?:powershell|pwsh|cmd)(?:\.exe)?$", words[0].text):
        from auditor.lang.shell import windows  # start-up: as above

        inner = windows.read(
            words[-1].text, "cmd" if "cmd" in words[0].text.lower() else "powershell", words[-1].source
        )
        return Script((command, *inner.commands), inner.truncated)
    return Script((command,))
