from __future__ import annotations

import pytest

from auditor.checks.registry import call_checks, checks, compose_checks, findings
from auditor.core.finding import Confidence, Finding, Severity
from auditor.core.resources import load_rules
from auditor.flow.build import follow
from auditor.lang.dockerfile.parser import parse

RULES = load_rules()["rules"]
V = "hunter2Zq8vT1x"
#: Rules about the file itself, which the run reports.
ABOUT_THE_FILE = {"unreadable-dockerfile", "unused-ignore"}
#: The others of `audit lint`; those of `audit scan` and `audit image` are what the detector finds.
CHECKED = {rule for rule, row in RULES.items() if row["family"] not in ("scan", "image")} - ABOUT_THE_FILE


def reported(text: str, rules: frozenset[str] = frozenset(RULES)) -> list[Finding]:
    return findings(follow(parse(text), "Dockerfile"), rules)


def shown(text: str) -> list[str]:
    """Every finding as `rule severity text`."""
    return [f"{f.rule} {f.severity.label} {text[slice(*f.location.span)]}" for f in reported(text)]


def test_every_rule_has_its_check_and_the_other_way_round() -> None:
    assert set(checks()) | set(compose_checks()) | set(call_checks()) == CHECKED
    assert set(checks()).isdisjoint(compose_checks())
    assert set(call_checks()) & {*checks(), *compose_checks()} == {"squash-as-fix"}  # of Dockerfiles and of scripts


@pytest.mark.parametrize("rule", sorted(CHECKED))
def test_a_check_lies_in_the_module_of_its_family(rule: str) -> None:
    if rule != "onbuild-secret":
        assert {**call_checks(), **checks(), **compose_checks()}[
            rule
        ].__module__ == f"auditor.checks.{RULES[rule]['family']}"


@pytest.mark.parametrize(
    "text",
    ["", "FROM a", "FROM a\nRUN a", "FROM a\nENV A=b", "FROM a\nARG V=1", "FROM a\nCOPY x y", "FROM a\nCMD a", "# c"],
)  # fmt: skip
def test_nothing_to_report(text: str) -> None:
    assert shown(text) == []


@pytest.mark.parametrize("rules", [frozenset[str](), frozenset({"unreadable-dockerfile"}), frozenset({"no-such-rule"})])
def test_no_chosen_check_finds_nothing(rules: frozenset[str]) -> None:
    assert reported(f"FROM a\nENV DB_PASSWORD={V}", rules) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"FROM a\nENV DB_PASSWORD={V}", [f"env-secret high {V}"]),
        (f"FROM a\nENV DB_PASSWORD={V}\nFROM b", [f"env-secret medium {V}"]),
        (f"FROM a AS s\nENV DB_PASSWORD={V}\nFROM s", [f"env-secret high {V}"]),
        (f"FROM a\nONBUILD ENV DB_PASSWORD={V}", [f"onbuild-secret high {V}"]),
        (f"FROM a\nONBUILD ENV DB_PASSWORD={V}\nFROM b", [f"onbuild-secret high {V}"]),
        ("FROM a\nENV DB_PASSWORD=changeme", ["env-secret medium changeme"]),
        ("FROM a\nENV API_TOKEN=changeme", ["env-secret low changeme"]),
        ("FROM a\nENV API_TOKEN=changeme\nFROM b", ["env-secret low changeme"]),
        (f"FROM a\nRUN a --password {V}", [f"literal-secret high {V}"]),
        (f"FROM a\nRUN a --password {V}\nFROM b", [f"literal-secret medium {V}"]),
        ("ARG TOKEN\nFROM a", ["arg-secret medium TOKEN"]),
        ("ARG TOKEN\nFROM a\nARG TOKEN", ["arg-secret medium TOKEN"]),
        ("ARG TOKEN\nFROM a\nARG TOKEN\nRUN a", ["arg-secret high TOKEN"]),
        ("FROM a\nARG TOKEN\nFROM b", ["arg-secret medium TOKEN"]),
        (f"FROM a\nARG API_KEY={V}", [f"arg-default-secret high {V}"]),
        ("FROM a\nARG TOKEN=/run/secrets/t", []),
        ("FROM a\nENV TOKEN_FILE=/run/secrets/t", []),
        ("FROM a\nCOPY id_rsa /x/", ["copied-credential-file high id_rsa"]),
        ("FROM a\nCOPY id_rsa /x/\nFROM b", ["copied-credential-file medium id_rsa"]),
        (
            "FROM a AS s\nCOPY id_rsa /x/\nFROM b\nCOPY --from=s /x /x",
            ["copied-credential-file high id_rsa", "carried-secret-file high /x"],
        ),
    ],
)
def test_severity_by_where_it_ends_up(text: str, expected: list[str]) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    "step",
    [
        f"ENV DB_PASSWORD={V}",
        f"RUN export DB_PASSWORD={V}",
        f"RUN sh -c 'export DB_PASSWORD={V}'",
        f"RUN curl -u u:{V} h && curl -u u:x h",
        f"RUN git clone https://u:{V}@h.example/x",
        f"CMD a --password {V}",
    ],
)
def test_one_place_is_reported_once(step: str) -> None:
    places = [(f.rule, f.location.span) for f in reported("FROM a\n" + step)]
    assert len(places) == len(set(places))


def test_inside_a_trigger_other_rules_become_the_one_for_triggers() -> None:
    text = f"FROM a\nONBUILD ARG TOKEN\nONBUILD RUN echo $TOKEN > /x\nONBUILD COPY id_rsa /x/\nONBUILD ENV A_TOKEN={V}"
    found = reported(text)
    assert {f.rule for f in found} == {"onbuild-secret"}
    assert all("ONBUILD trigger" in f.message for f in found)
    assert reported(text, frozenset({"env-secret", "arg-secret"})) == []
    assert len(reported(text, frozenset({"onbuild-secret"}))) == len(found)


def test_a_finding_tells_its_story_in_order() -> None:
    (argument, _) = (
        f for f in reported("FROM a\nARG TOKEN\nRUN b\nRUN echo $TOKEN > /x") if f.rule != "step-name-secret"
    )
    lines = [step.location.start_line for step in argument.flow if step.location]
    assert lines == sorted(lines)
    assert "written to /x" in argument.flow[-1].message


@pytest.mark.parametrize(
    ("text", "confidence", "verdict"),
    [
        (f"FROM a\nENV DB_PASSWORD={V}", Confidence.HIGH, "unverified"),
        ("FROM a\nENV DB_PASSWORD=postgres", Confidence.MEDIUM, "unverified"),
        ("FROM a\nENV API_TOKEN=changeme", Confidence.LOW, "placeholder"),
        ("FROM a\nARG TOKEN", Confidence.HIGH, "unverified"),
        ("FROM a\nARG X\nRUN mysql -p$X", Confidence.MEDIUM, "unverified"),
        ("FROM a\nARG DATABASE_URL", Confidence.LOW, "unverified"),
    ],
)
def test_confidence_and_verdict(text: str, confidence: Confidence, verdict: str) -> None:
    first = reported(text)[0]
    assert (first.confidence, first.verdict) == (confidence, verdict)


def test_severity_of_a_rule_is_the_most_its_check_gives() -> None:
    texts = (
        f"FROM a\nENV DB_PASSWORD={V}",
        "FROM a\nARG TOKEN\nRUN echo $TOKEN > /x",
        "FROM a\nCOPY id_rsa /x/\nRUN rm /x/*",
    )
    for finding in (f for text in texts for f in reported(text)):
        assert finding.severity <= Severity.parse(str(RULES[finding.rule]["severity"]))
