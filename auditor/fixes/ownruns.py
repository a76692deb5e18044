"""RUN instructions that execute the application's own code, which may read any variable of the environment."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.fixes.readers import may_read
from auditor.fixes.script import acting
from auditor.fixes.starters import content, copied

if TYPE_CHECKING:
    from auditor.flow.build import Build
    from auditor.flow.facts import Run

#: What fetches and compiles what others wrote: none of it looks for an application's variables.
_FETCHERS = frozenset(
    "git ssh scp sftp rsync git-lfs svn hg curl wget http aria2c docker podman skopeo crane aws gcloud gsutil az "
    "kubectl helm cmake gcc g++ cc clang ninja meson autoconf automake configure ld corepack rustup pecl pear nuget "
    "pip pip3 pipx conda mamba virtualenv twine".split()
)
#: Program -> its subcommands that install or compile; others run scripts of the project.
_INSTALLING = {
    **dict.fromkeys(("npm", "pnpm", "yarn", "bun"), "ci install i add update config cache prune set version".split()),
    "go": "build mod get install env version vet clean".split(),
    "cargo": "build fetch install check update vendor clean".split(),
    "bundle": "install config update clean".split(),
    "bundler": "install config update clean".split(),
    "gem": "install update sources cleanup".split(),
    "composer": "install require update dump-autoload config global clear-cache".split(),
    "dotnet": "restore build publish tool nuget".split(),
    "poetry": "install config export lock add self".split(),
    "pipenv": "install sync lock".split(),
    "pdm": "install sync lock".split(),
    "uv": "pip sync lock venv add tool".split(),
}
_PYTHON_MODULES = frozenset({"pip", "venv", "ensurepip", "compileall"})


def runs_own_code(build: Build, run: Run, name: str) -> bool:
    """Whether a RUN starts a program of the project that may read a variable that no word of the RUN names.

    With the build context at hand, some file of it has to have the name.
    """
    node = run.step.instruction
    if node.json:
        words = [word.text for word in node.words]
        is_own = bool(words) and _is_own(words[0].rpartition("/")[2].lower(), words[1:])
    elif run.step.dialect != "posix":
        is_own = True
    else:
        is_own = any(_is_own(each.name, [word.rendered for word in each.words[1:]]) for each in acting(run))
    if not is_own:
        return False
    return build.context is None or any(name in content(build, each.source) for each in copied(build))


def _is_own(program: str, arguments: list[str]) -> bool:
    if program in _FETCHERS or not may_read(program, None):
        return False
    plain = [a for a in arguments if not a.startswith("-")]
    if program.startswith("python") and "-m" in arguments:
        return not plain or plain[0] not in _PYTHON_MODULES
    if arguments and all(a in ("--version", "-v", "-V", "version") for a in arguments):
        return False
    known = _INSTALLING.get(program)
    if known is None:
        return True
    return bool(plain) and plain[0] not in known
