"""Secrets in the configuration of an image and in the copies of it."""

from __future__ import annotations

import pytest

from auditor.core.finding import Confidence, Severity
from auditor.core.image import CONFIG, HISTORY, LABEL, LIVE, OVERWRITTEN
from auditor.sources.images import model
from tests.run.images.configs import (
    BEARER,
    CHOSEN,
    GITHUB,
    RANDOM,
    document,
    encoded,
    entry,
    found,
    metadata,
    only,
    shown,
)


def test_environment_and_the_entry_that_set_it() -> None:
    one = only(
        {
            "config": {"Env": ["PATH=/bin", f"GIT_TOKEN={GITHUB}"]},
            "history": [entry("ENV GIT_TOKEN=", empty=True), entry(f"ENV GIT_TOKEN={GITHUB}", empty=True)],
        }
    )
    leak, place = one.leak, one.leak.place
    assert (leak.rule, leak.severity, leak.confidence, leak.verdict) == (
        "env-secret",
        Severity.HIGH,
        Confidence.HIGH,
        "valid",
    )
    assert (place.part, place.pointer, place.history_index, place.state) == (CONFIG, "/config/Env/1", 1, LIVE)
    assert place.created_by == f"ENV GIT_TOKEN={leak.secret.redacted}"
    assert [(other.part, other.history_index) for other in one.also] == [(HISTORY, 1)]
    assert "GIT_TOKEN" in leak.message
    assert leak.excerpt == f"GIT_TOKEN={leak.secret.redacted}"
    assert leak.group == leak.secret.fingerprint(b"tests")


def test_a_cleared_variable_stays_in_the_history() -> None:
    one = only(
        {
            "config": {"Env": ["STRIPE_API_KEY="]},
            "history": [entry(f"ENV STRIPE_API_KEY={RANDOM}", empty=True), entry("ENV STRIPE_API_KEY=", empty=True)],
        }
    )
    assert (one.leak.place.part, one.leak.place.state, one.leak.place.history_index) == (HISTORY, OVERWRITTEN, 0)
    assert one.leak.message.startswith("ENV STRIPE_API_KEY was changed later")


def test_of_a_value_with_blanks_only_one_pair_is_made() -> None:
    one = only(
        {
            "config": {"Env": [f"OPTIONS=a b=c DB_PASSWORD={RANDOM}", "X=1"]},
            "history": [entry(f"ENV OPTIONS=a b=c DB_PASSWORD={RANDOM} X=1", empty=True)],
        }
    )
    assert one.leak.place.pointer == "/config/Env/0"
    assert [place.state for place in one.also] == [LIVE]


@pytest.mark.parametrize(
    ("field", "value", "rule", "pointer", "part"),
    [
        ("Env", [f"MYSQL_ROOT_PASSWORD={CHOSEN}"], "env-secret", "/config/Env/0", CONFIG),
        ("Env", [f"URL=postgres://app:{RANDOM}@db.example/app"], "url-credentials", "/config/Env/0", CONFIG),
        ("Env", [f"UPSTREAM_AUTH=Basic {encoded('svc:' + RANDOM)}"], "env-secret", "/config/Env/0", CONFIG),
        ("Env", [f"UNNAMED={GITHUB}"], "env-secret", "/config/Env/0", CONFIG),
        ("Env", [f"KSM_CONFIG={RANDOM}"], "baked-wrapper-config", "/config/Env/0", CONFIG),
        ("Labels", {"a/b~c": GITHUB}, "label-secret", "/config/Labels/a~1b~0c", LABEL),
        ("Labels", {"com.example.api-token": RANDOM}, "label-secret", "/config/Labels/com.example.api-token", LABEL),
        ("Cmd", ["serve", f"--api-token={RANDOM}"], "command-secret", "/config/Cmd/1", CONFIG),
        ("Cmd", ["sh", "-c", f"echo {RANDOM} > /root/pw"], "command-secret", "/config/Cmd/2", CONFIG),
        ("Entrypoint", ["serve", "--password", RANDOM], "command-secret", "/config/Entrypoint/2", CONFIG),
        ("Healthcheck", {"Test": ["CMD-SHELL", f"curl http://u:{RANDOM}@localhost/"]}, "healthcheck-secret",
         "/config/Healthcheck/Test/1", CONFIG),
        ("Healthcheck", {"Test": ["CMD", "curl", "-u", f"u:{RANDOM}", "x"]}, "healthcheck-secret",
         "/config/Healthcheck/Test/3", CONFIG),
        ("OnBuild", [f'RUN curl -H "Authorization: Bearer {BEARER}" x'], "onbuild-secret", "/config/OnBuild/0", CONFIG),
        ("OnBuild", [f"ENV DB_PASSWORD={RANDOM}"], "onbuild-secret", "/config/OnBuild/0", CONFIG),
        ("Shell", ["/bin/sh", "-c", f"export DB_PASSWORD={RANDOM}; sh"], "command-secret", "/config/Shell/2", CONFIG),
        ("User", GITHUB, "metadata-secret", "/config/User", CONFIG),
        ("WorkingDir", f"/x/{GITHUB}", "metadata-secret", "/config/WorkingDir", CONFIG),
        ("Hostname", GITHUB, "metadata-secret", "/config/Hostname", CONFIG),
    ],
)  # fmt: skip
def test_fields_of_the_configuration(field: str, value: object, rule: str, pointer: str, part: str) -> None:
    config: dict[str, object] = {"config": {field: value}}
    one = only(config)
    assert (one.leak.rule, one.leak.place.pointer, one.leak.place.part) == (rule, pointer, part)
    assert one.leak.severity >= Severity.MEDIUM
    assert one.leak.secret.reveal() not in shown(metadata(config))


def test_volumes_and_ports_are_names() -> None:
    assert only({"config": {"Volumes": {f"/{GITHUB}": {}}}}).leak.rule == "metadata-secret"


def test_unknown_fields() -> None:
    one = only({"x-build": [{"upload-token": RANDOM}]})
    assert (one.leak.rule, one.leak.place.pointer) == ("metadata-secret", "/x-build/0/upload-token")


def test_copies_of_old_engines_are_joined_with_the_configuration() -> None:
    inner: dict[str, object] = {"Env": [f"GIT_TOKEN={GITHUB}"], "Cmd": ["serve", f"--api-token={RANDOM}"]}
    last = {**inner, "Cmd": ["/bin/sh", "-c", "#(nop) ", f'CMD ["serve" "--api-token={RANDOM}"]']}
    legacy = document(model.LEGACY, {"container_config": inner, "config": inner})
    leaks = found({"config": inner, "container_config": last}, legacy)
    assert [(one.leak.place.pointer, len(one.also)) for one in leaks] == [
        ("/config/Cmd/1", 2),
        ("/config/Env/0", 1),
    ]


def test_a_secret_of_the_build_container_alone() -> None:
    one = only({"container_config": {"Cmd": ["|1", f"NPM_TOKEN={RANDOM}", "/bin/sh", "-c", "npm ci"]}})
    assert one.leak.place.pointer == "/container_config/Cmd"


def test_both_values_of_a_name_that_is_given_twice() -> None:
    data = f'{{"upload-token": "{RANDOM}", "upload-token": "{GITHUB}", "x": NaN}}'.encode()
    assert {one.leak.secret.reveal() for one in found({}, data=data)} == {RANDOM, GITHUB}
