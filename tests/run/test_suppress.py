"""Comments that silence findings: which ones, how far they reach, and which are reported as useless."""

from __future__ import annotations

import pytest

from auditor.core.finding import Finding, Location, Severity
from auditor.core.span import Span
from auditor.lang.dockerfile.parser import parse
from auditor.run.directives import marker
from auditor.run.suppress import Silencer

RULES = frozenset({"arg-secret", "env-secret", "literal-secret", "missing-dockerignore", "unreadable-dockerfile"})


def silence(
    text: str, rule: str = "env-secret", *, require_reason: bool = False, idle: frozenset[str] = frozenset()
) -> tuple[str | None, list[str]]:
    """Reason of the suppression of one finding at the text's first "HERE", and the messages about useless comments."""
    document = parse(text)
    at = text.find("HERE")
    found = []
    if at >= 0:
        place = Location.of("Dockerfile", document.lines, Span(at, at + 4))
        found.append(Finding(rule, Severity.HIGH, place, "message", "subject"))
    silencer = Silencer(document, RULES, idle, require_reason=require_reason)
    silencer.apply(found)
    useless = [finding.message for finding in silencer.unused("Dockerfile")]
    return (found[0].suppressed.reason if found and found[0].suppressed else None), useless


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("FROM a\n# audit: ignore[env-secret] a test value\nENV A=HERE\n", "a test value"),
        ("FROM a\n#audit:ignore[env-secret]\nENV A=HERE\n", ""),
        ("FROM a\n  #  audit:  ignore[ arg-secret , env-secret ]   two  spaces \nENV A=HERE\n", "two spaces"),
        ("FROM a\n# audit: ignore[env-secret] r\n# another comment\nENV A=HERE\n", "r"),
        ("FROM a\r\n# audit: ignore[env-secret] r\r\nENV A=HERE\r\n", "r"),
        ("FROM a\nENV A=1 \\\n# audit: ignore[env-secret] inside\n  B=HERE\n", "inside"),
        ("FROM a\nENV A=HERE \\\n# audit: ignore[env-secret] inside, below\n  B=2\n", "inside, below"),
        ("FROM a\n# audit: ignore[env-secret] above all lines\nENV A=1 \\\n  B=2 \\\n  C=HERE\n", "above all lines"),
        ("# audit: ignore-file[env-secret] fixture\nFROM a\nENV A=HERE\n", "fixture"),
        ("ARG X\n# audit: ignore-file[env-secret] fixture\nFROM a\nENV A=HERE\n", None),
        ("FROM a\n# audit: ignore[env-secret] r\n\nENV A=HERE\n", None),
        ("FROM a\n# audit: ignore[env-secret] r\nENV A=1\nENV B=HERE\n", None),
        ("FROM a\n# audit: ignore[arg-secret] other rule\nENV A=HERE\n", None),
        ("FROM a\n# audit: ignore everything\nENV A=HERE\n", None),
        ("FROM a\n# audit: ignored[env-secret]\nENV A=HERE\n", None),
        ("# check=skip=SecretsUsedInArgOrEnv\nFROM a\nENV A=HERE\n", "check=skip=SecretsUsedInArgOrEnv"),
        ("# check=skip=JSONArgsRecommended,SecretsUsedInArgOrEnv;error=true\nFROM a\nENV A=HERE\n",
         "check=skip=JSONArgsRecommended,SecretsUsedInArgOrEnv;error=true"),
        ("# check=skip=all\nFROM a\nENV A=HERE\n", "check=skip=all"),
        ("# check=skip=JSONArgsRecommended\nFROM a\nENV A=HERE\n", None),
        ("FROM a\n# check=skip=all\nENV A=HERE\n", None),
        ("FROM a\n# hadolint ignore=DL3020,DL3064\nENV A=HERE\n", "hadolint ignore=DL3064"),
        ("# hadolint global ignore=DL3064\nFROM a\nENV A=HERE\n", "hadolint global ignore"),
        ("FROM a\n# hadolint ignore=DL3020\nENV A=HERE\n", None),
        ("FROM a\n# pragma: allowlist secret\nENV A=HERE\n", "pragma: allowlist secret"),
        ("FROM a\n# pragma: allowlist nextline secret\nENV A=HERE\n", "pragma: allowlist nextline secret"),
        ("FROM a\nRUN x HERE # pragma: allowlist nextline secret\n", None),
        ("FROM a\nRUN curl -u HERE # gitleaks:allow\n", "gitleaks:allow"),
        ("FROM a\n# betterleaks:allow\nENV A=HERE\n", "betterleaks:allow"),
        ("FROM a\n# trufflehog:ignore\nENV A=HERE\n", "trufflehog:ignore"),
        ("FROM a\n# ggignore\nENV A=HERE\n", "ggignore"),
        ("FROM a\n# kingfisher:ignore\nENV A=1 \\\n  B=HERE\n", "kingfisher:ignore"),
        ("FROM a\nENV A=gitleaks:allow\nENV B=HERE\n", None),
        ("FROM a\nENV A=x#gitleaks:allow-HERE\n", None),
    ],
)  # fmt: skip
def test_reach(text: str, reason: str | None) -> None:
    assert silence(text)[0] == reason


@pytest.mark.parametrize(
    ("rule", "comment", "silenced"),
    [
        ("literal-secret", "# check=skip=all", False),
        ("literal-secret", "# hadolint global ignore=DL3064", False),
        ("missing-dockerignore", "# audit: ignore-file[missing-dockerignore] r", True),
        ("unreadable-dockerfile", "# audit: ignore-file[unreadable-dockerfile] r", False),
    ],
)
def test_which_rules(rule: str, comment: str, silenced: bool) -> None:
    assert (silence(f"{comment}\nFROM a\nRUN HERE\n", rule)[0] is not None) == silenced


def test_a_scanners_marker_says_nothing_about_findings_without_a_value() -> None:
    assert silence("FROM a\nCOPY HERE # gitleaks:allow\n", "missing-dockerignore")[0] is None


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("FROM a\n# audit: ignore[env-secret] r\nENV A=HERE\n", []),
        ("FROM a\n# audit: ignore[env-secret] r\nENV A=1\n",
         ["This ignore of env-secret silences nothing; take it out."]),
        ("FROM a\n# audit: ignore[env-secret,arg-secret] r\nENV A=HERE\n",
         ["This ignore of arg-secret silences nothing; take it out."]),
        ("FROM a\n# audit: ignore[env-secrt] r\nENV A=1\n",
         ["This ignore names 'env-secrt', which is no rule; did you mean 'env-secret'?"]),
        ("FROM a\n# audit: ignore r\nENV A=1\n",
         ["This ignore names no rule: write audit: ignore[rule-id] and the reason."]),
        ("FROM a\n# audit: ignore[] r\nENV A=1\n",
         ["This ignore names no rule: write audit: ignore[rule-id] and the reason."]),
        ("FROM a\n# audit: ignore-file[env-secret] r\nENV A=HERE\n",
         ["This ignore-file has no effect: it must stand above the first instruction."]),
        ("FROM a\n# audit: ignore[env-secret] r\n\nENV A=HERE\n",
         ["This ignore has no effect: it must stand on the line above an instruction, or inside one."]),
        ("FROM a\nENV A=HERE\n# audit: ignore[env-secret] at the end\n",
         ["This ignore has no effect: it must stand on the line above an instruction, or inside one."]),
        ("FROM a\n# hadolint ignore=DL3064\nENV A=1\n# gitleaks:allow\nENV B=1\n", []),
    ],
)  # fmt: skip
def test_useless_comments_are_reported(text: str, messages: list[str]) -> None:
    assert silence(text)[1] == messages


def test_a_rule_that_could_not_run_is_not_called_unused() -> None:
    text = "FROM a\n# audit: ignore[env-secret] r\nENV A=1\n"
    assert silence(text, idle=frozenset({"env-secret"}))[1] == []


def test_reasons_can_be_required() -> None:
    text = "FROM a\n# audit: ignore[env-secret]\nENV A=HERE\n"
    reason, messages = silence(text, require_reason=True)
    assert reason is None
    assert messages == ["This ignore has no effect: a reason is required after the brackets."]
    assert silence(text.replace("]", "] because"), require_reason=True) == ("because", [])


@pytest.mark.parametrize(
    ("text", "silenced"),
    [
        ("FROM a\nENV A=HERE # gitleaks:allow\n", False),
        ("FROM a\nENV A=HERE # gitleaks:allow a demo\n", True),
        ("FROM a\n# ggignore\nENV A=HERE\n", False),
        ("FROM a\n# ggignore a demo\nENV A=HERE\n", True),
        ("FROM a\n# hadolint ignore=DL3064,DL3006\nENV A=HERE\n", False),
        ("FROM a\n# hadolint ignore=DL3064 # a demo\nENV A=HERE\n", True),
        ("# check=skip=SecretsUsedInArgOrEnv\nFROM a\nENV A=HERE\n", False),
    ],
)
def test_other_tools_comments_need_a_reason_then_as_well(text: str, silenced: bool) -> None:
    assert silence(text)[0] is not None
    assert (silence(text, require_reason=True)[0] is not None) == silenced


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("# gitleaks:allow", "gitleaks:allow"),
        ("RUN x # GITLEAKS:ALLOW", "gitleaks:allow"),
        ("RUN 'a#b' # ggignore", "ggignore"),
        ("RUN a#ggignore", ""),
        ("RUN ggignore # x", ""),
        ("", ""),
    ],
)
def test_markers_stand_in_comments(line: str, word: str) -> None:
    assert marker(line) == word


def test_ten_thousand_comments_cost_one_look_at_each() -> None:
    text = "FROM a\nENV A=1 \\\n" + "# audit: ignore[env-secret] r\n" * 10_000 + "  B=HERE\n"
    reason, messages = silence(text)
    assert reason == "r"
    assert len(messages) == 9_999
