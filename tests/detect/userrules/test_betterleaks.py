from __future__ import annotations

from pathlib import Path

import pytest

from auditor.core.errors import RuleDataError
from auditor.core.finding import Confidence
from auditor.detect.userrules import UserRule, load

RULE = "[[rules]]\nid = 'acme'\nregex = 'tok_([A-Za-z0-9]{8,40})'\n"


def rules(folder: Path, content: str, notes: list[str] | None = None) -> dict[str, UserRule]:
    path = folder / "betterleaks.toml"
    path.write_text(content, encoding="utf-8")
    return {rule.id: rule for rule in load([str(path)], notes)}


def secrets(rule: UserRule, text: str, path: str = "src/app.cfg") -> list[str]:
    return [found.secret.reveal() for found in rule.find(text, path)]


@pytest.mark.parametrize(
    ("expression", "kept"),
    [
        ('entropy(finding["secret"]) <= 2.9', True),
        ('entropy(finding["secret"]) <= 3.0', False),
        ("filter.entropy(finding.secret) < 3.5 && true", False),
        ('matchesAny(finding["secret"], [`^x`, `(?i)H$`])', False),
        ('containsAny(finding["line"], ["SAMPLE"])', False),
        ('containsAny(finding["match"], ["sample"])', True),
        ('finding["secret"] == "abcdefgh" // the one in the manual', False),
        ('finding["rule_id"] != "acme"', True),
        ('get(attributes, "path", "") endsWith ".cfg"', False),
        ('attributes[?"git.author_name"].orValue("").endsWith("[bot]")', True),
        ('attributes["path"].startsWith("src/") or false', False),
        ('not (finding.line contains "sample")', True),
        ('finding["secret"] in ["abcdefgh"] ? len(finding.secret) == 8 : false', False),
        ('(finding["captures"]?.name ?? "none") == "none"', False),
        (
            'finding["fragment_raw"][max(finding["match_start_idx"] - 9, 0):finding["match_start_idx"]] == "# sample "',
            False,
        ),
        ('findMatch(finding["line"], `\\w+$`) == "tok_abcdefgh"', False),
        ('finding["local_line"][0:finding["local_line_match_start_idx"]] == "# sample "', False),
        ("let size = len(finding.secret); let limit = 4 * 2; size > limit - 1", False),
        ('r"a\\b" == "a\\\\b" && 1_000 > 9.5e1 && -1 < 2 % 5', False),
        ('lower(trim("  A ")) + "b" == "ab" && split("a,b", ",")[1] == "b"', False),
        ("1 / 0 == 1", True),
        ('entropy(12) > 1 || "a" < 1', True),
        ("failsTokenEfficiency(finding.secret)", False),
    ],
)
def test_a_filter_drops_what_it_is_true_for(tmp_path: Path, expression: str, kept: bool) -> None:
    for content in (f"{RULE}filter = '''\n{expression}\n'''\n", f"filter = '''{expression}'''\n{RULE}"):
        made = rules(tmp_path, content)["acme"]
        assert secrets(made, "# sample tok_abcdefgh") == ["abcdefgh"] * kept, content


@pytest.mark.parametrize(("path", "kept"), [("a/vendor/x.go", False), ("a/x.go", True)])
def test_a_prefilter_skips_files(tmp_path: Path, path: str, kept: bool) -> None:
    made = rules(tmp_path, f"prefilter = 'matchesAny(attributes[\"path\"], [`(?:^|/)vendor/`])'\n{RULE}")["acme"]
    assert secrets(made, "tok_abcdefgh", path) == ["abcdefgh"] * kept


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("", Confidence.MEDIUM),
        ("confidence = 'low'", Confidence.LOW),
        ("confidence = 'low'\nfilter = 'let _ = filter.setConfidence(\"high\"); false'", Confidence.HIGH),
    ],
)
def test_confidence(tmp_path: Path, rule: str, expected: Confidence) -> None:
    (found,) = rules(tmp_path, f"{RULE}{rule}\n")["acme"].find("tok_abcdefgh", "")
    assert found.confidence is expected


def test_token_efficiency_keeps_random_values_and_says_that_it_is_an_approximation(tmp_path: Path) -> None:
    notes: list[str] = []
    made = rules(tmp_path, f"{RULE}tokenEfficiency = true\n", notes)["acme"]
    assert secrets(made, "tok_getElementsByTagName tok_k9Zq3Lw8Xv2Rb7Tn") == ["k9Zq3Lw8Xv2Rb7Tn"]
    assert notes == [
        f"{tmp_path}/betterleaks.toml: acme: failsTokenEfficiency is approximated by how random the letters look"
    ]


def test_online_checks_are_left_out_with_one_note(tmp_path: Path) -> None:
    notes: list[str] = []
    other = RULE.replace("acme", "other")
    rules(tmp_path, f"{RULE}validate = 'http.get(1)'\n{other}validate = 'let r = http.get(2); r'\n", notes)
    assert notes == [
        f"{tmp_path}/betterleaks.toml: acme and 1 more: "
        "validate would ask the provider; it is not used, nothing is sent"
    ]


@pytest.mark.parametrize(
    ("component", "text", "expected"),
    [
        ("", "id_ab\n\n\ntok_abcdefgh", ["abcdefgh"]),
        ("", "tok_abcdefgh", []),
        (", optional = true", "tok_abcdefgh", ["abcdefgh"]),
        (", within = '2L'", "id_ab\ntok_abcdefgh", ["abcdefgh"]),
        (", within = '2L'", "id_ab\n\ntok_abcdefgh", []),
        (", within = '6C'", "id_ab tok_abcdefgh", ["abcdefgh"]),
        (", within = '5C'", "id_ab tok_abcdefgh", []),
        (", within = '-2L'", "id_ab\ntok_abcdefgh", ["abcdefgh"]),
        (", within = '+2L'", "id_ab\ntok_abcdefgh", []),
        (", within = '-2L,+2L'", "tok_abcdefgh\nid_ab", ["abcdefgh"]),
        (", within = '5L,3C'", "id_ab\ntok_abcdefgh", []),
    ],
)
def test_components(tmp_path: Path, component: str, text: str, expected: list[str]) -> None:
    content = f"{RULE}components = [{{ id = 'id'{component} }}]\n[[rules]]\nid = 'id'\nregex = 'id_[a-z]{{2}}'\n"
    assert secrets(rules(tmp_path, content)["acme"], text) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"{RULE}filter = 'callHome(1)'", "acme: filter: cannot be supported: unknown function callHome"),
        (f"{RULE}filter = 'secret == 1'", "acme: filter: cannot be supported: unknown name secret"),
        (f"{RULE}filter = 'finding.secret.explode()'", "acme: filter: cannot be supported: the method explode"),
        (f"{RULE}filter = '(1 == 1'", "acme: filter: cannot be supported: ')' expected"),
        (f"{RULE}filter = '1 == 1 1'", "acme: filter: cannot be supported: unexpected '1'"),
        (f"{RULE}filter = 'entropy()'", "acme: filter: cannot be supported: entropy has 0 arguments"),
        (f"{RULE}filter = 'any([1], {{# > 1}})'", "acme: filter: cannot be supported"),
        (f"{RULE}filter = '\"open'", "acme: filter: cannot be supported: unexpected '\"'"),
        (f"{RULE}filter = '{'(' * 500}1{')' * 500}'", "acme: filter: cannot be supported: nested too deeply"),
        (
            f"prefilter = 'finding.secret == 1'\n{RULE}",
            "betterleaks.toml: prefilter: cannot be supported: unknown name",
        ),
        (f"{RULE}confidence = 'sure'", "acme: confidence: 'sure' is unknown"),
        (f"{RULE}components = [{{ id = 'x' }}]", "acme: components: there is no rule 'x'"),
        (f"{RULE}components = [{{ id = 'acme', within = '5' }}]", "acme: within: '5' is not a number of lines"),
    ],
)
def test_what_cannot_be_evaluated_is_an_error_that_names_file_and_rule(
    tmp_path: Path, content: str, message: str
) -> None:
    with pytest.raises(RuleDataError) as error:
        rules(tmp_path, content)
    assert str(error.value).startswith(str(tmp_path))
    assert message in str(error.value)
