"""Programs that are given a password in order to keep it in the image, and what a build secret is worth to them."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.fixes.plan import Refused
from auditor.flow import commands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.fixes import sites
    from auditor.flow.facts import Literal
    from auditor.lang.shell.nodes import Word

#: What these keep can be read back.
_KEEPERS = frozenset(
    "vncpasswd x11vnc saslpasswd2 debconf-set-selections samba-tool ldappasswd net mysql_config_editor htdigest".split()
)
#: What these keep is a hash: history and Dockerfile no longer show the password, the image can still be tried.
_HASHERS = frozenset(
    "chpasswd passwd useradd usermod adduser htpasswd smbpasswd slappasswd mosquitto_passwd rabbitmqctl mysqladmin "
    "mariadb-admin neo4j-admin grafana-cli grafana".split()
)
#: Calls that write the address of a package into files of the project or of their own.
_NOTING = (
    "npm install", "npm i", "npm add", "yarn add", "pnpm add", "pnpm install", "bun add", "cargo install", "cargo add",
    "poetry add", "pipenv install", "uv add", "pdm add", "composer require", "gem sources", "conda config", "helm repo",
)  # fmt: skip


def kept_hash(literal: Literal, detail: str, where: sites.Site) -> str:
    """The program that keeps a hash of the value; "" for none.

    `detail` is the program that the flow names. Raises Refused where the image keeps the value itself, by design.
    """
    if literal.kind == "sql":
        raise Refused(by_design("the database"))
    names = {literal.name, detail, *_programs(where)}
    keeper = next((name for name in sorted(names) if name in _KEEPERS), "")
    if keeper:
        raise Refused(by_design(keeper))
    if literal.kind == "url" and where.command is not None:
        check_url(where.command.words)
    return next((name for name in sorted(names) if name in _HASHERS), "")


def keeps(name: str) -> bool:
    """Whether a name is that of a program which keeps a password as it is."""
    return name in _KEEPERS


def is_keeper(name: str) -> bool:
    """Whether a name is that of a program which keeps a password or its hash."""
    return name in _KEEPERS or name in _HASHERS


def note(program: str) -> str:
    """What to tell the user about a hash that stays."""
    return (
        f"The image still holds {program}'s hash of the password, which can be guessed at: where that matters, set the "
        "password when the container starts."
    )


def by_design(who: str) -> str:
    """Why a build secret is no help with a program that keeps what it is given."""
    return (
        f"{who} keeps the password in the image: a build secret would not change that. Set it when the container starts"
    )


def _programs(where: sites.Site) -> set[str]:
    """The program of the command that the value stands in, and those that read its output."""
    if where.command is None:
        return set()
    fed = (where.command, *where.command.feeds)
    return {commands.base_name(words[0]) for command in fed if (words := commands.program(command.words))}


def check_url(words: Sequence[Word]) -> None:
    """Raises Refused for calls that note a URL down in files that stay."""
    texts = [word.rendered for word in words]
    if "-e" in texts or "--editable" in texts:
        raise Refused("an editable install keeps the URL in the .git/config of its clone")
    noting = next((argv for argv in _NOTING if commands.matches(argv, tuple(words))), "")
    if noting and not any(text.startswith(("--registry", "--index", "--extra-index", "--source")) for text in texts):
        raise Refused(f"{noting} writes the URL into files that stay in the image")
