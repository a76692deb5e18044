"""The tables of wrappers and vendors' images: what an entry may say, and how entries are found."""

from __future__ import annotations

import re

import pytest

from auditor.core.imagenames import split_image
from auditor.core.resources import load_wrappers
from auditor.core.ruledata import Entry
from auditor.core.wrapperdata import WrapperEntry
from auditor.core.wrapperrules import check_vendor, check_wrapper
from auditor.core.wrappers import (
    EXEC,
    SHIM,
    Wrapping,
    credential_variables,
    is_reference,
    own_variables,
    resolving,
    vendor_of,
    wrapper_ids,
    wrapper_named,
)

WRAPPERS = load_wrappers()["wrappers"]
ENTRY: Entry = {
    "passes": "argv",
    "takes": "references",
    "process": "fork",
    "signals": "dropped",
    "exit_code": "one",
    "libc": ["static"],
    "argv": ["w", "run", "PLACE", "--"],
    "reference": "w://A/b",
    "pattern": "w://.+",
    "prefixes": ["w://"],
    "resolve": ["w", "get", "{reference}"],
    "credential": [{"title": "token", "variable": "W_TOKEN"}],
}


def named(name: str) -> WrapperEntry:
    found = wrapper_named(name)
    assert found is not None
    return found


def test_an_entry_as_it_should_be() -> None:
    assert check_wrapper(ENTRY) == ""


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"passes": "words"}, "passes: must be one of"),
        ({"signals": "lost"}, "signals: must be one of"),
        ({"libc": ["uclibc"]}, "libc: 'uclibc' is none of"),
        ({"environment": ["debug=1"]}, "environment: 'debug=1' is not NAME=value"),
        ({"unset": ["a-b"]}, "unset: 'a-b' is no variable"),
        ({"fill": ["SERVICE"]}, "fill: no word of argv has 'SERVICE'"),
        ({"pattern": "w://("}, "pattern: "),
        ({"pattern": "x://.+"}, "does not fit the pattern"),
        ({"prefixes": ["x:"]}, "begins with none of prefixes"),
        ({"takes": "names"}, "pattern: only for a wrapper that takes references"),
        ({"resolve": ["w", "get"]}, "resolve: must name {reference}"),
        ({"resolve": ["w", "{value}"]}, "resolve: {value} is none of"),
        ({"resolve": ["w", "{before}"]}, "separator: goes with {before} and {after}"),
        ({"separator": "/"}, "separator: goes with"),
        ({"credential": [{"title": "token"}]}, "credential: needs a title, and variable"),
        ({"credential": [{"variable": "W_TOKEN"}]}, "credential: needs a title"),
        ({"credential": [{"title": "t", "variable": "token"}]}, "credential: 'token' is no variable"),
        ({"credential": [{"title": "t", "variable": "W", "baked": True}]}, "credential: baked: unknown key"),
        ({"credential": [{"title": "t", "variable": 1}]}, "credential: variable: must be a text"),
        ({"credential": [{"title": "t", "file_variable": "W_FILE"}]}, "file_variable: file_variable, file_is and"),
        (
            {"credential": [{"title": "t", "file_variable": "W", "file_is": "pipe", "file_name": "w"}]},
            "file_is: must be file or folder",
        ),
    ],
)
def test_what_is_wrong_with_an_entry(change: Entry, problem: str) -> None:
    assert problem in check_wrapper({**ENTRY, **change})


def test_what_is_wrong_with_an_image() -> None:
    assert check_vendor({"libc": "glibc", "tags": "1.*"}) == ""
    assert "libc: must be one of" in check_vendor({"libc": "static"})
    assert check_vendor({"libc": "musl", "tags": "("}).startswith("tags: ")


def test_the_wrappers_that_people_use_are_there() -> None:
    wanted = (
        "ksm op doppler infisical vault-agent envconsul vault-env secret-init chamber summon sops bws dotenvx berglas"
    )
    assert set(f"{wanted} teller akeyless conjur aws-vault phase ejson2env".split()) == set(wrapper_ids())
    assert wrapper_named("no-such-wrapper") is None


@pytest.mark.parametrize("wrapper", WRAPPERS, ids=lambda one: str(one["id"]))
def test_no_install_line_bakes_a_credential_or_names_a_registry(wrapper: WrapperEntry) -> None:
    variables = [one["variable"] for one in wrapper["credential"] if "variable" in one]
    assert not any(name in wrapper["install"] for name in variables)
    hosts = re.findall(r"(?:--from=|https?://)([\w.-]+)", wrapper["install"])
    assert all(host.endswith(".example") for host in hosts)
    assert not wrapper["homepage"].endswith("/") or wrapper["homepage"].startswith("https://")


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("ksm", "keeper://mVq1nXkT3wR8yLzP5cJd0A/field/password", True),
        ("ksm", "keeper://Title/custom_field/My Label", False),  # a label with a blank is written %20 or by its UID
        ("ksm", "mysql://u:keeper://A/field/password", False),
        ("op", "op://My Vault/data base/section/password", True),
        ("op", "op://vault/item", False),
        ("vault-env", ">>vault:secret/data/shop#password", True),
        ("berglas", "sm://project/name#1", True),
        ("doppler", "DB_PASSWORD", False),
    ],
)
def test_references(name: str, value: str, fits: bool) -> None:
    assert is_reference(named(name), value) is fits


def test_the_command_that_prints_one_value() -> None:
    assert resolving(named("ksm"), "keeper://A/field/b")[-1] == "keeper://A/field/b"
    assert resolving(named("chamber"), "shop/web/key")[-2:] == ["shop/web", "key"]
    assert resolving(named("sops"), "/etc/a.yaml#{reference}")[-2:] == ['["{reference}"]', "/etc/a.yaml"]
    assert resolving(named("bws"), "NAME") == []
    for wrong in ("key", "/key", "shop/"):
        with pytest.raises(ValueError, match="is not of the form"):
            resolving(named("chamber"), wrong)


@pytest.mark.parametrize(
    ("name", "form", "way"),
    [("ksm", "", SHIM), ("ksm", EXEC, EXEC), ("chamber", "", EXEC), ("chamber", SHIM, SHIM), ("bws", "", EXEC)],
)
def test_the_form_that_is_taken(name: str, form: str, way: str) -> None:
    assert Wrapping(named(name), {}, form).way == way


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("mysql", ("mysql", "latest")),
        ("docker.io/library/MySQL:8.4", ("mysql", "8.4")),
        ("mysql@sha256:ab", ("mysql", "")),
        ("mysql:8@sha256:ab", ("mysql", "8")),
        ("mysql:${V}", ("mysql", "")),
        ("registry.example:5000/mysql", ("registry.example:5000/mysql", "latest")),
        ("registry.example:5000/a/mysql:8", ("registry.example:5000/a/mysql", "8")),
        ("mysql:" + "9" * 500, ("mysql", "")),
    ],
)
def test_parts_of_a_name(image: str, parts: tuple[str, str]) -> None:
    assert split_image(image) == parts


@pytest.mark.parametrize(
    ("image", "entrypoint", "command", "libc"),
    [
        ("mysql:8.4", ["docker-entrypoint.sh"], ["mysqld"], "glibc"),
        ("python:3.12-alpine3.20", [], ["python3"], "musl"),
        ("python:3.12-windowsservercore-ltsc2022", [], ["python"], "windows"),
        ("php:8.3", ["docker-php-entrypoint"], ["php", "-a"], "glibc"),
        ("php:8.3-fpm-alpine3.20", ["docker-php-entrypoint"], ["php-fpm"], "musl"),
        ("wordpress:cli-php8.3", ["docker-entrypoint.sh"], ["wp", "shell"], "musl"),
        ("influxdb:2.7-alpine", ["/entrypoint.sh"], ["influxd"], "musl"),
        ("influxdb:3.2-core", ["/usr/bin/entrypoint.sh"], ["influxdb3", "serve"], "glibc"),
        ("redis:${VERSION}", ["docker-entrypoint.sh"], ["redis-server"], ""),
    ],
)
def test_how_an_image_starts(image: str, entrypoint: list[str], command: list[str], libc: str) -> None:
    found = vendor_of(image)
    assert found is not None
    assert (found["entrypoint"], found["command"], found["libc"]) == (entrypoint, command, libc)


@pytest.mark.parametrize(
    "image", ["acme/mysql", "registry.example/mysql", "php:${V}", "php@sha256:ab", "influxdb", "mariadb:10.3", "", ":"]
)
def test_an_image_of_which_nothing_is_certain(image: str) -> None:
    assert vendor_of(image) is None


def test_variables_of_all_credentials_of_a_wrapper_are_its_own() -> None:
    assert own_variables(named("infisical")) == ["INFISICAL_TOKEN", "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET"]
    assert "KSM_TOKEN" in own_variables(named("ksm"))


def test_what_programs_share_is_no_wrappers_own() -> None:
    assert own_variables(named("chamber")) == [] == own_variables(named("berglas"))
    assert not {"AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"} & set(credential_variables())


def test_names_that_a_credential_is_handed_on_by_count_as_its_own() -> None:
    assert {"KSM_CONFIG", "KSM_INI_CONFIG", "EJSON_PRIVATE_KEY", "AWS_VAULT_FILE_PASSPHRASE"} <= set(
        credential_variables()
    )
    assert "KSM_INI_CONFIG" not in own_variables(named("ksm"))
