"""`.dockerignore` matching against answers recorded from moby/patternmatcher 0.6.1 (built with Go 1.26)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.lang.ignorefile import ignore_file_for, parse

# Ignore file, paths that Docker leaves out, paths that it keeps.
RECORDED = [
    ("*.log", "a.log .log a.log/b", "b/a.log a.logs"),
    ("**/*.log", "a.log b/a.log b/c/a.log a.log/b", ""),
    ("/secret", "secret secret/key", "b/secret secrets"),
    ("secret/", "secret secret/key", "b/secret"),
    ("./secret", "secret", "b/secret"),
    ("a/../secret", "secret", "a"),
    ("//secret//key/", "secret/key", "secret"),
    ("secret/*", "secret/key secret/a/b", "secret"),
    ("secret/**", "secret/key secret/a/b", "secret"),
    ("secret**", "secret secrets/key", "b/secret"),
    ("**/secret", "secret b/secret b/c/secret/key", "secrets"),
    ("**secret", "secret mysecret b/mysecret", "secretx"),
    ("a/**/b", "a/b a/x/b a/x/y/b", "a/xb ab"),
    ("a/**b", "a/b a/x/b", "a/xb a/x/yb"),
    ("a**/b", "a/b ab ax/b a/x/b", ""),
    ("**/.env*", ".env .env.local a/.env.prod", "a/env"),
    ("**/**/x", "x a/x a/b/x", ""),
    ("**/*", "a a/b", ""),
    ("**", "a a/b .git", ""),
    ("*", "a a/b .git", ""),
    ("*/*", "a/b a/b/c", "a"),
    ("*/*.key", "a/b.key", "a.key a/b/c.key"),
    ("***", "a a/b", ""),
    ("a/**/**", "a/b a/b/c", "a"),
    ("?.key", "a.key é.key", ".key ab.key"),
    ("[ab].key", "a.key b.key", "c.key"),
    ("[^ab].key", "c.key", "a.key"),
    ("[!ab].key", "a.key !.key", "c.key"),
    ("x[^a]y", "xby x/y", "xay"),
    ("[a-c]/k", "a/k", "d/k"),
    ("[[:alpha:]].key", "a.key", "1.key"),
    ("[*].key", "[].key /].key", "a].key *.key"),
    ("[?]", "", "?] ? a]"),
    ("\\*.key", "*.key", "a.key"),
    ("a\\?b", "a?b", "axb"),
    ("\\!keep", "!keep", "keep"),
    ("\\#x", "#x", "x"),
    ("bin\\Debug", "binDebug binxebug", "bin1ebug"),
    ("src\\build", "", "srcbuild src/build"),
    ("a\\w", "ab aw", "a-"),
    ("v\\x41", "vA", "vx41"),
    ("v\\101", "vA", "v101"),
    ("*.log|*.tmp", "a.log a.tmp a.logger b/a.tmp", "a.txt"),
    ("*.{js,ts}", "a.{js,ts}", "a.js a.ts"),
    ("a{2}*", "aa aab", "ab a{2}"),
    ("a|b", "a|b", "a b"),
    ("x.y", "x.y", "xay"),
    ("*.y", "x.y", "xay"),
    ("a+(b)*", "a+(b) a+(b)c", "aab"),
    ("^a", "^a", "a"),
    ("^*a", "a xa ^a", ""),
    ("$a*", "$a $ab", "a"),
    ("#secret", "", "#secret secret"),
    (" #secret", "#secret", "secret"),
    (" secret\t", "secret", ""),
    ("\ufeff*.key", "a.key", ""),
    ("*.key\r\n*.pem\r\n", "a.key a.pem", ""),
    ("\xa0secret\u3000", "secret", ""),
    ("*\n!keep", "b b/keep", "keep keep/a"),
    ("*\n!a/b", "a a/c", "a/b a/b/c"),
    ("*\n!**/*.py", "a/b.txt", "a.py a/b.py"),
    ("a\n!a/b\na/b/c", "a/b/c a/d", "a/b a/b/d"),
    ("a/b\n!a", "", "a a/b a/c"),
    ("!a\na", "a a/b", ""),
    ("a\n!a", "", "a a/b"),
    ("*.md\n!README*.md\nREADME-secret.md", "a.md README-secret.md", "README.md"),
    ("!/keep\n*\n!/keep", "other", "keep"),
    ("*\n! keep", "other", "keep"),
    ("/!keep\n*\n/!keep", "!keep", "keep"),
    ("./!a", "", "a !a"),
    ("*\n!!a", "a", "!a"),
    ("secret\n", "secret", "secrets Secret"),
    ("/", "", "a a/b"),
    ("..", "", "a"),
    ("../x", "", "x"),
    ("*\n!.", "a a/b", ""),
    ("dé*", "dé.key déjà/x", "de"),
    (
        "**/node_modules\n!**/node_modules/keep",
        "node_modules a/node_modules/x",
        "a/node_modules/keep node_modules/keep/x",
    ),
    (".git\n**/.npmrc\n**/id_rsa*", ".git/config a/.npmrc .npmrc a/b/id_rsa.pub", "id_dsa"),
]

# Cases in which the walk of the build client leaves a path out although a single look-up would keep it.
WALKED = [
    ("*/secret/k\n!a", "a/secret/k"),
    ("a/b/c\n!a", "a/b/c"),
    ("**/k\n!a/b", "a/b/k"),
    ("a/*/k\n!a", "a/b/k"),
]

REJECTED = ["[", "[]", "a[", "[a-]", "[-a]", "a\\", "!", "! ", "!/", "![", "[b-a]", "\\y", "a\\é", "[[:nope:]]", "\\pX"]
REJECTED += ["a{3,1}*", "*{2}", "*|{2}", "x{1001}*", "**/[", "\\x4z", "*\\", "x" * 65_536]

LINES = st.lists(st.text(st.sampled_from("*?[]^!\\/.-ab{}|,2é\ufeff\udce9 #")), max_size=6).map("\n".join)
PATHS = st.text(st.sampled_from("ab./é\udce9\n-*"), max_size=20)


@pytest.mark.parametrize(("text", "ignored", "kept"), RECORDED)
def test_matches_as_docker(text: str, ignored: str, kept: str) -> None:
    file = parse(text)
    assert file.errors == []
    assert [path for path in ignored.split() if not file.matches(path)] == []
    assert [path for path in kept.split() if file.matches(path)] == []


@pytest.mark.parametrize(("text", "path"), WALKED)
def test_walk_state_decides_what_is_sent(text: str, path: str) -> None:
    file = parse(text)
    assert file.excludes(path)
    assert not file.matches(path)


@pytest.mark.parametrize("line", REJECTED, ids=lambda line: line[:10])
def test_rejected_lines_are_named_and_the_rest_counts(line: str) -> None:
    file = parse(f"# keys\n{line}\n*.pem\n")
    assert [error.line for error in file.errors] == [2]
    assert file.errors[0].reason
    assert [pattern.line for pattern in file.patterns] == [3]
    assert file.matches("a.pem")


def test_patterns_keep_their_line_and_cleaned_text() -> None:
    file = parse("# comment\n\n /a/./b/ \n!c/../d\r\n")
    assert [(pattern.line, pattern.text, pattern.negated) for pattern in file.patterns] == [
        (3, "a/b", False),
        (4, "d", True),
    ]


@pytest.mark.parametrize(
    ("path", "line"), [("x.key", 1), ("keep.key", 2), ("keep.key/secret", 3), ("other", None), (".", None), ("", None)]
)
def test_the_deciding_pattern_is_named(path: str, line: int | None) -> None:
    decided = parse("*.key\n!keep.key\n**/secret").decided_by(path)
    assert (decided.line if decided else None) == line


def test_paths_are_cleaned_before_matching() -> None:
    file = parse("a/b")
    assert all(map(file.matches, ("a/b", "./a/b", "/a/b", "a//b/", "a/c/../b")))


def test_a_name_that_is_not_utf8_matches() -> None:
    file = parse(b"*\xff.key\nplain\xfe".decode("utf-8", "surrogateescape"))
    assert file.matches(b"a\xff.key".decode("utf-8", "surrogateescape"))
    assert file.matches(b"plain\xfe".decode("utf-8", "surrogateescape"))


def test_number_of_patterns_is_limited() -> None:
    file = parse("\n".join(f"a{number}" for number in range(3000)))
    assert len(file.patterns) == 2000
    assert [error.line for error in file.errors] == [2001]


def test_repetition_is_limited() -> None:
    assert parse("a{1000}*" * 11).errors[0].reason == "the pattern repeats too much"


def test_repeated_wildcards_do_not_backtrack() -> None:
    """Backtracking would need more steps than there are atoms; the automaton needs one for each character."""
    file = parse("**/a*" * 300 + "x\n" + "*a" * 300 + "b")
    assert not file.matches("a" * 200 + "/" + "a" * 2000)


@pytest.mark.parametrize(
    ("text", "directory", "may"),
    [
        ("a\n!a/b", "a", True),
        ("a\n!b", "a", False),
        ("a\n!ab/c", "a", False),
        ("a\n!a/*", "a", True),
        ("a\n!**/b", "a", True),
        ("a", "a", False),
    ],
)
def test_ignored_directories_that_may_be_reopened(text: str, directory: str, may: bool) -> None:
    assert parse(text).may_reopen_below(directory) is may


@given(LINES, PATHS)
def test_any_file_and_path_is_answered_the_same_twice(text: str, path: str) -> None:
    first, second = parse(text), parse(text)
    assert first.errors == second.errors
    assert first.matches(path) == first.matches(path) == second.matches(path)
    assert first.excludes(path) == second.excludes(path)


@given(LINES, PATHS)
def test_without_exceptions_everything_below_an_ignored_path_is_ignored(text: str, path: str) -> None:
    file = parse(text)
    if file.matches(path) and not any(pattern.negated for pattern in file.patterns):
        assert file.matches(f"{path}/below")
        assert file.excludes(f"{path}/below")


@given(LINES, PATHS)
def test_the_deciding_pattern_agrees_with_the_answer(text: str, path: str) -> None:
    file = parse(text)
    decided = file.decided_by(path)
    assert file.matches(path) == (decided is not None and not decided.negated)


def test_the_ignore_file_beside_the_dockerfile_goes_first(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    dockerfile = str(tmp_path / "build" / "app.Dockerfile")
    assert ignore_file_for(dockerfile, str(tmp_path)) is None
    common = tmp_path / ".dockerignore"
    common.touch()
    assert ignore_file_for(dockerfile, str(tmp_path)) == str(common)
    own = tmp_path / "build" / "app.Dockerfile.dockerignore"
    own.touch()
    assert ignore_file_for(dockerfile, str(tmp_path)) == str(own)
