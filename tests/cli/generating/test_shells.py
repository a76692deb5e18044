"""Completions, asked for in real shells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auditor.cli.generate import completion
from auditor.cli.generating import bash as bash_script
from auditor.cli.generating import fish as fish_script
from auditor.cli.generating import zsh as zsh_script
from auditor.cli.main import COMMANDS
from auditor.core.config import COLORS, ENGINES, FORMATS
from auditor.core.wrappers import wrapper_ids
from auditor.run.selection import rule_ids
from tests.cli.generating import terminal
from tests.cli.generating.hostile import WORD, hostile

#: Asks a shell for what it offers at the end of a line.
Ask = Callable[[str], set[str]]
SEVERITIES = {"critical", "high", "medium", "low", "info"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to complete in."""
    folder = tmp_path_factory.mktemp("completing")
    (folder / "Dockerfile").write_text("FROM a\n")
    (folder / "Docker notes").write_text("")
    (folder / "Docs").mkdir()
    return folder


@pytest.fixture(scope="module", params=["bash", "fish"])
def ask(request: pytest.FixtureRequest, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    script = tmp_path_factory.mktemp("script") / "audit"
    script.write_text(completion(request.param), encoding="utf-8")
    shell = {"bash": terminal.bash, "fish": terminal.fish}[request.param]
    return lambda line: {offer.rstrip("/") for offer in shell(script, line, folder)}


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("audit ", set(COMMANDS)),
        ("audit li", {"lint"}),
        ("audit lint --fail-on ", SEVERITIES | {"never"}),
        ("audit scan --min-severity ", SEVERITIES),
        ("audit lint --format ", set(FORMATS)),
        ("audit lint --format js", {"json", "jsonl"}),
        ("audit fix --format ", {"text", "json", "runbook"}),
        ("audit config --format ", {"text", "json", "toml"}),
        ("audit image --color ", set(COLORS)),
        ("audit scan --engine ", set(ENGINES)),
        ("audit fix --wrapper ", set(wrapper_ids())),
        ("audit wrap IMAGE --with ", {"file", "swarm", *wrapper_ids()}),
        ("audit wrap IMAGE --form ", {"shim", "exec"}),
        ("audit lint --select env-s", {"env-secret"}),
        ("audit lint --ignore env-secret,arg-s", {"env-secret,arg-secret"}),
        ("audit explain env-s", {"env-secret"}),
        ("audit explain env-secret ks", {"ksm"}),
        ("audit generate ", {"completion", "man", "schema"}),
        ("audit generate completion ", {"bash", "zsh", "fish"}),
        ("audit lint Dockerf", {"Dockerfile"}),
        ("audit lint Docs Dockerf", {"Dockerfile"}),
        ("audit scan --config Dockerf", {"Dockerfile"}),
        ("audit context Do", {"Docs"}),
        ("audit lint --context Do", {"Docs"}),
        ("audit rules ", {"list", "check", "Docs"}),
        ("audit lint --exit-z", {"--exit-zero"}),
        ("audit lint --target ", set()),
        ("audit generate completion bash --form", set()),
    ],
)  # fmt: skip
def test_offers(ask: Ask, line: str, offered: set[str]) -> None:
    assert ask(line) == offered


def test_every_rule_is_offered(ask: Ask) -> None:
    assert rule_ids() <= ask("audit lint --select ")


def test_options_of_a_command(ask: Ask) -> None:
    offered = ask("audit lint --")
    assert {"--fail-on", "--select", "--config", "--help"} <= offered
    assert "--prove" not in offered and "--prove" in ask("audit fix --")


def test_a_value_after_an_equals_sign_is_completed(ask: Ask) -> None:
    assert {offer.partition("=")[2] or offer for offer in ask("audit lint --color=al")} == {"always"}


def test_bash_completes_the_file_of_a_format_and_names_with_spaces(folder: Path, tmp_path: Path) -> None:
    script = tmp_path / "audit"
    script.write_text(completion("bash"), encoding="utf-8")
    assert terminal.bash(script, "audit lint --format json:Dockerf", folder) == {"Dockerfile"}
    assert terminal.bash(script, "audit lint Docker", folder) == {"Dockerfile", "Docker notes"}


@pytest.fixture(scope="module")
def readline(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[terminal.Shell]:
    home = tmp_path_factory.mktemp("bash")
    (home / "audit").write_text(completion("bash"), encoding="utf-8")
    with terminal.readline(home / "audit", folder, home) as shell:
        yield shell


@pytest.mark.xdist_group("readline")
@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("audit ima", "audit image"),
        ("image-leak-auditor ima", "image-leak-auditor image"),
        ("audit lint --fail-on=cri", "audit lint --fail-on=critical"),
        ("audit lint --select env-secret,arg-def", "audit lint --select env-secret,arg-default-secret"),
        ("audit lint --format json:Dockerf", "audit lint --format json:Dockerfile"),
        ("audit lint --format=json:Dockerf", "audit lint --format=json:Dockerfile"),
        ("audit lint Docker\\ n", "audit lint Docker notes"),
        ("audit lint 'Docker n", "audit lint Docker notes"),
        ("audit context Do", "audit context Docs/"),
    ],
)
def test_bash_completes_what_is_typed(readline: terminal.Shell, line: str, completed: str) -> None:
    assert readline.completed(line) == completed


@pytest.fixture(scope="module")
def zsh(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[terminal.Shell]:
    home = tmp_path_factory.mktemp("zsh")
    (home / "_audit").write_text(completion("zsh"), encoding="utf-8")
    with terminal.zsh(home / "_audit", folder, home) as shell:
        yield shell


@pytest.mark.real
@pytest.mark.xdist_group("zsh")
@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("audit ima", "audit image"),
        ("image-leak-auditor ima", "image-leak-auditor image"),
        ("audit lint --fail", "audit lint --fail-on"),
        ("audit lint --fail-on cri", "audit lint --fail-on critical"),
        ("audit lint --fail-on=cri", "audit lint --fail-on=critical"),
        ("audit lint --select env-sec", "audit lint --select env-secret"),
        ("audit lint --select env-secret,arg-def", "audit lint --select env-secret,arg-default-secret"),
        ("audit lint --format=sar", "audit lint --format=sarif"),
        ("audit fix --wrapper ks", "audit fix --wrapper ksm"),
        ("audit explain env-sec", "audit explain env-secret"),
        ("audit generate comp", "audit generate completion"),
        ("audit generate completion z", "audit generate completion zsh"),
        ("audit scan Dockerf", "audit scan Dockerfile"),
        ("audit scan --config Dockerf", "audit scan --config Dockerfile"),
        ("audit rules ch", "audit rules check"),
        ("audit zzz", "audit zzz"),
    ],
)
def test_zsh_completes(zsh: terminal.Shell, line: str, completed: str) -> None:
    assert zsh.completed(line) == completed


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_nothing_in_a_help_text_is_run(shell: str, tmp_path: Path) -> None:
    render = {"bash": bash_script.render, "fish": fish_script.render}[shell]
    offers = {"bash": terminal.bash, "fish": terminal.fish}[shell]
    (tmp_path / "audit").write_text(render(hostile()), encoding="utf-8")

    def ask(line: str) -> set[str]:
        return offers(tmp_path / "audit", line, tmp_path)

    assert ask("audit ") - {"audit"} == {"hostile"}
    assert {"--value", "--text", "--several"} <= ask("audit hostile --")
    assert {offer.replace("\\", "") for offer in ask("audit hostile --value ")} == {WORD, "plain"}
    assert {offer.replace("\\", "") for offer in ask("audit hostile more ")} == {WORD, "plain"}
    assert not (tmp_path / "pwned").exists()


@pytest.mark.real
@pytest.mark.xdist_group("zsh")
def test_zsh_runs_nothing_in_a_help_text(tmp_path: Path) -> None:
    (tmp_path / "_audit").write_text(zsh_script.render(hostile()), encoding="utf-8")
    with terminal.zsh(tmp_path / "_audit", tmp_path, tmp_path) as shell:
        assert shell.completed("audit host") == "audit hostile"
        assert shell.completed("audit hostile --val") == "audit hostile --value"
        assert shell.completed("audit hostile --value pl") == "audit hostile --value plain"
        assert shell.completed("audit hostile more pl") == "audit hostile more plain"
        assert shell.completed("audit hostile --several _au") == "audit hostile --several _audit"
    assert not (tmp_path / "pwned").exists()
