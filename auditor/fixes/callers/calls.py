"""One build call: its build arguments become `--secret` and `--ssh`, all of them or none."""

from __future__ import annotations

import os.path
import shlex

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.fixes.callers import needs
from auditor.fixes.callers.surroundings import Unit, Variables
from auditor.fixes.callers.work import Draft, Work
from auditor.flow import commands
from auditor.flow.calling import arguments
from auditor.flow.calling.arguments import Argument
from auditor.flow.calling.programs import Build, Option
from auditor.flow.calling.units import ENVIRONMENT, OTHER, TYPED
from auditor.flow.expected import drop
from auditor.lang.derived import FOREIGN

if TYPE_CHECKING:
    from auditor.fixes.plan import BuildSecret
    from auditor.lang.shell.nodes import Command, Word

_ID = Pattern(r"(?:^|,)id=([^,]+)")
_ROOM = frozenset("sudo env command nohup nice ionice timeout exec".split())
_WORD = Pattern(r"\w+")
_PLAIN = Pattern(r"[\w./@%+=:~-]+")


class Call:
    """A build call of one Dockerfile, on its way to another text."""

    def __init__(self, work: Work, unit: Unit, variables: Variables, command: Command, build: Build) -> None:
        self.work = work
        self.unit = unit
        self.variables = variables
        self.command = command
        self.words = command.words
        self.build = build
        self.draft = Draft()
        self._prefixes: dict[str, str] = {}
        self._named: list[str] = []
        #: Variables whose own values are used, not what is put before the command.
        self._own: set[str] = set()
        self._added: list[str] = []
        self.arguments = [
            found
            for option in build.options
            if option.name == "--build-arg"
            for found in [arguments.argument(option, self.words, unit.text)]
            if found is not None
        ]

    @property
    def names(self) -> set[str]:
        """Names of the build arguments."""
        return {a.name for a in self.arguments}

    def given(self) -> set[str]:
        """Ids of the secrets and ssh agents that the call passes already."""
        found: set[str] = set()
        for option in self.build.options:
            if option.value < 0 or option.name not in ("--secret", "--ssh"):
                continue
            text = self.words[option.value].rendered[option.cut :]
            if option.name == "--ssh":
                found.add(text.partition("=")[0])
            else:
                found.update(match[1].strip("\"'") for match in _ID.finditer(text))
        return found

    def change(self, carried: frozenset[str] = frozenset()) -> Draft:
        """The edits; `carried` are ids that reach the call through a variable of its command line."""
        given = self.given() | carried
        for name in dict.fromkeys(a.name for a in self.arguments if self.work.gone(a.name)):
            same = [a for a in self.arguments if a.name == name]
            secret = self.work.secret_of(name)
            for argument in same[:-1] if secret is not None and secret.id not in given else same:
                self._remove(argument, secret)
            if secret is not None and secret.id not in given:
                self._replace(same[-1], secret)
                given.add(secret.id)
        for secret in self.work.build.secrets:
            if secret.id not in given:
                given.add(secret.id)
                self._add(secret)
        self._finish()
        return self.draft

    def _bounds(self, option: Option) -> tuple[int, int]:
        last = max(option.first, option.value)
        return self.words[option.first].span.start, self.words[last].span.end

    def _remove(self, argument: Argument, secret: BuildSecret | None) -> None:
        start, end = self._bounds(argument.option)
        before = self.words[argument.option.first - 1].span.end
        # Nothing but white space and continued lines may go along.
        start = before if not self.unit.text[before:start].strip(" \t\\\n") else start
        self.draft.replace(self.unit.span(start, end), "")
        if secret is not None:
            self._burn(argument)

    def _replace(self, argument: Argument, secret: BuildSecret) -> None:
        before = len(self._prefixes)
        name = self._source(argument, argument.name)
        self._named.append(name)
        if len(self._prefixes) == before:
            self._own.add(name)
        self._burn(argument)
        start, end = self._bounds(argument.option)
        self.draft.replace(self.unit.span(start, end), self.unit.own(needs.from_variable(secret, name)))

    def _burn(self, argument: Argument) -> None:
        if argument.kind not in (arguments.LITERAL, arguments.DEFAULT) or not argument.default:
            return
        start, end = arguments.literal_span(argument.start, argument.end, argument.quote, self.unit.text)
        self.draft.burnt.append((argument.name, self.unit.span(start, end)))
        self.draft.ask(argument.variable or argument.name)

    def _source(self, argument: Argument, name: str) -> str:
        """The environment variable that has the argument's value when the builder runs."""
        if argument.kind == arguments.LITERAL:
            self.unit.supply(name, self.draft)
            return name
        if argument.kind == arguments.BARE:
            if self.variables.status(name) == TYPED:
                self.variables.untype(name, name, self.draft)
            self._untype_own(name)
            return name
        if argument.kind in (arguments.VARIABLE, arguments.DEFAULT):
            return self._variable(argument, name)
        if argument.kind == arguments.FOREIGN_VALUE:
            found = self.unit.foreign(self.unit.raw(*self._inner(argument)), name, self.draft)
            if found.variable or self.draft.problem:
                return found.variable
        self._prefix(name, argument.quote, self.unit.raw(argument.start, argument.end))
        return name

    def _untype_own(self, name: str) -> None:
        """Take the text of `env NAME=text` before the builder out."""
        for assigned, word in commands.assigned(self.words):
            value = drop(word, len(name) + 1)
            if assigned != name or not value.literal:
                continue
            start = word.span.start + len(name) + 1
            if self.unit.text[start - 1 : start] != "=":
                self.draft.fail(f"the value of {name} stands before the command where it cannot be taken out")
            self.draft.burnt.append((name, self.unit.span(start, word.span.end)))
            self.draft.replace(self.unit.span(start, word.span.end), self.unit.own('"${' + name + ':?}"'))
            self.draft.ask(name)

    def _inner(self, argument: Argument) -> tuple[int, int]:
        return arguments.literal_span(argument.start, argument.end, argument.quote, self.unit.text)

    def _variable(self, argument: Argument, name: str) -> str:
        variable = argument.variable
        status = self.variables.status(variable)
        if status == TYPED:
            return self.variables.untype(variable, name, self.draft)
        if status == ENVIRONMENT:
            return variable
        if argument.kind == arguments.DEFAULT:  # the text that stands in must not stay
            self._prefix(name, "", self.unit.own(f'"${variable}"'))
        else:
            self._prefix(name, argument.quote, self.unit.raw(argument.start, argument.end))
        return name

    def _prefix(self, name: str, quote: str, value: str) -> None:
        """`NAME=value` before the command."""
        if self.unit.bare or quote.startswith("$") or not set(self.build.wrappers) <= _ROOM or "-i" in self._wrapping():
            self.draft.fail(f"the value of {name} cannot be put into the environment of this command; export it before")
        text = f"{name}={quote[:1]}{value}"
        if "\n" in text:
            self.draft.fail(f"the value of {name} goes over several lines")
        self._prefixes[name] = text

    def _wrapping(self) -> list[str]:
        return [w.rendered for w in self.words[: self.build.at]]

    def _add(self, secret: BuildSecret) -> None:
        """A secret that the call did not pass so far."""
        if secret.kind == "variable":
            name = needs.variable(secret)
            status = self.variables.status(name)
            if status == TYPED:
                self.variables.untype(name, name, self.draft)
            if status == OTHER and name in self.variables.assigned:
                self._prefix(name, "", self.unit.own(f'"${name}"'))
            else:
                self._own.add(name)
            if name not in self.variables.assigned:
                self.unit.supply(name, self.draft)
                self.draft.notes.append(f"set {name} in the environment before the build")
            self._named.append(name)
            self._added.append(self.unit.own(needs.from_variable(secret, name)))
        elif secret.kind == "file":
            if not secret.source:
                self.draft.fail(f"add `--secret id={secret.id},src=FILE`; which file it is cannot be told")
                return
            self._added.append(self.unit.own(f"--secret id={shlex.quote(secret.id)},src=") + self._file(secret.source))
        else:
            key = needs.ssh_key(secret, self.work.build.context)
            file = self._file(key) if key else self._key_file(secret.name)
            self._added.append(self.unit.own(f"--ssh {secret.id}") + ("=" + file if file else ""))

    def _key_file(self, name: str) -> str:
        """The file whose content a build argument was, in the file's notation; "" where that cannot be told."""
        gone = [a for a in self.arguments if self.work.gone(a.name) and self.work.secret_of(a.name) is None]
        word = arguments.printed(gone[0], self.words) if [a.name for a in gone] == [name] else None
        raw = self.unit.raw(*word.span) if word is not None else ""
        if any(c in raw for c in ",\n\r\\*?["):
            return ""
        if raw.startswith("~"):  # a shell knows it at the start of a word only
            known = raw.startswith("~/") and _PLAIN.fullmatch(raw)
            return f'"{self.unit.own("$HOME")}{raw[1:]}"' if known else ""
        return raw

    def _file(self, source: str) -> str:
        """A file of the context, as this call reaches it; in the file's notation."""
        if any(c in source for c in ",\"'\n\r$`\\"):
            self.draft.fail("the name of the secret file cannot be written into `--secret`")
        context = self._context()
        if context is None:
            self.draft.fail("the build context of this call cannot be told")
            return ""
        literal = context.literal
        if (literal is not None and _PLAIN.fullmatch(literal)) or os.path.isabs(source):
            return self.unit.own(shlex.quote(needs.joined(literal or ".", source)))
        raw = self.unit.raw(*context.span)
        if "," in context.rendered or "\n" in raw:
            self.draft.fail("the build context of this call cannot be written into `--secret`")
        if raw[:1] in "\"'" and raw[-1:] == raw[:1]:
            return f"{raw[:-1].rstrip('/')}/{self.unit.own(source)}{raw[-1:]}"
        end = "" if _PLAIN.fullmatch(source) else '"'
        return f"{raw.rstrip('/')}/{self.unit.own(end + source + end)}"

    def _context(self) -> Word | None:
        return context_of(self.words, self.build)

    def _finish(self) -> None:
        """What stands at one place is one edit."""
        if self.build.wrappers and "sudo" in self.build.wrappers and self._named:
            self._keep_through_sudo()
        if "doas" in self.build.wrappers and self._named:
            self.draft.fail("doas clears the environment that the secret is taken from")
        if self._prefixes:
            first = self.words[0].span
            at = self.unit.span(first.start, first.end).start  # not behind the line before: it may be indented
            self.draft.replace(Span(at, at), " ".join(self._prefixes.values()) + " ")
            self._keep_apart()
        if self._added:
            at = self.words[self.build.after].span.end
            added = " ".join(self._added)
            self.draft.replace(self.unit.span(at, at), f"{added} " if self.unit.bare else f" {added}")

    def _keep_apart(self) -> None:
        """A value before the command must not be seen by another secret that uses a variable of that name."""
        for name in self._prefixes:
            others = (text for other, text in self._prefixes.items() if other != name)
            if name in self._own or any(m[0] == name for text in others for m in _WORD.finditer(text)):
                self.draft.fail(f"{name} has another value for this call than for another argument of it")

    def name(self, variable: str) -> None:
        """The builder needs this variable of the environment."""
        self._named.append(variable)
        self._own.add(variable)

    def _keep_through_sudo(self) -> None:
        texts = self._wrapping()
        if any(t in ("-E", "--preserve-env") or t.startswith(("--preserve-env=", "-E")) for t in texts):
            return
        names = ",".join(dict.fromkeys(self._named))
        at = self.words[self.build.sudo].span.end
        self.draft.replace(self.unit.span(at, at), f" --preserve-env={names}")
        self.draft.notes.append(f"sudo must be allowed to keep {names} (SETENV in sudoers)")


def context_of(words: tuple[Word, ...], build: Build) -> Word | None:
    """The word that is the build context; None if it cannot be told."""
    found = [words[i] for i in build.positional]
    certain = [w for w in found if _is_one(w)]
    chosen = certain or found
    return chosen[0] if len(chosen) == 1 else None


def _is_one(word: Word) -> bool:
    """Whether it is exactly one argument: an array or an unquoted expansion may be none, or options."""
    if word.source[:1] in ("'", '"'):
        return "[@]" not in word.source and word.source[1:3] != "$@"
    return FOREIGN not in (word.literal or FOREIGN)
