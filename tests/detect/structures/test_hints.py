"""One search for everything gives what the searches one by one give."""

from __future__ import annotations

import pytest

from auditor.detect.structures import find, hints
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
    more += " :$1$ab$"
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
