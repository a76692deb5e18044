"""The whole runbook: its form, its sections, what is one credential, hostile and many findings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.core.config import Settings
from auditor.core.finding import Finding, Location, Report, Severity, Suppression, Target
from auditor.core.image import CONFIG, DELETED, HISTORY, LAYER, ImagePlace
from auditor.core.secret import Secret
from auditor.report import runbook
from auditor.report.meta import Meta
from auditor.report.runbook import MOST_PLACES
from auditor.run.pipeline import lint
from auditor.run.selection import all_rules
from tests.report.imagesamples import NAME, digest, one_image
from tests.report.runbook.reading import check_form, commands, headings
from tests.report.runbook.samples import META, PASSWORD, leak, place, rendered

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def meta() -> Meta:
    return META


def linted(folder: Path, **files: str) -> Report:
    for name, content in files.items():
        (folder / name.replace("_yml", ".yml")).write_text(content)
    return lint(Settings(), [str(folder)])


def section(made: str, number: int) -> str:
    """The part of a runbook about one credential."""
    return made.split(f"\n## {number}. ")[1].split("\n## ")[0]


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*runbook.md")), ids=lambda path: path.name)
def test_golden_files_are_our_own_markup(path: Path) -> None:
    check_form(path.read_text(encoding="utf-8"))


def test_findings_of_one_value_are_one_credential(meta: Meta) -> None:
    other = leak("C_PASSWORD", "other-31-x", 3)
    made = rendered(meta, leak("A_PASSWORD", PASSWORD, 1), leak("B_PASSWORD", PASSWORD, 2, "b/Dockerfile"), other)
    assert made.startswith("# Rotation runbook\n\n2 credentials to replace.")
    assert "`A_PASSWORD`, `B_PASSWORD`" in section(made, 1)
    assert "`Dockerfile:1`" in section(made, 1) and "`b/Dockerfile:2`" in section(made, 1)


def test_a_name_whose_value_is_not_known_is_one_credential(meta: Meta) -> None:
    made = rendered(meta, leak("NPM_TOKEN", line=2), leak("NPM_TOKEN", line=9, path="b/Dockerfile"))
    assert made.startswith("# Rotation runbook\n\n1 credential to replace.")
    assert "1. Value given as `NPM_TOKEN`: high, visible, 2 places" in made


def test_findings_without_a_value_join_the_one_of_their_name(meta: Meta) -> None:
    made = rendered(meta, leak("A_PASSWORD", PASSWORD, 1), leak("A_PASSWORD", line=7))
    assert made.startswith("# Rotation runbook\n\n1 credential to replace.")
    assert "`Dockerfile:7`" in section(made, 1)


def test_what_a_file_got_from_a_variable_belongs_to_it(tmp_path: Path, meta: Meta) -> None:
    text = 'FROM node:22\nARG NPM_TOKEN\nRUN echo "//npm.example/:_authToken=${NPM_TOKEN}" > .npmrc && npm ci\n'
    made = runbook.render(linted(tmp_path, Dockerfile=text), meta)
    assert made.startswith("# Rotation runbook\n\n1 credential to replace.")
    assert re.search(r"Dockerfile:2`.*\n- `.*Dockerfile:3`: The value of NPM_TOKEN is written to /\.npmrc", made)
    assert "npm token revoke TOKEN_ID" in commands(made)


def test_a_build_time_value_needs_no_service(meta: Meta) -> None:
    made = rendered(meta, leak("NPM_TOKEN"))
    assert "docker build --no-cache --secret id=npm_token,env=NPM_TOKEN ." in commands(made)
    assert "docker service" not in made and "docker compose" not in made
    assert "gh secret set NPM_TOKEN" in commands(made)


def test_the_key_of_a_server_keeps_the_name_of_its_file(tmp_path: Path, meta: Meta) -> None:
    """`audit fix` gives it to the container under that name, and a configuration may name it."""
    made = runbook.render(linted(tmp_path, Dockerfile="FROM nginx:1.27\nCOPY ssl/site.key /etc/nginx/ssl/\n"), meta)
    change = "--secret-rm site_key_v1 --secret-add source=site_key_v2,target=site.key SERVICE"
    assert f"docker service update {change}" in commands(made)
    assert "there is no `site_key_v1` yet: leave out `--secret-rm`" in made and "--from-file=site.key=NEW_FILE" in made


@pytest.mark.parametrize(
    ("name", "text", "told", "silent"),
    [
        ("run.sh", "docker run -e DB_PASSWORD={} shop:1\n", "docker secret create db_password_v2", "docker build"),
        ("build.sh", "docker build --build-arg DB_PASSWORD={} .\n", "--secret id=db_password", "docker service"),
        (
            "docker-bake.hcl",
            'target "a" {{\n  args = {{\n    DB_PASSWORD = "{}"\n  }}\n}}\n',
            "--secret id=db_password",
            "docker service",
        ),
        ("login.sh", "docker login -u ci -p {} registry.example\n", "It stands in files", "docker build"),
        (
            "compose.yml",
            "services:\n  web:\n    build:\n      context: .\n      args:\n        DB_PASSWORD: {}\n",
            "--secret id=db_password",
            "docker service",
        ),
    ],
)
def test_what_a_call_gives_it_to_has_to_change(
    name: str, text: str, told: str, silent: str, tmp_path: Path, meta: Meta
) -> None:
    (tmp_path / name).write_text(text.format(PASSWORD))
    made = section(runbook.render(lint(Settings(), [str(tmp_path)]), meta), 1)
    assert told in made and silent not in made


def test_the_file_of_a_compose_secret_is_written_where_it_is(tmp_path: Path, meta: Meta) -> None:
    compose = "services:\n  db:\n    build: .\n    secrets: [db]\nsecrets:\n  db:\n    file: ./db_password.txt\n"
    made = runbook.render(
        linted(tmp_path, compose_yml=compose, Dockerfile="FROM a\nCOPY . /a/\n", **{"db_password.txt": PASSWORD}), meta
    )
    one = next(part for part in made.split("\n## ") if "Found by: `compose-secret-file`" in part)
    assert "File `./db_password.txt` in `" in one and "cp NEW_FILE db_password.txt" in one
    assert "target=NAME SERVICE" in one and "force-recreate SERVICE" in one


def test_a_compose_file_names_its_service(tmp_path: Path, meta: Meta) -> None:
    compose = f"services:\n  db:\n    image: mysql:8\n    environment:\n      MYSQL_PASSWORD: {PASSWORD}\n"
    made = runbook.render(linted(tmp_path, compose_yml=compose), meta)
    check_form(made)
    lines = commands(made)
    assert "docker compose up -d --force-recreate db" in lines
    assert 'IFS= read -rs NEW && printf %s "$NEW" | docker secret create mysql_password_v2 -' in lines
    change = "--secret-rm mysql_password_v1 --secret-add source=mysql_password_v2,target=mysql_password"
    update = f"docker service update {change} db"
    assert lines.index(update) < lines.index("docker service ps db") < lines.index("docker secret rm mysql_password_v1")
    assert "`kubectl create secret generic mysql-password-v2 --from-file=mysql_password=/dev/stdin`" in made
    assert "### 1.2 Replace it at its issuer: Password of MySQL or MariaDB" in headings(made)


def test_a_name_with_a_version_gets_the_next_one(meta: Meta) -> None:
    lines = commands(rendered(meta, leak("DB_PASSWORD_V2", PASSWORD)))
    change = "--secret-rm db_password_v2 --secret-add source=db_password_v3,target=db_password"
    assert f"docker service update {change} SERVICE" in lines


def test_layers_are_told_with_state_and_digest(meta: Meta) -> None:
    token = Secret("npm_" + "q" * 32 + "W3rT", "npm-token", "npm_")

    def at(spot: ImagePlace) -> Finding:
        return Finding(
            "known-token", Severity.HIGH, Location.target(NAME), "Npm token.", "npm-token", secret=token, image=spot
        )

    file = ImagePlace(LAYER, 1, digest("diff"), digest("blob"), "app/.npmrc", line=1, state=DELETED, removed_by_layer=2)
    report = one_image(at(file), at(ImagePlace(HISTORY, history_index=4, created_by="RUN npm ci")))
    made = runbook.render(report, meta._replace(command="image", rules=all_rules("image")))
    check_form(made)
    where = section(made, 1)
    assert f"`app/.npmrc:1`, layer 1 (`{digest('blob')[:19]}`) of `{NAME}`" in where
    assert "deleted in layer 2, but whoever has the image can read it" in where
    assert f"audit image {NAME} --assert-absent NPM_TOKEN=env:OLD" in commands(made)
    assert f"docker image rm {NAME}" in commands(made)
    assert "visible" in made.split("\n## 1.")[0], "history shows it"


def test_archives_have_no_name_that_an_engine_knows(meta: Meta) -> None:
    found = Finding(
        "env-secret", Severity.HIGH, Location.target("shop.tar"), "x", "variable A_PASSWORD",
        secret=Secret(PASSWORD, "password"), image=ImagePlace(CONFIG, pointer="/config/Env/0"),
    )  # fmt: skip
    made = runbook.render(Report([Target("shop.tar", "image")], [found]), meta._replace(command="image"))
    assert "docker image rm IMAGE" in commands(made)
    assert "audit image shop.tar" in commands(made)


def test_the_most_urgent_comes_first(meta: Meta) -> None:
    low = leak("LOW_TOKEN", "value-of-low-1")
    low.severity = Severity.MEDIUM
    old = leak("OLD_TOKEN", "value-of-old-1")
    old.verdict, old.severity = "expired", Severity.CRITICAL
    worst = leak("WORST_TOKEN", "value-of-worst-1")
    worst.severity = Severity.CRITICAL
    proven = leak("PROVEN_TOKEN", "value-of-proven-1", 8)
    proven.verdict = "valid"
    made = rendered(meta, low, old, leak("PLAIN_TOKEN", "value-of-plain-1", 3), proven, worst)
    order = re.findall(r"^\d+\. .*`(\w+)_TOKEN`", made.split("\n## 1.")[0], re.MULTILINE)
    assert order == ["WORST", "PROVEN", "PLAIN", "LOW", "OLD"]


def test_defaults_and_placeholders_are_told_apart(meta: Meta) -> None:
    stand_in = leak("A_TOKEN", "your-token-here", 4)
    stand_in.severity, stand_in.verdict = Severity.LOW, "placeholder"
    made = rendered(meta._replace(min_severity=Severity.INFO), leak("POSTGRES_PASSWORD", "postgres"), stand_in)
    assert "No credential to replace" in made
    assert "- [ ] Password in `POSTGRES_PASSWORD`: `Dockerfile:1`" in made.split("## Weak defaults")[1]
    assert "- Password in `A_TOKEN`: `Dockerfile:4`" in made.split("## Placeholders")[1]
    assert "## Clean up" not in made


def test_credentials_of_one_name_are_told_apart(meta: Meta) -> None:
    made = rendered(meta, *(leak("DB_PASSWORD", f"Harbour-{n}-lamp", path=f"{n}.env") for n in range(2)), leak("OTHER"))
    assert "1. Password in `DB_PASSWORD` in `0.env:1`: high" in made
    assert "## 2. Password in `DB_PASSWORD` in `1.env:1`\n" in made
    assert "3. Value given as `OTHER`: high" in made


def test_what_is_left_out_is_counted(meta: Meta) -> None:
    quiet, accepted = leak("A_PASSWORD", PASSWORD), leak("B_PASSWORD", "another-31-x")
    quiet.severity = Severity.LOW
    accepted.suppressed = Suppression("inline", "known")
    made = rendered(meta, quiet, accepted)
    assert "- 1 finding below medium" in made and "- 1 finding that a comment or a baseline accepts" in made


def test_rules_that_tell_of_no_credential_are_left_out(meta: Meta) -> None:
    cache = Finding("retired-secret-server", Severity.HIGH, place(), "x", "habitus")
    assert "No credential to replace" in rendered(meta, cache)


def test_owners_are_told_by_what_the_value_says(meta: Meta) -> None:
    key = Finding(
        "env-secret", Severity.HIGH, place(), "x", "AWS_ACCESS_KEY_ID",
        secret=Secret("AKIA" + "QYLPMN5HHHFPZAM2", "aws-access-key-id", "AKIA"),
    )  # fmt: skip
    assert "- It says of itself: account `052310077262`" in rendered(meta, key)


def test_the_same_steps_stand_there_once(meta: Meta) -> None:
    made = rendered(meta, leak("NPM_TOKEN"), leak("NPM_PUBLISH_TOKEN", line=2))
    assert commands(made).count("npm token revoke TOKEN_ID") == 1
    assert "As under 1.2." in section(made, 2)


def test_one_credential_in_many_places_is_cut_and_counted(meta: Meta) -> None:
    made = rendered(meta, *(leak("A_PASSWORD", PASSWORD, line) for line in range(1, 501)))
    assert section(made, 1).count("`Dockerfile:") == MOST_PLACES
    assert f"- and {500 - MOST_PLACES} more places; `--format json` lists them all" in made
    assert len(made) < 12_000


def many() -> Iterator[Finding]:
    for number in range(5_000):
        yield leak(f"TOKEN_{number}", f"value-{number}-of-many", number + 1)


def test_thousands_of_findings_are_all_there(meta: Meta) -> None:
    made = runbook.render(Report([Target("Dockerfile", "dockerfile")], list(many())), meta)
    assert made.count("\n### ") >= 20_000
    assert "\n5000. Password in `TOKEN_4999`" in made


def test_equal_findings_give_equal_text_in_any_order(meta: Meta) -> None:
    found = [leak(f"TOKEN_{n % 7}", f"value-{n % 5}-of-many", n + 1) for n in range(40)]
    assert rendered(meta, *found) == rendered(meta, *found)
    assert rendered(meta._replace(key=b"another", time="2027-01-01"), *found) == rendered(meta, *found)


def test_values_are_never_shown(meta: Meta) -> None:
    found = leak("A_PASSWORD", PASSWORD)
    found.message = f"A_PASSWORD is {PASSWORD}."
    assert PASSWORD not in rendered(meta._replace(show_secrets=True), found)


def test_a_value_in_another_name_is_masked(meta: Meta) -> None:
    second = Finding(
        "copied-credential-file", Severity.HIGH, place(f"{PASSWORD}/Dockerfile", 3), "x", f"{PASSWORD}/.npmrc"
    )
    target = Target(f"{PASSWORD}/Dockerfile", "dockerfile")
    target.secrets = [Secret(PASSWORD, "password")]
    assert PASSWORD not in runbook.render(Report([target], [second]), meta)
