"""ADD of a URL with a credential: it becomes a download that gets the credential from a mount.

Where the image has a downloader, in a RUN in the ADD's place; where it has none but can install one, in a stage of its
own, from which COPY takes the file. Mode and owner are those that ADD gives: 0600, root.
"""

from __future__ import annotations

import re

from auditor.core.edit import Applicability
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.span import Span
from auditor.fixes.bases import name_and_tag, root
from auditor.fixes.naming import literal_id, taken_ids
from auditor.fixes.plan import BuildSecret, Burnt, Plan, Refused, Replace
from auditor.fixes.script import acting

if TYPE_CHECKING:
    from auditor.flow.build import Build
    from auditor.flow.facts import Literal, Step, Use
    from auditor.lang.dockerfile.nodes import Instruction

_PLAIN_URL = Pattern(
    r"(?P<scheme>https?://)(?P<userinfo>[^/@\s'\"$`\\]+)@(?P<rest>(?:\$\{\w+\}|\$\w+|[^\s'\"$`\\@])+)\Z"
)
#: Stands for the credential while a URL is taken apart.
_HOLE = "\0"
_HARD = frozenset("$'\"`\\ \t\n*?[];&|<>()#~")
_PROGRAMS = ("curl", "wget")
_INSTALLERS = frozenset("apt-get apt apk yum dnf microdnf zypper pacman tdnf".split())
#: Base images by the downloader that they bring; language images without `slim` or `alpine` are built on a full one.
_WITH = {
    "curl": frozenset(
        "fedora centos rockylinux almalinux amazonlinux oraclelinux ubi8 ubi9 ubi-minimal buildpack-deps curl".split()
    ),
    "wget": frozenset({"alpine", "busybox"}),
}
_LANGUAGES = frozenset("node python ruby golang rust gcc openjdk perl php erlang elixir".split())
#: Base images with neither, that install one with apt.
_APT = frozenset({"debian", "ubuntu"})
#: What ADD puts the file into where the path is a folder's; a download needs to know.
_MAYBE_FOLDER = "whether {0} is a folder in the image cannot be seen here: ADD would put the file into it"
_NO_PROGRAM = "ADD would become a download, but no program for that is known to be in the image"


class _Target(NamedTuple):
    """The parts of an ADD: its URL, and the file's path in the image; `sure`: that path is certainly no folder's."""

    url: str
    path: str
    sure: bool = True


def download(build: Build, use: Use, literal: Literal) -> Plan:
    """The plan for one ADD. Raises Refused."""
    node, step = use.step.instruction, use.step
    if step.onbuild or step.dialect != "posix":
        raise Refused("ADD fetches a URL with a credential where no RUN of a POSIX shell can take its place")
    name = literal_id(build.document.text, literal, "", taken_ids(build))
    secret = BuildSecret(name, "variable")
    value = literal.secret.reveal()
    target = _target(node, name, Pattern(re.escape(value)))
    plan = Plan(f"the credential of the URL becomes the build secret {name}", "")
    plan.covers.append(literal.span)
    plan.secrets.append(secret)
    plan.burnt.append(Burnt("URL password", "ADD in the Dockerfile, image history", literal.span))
    plan.notes.append(f"The build secret {name} holds the password exactly as it stood in the URL.")
    _replace(build, step, secret, target, plan)
    return plan


def is_download(build: Build, step: Step, name: str) -> bool:
    """Whether a variable is the credential of a URL that an ADD fetches, and the ADD can be a download."""
    node = step.instruction
    if node.keyword != "ADD" or step.onbuild or step.dialect != "posix" or step.user not in ("", "0", "root"):
        return False
    return _target(node, "x", _use_of(name)) is not None


def download_with(build: Build, step: Step, name: str, secret: BuildSecret, plan: Plan) -> None:
    """Add to the plan what makes a download of an ADD whose URL has the variable as its credential.

    Raises Refused.
    """
    _replace(build, step, secret, _target(step.instruction, secret.id, _use_of(name)), plan)


def _use_of(name: str) -> Pattern:
    escaped = re.escape(name)
    return Pattern(rf"\$(?:\{{{escaped}\}}|{escaped}(?!\w))")


def _replace(build: Build, step: Step, secret: BuildSecret, target: _Target | None, plan: Plan) -> None:
    """The RUN in an ADD's place."""
    if target is None:
        raise Refused("ADD fetches more than one plain URL, or has options, for which no download command is known")
    program = _downloader(build, step) if step.user in ("", "0", "root") else ""
    if not program and name_and_tag(build, step.stage)[0] in _APT | _LANGUAGES:
        _stage(build, step, secret, target, plan)
        return
    if step.user not in ("", "0", "root"):
        raise Refused("ADD makes files of root's, which a RUN of another user cannot")
    plan.reason = plan.reason or f"{program} fetches what ADD fetched; only the file's time stamp is another"
    if not program:
        plan.weaken(Applicability.UNSAFE, "whether the image has curl or wget cannot be seen here")
    if not target.sure:
        plan.weaken(Applicability.UNSAFE, _MAYBE_FOLDER.format(target.path))
    flag = f"--mount=type=secret,id={secret.id},required=true"
    folder = target.path.rpartition("/")[0]
    steps = [f"mkdir -p {folder}"] if folder else []
    steps += [_fetch(program, target), f"chmod 600 {target.path}"]
    plan.changes.append(Replace(step.instruction.span, _lines(build, f"RUN {flag}", " && ".join(steps))))


def _target(node: Instruction, name: str, credential: Pattern) -> _Target | None:
    """The parts of an ADD with a credential in its URL, in the place of which the secret `name` comes."""
    if node.flags or len(node.words) != 2:
        return None
    url, path = credential.sub(_HOLE, node.words[0].text), node.words[1].text
    match = _PLAIN_URL.match(url)
    if match is None or not path or _HARD & set(path) or match["userinfo"].count(_HOLE) != 1 or _HOLE in match["rest"]:
        return None
    file = match["rest"].partition("?")[0].rpartition("/")[2] if "/" in match["rest"] else ""
    if path.endswith(("/", "/.")) or path == ".":
        if not file or _HARD & set(file):
            return None
        path = path.removesuffix(".").rstrip("/") + "/" + file if path != "." else file
    userinfo = match["userinfo"].replace(_HOLE, f"$(cat /run/secrets/{name})")
    last = path.rpartition("/")[2]
    sure = last == file or ("." in last and not last.endswith(".d"))
    return _Target(f"{match['scheme']}{userinfo}@{match['rest']}", path, sure)


def _fetch(program: str, target: _Target) -> str:
    forms = {"curl": f'curl -fsSL -o {target.path} "{target.url}"', "wget": f'wget -q -O {target.path} "{target.url}"'}
    if program:
        return forms[program]
    return f"if command -v curl >/dev/null; then {forms['curl']}; else {forms['wget']}; fi"


def _lines(build: Build, head: str, command: str) -> str:
    document = build.document
    return f"{head} {document.escape}{document.newline}    {command}"


# -- a program for it ------------------------------------------------------------------------------------------------


def _downloader(build: Build, step: Step) -> str:
    """The program of the stage that can fetch a URL: one that it installs or calls, or that its base image brings."""
    position = step.instruction.span.start
    installed: set[str] = set()
    for run in build.facts.runs:
        if run.step.stage != step.stage:
            continue
        for each in acting(run):
            words = {word.rendered for word in each.words}
            if each.name in _INSTALLERS:
                installed |= words
                found = next((p for p in _PROGRAMS if p in words), "")
                if found and run.step.instruction.span.start < position:
                    return found
            elif each.name in _PROGRAMS and (each.name not in installed or run.step.instruction.span.start < position):
                return each.name
    name, tag = name_and_tag(build, step.stage)
    if name in _LANGUAGES:
        return "wget" if "alpine" in tag else "" if "slim" in tag else "curl"
    return next((program for program, names in _WITH.items() if name in names), "")


# -- a stage for it --------------------------------------------------------------------------------------------------


def _is_numbered(node: Instruction) -> bool:
    """Whether an instruction takes something from a stage by its number."""
    fields = [field for flag in node.flags if flag.name == "mount" for field in (flag.value or "").split(",")]
    return (node.flag("from") or "").isdigit() or any(
        field.startswith("from=") and field[5:].isdigit() for field in fields
    )


def _stage(build: Build, step: Step, secret: BuildSecret, target: _Target, plan: Plan) -> None:
    """The download in a stage in front of the ADD's, which installs a program for it."""
    node = step.instruction
    head = build.stages[step.stage].from_instruction
    if any(_is_numbered(each) for each in build.document.instructions):
        raise Refused("the download needs a stage of its own, and stages are called by their numbers here")
    names = {stage.name for stage in build.stages}
    name = next(n for n in (f"download{count or ''}" for count in range(len(names) + 1)) if n not in names)
    file = "/" + target.path.rpartition("/")[2]
    plan.weaken(
        Applicability.UNSAFE, "a stage of its own fetches the file, with a program that apt has to be able to install"
    )
    flag = f"--mount=type=secret,id={secret.id},required=true"
    install = "apt-get update && apt-get install -y --no-install-recommends ca-certificates curl"
    fetch = f"{install} && {_fetch('curl', _Target(target.url, file))} && chmod 600 {file}"
    newline = build.document.newline
    head_of_root = root(build, step.stage).from_instruction
    image = build.document.text[head_of_root.keyword_span.end : head_of_root.words[0].whole.end]
    if "\n" in image:
        raise Refused(_NO_PROGRAM)
    stage = f"FROM{image} AS {name}{newline}{_lines(build, f'RUN {flag}', fetch)}{newline}{newline}"
    plan.changes += [
        Replace(Span(head.span.start, head.span.start), stage),
        Replace(node.span, f"COPY --from={name} {file} {target.path}"),
    ]
