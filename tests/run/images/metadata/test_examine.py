"""What looks like a secret and is none; metadata that is hostile; nothing raw in what is shown."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.core.finding import Severity
from auditor.run.images.history import entries as histories
from auditor.run.images.metadata import documents
from auditor.run.images.metadata.examine import examine
from auditor.sources.images import model
from tests.run.images.configs import (
    BEARER,
    CHOSEN,
    GITHUB,
    KEY,
    NPM,
    RANDOM,
    detector,
    document,
    encoded,
    entry,
    found,
    history,
    image,
    metadata,
    shown,
)


@pytest.mark.parametrize(
    "variable",
    [
        "PATH=/usr/local/sbin:/usr/local/bin",
        "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D",
        "PYTHON_SHA256=" + "3f" * 32,
        "PYTHON_VERSION=3.11.2",
        "DB_PASSWORD_FILE=/run/secrets/db",
        "DB_PASSWORD=${DB_PASSWORD}",
        "DB_PASSWORD=changeit-${X}",
        "API_TOKEN=keeper://mVq1nXkT3wR8yLzP5cJd0A/field/password",
        "API_TOKEN=op://vault/item/field",
        "API_TOKEN=<your token>",
        "API_TOKEN=",
        "INTEGRITY=sha512-" + "q" * 86 + "==",
        "SECRETLESS_MODE=1",
        "AUTH_BASIC=Basic realm",
        "MESSAGE=basic authentication",
    ],
)
@pytest.mark.parametrize("where", ["environment", "history", "argument", "label", "provenance"])
def test_decoys(variable: str, where: str) -> None:
    name, _, value = variable.partition("=")
    config: dict[str, object] = {}
    documents = []
    if where == "environment":
        config = {"config": {"Env": [variable]}}
    elif where == "history":
        config = history(f"ENV {variable}")
    elif where == "argument":
        config = history(f"ARG {name}", f"RUN |1 {variable} /bin/sh -c make # buildkit")
    elif where == "label":
        config = {"config": {"Labels": {f"com.example.{name}": value}}}
    else:
        documents = [document(model.ATTESTATION, {"args": {f"build-arg:{name}": value}})]
    assert [one for one in found(config, *documents) if one.leak.severity >= Severity.MEDIUM] == []


def test_an_ordinary_image() -> None:
    config: dict[str, object] = {
        "author": "Build Team <build@acme.example>",
        "container": "0008c6f07b415eeeb8c33711ce661cd9d378814ce0e45a0f6fea50fba044c810",
        "config": {
            "Hostname": "0008c6f07b41",
            "Env": ["PATH=/bin", "LANG=C.UTF-8"],
            "Cmd": ["python3"],
            "Labels": {"org.opencontainers.image.revision": "4f1c2aa0b8d94e27a9b7c3d1f0e6a5b4c3d2e1f0"},
        },
        "history": [
            entry("/bin/sh -c #(nop) ADD file:4b03b5f551e3fbdf47ec609712007327828f7530cc3455c43bbcdcaf449a75a9 in / "),
            entry("RUN /bin/sh -c set -eux; apt-get update; apt-get install -y gnupg; rm -rf /var/lib/apt # buildkit"),
            entry("RUN /bin/sh -c gpg --recv-keys A035C8C19219BA821ECEA86B64E628F8D684696D # buildkit"),
            entry("", comment="merge sha256:" + "ab" * 32 + " to sha256:" + "cd" * 32),
        ],
    }
    assert found(config, layers=4) == []


@pytest.mark.parametrize("data", [b"", b"[" * 100_000, b"\xff\xfe\x00", b'"x"', b"5", b"null", b'{"a": 1e999999}'])
def test_documents_that_are_none(data: bytes) -> None:
    assert found({}, data=data) == []


def test_what_is_no_json_is_searched_as_text() -> None:
    result = metadata({}, data=f"{{broken {GITHUB}".encode())
    assert [one.leak.secret.reveal() for one in result.found] == [GITHUB]
    assert result.skipped == [("config.json", "not valid JSON, searched as text")]


def test_deeply_nested() -> None:
    data = b'{"a":' * 400 + f'"{GITHUB}"'.encode() + b"}" * 400
    assert [one.leak.secret.reveal() for one in found({}, data=data)] == [GITHUB]


def test_lone_surrogates() -> None:
    config: dict[str, object] = {
        "author": "\ud800",
        "config": {"Env": [f"A\udfff=\ud83d{GITHUB}", "DB_PASSWORD=\ud83dZx7!qPw9"]},
    }
    assert len(found(config)) == 2


def test_too_many_findings_are_counted() -> None:
    config: dict[str, object] = {"config": {"Env": [f"T{n}_TOKEN=qT4vXz81LmWc{n:06d}" for n in range(5_100)]}}
    result = metadata(config)
    assert len(result.found) == 5_000
    assert result.errors == [("100 findings beyond the first 5,000 are not reported", "metadata")]


def test_a_token_behind_very_many_strings() -> None:
    result = metadata({"note": [*(f"s{number}" for number in range(310_000)), GITHUB]})
    assert [one.leak.place.pointer for one in result.found] == ["/note/310000"]
    assert (result.skipped, result.errors) == ([], [])


@pytest.mark.parametrize("kind", [model.CONFIG, model.LEGACY, model.INDEX, model.ATTESTATION, model.CACHE])
def test_more_values_than_are_read(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(documents, "MOST_VALUES", 50)
    made = image({}, document(kind, ["x"] * 60 + [GITHUB]))
    result = examine(made, detector(), KEY)
    (one,) = result.found
    assert one.leak.secret.reveal() == GITHUB
    assert one.leak.message.startswith(f"The {kind} document of the image, searched as text, holds a GitHub token")
    assert result.errors == [("more than 50 values in the metadata: searched as text", f"{kind}.json")]
    assert result.skipped == []
    assert GITHUB not in shown(result)


def test_the_bound_is_one_for_all_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_VALUES", 100)
    several = [document(model.ATTESTATION, {"x": [0] * 40}) for _ in range(3)]
    assert len(metadata({}, *several).errors) == 1


def test_more_values_in_base64_than_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_VALUES", 50)
    inner = encoded(["x"] * 60 + [GITHUB])
    for config, more in (({"moby.buildkit.cache.v0": inner}, []), ({}, [document(model.CACHE, {"data": inner})])):
        result = metadata(dict(config), *more)
        assert [one.leak.secret.reveal() for one in result.found] == [GITHUB]
        assert [message for message, _ in result.errors] == ["more than 50 values in the metadata: searched as text"]


def test_a_long_text_is_searched_in_pieces_that_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_PIECE", 1_000)
    monkeypatch.setattr(documents, "_OVERLAP", 100)
    for before in (970, 999, 1_000, 1_900, 1_990):
        result = metadata({}, data=b"{" + b" " * before + f"{GITHUB} ".encode() + b" " * 3_000)
        assert [(one.leak.secret.reveal(), one.also) for one in result.found] == [(GITHUB, ())]


def test_more_history_than_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "MOST_ENTRIES", 3)
    result = metadata(history("RUN a", "RUN b", f"RUN echo {NPM}", f"RUN echo {GITHUB}"))
    assert {one.leak.secret.reveal(): one.leak.place.pointer for one in result.found} == {
        NPM: "/history/2/created_by",
        GITHUB: "/history/3/created_by",
    }
    assert result.errors == [("1 entries beyond the first 3: searched as text", "history")]


@pytest.mark.parametrize(
    "data",
    [
        f'{{"history": {{"a": {{"created_by": "{GITHUB}"}}}}}}',
        f'{{"history": [{{"created_by": ["{GITHUB}"]}}]}}',
        f'{{"history": [{{"created": "{GITHUB}"}}]}}',
        f'{{"history": [{{"created_by": "echo {GITHUB}"}}], "history": []}}',
        f'{{"moby.buildkit.cache.v0": "{GITHUB}"}}',
        f'{{"moby.buildkit.cache.v0": ["{GITHUB}"]}}',
        f'{{"moby.buildkit.buildinfo.v1": "{GITHUB}", "moby.buildkit.buildinfo.v1": ""}}',
    ],
)
def test_fields_of_an_odd_kind(data: str) -> None:
    (one,) = found(json.loads(data), data=data.encode())
    assert one.leak.secret.reveal() == GITHUB


def test_a_long_command_is_searched_all_the_same() -> None:
    text = "RUN /bin/sh -c " + "echo hello && " * 100_000 + f"echo {GITHUB} # buildkit"
    result = metadata(history(text))
    assert [one.leak.secret.reveal() for one in result.found] == [GITHUB]
    assert result.skipped == [("history", "1 commands too long to be followed, searched as text")]
    assert len(result.found[0].leak.excerpt) < 500
    assert len(result.created_by[0]) < 2_100


_json = st.recursive(
    st.none() | st.booleans() | st.text(max_size=20) | st.sampled_from(["RUN x", f"ENV A={GITHUB}", "|2 A= B"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                "config history Env Labels Cmd OnBuild Healthcheck Test Shell created_by comment author x".split()
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_json)
def test_any_document(content: object) -> None:
    config = content if isinstance(content, dict) else {}
    made = image(config, document(model.ATTESTATION, content), document(model.INDEX, content), layers=2)
    made.documents.append(document(model.LEGACY, content))
    assert GITHUB not in shown(examine(made, detector(), KEY))


def test_no_secret_in_what_is_shown() -> None:
    values = [GITHUB, NPM, RANDOM, BEARER, CHOSEN]
    config: dict[str, object] = {
        "config": {
            "Env": [f"A_TOKEN={GITHUB}", f"B_PASSWORD={CHOSEN}", f"{NPM}=x"],
            "Labels": {GITHUB: NPM, "x": NPM},
            "Cmd": ["x", f"--password={RANDOM}"],
        },
        "history": [
            entry(f"ENV A_TOKEN={GITHUB} B_PASSWORD={CHOSEN}", empty=True),
            entry(f"RUN |1 C_TOKEN={RANDOM} /bin/sh -c curl -H 'Authorization: Bearer {BEARER}' -u x:{CHOSEN} y"),
            entry(f"COPY {GITHUB} /x # buildkit"),
        ],
    }
    text = shown(metadata(config, layers=2))
    assert [value for value in values if value in text] == []
