"""Credentials in URLs: git gets them without keeping them in the clone; ADD becomes a download with a mounted secret.

`git -c url."http://USER:PASSWORD@HOST/".insteadOf="http://HOST/" clone http://HOST/...`: what stands before the
subcommand is stored nowhere, goes to submodules too, and the stored remote is the URL without credentials. The URL
itself reaches the server as it did, percent-encoding included. A `=` would end the setting's name, so it is encoded.
"""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import Span
from auditor.fixes import exposure, quotes, sites
from auditor.fixes.plan import BuildSecret, Burnt, Plan, Refusal, Refused, Replace
from auditor.fixes.script import acting
from auditor.flow import commands
from auditor.flow.facts import LayerFile, Use
from auditor.flow.flat import Flat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.fixes.plan import Change
    from auditor.flow.build import Build
    from auditor.flow.facts import Literal, Run
    from auditor.lang.shell.nodes import Command, Word

_SCHEME = Pattern(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HOST = Pattern(r"[^@/\s]*@([A-Za-z0-9.-]+)")
_PLAIN_URL = Pattern(r"(?P<scheme>https?://)(?P<userinfo>[^/@\s'\"$`\\]+)@(?P<rest>[^\s'\"$`\\@]+)\Z")
#: Calls that are given a URL, those that only note it, and those that talk to the remote that a clone remembers.
_TAKING = ("git clone", "git fetch", "git pull", "git submodule add", "git ls-remote", "git push")
_NOTING = ("git remote add", "git remote set-url")
_FOLLOWING = (
    "git fetch", "git pull", "git push", "git submodule", "git remote update", "git lfs", "git ls-remote",
    "git remote show",
)  # fmt: skip
_TALKS = Pattern(r"\bgit\b[^|;&\n]*\b(?:fetch|pull|push|submodule)\b")
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
        made = _quoted(text, flat, part.start, part.end)
    else:
        made = _quoted(text, flat, part.start, where)
        kept = _quoted(text, flat, where + len(value), part.end)
        made, replacement = made.replace("=", "%3D") + "\0" + kept.replace("=", "%3D"), replacement
        if "=" in value:
            replacement = replacement.replace("$(cat ", "$(sed s/=/%3D/g ")
        return made.replace("\0", replacement)
    return made


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
    """A plan for each ADD of a URL with a literal credential, or the reason why there is none."""
    seen: set[int] = set()
    for use in build.facts.uses:
        literal = use.literal
        if literal is None or use.step.instruction.keyword != "ADD" or literal.span.start in seen:
            continue
        if use.kind == "url" and literal.level in ("secret", "weak"):
            seen.add(literal.span.start)
            try:
                yield _download(build, use, literal)
            except Refused as refused:
                yield Refusal((literal.span,), refused.reason)


def _download(build: Build, use: Use, literal: Literal) -> Plan:
    node, step = use.step.instruction, use.step
    if step.onbuild or step.dialect != "posix":
        raise Refused("ADD fetches a URL with a credential where no RUN of a POSIX shell can take its place")
    match = _PLAIN_URL.match(node.words[0].text) if len(node.words) == 2 else None
    target = node.words[1].text if len(node.words) == 2 else ""
    if match is None or node.flags or not target or any(c in target for c in "$'\"`\\ \t\n"):
        raise Refused("ADD fetches more than one plain URL, or has options, for which no download command is known")
    program = _downloader(build, use)
    value = literal.secret.reveal()
    name = exposure.secret_id(f"{match['rest'].partition('/')[0].partition(':')[0]}_password")
    secret = BuildSecret(name, "variable", name.upper())
    file = match["rest"].partition("?")[0].rpartition("/")[2] if "/" in match["rest"] else ""
    if target.endswith(("/", "/.")) or target == ".":
        if not file:
            raise Refused("the file's name is not to be seen in the URL of the ADD")
        target = target.removesuffix(".").rstrip("/") + "/" + file if target != "." else file
    url = match["scheme"] + match["userinfo"].replace(value, f"$(cat /run/secrets/{name})") + "@" + match["rest"]
    plan = Plan(
        f"the credential of the URL becomes the build secret {name}",
        f"ADD becomes a download with {program}, which has to be in the image; the file gets another time stamp",
        Applicability.UNSAFE,
    )
    plan.covers.append(literal.span)
    plan.secrets.append(secret)
    plan.burnt.append(Burnt("URL password", f"line {node.line} of the Dockerfile and the image history", literal.span))
    mount = ",".join(["type=secret,id=" + name, *exposure.readable(step), "required=true"])
    folder, _slash, _name = target.rpartition("/")
    made = f"mkdir -p {folder} && " if folder else ""
    fetch = f'curl -fsSL -o {target} "{url}"' if program == "curl" else f'wget -q -O {target} "{url}"'
    document = build.document
    newline = f" {document.escape}{document.newline}    "
    plan.changes.append(Replace(node.span, f"RUN --mount={mount}{newline}{made}{fetch} && chmod 600 {target}"))
    plan.notes.append(f"The build secret {name} holds the password exactly as it stood in the URL.")
    return plan


def _downloader(build: Build, use: Use) -> str:
    """A program of the stage that can fetch a URL, by what it installs or calls before, or by its base image."""
    position = use.step.instruction.span.start
    before = [r for r in build.facts.runs if r.step.stage == use.step.stage]
    for run in before:
        if run.step.instruction.span.start < position:
            words = {w.rendered for each in acting(run) for w in each.command.words}
            found = next((program for program in ("curl", "wget") if program in words), "")
            if found:
                return found
    base = build.stages[use.step.stage].base.rpartition("/")[2].partition(":")[0] if build.stages else ""
    if base in ("alpine", "busybox"):
        return "wget"
    raise Refused("ADD would become a download in a RUN, but no program for that is known to be in the image")
