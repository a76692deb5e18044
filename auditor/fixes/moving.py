"""A statement that writes a secret's file moves into the RUNs that read it, and the file is as before when they end.

What planners for variables (`written`) and for literals and fetched credentials (`leftover`) share.
"""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.fixes.exposure import SETTING, check, cleaning, plain_path
from auditor.fixes.plan import Prelude, Refused
from auditor.fixes.script import NO_OPERATIONS, acting, defined
from auditor.fixes.tracing import shell_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.core.span import Span
    from auditor.fixes.plan import Change
    from auditor.flow.build import Build
    from auditor.flow.facts import LayerFile, Run

#: Where tools keep what they are told unless an option or a variable says otherwise, which `flow.storage` follows.
SURE_PLACES = (
    "/.npmrc", "/.gitconfig", "/.netrc", "/pip.conf", "/.yarnrc", "/.yarnrc.yml", "/.git-credentials", "/.pypirc",
    "/NuGet.Config", "/pypoetry/auth.toml", "/.docker/config.json", "/.aws/credentials", "/gh/hosts.yml",
)  # fmt: skip
#: Statements of more than one command.
COMPOUND = frozenset({"pipeline", "list"})
#: Statements that can be moved as they are; anything with a body of its own might rely on what stands around it.
MOVABLE = frozenset({"command", "redirected_statement"}) | COMPOUND
#: What changes a file in place, or adds to it.
_ADDS = Pattern(r">>|\btee\s+(?:-\w*a|--append)|\b(?:sed|perl|yq|gawk)\b.*\s-\w*i|--in-?place|\bpatch\b|\bed\b|\bex\b")
_AT_HOME = ("~", "$HOME", "${HOME}", '"$HOME', '"${HOME}')
_VARIABLE = Pattern(r"\$\{?(\w+)")
_ROOT = ("", "0", "root")


def is_at_home(build: Build, file: LayerFile) -> bool:
    """Whether the command leaves it to the shell or a tool where the user's home folder is."""
    return file.how == "stored" or build.document.text.startswith(_AT_HOME, file.span.start)


def is_anywhere(build: Build, file: LayerFile, home: Run) -> bool:
    """Whether the statement in the RUN `home` writes to the same file in whatever folder it runs."""
    if file.how == "stored":
        return file.path.startswith(home.home.rstrip("/") + "/")
    return is_at_home(build, file) or build.document.text.startswith(("/", '"/'), file.span.start)


def guard(build: Build, file: LayerFile, run: Run, *, may_exist: bool) -> list[Change]:
    """What makes the file's state after a RUN that before it. Raises Refused for a path that needs quoting."""
    path = _shown(build, file, run, file.path)
    if not may_exist:
        return [cleaning(run, f"rm -f {path}")]
    saved = _shown(build, file, run, f"{file.path}.before")
    return [
        cleaning(run, f"rm -f {path}; mv {saved} {path} 2>/dev/null || true"),
        Prelude(run.step.instruction, f"cp -p {path} {saved} 2>/dev/null || true", SETTING),
    ]


def _shown(build: Build, file: LayerFile, run: Run, path: str) -> str:
    """The path as a shell reads it; below `$HOME` for a user whose home folder only the image knows."""
    home = run.home.rstrip("/") + "/"
    if is_at_home(build, file) and run.step.user not in _ROOT and path.startswith(home):
        return f'"$HOME{plain_path("/" + path.removeprefix(home).lstrip("/"))}"'
    return plain_path(path)


def may_exist(build: Build, own: Sequence[LayerFile], statement: Span) -> bool:
    """Whether something may be in the file already that has to stay; `own` are the plan's writings of it, the first of
    them by this statement."""
    first = own[0]
    if any(file.how == "stored" for file in own):
        return True
    if _ADDS.search(build.document.text[statement.start : statement.end]):
        return True
    known = [path for _step, path, _source, _span in build.facts.placed]
    known += [file.path for file in build.facts.files if all(file is not one for one in own)]
    return first.path in known


def check_move(build: Build, file: LayerFile, home: Run, run: Run, statement: Span) -> None:
    """Raises Refused where a statement of the RUN `home` would mean something else in `run`, or cannot stand there."""
    check(run)
    path, text = file.path, build.document.text[statement.start : statement.end]
    if run.step.instruction.json or run.step.instruction.heredocs:
        raise Refused(f"{path} would have to be written in a RUN that is not in shell form")
    if shell_words(build, run) != shell_words(build, home):
        raise Refused(f"{path} is written by one shell and read by another")
    if run.step.user != home.step.user:
        raise Refused(f"{path} is written by one user and read by another")
    if run.home != home.home and (file.how == "stored" or "~" in text):
        raise Refused(f"the home folder changes between the RUN that writes {path} and one that reads it")
    for name in dict.fromkeys(match[1] for match in _VARIABLE.finditer(text)):
        if run.sees(name) is not home.sees(name):
            raise Refused(f"{name} changes between the RUN that writes {path} and one that reads it")


def check_words(path: str, home: Run, statement: Span) -> None:
    """Raises Refused for a statement that relies on what only its RUN knows: a folder, a function, a file mode."""
    functions = defined(home)
    for each in acting(home):
        inside = statement.covers(each.command.span.start)
        if inside and each.shell.cwd != home.cwd:
            raise Refused(f"{path} is written after a change of folder")
        if inside and each.words and each.words[0].rendered in functions:
            raise Refused(f"{path} is written by a function of the RUN")
        if not inside and each.name == "umask":
            raise Refused(f"{path} is written with a mode that the RUN sets")


def moved(text: str, kind: str, folder: str) -> str:
    """A statement as it stands in front of another RUN's command; `folder` is where it has to run ("" for anywhere)."""
    grouped = f"{{ {text}; }}" if kind in COMPOUND else text
    placed = f"(cd {plain_path(folder)} && {grouped})" if folder else grouped
    return placed if _may_fail(text) else f"{placed} || exit 1"


def _may_fail(text: str) -> bool:
    """Whether a statement ends with `|| true`."""
    return "||" in text and text.rpartition("||")[2].strip() in NO_OPERATIONS
