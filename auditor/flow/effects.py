"""What a command leaves behind: files it writes, copies, removes; and what it sends to the build log."""

from __future__ import annotations

from itertools import pairwise

from auditor.core.pattern import Pattern
from auditor.core.span import Span
from auditor.detect import credfiles, positions
from auditor.flow import commands, moves, outputs
from auditor.flow.expected import infer, literal_at
from auditor.flow.facts import LayerFile, Literal, Origin
from auditor.flow.flat import Flat
from auditor.flow.state import Shell, unique
from auditor.lang.shell.nodes import Command, Redirect, Word

_REMOVERS = frozenset("rm unlink shred srm remove-item del erase rmdir".split())
_COPIERS = frozenset("cp mv install ln rsync scp copy-item move-item".split())
_WRITERS = frozenset("tee set-content add-content out-file".split())
_DOWNLOADS = {"curl": ("-o", "--output"), "wget": ("-O", "--output-document")}
_GENERATORS = frozenset("ssh-keygen openssl keytool mkcert".split())
_SED_IN_PLACE = Pattern(r"^(?:-[a-zA-Z]*i[^ ]*|--in-place(?:=.*)?)$")
#: An option that the script follows, and one that it is part of.
_SED_EXPRESSION = Pattern(r"-[nrEsuz]*e\Z|--expression\Z")
_SED_GLUED = Pattern(r"-[nrEsuz]*e.|--expression=")
_QUIET = Pattern(r"-[a-zA-Z]*[qcl]|--(?:quiet|silent|count|files-with)")
#: Options with which a program that else prints what it reads does not.
_SILENCING = {"grep": _QUIET, "egrep": _QUIET, "sed": _SED_IN_PLACE, "openssl": Pattern(r"-(?:out|keyout|noout)\Z")}
#: `--output text` says how, not where.
_FORMATS = frozenset("text json yaml yaml-stream table tsv jsonc none env dotenv".split())
_ONE_HOLE = Pattern(r"\$\{\w+\}|\$\(\.\.\.\)")
_PRIVATE_MODES = frozenset("400 600 0400 0600 u=r,go= go-rwx og-rwx go=".split())


def writes_file(command: Command) -> bool:
    """Whether the command's output goes to a file, directly or through what it is piped into."""
    if any(_to_file(redirect) for redirect in command.redirects):
        return True
    words = commands.program(command.words)
    return bool(words) and commands.base_name(words[0]).lower() in _WRITERS | {"sed"}


def carries_text(command: Command, words: tuple[Word, ...]) -> bool:
    """Whether text that stands in the command ends in the file that it, or what it is piped into, writes.

    What curl is given does not end in the file that its output goes to.
    """
    if not writes_file(command) and not any(writes_file(fed) for fed in command.feeds):
        return False
    name = commands.base_name(words[0]).lower() if words else ""
    return not words or name in _WRITERS | {"sed"} or bool(outputs.printed_words(command))


def _sed_operands(words: tuple[Word, ...]) -> tuple[list[Word], list[Word]]:
    """The words that are script of a `sed`, and those that are files."""
    scripts: list[Word] = []
    plain: list[Word] = []
    for before, word in pairwise(words):
        text = word.rendered
        if _SED_EXPRESSION.match(before.rendered) or _SED_GLUED.match(text):
            scripts.append(word)
        elif before.rendered in ("-f", "--file"):
            continue
        elif text and not text.startswith("-"):
            plain.append(word)
    is_given = bool(scripts) or any(w.rendered in ("-f", "--file") for w in words)
    return (scripts, plain) if is_given else (plain[:1], plain[1:])


def _to_file(redirect: Redirect) -> bool:
    """Whether a redirection takes standard output away from the log."""
    return redirect.writes and redirect.fd in ("", "1") and not redirect.target.rendered.startswith("&")


class Effects:
    """The file effects of one command, recorded in the shell's layers and facts."""

    def __init__(self, command: Command, words: tuple[Word, ...], shell: Shell) -> None:
        self.command = command
        self.words = words
        self.name = commands.base_name(words[0]).lower() if words else ""
        self.shell = shell

    def run(self) -> None:
        """Apply everything the command does."""
        self._by_name()
        for redirect in self.command.redirects:
            if _to_file(redirect):
                self._redirected(redirect)
        self._fetch()
        self._undo()
        self._print()

    def _by_name(self) -> None:
        name, words, shell = self.name, self.words, self.shell
        if name in _REMOVERS:
            moves.remove(words, shell)
            moves.remove_listed(self.command, words, shell)
        elif name in _COPIERS:
            self._copy()
        elif name == "find":
            moves.find(words, shell)
        elif name in ("cd", "pushd", "set-location"):
            moves.change_folder(words, shell)
        elif name == "popd":
            shell.cwd = shell.previous
        elif name == "chmod":
            self._chmod()
        elif name == "sed":
            self._sed()
        elif name in _WRITERS:
            self._tee()
        elif name in _DOWNLOADS:
            self._download()
        elif name in _GENERATORS:
            self._generate()

    # -- writing -------------------------------------------------------------------------------------------------

    def _redirected(self, redirect: Redirect) -> None:
        origins = outputs.of_command(self.command, self.shell)
        path = self.shell.path(redirect.target)
        if self.name == "envsubst" and credfiles.recognise(path):
            origins = unique([*origins, *self.shell.environment()])
        self._write(path, redirect.target.span, origins, outputs.printed_words(self.command), redirect.op != ">>")

    def _write(
        self, path: str, span: Span, origins: tuple[Origin, ...], content: list[Word], overwrites: bool = False
    ) -> None:
        if not self.shell.keeps(path) or any(path == mounted for mounted, _origin in self.shell.mounts):
            return
        kind = credfiles.recognise(path)
        literals = _literals(content)
        if kind is not None and kind.certainty == "sure":
            self._infer_whole(content, origins, kind.title, span)
        if not origins and not literals:
            if overwrites and (content or not self.words or self.name == ":"):
                self.shell.remove(path, span)  # what was there is gone as with rm
            return
        file = LayerFile(path, "written", span, self.shell.step, kind)
        file.origins, file.literals = origins, literals
        file.content = " ".join(w.rendered for w in content)[:4096]
        self.shell.put(path, file)

    def _infer_whole(self, content: list[Word], origins: tuple[Origin, ...], title: str, span: Span) -> None:
        """A credential file that consists of one variable says what the variable holds."""
        text = Flat(content).text.replace("\\n", "").strip()
        if _ONE_HOLE.fullmatch(text):
            infer(origins, f"it becomes a file of kind {title}", span)

    def _tee(self) -> None:
        origins = outputs.of_command(self.command, self.shell)
        content = outputs.input_words(self.command)
        if self.name in ("set-content", "add-content"):
            content = list(self.words[2:])
            origins = unique([o for w in content for o in outputs.of_word(w, self.shell)])
        for word in self.words[1:] if self.name == "tee" else self._file_argument():
            if not word.rendered.startswith("-"):
                self._write(self.shell.path(word), word.span, origins, content)

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

    def _fetch(self) -> None:
        """A command that prints credentials, told to write them to a file."""
        match = commands.lookup(self.words)
        if match is None or not match.known.mints:
            return
        for option, value in pairwise(self.words[1:]):
            if option.rendered in match.known.output and value.rendered not in _FORMATS:
                name = " ".join(w.rendered for w in self.words[: match.after])
                self._write(self.shell.path(value), value.span, (Origin("fetched", name, self.command.span),), [])

    def _sed(self) -> None:
        """`sed -i "s|PLACE|$SECRET|" file` writes what its script carries."""
        if not any(_SED_IN_PLACE.match(w.rendered) for w in self.words[1:]):
            return
        scripts, files = _sed_operands(self.words)
        origins = unique([o for w in scripts for o in outputs.of_word(w, self.shell)])
        for word in files if origins else ():
            self._write(self.shell.path(word), word.span, origins, [])

    def _download(self) -> None:
        """A download that is told to write a credential file."""
        for option, value in pairwise(self.words[1:]):
            path = self.shell.path(value)
            kind = credfiles.recognise(path) if option.rendered in _DOWNLOADS[self.name] else None
            if kind is not None and kind.certainty == "sure":
                self._write(path, value.span, (Origin("downloaded", self.name, self.command.span),), [])

    def _generate(self) -> None:
        from auditor.flow import generators  # start-up: only what makes keys

        for path, span in generators.made(self.words, self.shell):
            self._write(path, span, (Origin("generated", self.name, self.command.span),), [])

    # -- copying -------------------------------------------------------------------------------------------------

    def _copy(self) -> None:
        for path, goal, span in moves.copied(self.words, self.shell):
            if self.name in ("mv", "move-item") and moves.rename(path, goal, span, self.shell):
                continue
            origins = self.shell.contents(path)
            if origins and self.name != "ln":
                self._write(goal, span, origins, [])

    def _chmod(self) -> None:
        """A file that only its owner may read is a key, where its name leaves that open."""
        if len(self.words) < 3 or self.words[1].rendered not in _PRIVATE_MODES:
            return
        for word in self.words[2:]:
            for _path, file in self.shell.layers.find(self.shell.path(word)):
                if file.how == "copied" and file.kind is not None and file.kind.id == "pem":
                    file.evidence = "secret" if file.evidence == "unknown" else file.evidence

    def _undo(self) -> None:
        """`npm config delete`, `docker logout`, ... take the credential that they name out of the layer again."""
        if not self.words:
            return
        here = self.shell.step.instruction
        for path, file in list(self.shell.layers.files.items()):
            if not file.undo or file.step.instruction is not here:
                continue
            for argv in file.undo:
                after = commands.matched(argv, self.words)
                named = [w.rendered for w in self.words[after:] if not w.rendered.startswith("-")] if after else []
                if after and (not named or named[0] in file.given) and not self.shell.branch:
                    file.gone = True
                    del self.shell.layers.files[path]
                    break

    # -- the build log -------------------------------------------------------------------------------------------

    def _print(self) -> None:
        command = self.command
        if command.piped or command.captured or any(_to_file(redirect) for redirect in command.redirects):
            return
        silencing = _SILENCING.get(self.name)
        if silencing is not None and any(silencing.match(word.rendered) for word in self.words[1:]):
            return
        origins = outputs.of_command(command, self.shell)
        fetched = any(o.kind == "fetched" for o in origins) and not self._told_a_file()
        if origins and (fetched or self.name in outputs.MOVERS | {"env", "printenv"}):
            self.shell.use("printed", self._printed_span(), self.name, origins)

    def _told_a_file(self) -> bool:
        match = commands.lookup(self.words)
        return match is not None and any(w.rendered in match.known.output for w in self.words)

    def _printed_span(self) -> Span:
        for word in self.words[1:]:
            if outputs.of_word(word, self.shell) or self.shell.contents(self.shell.path(word)):
                return word.span
        return self.words[0].span


def _literals(content: list[Word]) -> tuple[Literal, ...]:
    """Literal secrets in text that is written to a file."""
    found: list[Literal] = []
    for word in content:
        flat = Flat([word])
        for position in positions.find(flat.text):
            if position.level in ("secret", "weak") and flat.is_literal(position.start, position.end):
                found.append(literal_at(flat, position))
    return tuple(found)
