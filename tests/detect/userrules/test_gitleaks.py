from __future__ import annotations

from pathlib import Path

import pytest

from auditor.core.errors import RuleDataError
from auditor.detect.userrules import UserRule, load

RANDOM = "k9Zq3Lw8Xv2Rb7Tn"


def rules(folder: Path, content: str, notes: list[str] | None = None) -> dict[str, UserRule]:
    path = folder / "gitleaks.toml"
    path.write_text(content, encoding="utf-8")
    return {rule.id: rule for rule in load([str(path)], notes)}


def secrets(rule: UserRule, text: str, path: str = "src/app.cfg") -> list[str]:
    found = list(rule.find(text, path))
    for one in found:
        assert one.rule == one.secret.kind == rule.id
        assert text[one.start : one.end] == one.secret.reveal()
    return [one.secret.reveal() for one in found]


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [
        ("regex = 'tok_[a-z]{4}'", "tok_abcd tok_efgh", ["tok_abcd", "tok_efgh"]),
        ("regex = 'tok_([a-z]{4})(;)?'", "tok_abcd;", ["abcd"]),
        ("regex = '(x)?tok_([a-z]{4})'", "tok_abcd", ["abcd"]),
        ("regex = '(t)ok_([a-z]{4})'\nsecretGroup = 2", "tok_abcd", ["abcd"]),
        ("regex = 'tok_([a-z]{4})(?:;|$)'", "tok_abcd;tok_efgh", ["abcd", "efgh"]),
        ("regex = '\\ntok_[a-z]{4}\\n'", "\ntok_abcd\n", ["tok_abcd"]),
        ("regex = 'tok_([a-z]{4})'\nentropy = 1", "tok_aabb tok_abab tok_aabc", ["aabc"]),
        ("regex = 'tok_([a-z]{4})'\nentropy = 1.0", "tok_aaaa", []),
        ("regex = '[a-z]{8}'\nkeywords = ['Acme', 'other']", "for ACME: abcdefgh", ["abcdefgh"]),
        ("regex = '[a-z]{8}'\nkeywords = ['acme']", "for nobody: abcdefgh", []),
        ("regex = '[a-z]{8}'\nKeyWords = 'acme,corp'", "corp: abcdefgh", ["abcdefgh"]),
        ("regex = 'tok_[a-z]{4}'\npath = '\\.env$'", "tok_abcd", []),
        ("regex = 'tok_[a-z]{4}'\npath = '\\.cfg$'", "tok_abcd", ["tok_abcd"]),
        ("regex = 'tok_[a-z]{4}'\nskipReport = true", "tok_abcd", []),
        ("regex = 'tok_[a-z]{4}'\ntags = ['a']\nunknown = 1", "tok_abcd", ["tok_abcd"]),
    ],
)
def test_a_rule(tmp_path: Path, rule: str, text: str, expected: list[str]) -> None:
    (made,) = rules(tmp_path, f"[[rules]]\nid = 'Acme'\n{rule}\n").values()
    assert secrets(made, text) == expected


def test_what_a_prefilter_needs(tmp_path: Path) -> None:
    made = rules(tmp_path, "[[rules]]\nid = 'a'\ndescription = 'An A'\nregex = 'x(?i)y'\nkeywords = ['X', 'x']\n")["a"]
    assert (made.pattern, made.keywords, made.caseless, made.title) == ("(?a)x[Yy]", ("x",), True, "An A")


def test_a_rule_about_paths_reports_the_file(tmp_path: Path) -> None:
    made = rules(tmp_path, "[[rules]]\nid = 'key-file'\npath = '(?i)\\.p12$'\n")["key-file"]
    (found,) = made.find("any text", "a\\B.P12")
    assert (found.rule, found.start, found.end, found.secret.reveal()) == ("key-file", 0, 0, "")
    assert list(made.find("any text", "a.p12.txt")) == []


@pytest.mark.parametrize(
    ("allowlist", "text", "expected"),
    [
        ("regexes = ['^tok_a']", "= tok_abcd = tok_bcde", ["tok_bcde"]),
        ("regexes = ['^= tok']\nregexTarget = 'match'", "= tok_abcd", []),
        ("regexes = ['^= tok']", "= tok_abcd", ["tok_abcd"]),
        ("regexes = ['# sample$']\nregexTarget = 'line'", "= tok_abcd # sample\n= tok_bcde", ["tok_bcde"]),
        ("regexes = ['abcd$']\nregexTarget = 'secret'", "= tok_abcd", []),
        ("stopwords = ['BCD']", "= tok_abcd = tok_axxd", ["tok_axxd"]),
        ("paths = ['^src/']", "= tok_abcd", []),
        ("paths = ['^lib/']", "= tok_abcd", ["tok_abcd"]),
        ("condition = 'and'\npaths = ['^src/']\nregexes = ['abcd']", "= tok_abcd = tok_bcde", ["tok_bcde"]),
        ("condition = 'AND'\npaths = ['^lib/']\nregexes = ['abcd']", "= tok_abcd", ["tok_abcd"]),
        ("condition = '&&'\nstopwords = ['ab']\nregexes = ['cd$']", "= tok_abcd = tok_abxx", ["tok_abxx"]),
        ("condition = 'OR'\nstopwords = ['ab']\nregexes = ['xd$']", "= tok_abcd = tok_xxxd", []),
        ("commits = ['0123abc']", "= tok_abcd", ["tok_abcd"]),
        ("condition = 'AND'\ncommits = ['0123abc']\nregexes = ['tok']", "= tok_abcd", ["tok_abcd"]),
    ],
)
def test_allowlists_of_rule_and_file_in_either_writing(
    tmp_path: Path, allowlist: str, text: str, expected: list[str]
) -> None:
    rule = "[[rules]]\nid = 'acme'\nregex = '= (tok_[a-z]{4})'\n"
    for content in (
        f"{rule}[[rules.allowlists]]\n{allowlist}\n",
        f"{rule}[rules.allowlist]\n{allowlist}\n",
        f"{rule}[[allowlists]]\n{allowlist}\n",
        f"{rule}[allowlist]\n{allowlist}\n",
        f"{rule}[[allowlists]]\ntargetRules = ['acme']\n{allowlist}\n",
    ):
        assert secrets(rules(tmp_path, content)["acme"], text) == expected, content


def test_an_allowlist_for_some_rules_leaves_the_others(tmp_path: Path) -> None:
    both = "".join(f"[[rules]]\nid = '{name}'\nregex = '[a-z]{{4}}'\n" for name in ("one", "two"))
    made = rules(tmp_path, f"{both}[[allowlists]]\ntargetRules = ['one']\nstopwords = ['abcd']\n")
    assert [secrets(made[name], "abcd") for name in ("one", "two")] == [[], ["abcd"]]


@pytest.mark.parametrize(
    ("within", "text", "expected"),
    [
        ("", "user_ab\n\n\n\nkey_cdef", ["key_cdef"]),
        ("", "key_cdef", []),
        ("withinLines = 1", "user_ab\nkey_cdef", ["key_cdef"]),
        ("withinLines = 1", "user_ab\n\nkey_cdef", []),
        ("withinLines = 0", "user_ab key_cdef\nkey_defg", ["key_cdef"]),
        ("withinColumns = 3", "  user_ab\nkey_cdef\n      key_defg", ["key_cdef"]),
        ("withinLines = 1\nwithinColumns = 3", "  user_ab\nkey_cdef\nkey_defg", ["key_cdef"]),
    ],
)
def test_a_rule_of_several_parts(tmp_path: Path, within: str, text: str, expected: list[str]) -> None:
    made = rules(
        tmp_path,
        "[[rules]]\nid = 'user'\nregex = 'user_[a-z]{2}'\nskipReport = true\n"
        f"[[rules]]\nid = 'key'\nregex = 'key_[a-z]{{4}}'\n[[rules.required]]\nid = 'user'\n{within}\n",
    )
    assert secrets(made["user"], text) == []
    assert secrets(made["key"], text) == expected


BASE = """
title = "base"
[[rules]]
id = "one"
description = "First"
regex = 'one_([a-z]{4})'
entropy = 1.5
keywords = ["one_"]
[[rules]]
id = "two"
regex = 'two_[a-z]{4}'
[[allowlists]]
stopwords = ["abcd"]
"""


def test_an_extended_file_is_merged(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "base.toml").write_text(BASE)
    made = rules(
        tmp_path,
        "[extend]\npath = 'sub/base.toml'\ndisabledRules = ['two']\n"
        "[[rules]]\nid = 'one'\ndescription = 'Changed'\nkeywords = ['uno']\nentropy = 0.5\n"
        "[[rules.allowlists]]\nregexes = ['^x']\n[[rules]]\nid = 'three'\nregex = 'three_[a-z]{4}'\n",
    )
    assert sorted(made) == ["one", "three"]
    assert (made["one"].title, made["one"].keywords, made["one"].entropy) == ("Changed", ("one_", "uno"), 0.5)
    assert secrets(made["one"], "one_aabb one_abcd one_xaab") == ["aabb"]
    assert secrets(made["three"], "three_abcd three_bcde") == ["three_bcde"]


def test_files_that_extend_each_other_end(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text("[extend]\npath = 'gitleaks.toml'\n")
    with pytest.raises(RuleDataError, match="extends itself"):
        rules(tmp_path, "[extend]\npath = 'base.toml'\n")
    for number in range(20):
        (tmp_path / f"{number}.toml").write_text(f"[extend]\npath = '{number + 1}.toml'\n")
    with pytest.raises(RuleDataError, match="more than 8 files"):
        load([str(tmp_path / "0.toml")])


def test_what_has_no_effect_is_said(tmp_path: Path) -> None:
    notes: list[str] = []
    made = rules(
        tmp_path,
        "[extend]\nuseDefault = true\nurl = 'https://rules.example/x.toml'\ndisabledRules = ['github-pat']\n"
        "[[rules]]\nid = 'generic-api-key'\n[[rules.allowlists]]\nstopwords = ['x']\n"
        "[[allowlists]]\ntargetRules = ['another']\nstopwords = ['x']\n",
        notes,
    )
    assert made == {}
    said = "\n".join(notes)
    assert [part in said for part in ("extend.url", "useDefault", "disabledRules", "generic-api-key", "another")] == (
        [True] * 5
    )
    assert all(note.startswith(str(tmp_path)) for note in notes)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[[rules]]\nregex = 'a'", "rules: id: is missing in the rule 'a'"),
        ("[[rules]]\nid = 'x'", "x: regex: a rule needs a regex or a path"),
        ("[[rules]]\nid = 'x'\nregex = '(?=a)b'", "x: regex: '(?=a)b' cannot be supported: (?=a"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\npath = '['", "x: path: '[' cannot be supported: a bracket"),
        ("[[rules]]\nid = 'x'\nregex = '(a)'\nsecretGroup = 2", "x: secretGroup: the regex has no group 2"),
        (f"[[rules]]\nid = 'x'\nregex = 'a'\nsecretGroup = 0x{'f' * 9_000}", "x: secretGroup: must be at most"),
        (f"[[rules]]\nid = 'x'\nregex = 'a'\nentropy = 0x{'f' * 9_000}", "x: entropy: must be at most"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\nentropy = '3'", "x: entropy: must be a number"),
        ("[[rules]]\nid = 'x'\nregex = 7", "x: regex: must be a text"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\nkeywords = [1]", "x: keywords: must be a list of texts"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\n[[rules.required]]\nid = 'y'", "x: required: there is no rule 'y'"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\n[[rules.allowlists]]\nregexes = ['+']", "x: regexes: '+' cannot be"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\n[[rules.allowlists]]\n", "x: allowlists: one without"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\n[[rules.allowlists]]\ncondition = 'xor'", "x: condition: 'xor' is unknown"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\n[rules.allowlist]\n[[rules.allowlists]]\n", "x: allowlist: cannot stand"),
        ("[[allowlists]]\nregexTarget = 'file'", "regexTarget: 'file' is unknown"),
        ("[allowlist]\n[[allowlists]]\n", "allowlist: cannot stand beside"),
        ("[[allowlists]]\ntargetRules = ['y']\nstopwords = ['a']", "targetRules: there is no rule 'y'"),
        ("[extend]\npath = 'a.toml'\nuseDefault = true", "extend: path and useDefault"),
        ("[extend]\npath = 'missing.toml'", "missing.toml: cannot be read"),
        ("rules = 1", "rules: must be an array of tables"),
        ("[extend]\nuseDefault = 'yes'", "useDefault: must be true or false"),
        ("[[rules]]\nid = 'x'\nregex = 'a'\n[[rules.required]]\nid = 'x'\nwithinLines = -1", "withinLines: must be"),
    ],
)
def test_errors_name_file_and_rule(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(RuleDataError) as error:
        rules(tmp_path, content)
    assert str(error.value).startswith(str(tmp_path))
    assert message in str(error.value)


def test_there_is_a_limit_of_rules(tmp_path: Path) -> None:
    with pytest.raises(RuleDataError, match="more than 10000 rules"):
        rules(tmp_path, "".join(f"[[rules]]\nid = 'r{number}'\nregex = 'a'\n" for number in range(10_001)))


@pytest.mark.parametrize(
    "text", ["", "\n", "\udcff\udc80 tok_abcd\udcff", "\u0130 tok_abcd", "\x00\r\n tok_abcd", "\U0010ffff" * 9]
)
@pytest.mark.parametrize("path", ["", "\udcff", "a\nb", "x" * 10_000])
def test_any_text_and_path_can_be_searched(tmp_path: Path, text: str, path: str) -> None:
    made = rules(
        tmp_path,
        "[[rules]]\nid = 'a'\nregex = '(?i)(tok_\\w+?)+\\b'\npath = '.*'\nentropy = 0.1\n"
        "filter = 'entropy(finding.line) < 0'\n"
        "[[rules.allowlists]]\nregexes = ['(x+)+$']\nregexTarget = 'line'\npaths = ['(y+)+$']\nstopwords = ['zz']\n",
    )
    assert secrets(made["a"], text, path) == ["tok_abcd"] * ("tok_abcd" in text)


def test_many_matches_of_a_rule_of_parts_stay_bounded(tmp_path: Path) -> None:
    made = rules(
        tmp_path,
        "[[rules]]\nid = 'b'\nregex = 'b[0-9]'\n[[rules]]\nid = 'a'\nregex = 'a[0-9]'\n"
        "[[rules.required]]\nid = 'b'\nwithinColumns = 0\n",
    )
    assert len(list(made["a"].find("a1b1" * 20_000, ""))) < 1000
