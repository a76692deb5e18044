"""Names and texts that an image or a repository chose are neither markup nor commands in a runbook."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.core.finding import Finding, Location, Report, Severity, Target
from auditor.core.image import LAYER, ImagePlace
from auditor.core.secret import Secret
from auditor.report import runbook
from tests.report.runbook.reading import check_form, commands, links
from tests.report.runbook.samples import META, PASSWORD, leak, place, rendered
from tests.report.test_formats import hostile_report
from tests.report.test_image_formats import NASTY
from tests.report.test_image_formats import hostile_report as hostile_image


@pytest.mark.parametrize("report", [hostile_report(), hostile_image()], ids=["files", "image"])
def test_hostile_names_make_no_markup(report: Report) -> None:
    made = runbook.render(report, META._replace(min_severity=Severity.INFO, command="image"))
    check_form(made)
    assert not [link for link in links(made) if "evil" in link]


@pytest.mark.parametrize(
    "name",
    [
        NASTY,
        "`x`",
        "a\n# b",
        "<b>",
        "a|b",
        "$(touch x)",
        "a;reboot",
        "--rm",
        "]](x)",
        "x" * 5000,
        "::error::",
        "##[a]",
        "é",
    ],
)
def test_hostile_targets_make_no_commands(name: str) -> None:
    spot = ImagePlace(LAYER, 1, path=f"{name}/.npmrc", inner_path=name, created_by=f"RUN {name}")
    found = Finding(
        "known-token", Severity.HIGH, Location.target(name), name, f"npm-token {name}",
        secret=Secret("npm_" + "q" * 36, "npm-token", "npm_"), image=spot,
    )  # fmt: skip
    made = runbook.render(Report([Target(name, "image")], [found]), META._replace(command="image"))
    check_form(made)
    harmless = re.compile(r"[\w./:@=,|%\"$'{}&<> *-]+")
    for line in commands(made):
        assert harmless.fullmatch(line) and "touch" not in line and "reboot" not in line
        assert line.split(" ")[0] in ("npm", "gh", "docker", "IFS=", "audit", "skopeo", "registry", "git"), line


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=30), min_size=6, max_size=6), st.booleans())
def test_any_words_stay_words(words: list[str], in_image: bool) -> None:
    message, subject, path, inner, made, value = words
    spot = ImagePlace(LAYER, 1, path=path, inner_path=inner, created_by=made, package=inner, pointer=made)
    found = Finding(
        "env-secret", Severity.HIGH, Location.target(path) if in_image else place(path), message, subject,
        secret=Secret(value, "password") if value else None, image=spot if in_image else None,
    )  # fmt: skip
    check_form(runbook.render(Report([Target(path, "image" if in_image else "compose")], [found]), META))


def test_hostile_services_make_no_commands() -> None:
    made = rendered(META, leak("db; reboot.A_PASSWORD", PASSWORD, path="compose.yml"), kind="compose")
    assert not [line for line in commands(made) if "reboot" in line]
    assert "docker compose up -d --force-recreate SERVICE" in commands(made)
