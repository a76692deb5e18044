"""What a command does to files: writes, copies, moves, removes; and what it sends to the build log."""

from __future__ import annotations

import re
from itertools import pairwise

from auditor.core.pattern import Pattern
from auditor.core.span import Span
from auditor.detect import credfiles, positions
from auditor.flow import commands, outputs
from auditor.flow.expected import infer, literal_at
from auditor.flow.facts import LayerFile, Literal, Origin
from auditor.flow.flat import Flat
from auditor.flow.paths import covers
from auditor.flow.state import Shell, unique
from auditor.lang.shell.nodes import Command, Word
from auditor.lang.shell.nodes import Literal as Text

_REMOVERS = frozenset("rm unlink shred srm remove-item del erase rmdir".split())
_COPIERS = frozenset("cp mv install ln rsync scp copy-item move-item".split())
_DOWNLOADS = {"curl": ("-o", "--output"), "wget": ("-O", "--output-document")}
_GENERATORS = {"ssh-keygen": ("-f",), "openssl": ("-keyout", "-out")}
_SINKS = ("/dev/", "/proc/", "&")
_SED_IN_PLACE = Pattern(r"^(?:-[a-zA-Z]*i[^ ]*|--in-place(?:=.*)?)$")


def writes_file(command: Command) -> bool:
    """Whether the command's output goes to a file, directly or through what it is piped into."""
    if any(_writes_stdout(r.op, r.fd, r.target) for r in command.redirects):
        return True
    words = commands.program(command.words)
    return bool(words) and commands.base_name(words[0]).lower() in (
        "tee",
        "set-content",
        "add-content",
        "out-file",
        "sed",
    )


def _writes_stdout(op: str, fd: str, target: Word) -> bool:
    return op in (">", ">>", ">|", "&>", "&>>") and fd in ("", "1") and not target.rendered.startswith(_SINKS)


class Effects:
    """The file effects of one command, recorded in the shell's layers and facts."""

    def __init__(self, command: Command, words: tuple[Word, ...], shell: Shell) -> None:
        self.command = command
        self.words = words
        self.name = commands.base_name(words[0]).lower() if words else ""
        self.shell = shell

    def run(self) -> None:
        """Apply everything the command does."""
        if self.name in _REMOVERS:
            self._remove()
        elif self.name in _COPIERS:
            self._copy()
        elif self.name in ("cd", "pushd", "set-location") and len(self.words) > 1:
            self.shell.cwd = self.shell.path(self.words[1].rendered)
        elif self.name == "chmod":
            self._chmod()
        elif self.name == "sed":
            self._sed()
        elif self.name in ("tee", "set-content", "add-content", "out-file"):
            self._tee()
        elif self.name in _DOWNLOADS or self.name in _GENERATORS:
            self._produce()
        for redirect in self.command.redirects:
            if _writes_stdout(redirect.op, redirect.fd, redirect.target):
                origins = self._output()
                if self.name == "envsubst" and credfiles.recognise(self.shell.path(redirect.target.rendered)):
                    origins = unique([*origins, *self.shell.exported])
                self._write(redirect.target, origins, outputs.printed_words(self.command))
        self._fetch()
        self._undo()
        self._print()

    def _output(self) -> tuple[Origin, ...]:
        return outputs.of_command(self.command, self.shell)

    # -- writing -------------------------------------------------------------------------------------------------

    def _write(
        self, target: Word, origins: tuple[Origin, ...], content: list[Word], how: str = "written"
    ) -> LayerFile | None:
        path = self.shell.path(target.rendered)
        if path.startswith(_SINKS) or any(path == mounted for mounted, _origin in self.shell.mounts):
            return None
        if any(covers(mounted, path) for mounted in self.shell.cache_mounts):
            return None
        kind = credfiles.recognise(path)
        literals = _literals(content)
        if kind is not None and kind.certainty == "sure":
            self._infer_whole(content, origins, kind.title, target.span)
        if not origins and not literals and (kind is None or content):
            return None
        file = LayerFile(path, how, target.span, self.shell.step, kind)
        file.origins, file.literals = origins, literals
        file.content = " ".join(w.rendered for w in content)[:4096]
        self.shell.facts.files.append(file)
        self.shell.layers.files.append(file)
        return file

    def _infer_whole(self, content: list[Word], origins: tuple[Origin, ...], title: str, span: Span) -> None:
        """A credential file that consists of one variable says what the variable holds."""
        flat = Flat(content)
        text = flat.text.replace("\\n", "").strip()
        if re.fullmatch(r"\$\{\w+\}|\$\(\.\.\.\)", text):
            infer(origins, f"it becomes a file of kind {title}", span)

    def _tee(self) -> None:
        origins = outputs.of_command(self.command, self.shell)
        content = outputs.input_words(self.command)
        if self.name in ("set-content", "add-content"):
            content = list(self.words[2:])
            origins = unique([o for w in content for o in outputs.of_word(w, self.shell)])
        for word in self.words[1:] if self.name == "tee" else self._file_argument():
            if not word.rendered.startswith("-"):
                self._write(word, origins, content)

    def _file_argument(self) -> list[Word]:
        """The file of a PowerShell cmdlet: behind its flag, else the last (Out-File) or first plain argument."""
        for option, value in pairwise(self.words[1:]):
            if option.rendered.lower() in ("-path", "-filepath", "-literalpath"):
                return [value]
        plain = [
            word
            for before, word in pairwise(self.words)
            if not word.rendered.startswith("-") and before.rendered.lower() not in ("-encoding", "-value", "-width")
        ]
        return plain[-1:] if self.name == "out-file" else plain[:1]

    def _chmod(self) -> None:
        """A file that only its owner may read is a key, where its name leaves that open."""
        modes = ("400", "600", "0400", "0600", "u=r,go=", "go-rwx", "og-rwx", "go=")
        if len(self.words) > 2 and self.words[1].rendered in modes:
            for word in self.words[2:]:
                for file in self.shell.layers.find(self.shell.path(word.rendered)):
                    if file.how == "copied" and file.kind is not None and file.kind.id == "pem":
                        file.evidence = "secret" if file.evidence == "unknown" else file.evidence

    def _fetch(self) -> None:
        """A command that prints credentials, told to write them to a file."""
        match = commands.lookup(self.words)
        if match is None or not match.known.mints:
            return
        for option, value in pairwise(self.words[1:]):
            if option.rendered in match.known.output:
                name = " ".join(w.rendered for w in self.words[: match.after])
                self._write(value, (Origin("fetched", name, self.command.span),), [])

    def _sed(self) -> None:
        """`sed -i "s|PLACE|$SECRET|" file` writes what its script carries."""
        if not any(_SED_IN_PLACE.match(w.rendered) for w in self.words[1:]):
            return
        plain = [w for w in self.words[1:] if not _SED_IN_PLACE.match(w.rendered)]
        scripts = [w for w in plain if not isinstance(w.literal, str) or _looks_like_sed(w.rendered)]
        origins = unique([o for w in scripts for o in outputs.of_word(w, self.shell)])
        for word in [w for w in plain if w not in scripts and not w.rendered.startswith("-")]:
            if origins:
                self._write(word, origins, [])

    def _produce(self) -> None:
        """Downloads and key generators that are told to write a credential file."""
        options = _DOWNLOADS.get(self.name) or _GENERATORS[self.name]
        if self.name == "openssl" and (
            len(self.words) < 2 or self.words[1].rendered not in ("req", "genrsa", "genpkey", "ecparam")
        ):
            return
        for option, value in pairwise(self.words[1:]):
            kind = credfiles.recognise(self.shell.path(value.rendered)) if option.rendered in options else None
            if kind is not None and kind.certainty == "sure":
                origin = Origin("generated" if self.name in _GENERATORS else "downloaded", self.name, self.command.span)
                self._write(value, (origin,), [])

    # -- copying and removing ------------------------------------------------------------------------------------

    def _copy(self) -> None:
        plain = [w for w in self.words[1:] if not w.rendered.startswith("-")]
        if len(plain) < 2:
            return
        *sources, target = plain
        for source in sources:
            path = self.shell.path(source.rendered)
            origins = self.shell.contents(path)
            into = target.rendered.rstrip("/") + "/" + path.rpartition("/")[2]
            goal = (
                into
                if target.rendered.endswith(("/", "/.")) or target.rendered == "." or len(sources) > 1
                else target.rendered
            )
            if self.name == "mv" and self._rename(path, self.shell.path(goal)):
                continue
            if self.name in ("ln",) and not any(o.kind == "mount" for o in origins):
                continue
            if origins and self.name != "ln":
                self._write(Word((Text(goal, target.span),), target.span, goal), origins, [])

    def _rename(self, path: str, goal: str) -> bool:
        found = [f for f in self.shell.layers.find(path) if f.step.instruction is self.shell.step.instruction]
        for file in found:
            file.path = goal + file.path[len(path) :]
        return bool(found)

    def _remove(self) -> None:
        for word in self.words[1:]:
            if word.rendered.startswith("-"):
                continue
            path = self.shell.path(word.rendered)
            if self.shell.remove(path, word.span) or not self.shell.layers.took_context:
                continue
            kind = credfiles.recognise(path)
            if kind is not None and kind.certainty == "sure" and path.startswith(self.shell.cwd.rstrip("/") + "/"):
                self.shell.use("removed", word.span, kind.title)

    def _undo(self) -> None:
        """`npm config delete`, `docker logout`, ... take a stored credential out of the layer again."""
        for file in self.shell.layers.files:
            if file.undo and not file.gone and file.step.instruction is self.shell.step.instruction:
                file.gone = any(commands.matches(argv, self.words) for argv in file.undo)

    # -- the build log -------------------------------------------------------------------------------------------

    def _print(self) -> None:
        command = self.command
        if command.piped or command.captured or command.kind != "command" or self.name == "tee":
            return
        if any(r.fd in ("", "1") and r.op in (">", ">>", ">|", "&>", "&>>") for r in command.redirects):
            return
        if any(r.op == ">&" and not r.target.rendered.isdigit() for r in command.redirects):
            return
        if self.name == "sed" and any(_SED_IN_PLACE.match(w.rendered) for w in self.words[1:]):
            return
        origins = self._output()
        if origins and self.name in outputs.MOVERS | {"env", "printenv"}:
            self.shell.use("printed", self._printed_span(), self.name, origins)

    def _printed_span(self) -> Span:
        for word in self.words[1:]:
            if outputs.of_word(word, self.shell) or self.shell.contents(self.shell.path(word.rendered)):
                return word.span
        return self.words[0].span


def _literals(content: list[Word]) -> tuple[Literal, ...]:
    """Literal secrets in text that is written to a file."""
    found: list[Literal] = []
    for word in content:
        flat = Flat([word])
        for position in positions.find(flat.text):
            if position.level in ("secret", "weak") and all(
                isinstance(p, Text) for p in flat.parts(position.start, position.end)
            ):
                found.append(literal_at(flat, position))
    return tuple(found)


def _looks_like_sed(text: str) -> bool:
    return re.match(r"^(?:[0-9$,/^]*[sdcaiypq](?P<d>[^\w\s]).*|/.*/[dcai].*|.*;.*)$", text, re.DOTALL) is not None
