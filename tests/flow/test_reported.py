"""Defects that were reported once, each with the input that showed it."""

from __future__ import annotations

import pytest

from auditor.checks.registry import findings
from auditor.core.resources import load_rules
from auditor.detect import credfiles, names, positions
from auditor.flow import copies
from auditor.flow.build import Build, follow
from auditor.lang.dockerfile.parser import parse
from auditor.lang.shell import reader, windows

V = "hunter2Zq8vT1x"


def followed(step: str) -> Build:
    return follow(parse("FROM a\nARG TOKEN\nARG U\n" + step), "Dockerfile")


def rendered(text: str) -> list[str]:
    return [" ".join(w.rendered for w in c.words) for c in reader.read(text).commands]


@pytest.mark.parametrize("n", [39, 40, 60, 500])
def test_long_list_is_read_whole(n: int) -> None:
    script = reader.read("a && " * n + "b")
    assert (len(script.commands), script.truncated) == (n + 1, False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a "$b $c"', "a ${b} ${c}"),
        ('a "${b} ${c}"', "a ${b} ${c}"),
        ('a "$b  $(c) d"', "a ${b}  $(...) d"),
    ],
)
def test_space_between_expansions_in_quotes(text: str, expected: str) -> None:
    assert rendered(text)[0] == expected


@pytest.mark.parametrize(
    ("follower", "count"),
    [("export b=1", 2), ("b=1", 2), ("(b)", 2), ("{ b; }", 2), ("if b; then c; fi", 3), ("[ b ]", 2)],
)
def test_what_follows_a_heredoc_is_read(follower: str, count: int) -> None:
    assert len(reader.read(f"a <<E && {follower}\nx\nE\n").commands) == count


def test_pipe_behind_a_heredoc_feeds_its_first_command() -> None:
    (a, b, c) = reader.read("a <<E | b | c\nx\nE\n").commands
    assert (b.reads, c.reads, a.feeds) == ((a,), (b,), (b,))


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("a > f <<< $x", "${x}"),
        ("a <<E; b\nx\nE\n", "x\n"),
    ],
)
def test_heredoc_body(text: str, target: str) -> None:
    command = reader.read(text).commands[0]
    assert [r.target.rendered for r in command.redirects if r.op in ("<<", "<<<")] == [target]


def test_quoted_export_is_an_assignment() -> None:
    (command,) = reader.read('export "A=b c"').commands
    assert [(a.name, a.value and a.value.rendered) for a in command.assignments] == [("A", "b c")]


def test_array_elements_are_apart_and_case_subjects_are_read() -> None:
    (command,) = reader.read("A=(x y)").commands
    assert command.assignments[0].value and command.assignments[0].value.rendered == "x y"
    assert rendered("case $(a) in x) b;; esac") != ["b"]


@pytest.mark.parametrize(
    ("text", "dialect", "value"),
    [
        ("$env:A='b'", "powershell", "b"),
        ("set A=b", "cmd", "b"),
        ('set "A=b c"', "cmd", "b c"),
        ("setx A b", "cmd", "b"),
    ],
)
def test_windows_assignment(text: str, dialect: str, value: str) -> None:
    (command,) = windows.read(text, dialect).commands
    assert [(a.name, a.value and a.value.rendered) for a in command.assignments] == [("A", value)]


@pytest.mark.parametrize("text", ["a >f", "a 2> f", "a 2>f"])
def test_windows_redirection_without_space(text: str) -> None:
    (command,) = windows.read(text, "powershell").commands
    assert [r.target.rendered for r in command.redirects] == ["f"]


@pytest.mark.parametrize(
    "step",
    [
        f'RUN sh -c "export DB_PASSWORD=\\"{V}\\""',
        f'RUN ["sh", "-c", "export DB_PASSWORD=\\"{V}\\""]',
        f"RUN sh -c 'a \\\n && export DB_PASSWORD={V}'",
        f'RUN sh -c "\\$a && export DB_PASSWORD={V}"',
        f"RUN cat <<-E > /x\n\ta\n\tDB_PASSWORD={V}\n\tE\n",
    ],
)
def test_literal_stands_where_it_says(step: str) -> None:
    build = followed(step)
    text = build.document.text
    found = [u.literal for u in build.facts.uses] + [lit for f in build.facts.files for lit in f.literals]
    assert {text[slice(*one.span)] for one in found if one} == {V}


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ('RUN echo "$U $TOKEN" > /x', [("/x", ["U", "TOKEN"])]),
        ("RUN cat > /x <<< $TOKEN", [("/x", ["TOKEN"])]),
        ("RUN if a; then A=$TOKEN; else A=b; fi; echo $A > /x", [("/x", ["TOKEN"])]),
        ("RUN TOKEN=a b; echo $TOKEN > /x", [("/x", ["TOKEN"])]),
        ("RUN (TOKEN=a); echo $TOKEN > /x", [("/x", ["TOKEN"])]),
        ("RUN (cd /w; a) && echo $TOKEN > x", [("/x", ["TOKEN"])]),
        ("RUN unset TOKEN; echo $TOKEN > /x", []),
        ("RUN echo $TOKEN | " + "cat | " * 20 + "tee /x", [("/x", ["TOKEN"])]),
    ],
)
def test_what_a_command_writes(step: str, expected: list[object]) -> None:
    assert [(f.path, [o.name for o in f.origins]) for f in followed(step).facts.files] == expected


def test_length_of_a_secret_is_no_secret() -> None:
    assert followed("RUN echo ${#TOKEN}").facts.uses == []


@pytest.mark.parametrize("path", ["cert.key", ".mongorc.js", "wp-config.php"])
def test_every_name_of_the_table_is_recognised(path: str) -> None:
    assert credfiles.recognise("/x/" + path) is not None


@pytest.mark.parametrize("name", ["CONNECTION_STRING", "DB_PASSWORD_B64", "TOKEN_V2"])
def test_name_announces_something(name: str) -> None:
    assert names.read(name) is not None


def test_token_before_a_fixed_password_of_a_url() -> None:
    text = "https://${T}:x-oauth-basic@h.example"
    assert [(p.level, text[p.start : p.end]) for p in positions.find(text)] == [("variable", "${T}")]


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\n" + "".join(f"ARG T{i}=$T{i - 1}\n" for i in range(3_000)) + "ARG TOKEN",
        "FROM a\nARG T0\n" + "".join(f"ARG T{i}=$T{i - 1}\n" for i in range(1, 3_000)) + "RUN mysql -p$T2999",
    ],
)
def test_long_chain_of_arguments(text: str) -> None:
    findings(follow(parse(text), "Dockerfile"), frozenset(load_rules()["rules"]))


@pytest.mark.parametrize("self_copy", [False, True])
def test_copies_between_stages_do_not_double(self_copy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    original = copies.LayerFile
    monkeypatch.setattr(copies, "LayerFile", lambda *given: (made.append(1), original(*given))[1])
    copy = "COPY --from=s{0} / /a/\nCOPY --from=s{0} / /b/\n"
    stages = "".join(f"FROM a AS s{i}\n" + copy.format(i - 1) for i in range(1, 14))
    text = "FROM a AS s0\nCOPY id_rsa /x\n" + ("FROM s0\n" + "COPY --from=1 / /\n" * 14 if self_copy else stages)
    follow(parse(text), "Dockerfile")
    assert len(made) < 1_000


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("ENV PASSWORD=<password>", []),
        ("ENV PASSWORD=password", ["env-secret"]),
        ("RUN openssl req -x509 -nodes -keyout /k/snake.key -out c.pem -subj /CN=localhost", ["generated-private-key"]),
        ("ENV NEXT_PUBLIC_FIREBASE_API_KEY=AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY", []),
        ("ENV FIREBASE_API_KEY=AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY", ["env-secret"]),
        ("ENV NEXT_PUBLIC_X=ghp_16C7e42F292c6912E7710c838347Ae178B4a", ["env-secret"]),
        ("RUN yarn config set npmAuthToken f3b1c9d27e6a4850b7e2d19c4a6f8e03", ["persisted-login"]),
    ],
)
def test_what_is_no_secret_and_what_looks_alike(step: str, expected: list[str]) -> None:
    found = findings(follow(parse(f"FROM a\n{step}\n"), "Dockerfile"), frozenset(load_rules()["rules"]))
    loud = [f.rule for f in found if f.severity.label not in ("low", "info")]
    assert [rule for rule in loud if rule != "literal-secret"] == expected


def test_what_is_written_in_two_goes_is_gone_with_one_removal() -> None:
    build = followed(
        f"RUN echo 'password={V}1' > /root/.npmrc && echo 'password={V}2' >> /root/.npmrc && rm ~/.npmrc\n"
    )
    assert [file.gone for file in build.facts.files] == [True, True]


@pytest.mark.parametrize(
    ("command", "rules"),
    [
        (f"echo '//r.example/:_authToken={V}' > .npmrc && npm ci && rm .npmrc", ["literal-secret"]),
        (f"echo '//r.example/:_authToken={V}' > .npmrc && npm ci", ["written-secret-file"]),
        (f"curl https://u:{V}@h.example/x > /x", ["url-credentials"]),
        (f"curl -H 'X-Api-Key: {V}' https://h.example/x | tee /x", ["literal-secret"]),
        (f"gh auth login --with-token <<< {V}", ["literal-secret", "persisted-login"]),
    ],
)
def test_a_literal_is_reported_whatever_becomes_of_the_file(command: str, rules: list[str]) -> None:
    wanted = frozenset({"literal-secret", "written-secret-file", "url-credentials", "persisted-login"})
    assert sorted({f.rule for f in findings(followed(f"RUN {command}\n"), wanted)}) == rules


@pytest.mark.parametrize(("option", "files"), [("--output text", []), ("--output /token", ["/token"])])
def test_a_format_is_no_file(option: str, files: list[str]) -> None:
    build = followed(f"RUN aws codeartifact get-authorization-token {option}\n")
    assert [file.path for file in build.facts.files] == files
