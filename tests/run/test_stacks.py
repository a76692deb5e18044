"""Compose files as people write them: silent when clean, just the leak when one is put in, only that part changed."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from auditor.core.config import Settings
from auditor.core.finding import Finding, Severity
from auditor.run.pipeline import lint
from auditor.run.rewrite.engine import fix
from auditor.run.rewrite.options import FixOptions

STACKS = sorted((Path(__file__).parents[1] / "fixtures" / "stacks").glob("*.yml"))
V = "Rk5wV9" + "xQm3Zt7Lp"
T = "zbV9QsLB" + "HXKhgc1Qxy"


class Leak(NamedTuple):
    """A part of a clean stack, what takes its place, the rule that finds it, what the fix makes of it ("": left)."""

    stack: str
    clean: str
    leaky: str
    rule: str
    fixed: str


LEAKS = [
    Leak("wordpress", "-p$$MYSQL_PASSWORD", f"-p{V}", "compose-command-secret", "-p${DB_PASSWORD_2:?}"),
    Leak(
        "wordpress",
        "MYSQL_PASSWORD: ${DB_PASSWORD:?}",
        f"MYSQL_PASSWORD: '{V}'",
        "compose-env-secret",
        "MYSQL_PASSWORD: '${MYSQL_PASSWORD:?}'",
    ),
    Leak(
        "nextcloud",
        "--requirepass ${REDIS_HOST_PASSWORD}",
        f"--requirepass {V}",
        "compose-command-secret",
        "--requirepass ${REDIS_REQUIREPASS:?}",
    ),
    Leak(
        "nextcloud",
        "redis-cli -a $$REDIS_HOST_PASSWORD ping",
        f"redis-cli -a {V} ping",
        "compose-command-secret",
        "redis-cli -a ${REDIS_PASSWORD:?} ping",
    ),
    Leak(
        "nextcloud",
        'options: {max-size: "10m",',
        f"options: {{splunk-token: {T},",
        "compose-option-secret",
        'options: {splunk-token: "${X_LOGGING_SPLUNK_TOKEN:?}",',
    ),
    Leak(
        "keycloak",
        '"--db-password", "${KC_DB_PASSWORD}"',
        f'"--db-password", "{V}"',
        "compose-command-secret",
        '"--db-password", "${KEYCLOAK_DB_PASSWORD:?}"',
    ),
    Leak(
        "keycloak",
        "${KC_ADMIN_PASSWORD:?set it}",
        f"${{KC_ADMIN_PASSWORD:-{V}}}",
        "compose-env-secret",
        "${KC_ADMIN_PASSWORD:?}",
    ),
    Leak(
        "pgadmin",
        "shared_preload_libraries=pg_stat_statements",
        f"primary_conninfo='host=a.example password={V}'",
        "compose-command-secret",
        "primary_conninfo='host=a.example password=${POSTGRES_PASSWORD:?}'",
    ),
    Leak("gitea", '"${RUNNER_TOKEN}"', f'"{T}"', "compose-env-secret", '"${GITEA_RUNNER_REGISTRATION_TOKEN:?}"'),
    Leak("gitea", "./gitea:/data", "~/.ssh:/data/ssh", "compose-secret-mount", ""),
    Leak("grafana", '"monitoring"', f"https://ci:{V}@hooks.example/x", "compose-label-secret", ""),
    Leak(
        "grafana",
        "'--web.enable-lifecycle'",
        f"'--web.url=https://ci:{V}@metrics.example'",
        "compose-command-secret",
        "'--web.url=https://ci:${PROMETHEUS_PASSWORD:?}@metrics.example'",
    ),
    Leak(
        "rabbitmq",
        "amqp://shop:${RABBITMQ_PASSWORD}@",
        f"amqp://shop:{V}@",
        "compose-command-secret",
        "amqp://shop:${WORKER_PASSWORD:?}@",
    ),
    Leak(
        "rabbitmq",
        "- PIP_INDEX_URL",
        f"- PIP_INDEX_URL=https://ci:{V}@packages.example/simple",
        "compose-build-arg-secret",
        "- PIP_INDEX_URL=${PIP_INDEX_URL:?}",
    ),
    Leak("traefik", "./secrets/cf_token", "./cf_token", "compose-secret-file", ""),
    Leak(
        "vaultwarden",
        "${VAULTWARDEN_ADMIN_TOKEN}",
        f"${{VAULTWARDEN_ADMIN_TOKEN-{T}}}",
        "compose-env-secret",
        "${VAULTWARDEN_ADMIN_TOKEN:?}",
    ),
]
IDS = [f"{leak.stack}-{leak.rule}-{number}" for number, leak in enumerate(LEAKS)]
SPELLINGS = {"as it is": ("\n", ""), "CRLF": ("\r\n", ""), "BOM": ("\n", "\ufeff")}


def put(folder: Path, text: str, spelling: str = "as it is") -> Path:
    newline, mark = SPELLINGS[spelling]
    path = folder / "compose.yml"
    path.write_bytes((mark + text.replace("\n", newline)).encode())
    return path


def leaky(leak: Leak) -> str:
    clean = next(path for path in STACKS if path.stem == leak.stack).read_text()
    assert clean.count(leak.clean) == 1
    return clean.replace(leak.clean, leak.leaky)


def found(path: Path) -> list[Finding]:
    report = lint(Settings(), [str(path)])
    assert report.complete
    return report.active


def data(path: Path) -> dict[str, object]:
    """All scalars of a YAML file by their paths, as PyYAML reads them."""
    made: dict[str, object] = {}
    todo: list[tuple[str, object]] = [("", yaml.safe_load(path.read_bytes()))]
    while todo:
        at, value = todo.pop()
        if isinstance(value, dict):
            todo += [(f"{at}/{key}", one) for key, one in value.items()]
        elif isinstance(value, list):
            todo += [(f"{at}/{key}", one) for key, one in enumerate(value)]
        else:
            made[at] = value
    return made


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("stack", STACKS, ids=lambda path: path.stem)
def test_a_clean_stack_is_silent(tmp_path: Path, stack: Path, spelling: str) -> None:
    path = put(tmp_path, stack.read_text(), spelling)
    assert [(f.rule, f.location.start_line) for f in found(path)] == []
    assert not fix(Settings(), [str(path)], FixOptions(unsafe=True)).rewrites[0].changes


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("leak", LEAKS, ids=IDS)
def test_one_leak_is_found_where_it_is_and_only_that_changes(tmp_path: Path, leak: Leak, spelling: str) -> None:
    text = leaky(leak)
    if leak.rule == "compose-secret-file":
        text += "  extra:\n    file: ./cf_token\nx-web:\n  build: .\n"
        text = text.replace("  traefik:\n", "  app:\n    build: .\n  traefik:\n")
        (tmp_path / "cf_token").write_text(T)
        (tmp_path / "Dockerfile").write_text("FROM base.example/app:1\nCOPY cf_token /cf\n")
    path = put(tmp_path, text, spelling)
    [finding] = found(path)
    assert (finding.rule, finding.severity >= Severity.MEDIUM) == (leak.rule, True)
    assert finding.location.start_line == text[: text.index(leak.leaky)].count("\n") + 1
    run = fix(Settings(), [str(path)], FixOptions(unsafe=True))
    if not leak.fixed:
        assert [left.finding.rule for left in run.rewrites[0].left] == [leak.rule]
        assert not run.rewrites[0].changes
        return
    newline, mark = SPELLINGS[spelling]
    [change] = run.rewrites[0].changes
    assert change.after == mark + text.replace(leak.leaky, leak.fixed).replace("\n", newline)
    before = data(path)
    path.write_bytes(change.after.encode())
    after = data(path)
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert before.keys() == after.keys()
    assert {"${" in str(after[key]) for key in changed} == {True}
    assert found(path) == []
