"""Credentials in URLs: git gets them without keeping them in the clone; ADD becomes a download with a mounted secret.

`git -c url."http://USER:PASSWORD@HOST/".insteadOf="http://HOST/" clone http://HOST/...`: what stands before the
subcommand is stored nowhere, goes to submodules too, and the stored remote is the URL without credentials. The URL
itself reaches the server as it did, percent-encoding included. A `=` would end the setting's name, so it is encoded.
"""

from __future__ import annotations

from importlib import import_module

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import Span
from auditor.fixes import quotes, sites
from auditor.fixes.plan import Refusal, Refused, Replace
from auditor.fixes.script import acting
from auditor.flow import commands
from auditor.flow.facts import LayerFile, Use
from auditor.flow.flat import Flat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.fixes.plan import Change, Plan
    from auditor.flow.build import Build
    from auditor.flow.facts import Run
    from auditor.lang.shell.nodes import Command, Word

_SCHEME = Pattern(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HOST = Pattern(r"[^@/\s]*@([A-Za-z0-9.-]+)")
#: Calls that are given a URL, those that only note it, and those that talk to the remote that a clone remembers.
_TAKING = ("git clone", "git fetch", "git pull", "git submodule add", "git ls-remote", "git push")
_NOTING = ("git remote add", "git remote set-url")
_FOLLOWING = (
    "git fetch", "git pull", "git push", "git submodule", "git remote update", "git lfs", "git ls-remote",
    "git remote show",
)  # fmt: skip
_TALKS = Pattern(r"\bgit\b[^|;&\n]*\b(?:fetch|pull|push|submodule)\b")
_ENCODED = "sed s/=/%3D/g"
_UNSET = "the credential of the URL comes from a variable that nothing seen here sets, so there is no value to mount"
_LATER = "a later step lets git use the credentials that the clone keeps"


class Clone(NamedTuple):
    """A git command that is given a URL with credentials: `git` is its program's word, `word` the URL's, `notes` says
    that it only writes the URL down, `folder` where it runs."""

    run: Run
    command: Command
    git: Word
    word: Word
    notes: bool


def clone_of(run: Run, place: int) -> Clone | None:
    """The git command of a RUN's own script whose URL a place lies in; None where there is none."""
    for each in acting(run):
        word = sites.word_at(each.command, place)
        if each.name != "git" or word is None or word not in each.words:
            continue
        if any(commands.matches(argv, each.words) for argv in (*_TAKING, *_NOTING)):
            notes = any(commands.matches(argv, each.words) for argv in _NOTING)
            return Clone(run, each.command, each.words[0], word, notes)
    return None


def clone_change(build: Build, fact: LayerFile | Use) -> list[Change]:
    """The changes by which git is given the credentials of a URL without keeping them.

    `fact` is the clone's configuration file (`how` is `cloned`) or the use of a URL. Variables stay in the command:
    give them to the RUN with `exposure.variable`. Raises Refused.
    """
    run = next((run for run in build.facts.runs if run.step.instruction is fact.step.instruction), None)
    if run is None:
        raise Refused("the instruction is not followed")
    if isinstance(fact, Use):
        clone = clone_of(run, fact.span.start)
    else:
        clone = next((c for each in _urls_in(build, run, fact.extent) if (c := clone_of(run, each))), None)
    if clone is None:
        raise Refused("git keeps the URL in the clone, and its command stands in a script inside another command")
    return without_credentials(build, clone)


def _urls_in(build: Build, run: Run, extent: Span) -> list[int]:
    """Where the URLs with credentials begin that are used in a command."""
    uses = [u.span for u in build.facts.uses if u.kind in ("url", "token") and extent.covers(u.span.start)]
    for each in acting(run):
        if each.command.span == extent:
            uses += [word.span for word in each.words if "://" in word.rendered and "@" in word.rendered]
    return [span.start for span in uses]


def without_credentials(
    build: Build, clone: Clone, span: Span | None = None, value: str = "", replacement: str = ""
) -> list[Change]:
    """The changes for one git command. A literal `value` of the URL, reported at `span`, becomes `replacement`.

    Raises Refused where the URL is not written out, or where something else relies on what the clone keeps.
    """
    text = build.document.text
    if sites.site(clone.run, clone.git.span.start).kinds != (quotes.BARE,):
        raise Refused("the git command stands in quotes")
    flat = Flat([clone.word])
    scheme = _SCHEME.search(flat.text)
    begin = scheme.end() if scheme is not None else 0
    at, slash = flat.text.find("@", begin), flat.text.find("/", begin)
    if scheme is None or not begin <= at < slash or not flat.is_literal(scheme.start(), begin):
        raise Refused("the URL that git is given is not written out in the command")
    userinfo = _userinfo(text, flat, Span(begin, at), value, replacement)
    host = _quoted(text, flat, at + 1, slash)
    option = f' -c url."{scheme[0]}{userinfo}@{host}/".insteadOf="{scheme[0]}{host}/"'
    following = _following(build, clone)
    givers = following if clone.notes else [clone.git, *following]
    changes: list[Change] = [Replace(Span(git.span.end, git.span.end), option) for git in givers]
    return [*changes, _bare_url(text, clone, flat, Span(begin, at))]


def _userinfo(text: str, flat: Flat, part: Span, value: str, replacement: str) -> str:
    where = flat.text.find(value, part.start, part.end) if value else -1
    if value and where < 0:
        raise Refused("the value is written with quotes or escapes in it, so it cannot be cut out exactly")
    if not value:
        return _encoded(text, flat, part.start, part.end)
    if "=" in value:
        replacement = replacement.replace("$(cat ", f"$({_ENCODED} ")
    behind = where + len(value)
    return _encoded(text, flat, part.start, where) + replacement + _encoded(text, flat, behind, part.end)


def _encoded(text: str, flat: Flat, start: int, end: int) -> str:
    """A part of the URL for the name of a setting; whether a variable has a `=` is seen when the command runs."""
    made = _quoted(text, flat, start, end)
    if not made or flat.is_literal(start, end):
        return made.replace("=", "%3D")
    return f'$(printf %s "{made}" | {_ENCODED})'


def _quoted(text: str, flat: Flat, start: int, end: int) -> str:
    return sites.in_double_quotes(text, flat.parts(start, end)) if end > start else ""


def _bare_url(text: str, clone: Clone, flat: Flat, userinfo: Span) -> Replace:
    """The URL's word without its userinfo: cut out of it where that leaves the quotes whole, else written anew."""
    layer = sites.script_layer(clone.run.step.instruction)
    before, behind = flat.source(userinfo.start - 1), flat.source(userinfo.end)
    places = [sites.index_of(layer, place) for place in (before, behind)]
    kinds = {quotes.quoting(layer.text, at).kind for at in places if at is not None}
    if None not in places and len(kinds) == 1:
        return Replace(Span(before + 1, behind + 1), "")
    rest = _quoted(text, flat, 0, userinfo.start) + _quoted(text, flat, userinfo.end + 1, len(flat.text))
    return Replace(clone.word.span, f'"{rest}"')


def _following(build: Build, clone: Clone) -> list[Word]:
    """The later git commands of the RUN that talk to the remote. Raises Refused where later steps do."""
    gits: list[Word] = []
    for each in acting(clone.run):
        if each.command.span.start > clone.command.span.start and _follows(each.words, each.name):
            gits.append(each.words[0])
    position = clone.run.step.instruction.span.start
    for run in build.facts.runs:
        is_later = run.step.instruction.span.start > position and run.step.stage == clone.run.step.stage
        if is_later and any(_follows(each.words, each.name) for each in acting(run)):
            raise Refused(_LATER)
    for node in build.document.instructions:
        if node.keyword in ("CMD", "ENTRYPOINT") and _TALKS.search(" ".join(node.args)):
            raise Refused(_LATER)
    return gits


def _follows(words: tuple[Word, ...], name: str) -> bool:
    if name != "git" or any("://" in word.rendered for word in words):
        return False
    return any(commands.matches(argv, words) for argv in _FOLLOWING)


def host_behind(text: str, end: int) -> str:
    """The host of the URL whose password ends at an offset of the file; "" unknown."""
    match = _HOST.match(text[end : end + 300])
    return match[1] if match is not None else ""


# -- ADD -------------------------------------------------------------------------------------------------------------


def plans(build: Build, _form: str = "file") -> Iterator[Plan | Refusal]:
    """A plan for each ADD of a URL with a literal credential, and why there is none where nothing sets a URL's."""
    seen: set[int] = set()
    for use in build.facts.uses:
        if use.kind != "url" or use.span.start in seen:
            continue
        seen.add(use.span.start)
        literal = use.literal
        if literal is None:
            if not use.origins:
                yield Refusal((use.span,), _UNSET)
        elif use.step.instruction.keyword == "ADD" and literal.level in ("secret", "weak"):
            try:
                # start-up: for an ADD with credentials only
                yield import_module("auditor.fixes.additions").download(build, use, literal)
            except Refused as refused:
                yield Refusal((literal.span,), refused.reason)
