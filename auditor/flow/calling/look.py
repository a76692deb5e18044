"""Looks at the commands of a shell text for what they hand to container tools."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.core.span import Span
from auditor.detect.statements import HOLE
from auditor.flow import commands as known_commands
from auditor.flow import outputs
from auditor.flow.calling import arguments, programs, tools
from auditor.flow.calling.aliases import Aliases
from auditor.flow.calling.given import BARE, LITERAL, TYPED, Given, Values, is_secret_name
from auditor.flow.calling.nesting import every
from auditor.flow.calling.uses import BUILD_ARG, COMMIT, CONTAINER_ENV, LOGIN, SQUASH, SWARM_SECRET, Site, Use
from auditor.flow.expected import after_colon, drop
from auditor.flow.flat import Flat
from auditor.flow.servers import squash
from auditor.lang.shell.nodes import Substitution, VariableUse, Word

if TYPE_CHECKING:
    from auditor.flow.calling.tools import Option, ToolCall
    from auditor.flow.calling.units import ShellText
    from auditor.flow.calling.uses import Uses
    from auditor.lang.shell.nodes import Command

#: `--build-arg NAME=value` in the value of a variable.
_HELD = Pattern(
    rf"--build-arg(?:=|\s+)\\?[\"']?(?P<name>[A-Za-z_]\w*)(?P<value>=(?:{HOLE}|[^\s\"'\\])*)?(?=[\s\"'\\]|$)"
)
_OPTION = Pattern(r"build-arg:(?P<name>[A-Za-z_]\w*)=")
_SET = Pattern(r"[^\s=]+\.args\.(?P<name>[A-Za-z_]\w*)=")
#: Programs that only print what they are given.
_PRINTERS = frozenset("echo printf cat grep sed awk print : test [ [[ git".split())
_CREDS = ("--creds", "--src-creds", "--dest-creds")
#: What a command line is called that is put together elsewhere.
_SOME_BUILD = "the build"


def read(uses: Uses, unit: ShellText) -> int:
    """Go through one text; how many commands it has."""
    count = 0
    aliases = Aliases(unit)
    for command, nested in every(unit.script):
        Look(uses, unit, command, aliases.expanded(command.words), nested=nested).run()
        count += 1
    return count


class Look:
    """One command; `words` are its own, or with what an alias stands for."""

    def __init__(self, uses: Uses, unit: ShellText, command: Command, words: tuple[Word, ...], *, nested: bool) -> None:
        self.uses = uses
        self.unit = unit
        self.command = command
        # Edits are made of the command's own words.
        self.nested = nested or words is not command.words
        self.words = words
        self.given = [(a.name, a.value) for a in command.assignments if a.value is not None and words]
        self.given += [(name, drop(word, len(name) + 1)) for name, word in known_commands.assigned(words)]
        self.values = Values(unit, uses.variables, dict(self.given))

    def _site(self, call: ToolCall | None = None, option: Option | None = None) -> Site:
        return Site(self.unit, self.uses.variables, self.command, self.nested, call, option)

    def run(self) -> None:
        """Add what there is."""
        for assignment in self.command.assignments:
            if assignment.value is not None:
                self._held(assignment.value)
                self._started_as(assignment.name, assignment.value)
        if not self.words or self.command.kind != "command":
            return
        flattened = squash(self.command, known_commands.program(self.words))
        if flattened is not None:
            self.uses.add(Use(SQUASH, flattened[1], "", self.unit.span(*flattened[0])))
        self._build_arguments()
        call = tools.find(self.words, self.values.known)
        if call is not None:
            self._call(call)
        if self.given and tools.starts(self.words, self.values.known):
            self._given()

    # -- builds --------------------------------------------------------------------------------------------------

    def _build_arguments(self) -> None:
        texts = [programs.head(word) for word in self.words]
        if not any("build-arg" in text or ".args." in text for text in texts):
            return
        build = programs.find(self.words, self.values.known)
        title = self._title(build)
        if build is None and known_commands.base_name(self.words[0]) in _PRINTERS:
            return
        first = 0 if texts[0].startswith("-") else 1
        options = build.options if build is not None else programs.options_of(self.words, first)[0]
        for option in options:
            if option.name == "--build-arg" and option.value >= 0:
                self._argument(title, option)
        for word, text in zip(self.words, texts, strict=True):
            match = _OPTION.search(text) or (_SET.match(text) if "bake" in texts else None)
            if match is not None:
                self._pair(title, match["name"], drop(word, match.end()), word)

    def _title(self, build: programs.Build | None) -> str:
        first = build.at if build is not None else 0
        last = build.after if build is not None else 0
        shown = [w.rendered for w in self.words[first : last + 1] if w.literal and not w.rendered.startswith("-")]
        return " ".join(shown) if build is not None and shown else _SOME_BUILD

    def _argument(self, title: str, option: programs.Option) -> None:
        argument = arguments.argument(option, self.words, self.unit.text)
        if argument is None:
            return
        shown = _whole(self.words[option.value], option.cut)
        if argument.kind != arguments.BARE:
            self._pair(title, argument.name, drop(shown, len(argument.name) + 1), shown)
        else:
            self._bare(title, argument.name, shown.span)

    def _bare(self, title: str, name: str, at: Span) -> None:
        """A name alone: the builder takes the value of the variable."""
        word = Word((VariableUse(name, at, "", None),), at, "")
        given = self.values.by_name(name, word)
        if given is not None:
            given = given if given.how == TYPED else given._replace(how=BARE)
            site = self._site()
            self.uses.add(Use(BUILD_ARG, title, name, self.unit.span(*at), given, _story(given), site))

    def _pair(self, title: str, name: str, value: Word, shown: Word) -> None:
        given = self.values.by_name(name, value)
        if given is not None:
            site = self._site()
            self.uses.add(Use(BUILD_ARG, title, name, self._place(given, shown), given, _story(given), site))

    def _held(self, value: Word) -> None:
        """Build arguments in a variable that a command line is made of."""
        flat = Flat([value])
        if "--build-arg" not in flat.text:
            return
        for match in _HELD.finditer(flat.text):
            name, at = match["name"], flat.span(*match.span("name"))
            start, end = match.span("value")
            if start < 0:
                self._bare(_SOME_BUILD, name, at)
            elif end > start + 1:
                word = Word(tuple(flat.parts(start + 1, end)), flat.span(start + 1, end), "")
                self._pair(_SOME_BUILD, name, word, Word((), Span(at.start, word.span.end), ""))

    # -- other commands ------------------------------------------------------------------------------------------

    def _call(self, call: ToolCall) -> None:
        if call.said == "run":
            self._environment(call, ("-e", "--env", "--env-add"))
            self._started(call)
        elif call.said == "exec":
            self._environment(call, ("-e", "--env"))
            self._inside(call)
        elif call.said == "login":
            self._login(call)
        elif call.said == "secret":
            self._secret(call)
        elif call.said == "commit":
            self._commit(call)
        for option in call.values(*_CREDS):
            if option.value is not None:
                self._password(call, option, after_colon(option.value))

    def _environment(self, call: ToolCall, options: tuple[str, ...]) -> None:
        for option, name, value in self._pairs(call, options):
            given = self.values.by_name(name, value)
            if given is not None and given.literal is not None:
                site = self._site(call, option)
                at = self._place(given, option.value or value)
                self.uses.add(Use(CONTAINER_ENV, call.title, name, at, given, _story(given), site))

    def _given(self) -> None:
        """`NAME=secret docker compose up`, with `env` before it or without."""
        at, _wrappers, _sudo = programs.unwrapped(self.words)
        title = " ".join(word.rendered for word in self.words[at : at + 2])
        for name, value in self.given:
            given = self.values.by_name(name, value)
            literal = given.literal if given is not None and given.how == LITERAL else None
            if given is not None and literal is not None:
                given = given._replace(how=TYPED)
                self.uses.add(Use(CONTAINER_ENV, title, name, literal.span, given, (), self._site()))

    def _pairs(self, call: ToolCall, options: tuple[str, ...]) -> Iterator[tuple[Option, str, Word]]:
        """The variables that options set, with their values."""
        for option in call.values(*options):
            if option.value is None:
                continue
            name, equals, _ = programs.head(option.value).partition("=")
            if equals and name:
                yield option, name, drop(option.value, len(name) + 1)
            elif option.value.literal and option.value.literal.isidentifier():  # the value of the variable
                yield option, name, Word((VariableUse(name, option.value.span, "", None),), option.value.span, "")

    def _login(self, call: ToolCall) -> None:
        for option in call.values("-p", "--password"):
            if option.value is not None:
                self._password(call, option, option.value)

    def _password(self, call: ToolCall, option: Option, value: Word) -> None:
        given = self.values.by_place("password", "password", value)
        if given is not None:
            site = self._site(call, option)
            at = self._place(given, value)
            self.uses.add(Use(LOGIN, call.title, option.name, at, given, _story(given), site))

    def _secret(self, call: ToolCall) -> None:
        """Text that is written right here and becomes a secret of a swarm."""
        if len(call.rest) < 2 or call.rest[-1].literal not in ("-", "/dev/stdin"):
            return
        name = call.rest[0].rendered
        for word in outputs.input_words(self.command):
            given = self.values.by_place("password", name, word)
            if given is not None and given.literal is not None:
                site = self._site(call)
                at = given.literal.span
                self.uses.add(Use(SWARM_SECRET, call.title, name, at, given, _story(given), site))
                return

    # -- containers ----------------------------------------------------------------------------------------------

    def _secrets(self, call: ToolCall) -> list[tuple[str, Span]]:
        """The secrets in the environment that a container is started with."""
        found = []
        for option in call.values("-e", "--env"):
            name, equals, _ = programs.head(option.value).partition("=") if option.value else ("", "", "")
            value = drop(option.value, len(name) + 1) if option.value is not None and equals else None
            given = self.values.by_name(name, value) if value is not None else None
            if given is not None or (value is None and is_secret_name(name)):
                found.append((f"{name} is in the environment of the container", self.unit.span(*option.word.span)))
        return found

    def _started(self, call: ToolCall) -> None:
        for option in call.values("--name"):
            if option.value is not None:
                self.uses.start(option.value.rendered, self._secrets(call))

    def _started_as(self, name: str, value: Word) -> None:
        """`id=$(docker run ...)`."""
        only = value.parts[0] if len(value.parts) == 1 else None
        inner = only.script.commands if isinstance(only, Substitution) else ()
        if len(inner) == 1 and inner[0].words:
            call = tools.find(inner[0].words, self.values.known)
            if call is not None and call.said == "run":
                self.uses.start("${" + name + "}", self._secrets(call))

    def _inside(self, call: ToolCall) -> None:
        """A command in a container that leaves a credential in a file there."""
        if len(call.rest) < 2:
            return
        words = known_commands.program(call.rest[1:])
        match = known_commands.lookup(words)
        if match is not None and match.known.stores == "always":
            place = self.unit.span(words[0].span.start, words[-1].span.end)
            self.uses.start(call.rest[0].rendered, [(f"{match.known.title} in the container", place)])

    def _commit(self, call: ToolCall) -> None:
        secrets = self.uses.secrets_of(call.rest[0].rendered) if call.rest else []
        if secrets:
            at = self.unit.span(self.words[call.first].span.start, self.words[call.last].span.end)
            self.uses.add(Use(COMMIT, call.title, call.rest[0].rendered, at, None, tuple(secrets[:8])))

    # -- places --------------------------------------------------------------------------------------------------

    def _place(self, given: Given, shown: Word) -> Span:
        """What is reported: the literal where it stands in the command, else what the command is given."""
        if given.literal is not None and given.how != TYPED:
            return given.literal.span
        return self.unit.span(*shown.span)


def _whole(word: Word, cut: int) -> Word:
    """A word from an offset of its text on, with the quotes that stand in it."""
    rest = drop(word, cut)
    if not rest.parts or word.source[:1] in ("'", '"'):
        return rest
    return Word(rest.parts, Span(rest.span.start, word.span.end), word.source)


def _story(given: Given) -> tuple[tuple[str, Span], ...]:
    if given.how != TYPED or given.literal is None:
        return ()
    return (("its value stands here", given.literal.span),)
