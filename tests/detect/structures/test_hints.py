"""One search for everything gives what the searches one by one give."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.detect.structures import find, hints, tables
from auditor.detect.structures.candidate import Source
from auditor.detect.structures.fields import applies, search
from tests.detect.structures import test_files, test_keys, test_kubernetes, test_logins, test_packages, test_services
from tests.detect.structures.samples import Case

CASES: list[Case] = [
    case
    for module in (test_files, test_keys, test_kubernetes, test_logins, test_packages, test_services)
    for case in module.CASES
]
WAYS = list(hints._ways(hints._LITERALS, ()))


@pytest.fixture(params=["one by one", "at once"])
def pass_(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to search, whatever the length of the text."""
    monkeypatch.setattr(hints, "_SHORT", 0 if request.param == "at once" else 1 << 60)
    if request.param == "at once" and hints._prefilter().engine != "hyperscan":
        pytest.skip("without hyperscan")
    return str(request.param)


def test_every_case_is_found_either_way(pass_: str) -> None:
    for path, text, expected in CASES:
        assert [(one.secret.kind, one.secret.reveal()) for one in find(text, path)] == expected, (pass_, text)


@pytest.mark.parametrize(("literals", "reader"), WAYS)
def test_every_way_is_taken(pass_: str, literals: tuple[str, ...], reader: str) -> None:
    more = 'machine h.example login a default login a "auth": "YTpi" sessiontoken = "aaaaaaaa kind: Secret <passphrase>'
    more += " :$1$abcdefgh$"
    text = f" {more} ".join(literals)
    assert reader in list(hints.readers(f"{text} {more}"))


def test_a_way_needs_all_of_its_strings(pass_: str) -> None:
    assert list(hints.readers("DB_PASSWORD <settings> [distutils] token = [x]")) == []
    assert list(hints.readers("DB_PASSWORD <settings> [distutils] define(")) == ["tables:find"]


@pytest.mark.parametrize(
    "text",
    [
        "x" * 5000,
        "the default password of every machine is its name, and login comes before passw" * 60,
        "\u20ac" * 3000 + "kind: Secret",
        "\0" * 4096,
    ],
)
def test_text_without_credentials(text: str) -> None:
    assert list(find(text)) == []


def test_readers_come_in_the_order_of_the_tree(pass_: str) -> None:
    text = 'terraform_version index-url index _authToken oken uthToken "terraform_version" PRIVATE KEY -----BEGIN '
    assert list(hints.readers(text)) == ["keys:find", "tables:find", "terraform:state", "logins:indexes"]


def test_with_the_signs_of_a_text_the_same_is_found(pass_: str) -> None:
    """Fields of tables are only asked where their strings may be; a name of a file may lead to all of them."""
    for path, text, expected in CASES:
        signs = {index for index, _ in hints._prefilter().hits(text.encode("latin-1", "replace"))}
        for name in (path, "", "notes.txt"):
            without = [one.secret.reveal() for one in find(text, name)]
            assert [one.secret.reveal() for one in find(text, name, signs)] == without, (name, text)
        assert [(one.secret.kind, one.secret.reveal()) for one in find(text, path, signs)] == expected


STRINGS = sorted(
    {string for field in tables._FIELDS for string in (*field.some, *field.every)}
    | {string for way in hints.ways_to("tables:find") for string in way.literals}
)
LINES = [
    *("password=Wint3rLodge9", 'token = "Wint3rLodge9x"', '"token": "Wint3rLodge9x"', '"password": "Wint3rLodge9x"'),
    *("<password>Wint3rLodge9</password>", "<passphrase>Wint3rLodge9</passphrase>", "pass = Wint3rLodge9"),
    *("client_secret = Wint3rLodge9x", '"accessToken":"Wint3rLodge9x"', '<user name="a" password="Wint3rLodge9"/>'),
    *("define('AUTH_SALT', 'Wint3rLodge9!xyz')", '"secret": "Wint3rLodge9x"', "secret_key = Wint3rLodge9xQ"),
]


@given(
    st.lists(st.sampled_from(STRINGS), min_size=1, max_size=4),
    st.lists(st.sampled_from(LINES), min_size=1, max_size=3),
    st.randoms(use_true_random=False),
)
def test_a_field_that_finds_something_is_asked(strings: list[str], values: list[str], chance: random.Random) -> None:
    """Whatever strings lead to the tables: those of a field, or others that its pattern asks for."""
    parts = [*strings, *values]
    chance.shuffle(parts)
    source = Source("\n".join(parts) + "\n", "", "", "", trusted=False, doubtful=False)
    signs = {index for index, _ in hints._prefilter().hits(source.text.encode())}
    ways = frozenset(way.place for way in hints.ways(source.text, signs) if way.reader == "tables:find")
    if ways:
        likely = tables._likely(source._replace(ways=ways))
        assert [
            field.title
            for field in tables._FIELDS
            if field not in likely and applies(field, source) and list(search(field, source))
        ] == []


def test_few_fields_are_asked_where_nothing_but_one_way_leads() -> None:
    (way,) = [way for way in hints.ways_to("tables:find") if way.literals[-1] == "rubygems_api_key"]
    source = Source("x", "", "", "", trusted=False, doubtful=False, ways=frozenset((way.place,)))
    assert len(tables._likely(source)) < len(tables._FIELDS) / 2
    assert len(tables._likely(source._replace(base=".my.cnf"))) == len(tables._FIELDS)
