"""Entries of the history and the instructions they record, as each builder writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.run.images.history.createdby import DEFAULT_SHELLS, is_merge, parse
from auditor.run.images.history.entries import MOST_ENTRIES, read
from auditor.run.images.history.goformat import decoded, healthcheck, map_keys, quoted_list, words
from tests.run.images.configs import entry


def recorded(created_by: str, *declared: str, comment: str = "", shells: tuple[str, ...] = DEFAULT_SHELLS):  # type: ignore[no-untyped-def]
    return parse(created_by, comment, declared, shells)


@pytest.mark.parametrize(
    ("created_by", "keyword", "body", "builder"),
    [
        ("/bin/sh -c #(nop)  ENV A=b c", "ENV", "A=b c", "legacy"),
        ('/bin/sh -c #(nop)  CMD ["sh"]', "CMD", '["sh"]', "legacy"),
        ("/bin/sh -c #(nop) COPY file:0123abcd in /x ", "COPY", "file:0123abcd in /x", "legacy"),
        ("/bin/bash -o pipefail -c #(nop)  USER app", "USER", "app", "legacy"),
        ("/bin/sh -c apt-get update", "RUN", "apt-get update", "legacy"),
        ("RUN /bin/sh -c apt-get update # buildkit", "RUN", "apt-get update", "buildkit"),
        ("RUN /bin/sh -c a\nb\n # buildkit", "RUN", "a\nb\n", "buildkit"),
        ("COPY a b /c/ # buildkit", "COPY", "a b /c/", "buildkit"),
        ("ENV A=b", "ENV", "A=b", "other"),
        ("EXPOSE map[80/tcp:{}]", "EXPOSE", "map[80/tcp:{}]", "other"),
        ("RUN apt-get install -y curl", "RUN", "apt-get install -y curl", "other"),
        ("sh -c echo hello", "", "sh -c echo hello", "other"),
        ("bazel build ...", "", "bazel build ...", "other"),
        ("Run the thing", "", "Run the thing", "other"),
        ("", "", "", "other"),
    ],
)
def test_instruction(created_by: str, keyword: str, body: str, builder: str) -> None:
    found = recorded(created_by)
    assert (found.keyword, found.body, found.builder) == (keyword, body, builder)
    assert created_by[found.start :].startswith(body)


@pytest.mark.parametrize(
    ("created_by", "arguments", "body"),
    [
        ("|2 A=1 B=2 /bin/sh -c make", [("A", "1"), ("B", "2")], "make"),
        ("RUN |2 A=1 B= /bin/sh -c make # buildkit", [("A", "1"), ("B", "")], "make"),
        ("RUN |2 A=one two B=3 /bin/sh -c make # buildkit", [("A", "one two"), ("B", "3")], "make"),
        ("RUN |1 A=x C=y /bin/sh -c make # buildkit", [("A", "x C=y")], "make"),
        ("|1 A=say /bin/shell -c /bin/sh -c make", [("A", "say /bin/shell -c")], "make"),
        ("RUN |1 A=x /bin/bash -eo pipefail -c make B=2 # buildkit", [("A", "x")], "make B=2"),
        ("RUN |1 A=x make all # buildkit", [("A", "x")], "make all"),
        ("RUN |0 /bin/sh -c make # buildkit", [], "make"),
        ("RUN |2 UNKNOWN=1 A=2 /bin/sh -c make # buildkit", [("UNKNOWN", "1"), ("A", "2")], "make"),
    ],
)
def test_build_arguments(created_by: str, arguments: list[tuple[str, str]], body: str) -> None:
    found = recorded(created_by, "A", "B")
    assert [(one.name, one.value) for one in found.arguments] == arguments
    assert [created_by[one.start : one.end] for one in found.arguments] == [value for _, value in arguments]
    assert found.body == body


def test_a_hostile_count_is_bounded() -> None:
    text = "RUN |999999999 " + " ".join(f"A{number}=x" for number in range(5000)) + " /bin/sh -c make"
    found = recorded(text)
    assert len(found.arguments) == 1000
    assert found.body == "make"


def test_declared_arguments_and_shells_are_learnt_on_the_way() -> None:
    config: dict[str, object] = {
        "config": {"Shell": ["/opt/run", "--script"]},
        "history": [
            entry("ARG FIRST", empty=True),
            entry("ARG SECOND=x", empty=True),
            entry("SHELL [/sbin/my -x]", empty=True),
            entry("RUN |2 FIRST=a NOT=b SECOND=c /sbin/my -x make # buildkit"),
            entry("RUN /opt/run --script make # buildkit"),
        ],
    }
    entries = read(config).entries
    assert [(one.name, one.value) for one in entries[3].recorded.arguments] == [("FIRST", "a NOT=b"), ("SECOND", "c")]
    assert [(one.recorded.shell, one.recorded.body) for one in entries[3:]] == [
        ("/sbin/my -x", "make"),
        ("/opt/run --script", "make"),
    ]


@pytest.mark.parametrize("listed", [None, "x", 5, {"a": 1}, True])
def test_a_history_that_is_none(listed: object) -> None:
    assert read({"history": listed}).entries == ()


def test_entries_of_any_type() -> None:
    history = read({"history": [1, None, [], "x", {"created_by": 5, "comment": [], "empty_layer": "yes"}, entry("x")]})
    assert [one.created_by for one in history.entries] == ["", "", "", "", "", "x"]
    assert history.makers == [0, 1, 2, 3, 4, 5]


def test_entries_beyond_the_bound_are_counted() -> None:
    history = read({"history": [{}] * (MOST_ENTRIES + 3)})
    assert (len(history.entries), history.left_out) == (MOST_ENTRIES, 3)


def test_merge() -> None:
    assert is_merge("merge sha256:ab to sha256:cd")
    assert not is_merge("merge branch main")


@given(st.text(alphabet="|0123 A=B/binsh-c#(op)RUNENV\n\"'", max_size=80), st.sampled_from(["", "buildkit"]))
def test_places_are_right_whatever_is_written(created_by: str, comment: str) -> None:
    found = recorded(created_by, "A", "B", comment=comment)
    assert created_by[found.start : found.start + len(found.body)] == found.body
    for one in found.arguments:
        assert created_by[one.start : one.end] == one.value


def test_quoted_lists() -> None:
    listed = quoted_list('["a b" "say \\"hi\\"", "\\u0026\\x41\\n"] rest')
    assert listed is not None
    assert [piece.text for piece in listed[0]] == ["a b", 'say "hi"', "&A\n"]
    assert listed[1] == len('["a b" "say \\"hi\\"", "\\u0026\\x41\\n"]')
    assert quoted_list('["open') is None
    assert quoted_list("[" + '"a" ' * 20_000 + "]") is None
    assert words("[/bin/sh -c]") == ["/bin/sh", "-c"]
    assert words("plain") == []


def test_escapes_that_mean_nothing_stay() -> None:
    assert decoded("\\U00110000\\q") == "\\U00110000q"


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ('&{["CMD-SHELL" "curl -f \\"x\\""] "30s" "0s" "0s" \'\\x03\'}', ["CMD-SHELL", 'curl -f "x"']),
        ("{Test:[CMD-SHELL curl [::1] || exit 1] Interval:30s Retries:3}", ["CMD-SHELL", "curl [::1] || exit 1"]),
        ("{Test:[NONE] Interval:0s}", ["NONE"]),
        ("NONE", []),
        ("{[", []),
    ],
)
def test_health_checks(body: str, texts: list[str]) -> None:
    pieces = healthcheck(body)
    assert [piece.text for piece in pieces] == texts


def test_map_keys() -> None:
    assert map_keys("map[443/udp:{} 80/tcp:{}]") == ["443/udp", "80/tcp"]
