"""Where a tool keeps what it is told: options and variables lead it to another file than the usual one."""

from __future__ import annotations

from itertools import pairwise

from auditor.core.record import TYPE_CHECKING
from auditor.flow.commands import base_name
from auditor.flow.paths import absolute

if TYPE_CHECKING:
    from auditor.flow.commands import Known
    from auditor.flow.state import Shell
    from auditor.lang.shell.nodes import Word

_PROJECT = "./.npmrc"
#: npm's own prefix; that of another installation is not known here.
_GLOBAL = "/usr/local/etc/npmrc"
#: Program -> options that say which of its files is meant.
_PLACES: dict[str, dict[str, str]] = {
    "npm": {"-g": _GLOBAL, "--global": _GLOBAL, "--location=global": _GLOBAL, "--location=project": _PROJECT},
    "git": {"--system": "/etc/gitconfig", "--local": "./.git/config", "--worktree": "./.git/config"},
    "bundle": {"--local": "./.bundle/config"},
    "pip": {"--global": "/etc/pip.conf", "--site": "/usr/local/pip.conf"},
    "yarn": {"-H": "~/.yarnrc.yml", "--home": "~/.yarnrc.yml"},
}
_SAME = {"pnpm": "npm", "pip3": "pip", "bundler": "bundle"}
#: Program -> options whose value is the file, with what has to be put behind the value.
_NAMING: dict[str, dict[str, str]] = {
    "npm": {"--userconfig": ""},
    "git": {"--file": "", "-f": ""},
    "docker": {"--config": "/config.json"},
}
#: End of the usual file's path -> the variables that lead to another one, with what has to be put behind the value.
_VARIABLES: dict[str, tuple[tuple[str, str], ...]] = {
    "~/.npmrc": (("NPM_CONFIG_USERCONFIG", ""), ("npm_config_userconfig", "")),
    "~/.gitconfig": (("GIT_CONFIG_GLOBAL", ""),),
    "~/.docker/config.json": (("DOCKER_CONFIG", "/config.json"),),
    "~/.aws/credentials": (("AWS_SHARED_CREDENTIALS_FILE", ""),),
    "~/.config/pip/pip.conf": (("PIP_CONFIG_FILE", ""),),
    "~/.config/pypoetry/auth.toml": (("POETRY_CONFIG_DIR", "/auth.toml"),),
    "~/.config/gh/hosts.yml": (("GH_CONFIG_DIR", "/hosts.yml"),),
}
_CONFIG = "~/.config/"


def storage(known: Known, words: tuple[Word, ...], shell: Shell) -> str:
    """The absolute path of the file in which a call of a known command keeps its credentials."""
    written = _by_option(base_name(words[0]).lower(), words, shell) or _by_variable(known.writes, shell) or known.writes
    return absolute(written, shell.cwd, shell.home)


def _by_option(name: str, words: tuple[Word, ...], shell: Shell) -> str:
    name = _SAME.get(name, name)
    places, naming = _PLACES.get(name, {}), _NAMING.get(name, {})
    for option, value in pairwise((*words, words[-1])):
        text, equals, behind = option.rendered.partition("=")
        if text in naming:
            return (behind if equals else shell.text(value)) + naming[text]
        joined = f"{text}={value.rendered}"
        found = places.get(option.rendered) or (places.get(joined) if text == "--location" else None)
        if found:
            return found
    # Without a scope, git means the repository that it runs in.
    return "./.git/config" if name == "git" and all(word.rendered != "--global" for word in words) else ""


def _by_variable(usual: str, shell: Shell) -> str:
    for name, behind in _VARIABLES.get(usual, ()):
        if value := shell.value(name):
            return value.rstrip("/") + behind
    home = shell.value("XDG_CONFIG_HOME") if usual.startswith(_CONFIG) else ""
    return f"{home.rstrip('/')}/{usual.removeprefix(_CONFIG)}" if home else ""
