"""Secrets in the history: arguments, commands, comments, authors."""

from __future__ import annotations

import pytest

from auditor.core.finding import Severity
from auditor.core.image import HISTORY, LIVE, OVERWRITTEN
from tests.run.images.configs import (
    BEARER,
    GITHUB,
    NPM,
    RANDOM,
    entry,
    found,
    history,
    metadata,
    only,
    shown,
)


@pytest.mark.parametrize("builder", ["legacy", "buildkit"])
def test_a_build_argument_is_one_leak_for_all_entries(builder: str) -> None:
    if builder == "legacy":
        lines = ["/bin/sh -c #(nop)  ARG NPM_TOKEN", *(f"|1 NPM_TOKEN={RANDOM} /bin/sh -c {n}" for n in range(14))]
    else:
        lines = ["ARG NPM_TOKEN", *(f"RUN |1 NPM_TOKEN={RANDOM} /bin/sh -c {n} # buildkit" for n in range(14))]
    one = only(history(*lines), layers=14)
    assert one.leak.rule == "arg-secret"
    assert one.leak.message == "Build argument NPM_TOKEN is kept in the history of 14 instructions."
    places = (one.leak.place, *one.also)
    assert [place.history_index for place in places] == list(range(1, 15))
    assert [place.layer_index for place in places] == list(range(14))
    assert places[3].diff_id == f"sha256:{3:064x}"
    assert places[0].pointer == "/history/1/created_by"


def test_default_values_of_the_legacy_builder() -> None:
    one = only(history(f"/bin/sh -c #(nop)  ARG NPM_TOKEN={NPM}"))
    assert (one.leak.rule, one.leak.place.layer_index) == ("arg-default-secret", None)


def test_value_of_an_argument_that_nothing_uses() -> None:
    assert only(history(f"ARG NPM_TOKEN={NPM}")).leak.rule == "arg-secret"


@pytest.mark.parametrize(
    ("command", "rule", "value"),
    [
        (f"curl -u ci:{RANDOM} https://x.example/", "literal-secret", RANDOM),
        (f'echo "curl -u ci:{RANDOM} https://x.example/" > /dev/null', "literal-secret", RANDOM),
        (f'echo "login -p {RANDOM}" > /dev/null', "literal-secret", RANDOM),
        (f"echo {RANDOM} > /root/.db_password", "literal-secret", RANDOM),
        (f"git clone https://ci:{RANDOM}@git.example/x.git", "url-credentials", RANDOM),
        (f"echo {GITHUB} > /x && rm /x", "literal-secret", GITHUB),
        (f"cat <<EOF > /x\ntoken: {GITHUB}\nEOF", "literal-secret", GITHUB),
    ],
)
@pytest.mark.parametrize("form", ["RUN /bin/sh -c {} # buildkit", "/bin/sh -c {}", "|1 A=b /bin/sh -c {}", "RUN {}"])
def test_text_of_a_command(command: str, rule: str, value: str, form: str) -> None:
    one = only(history(form.format(command)))
    assert (one.leak.rule, one.leak.secret.reveal(), one.leak.place.part) == (rule, value, HISTORY)
    assert value not in one.leak.excerpt and one.leak.excerpt


def test_commands_that_a_later_one_replaced() -> None:
    config: dict[str, object] = {
        "config": {"Cmd": ["sh"], "Entrypoint": ["serve", f"--token={RANDOM}"]},
        "history": [
            entry(f'CMD ["serve" "--password={RANDOM}"]', empty=True),
            entry(f'ENTRYPOINT ["serve" "--token={RANDOM}"]', empty=True),
            entry('CMD ["sh"]', empty=True),
        ],
    }
    one = only(config)
    assert [(p.pointer, p.history_index, p.state) for p in (one.leak.place, *one.also)] == [
        ("/config/Entrypoint/1", 1, LIVE),
        ("/history/0/created_by", 0, OVERWRITTEN),
        ("/history/1/created_by", 1, LIVE),
    ]


def test_quotes_of_go_and_of_json_are_one_value() -> None:
    value = RANDOM + "&zQ"
    config: dict[str, object] = {
        "config": {"Cmd": ["serve", f"--password={value}"]},
        "history": [entry('CMD ["serve" "--password=' + RANDOM + '\\u0026zQ"]', empty=True)],
    }
    result = metadata(config)
    (one,) = result.found
    assert one.leak.secret.reveal() == value
    assert [place.history_index for place in one.also] == [0]
    assert RANDOM not in shown(result)


def test_a_commit_of_a_container() -> None:
    config: dict[str, object] = {
        "author": BEARER[:24],
        "config": {"Cmd": ["sh", "-c", f"echo {RANDOM} > /root/pw"]},
        "history": [
            entry(f"sh -c echo {RANDOM} > /root/pw", author=BEARER[:24], comment=f"deploy key {GITHUB}"),
        ],
    }
    leaks = found(config, layers=1)
    assert {(one.leak.rule, one.leak.place.pointer, one.leak.severity) for one in leaks} == {
        ("command-secret", "/config/Cmd/2", Severity.HIGH),
        ("metadata-secret", "/history/0/author", Severity.MEDIUM),
        ("metadata-secret", "/history/0/comment", Severity.HIGH),
    }
    author = next(one for one in leaks if one.leak.place.pointer.endswith("author"))
    assert (author.leak.place.layer_index, author.also[0].pointer) == (0, "/author")


def test_an_address_that_is_fetched() -> None:
    one = only(history(f"ADD https://ci:{RANDOM}@files.example/x.tar / # buildkit"))
    assert (one.leak.rule, one.leak.place.part) == ("url-credentials", HISTORY)


def test_instructions_that_set_a_field() -> None:
    one = only({"config": {"WorkingDir": f"/x/{GITHUB}"}, **history(f"WORKDIR /x/{GITHUB}")})
    assert (one.leak.rule, one.leak.place.pointer) == ("metadata-secret", "/config/WorkingDir")
    assert [place.state for place in one.also] == [LIVE]
