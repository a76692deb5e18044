from __future__ import annotations

import string
from random import Random

import pytest

from auditor.core.resources import load_rules
from auditor.detect import tokens

ALNUM = string.ascii_letters + string.digits
WORDY = ALNUM + "_-"
UPPER = string.ascii_uppercase + string.digits
BASE32 = string.ascii_uppercase + "234567"
BASE64 = ALNUM + "+/"
BECH32 = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"
HEX = "0123456789abcdef"
DIGITS = string.digits


def made(alphabet: str, length: int, seed: int = 0) -> str:
    """Characters drawn at random, the same on every run; begins and ends with a letter, for a word boundary."""
    letters = [c for c in alphabet if c.isalnum()]
    drawn = Random(f"{alphabet}{length}{seed}").choices(alphabet, k=length)
    return letters[seed] + "".join(drawn[1:-1]) + letters[-1 - seed]


def a(length: int, seed: int = 0) -> str:
    return made(ALNUM, length, seed)


def h(length: int, seed: int = 0) -> str:
    return made(HEX, length, seed)


def w(length: int, seed: int = 0) -> str:
    return made(WORDY, length, seed)


def uuid(seed: int = 0) -> str:
    return f"{h(8, seed)}-{h(4, seed)}-{h(4, seed)}-{h(4, seed)}-{h(12, seed)}"


#: Format -> two made-up tokens, three near misses (too short, wrong characters, wrong head).
FORMATS: dict[str, tuple[tuple[str, str], tuple[str, str, str]]] = {
    "github-token": (("ghp_" + a(36), "ghs_" + a(60)), ("ghp_" + a(35), "ghx_" + a(36), "xghp_" + a(36))),
    "github-fine-grained-token": (
        (f"github_pat_{a(22)}_{a(59)}", f"github_pat_{a(22, 1)}_{a(59, 1)}"),
        (f"github_pat_{a(22)}_{a(58)}", f"github_pat_{a(22)}-{a(59)}", f"github_pat_{a(82)}"),
    ),
    "gitlab-token": (
        ("glpat-" + w(20), f"glcbt-{w(27)}.{a(2).lower()}.{a(9).lower()}"),
        ("glpat-" + w(19), "glpat_" + w(20), "glxyz-" + w(20)),
    ),
    "npm-token": (("npm_" + a(36), "npm_" + a(36, 1)), ("npm_" + a(35), "npm_" + a(37), "npm-" + a(36))),
    "pypi-token": (
        ("pypi-AgEIcHlwaS5vcmc" + w(50), "pypi-AgE" + w(160)),
        ("pypi-AgEIcHlwaS5vcmc" + w(49), "pypi-Age" + w(160), "pypi_AgE" + w(160)),
    ),
    "aws-access-key-id": (
        ("AKIA" + made(BASE32, 16), "ASIA" + made(BASE32, 16, 1)),
        ("AKIA" + made(BASE32, 15), "AKIA" + made(BASE32, 17), "akia" + made(BASE32, 16)),
    ),
    "slack-token": (
        (f"xoxb-{made(DIGITS, 12)}-{a(24)}", f"xoxp-{made(DIGITS, 11)}-{made(DIGITS, 12)}-{a(24)}"),
        ("xoxb-" + a(24), f"xoxz-{made(DIGITS, 12)}-{a(24)}", f"xoxb_{made(DIGITS, 12)}-{a(24)}"),
    ),
    "slack-app-token": (
        (
            f"xapp-1-A{made(UPPER, 10)}-{made(DIGITS, 13)}-{h(64)}",
            f"xapp-1-A{made(UPPER, 8)}-{made(DIGITS, 10)}-{h(64)}",
        ),
        (f"xapp-1-A{made(UPPER, 10)}-{made(DIGITS, 13)}-{h(63)}", "xapp-1-" + h(64), f"xapp-A-B-1-{h(64)}"),
    ),
    "slack-webhook": (
        (
            f"hooks.slack.com/services/T{made(UPPER, 8)}/B{made(UPPER, 8)}/{a(24)}",
            f"https://hooks.slack.com/workflows/T{made(UPPER, 10)}/A{made(UPPER, 10)}/{a(24)}",
        ),
        (
            f"hooks.slack.com/services/T{made(UPPER, 8)}/B{made(UPPER, 8)}/{a(19)}",
            f"hooks.slack.com/other/T{made(UPPER, 8)}/B{made(UPPER, 8)}/{a(24)}",
            f"hooks.slack.com/services/{a(24)}",
        ),
    ),
    "stripe-secret-key": (
        ("sk_live_" + a(24), "rk_test_" + a(99)),
        ("sk_live_" + a(19), "pk_live_" + a(24), "sk_demo_" + a(24)),
    ),
    "openai-key": (
        (f"sk-{a(20)}T3BlbkFJ{a(20)}", f"sk-proj-{w(74)}T3BlbkFJ{w(74)}"),
        (f"sk-{a(19)}T3BlbkFJ{a(20)}", f"sk-{a(20)}T3BlbkFJ{a(19)}", f"sk-proj-{w(74)}t3blbkfj{w(74)}"),
    ),
    "anthropic-key": (
        (f"sk-ant-api03-{w(93)}AA", f"sk-ant-oat01-{w(80)}AA"),
        (f"sk-ant-api03-{w(95)}", f"sk-ant-api-{w(93)}AA", f"sk-ant-xyz03-{w(93)}AA"),
    ),
    "google-api-key": (("AIza" + w(35), "AIza" + w(35, 1)), ("AIza" + w(34), "AIza" + a(36), "aiza" + w(35))),
    "google-oauth-secret": (
        ("GOCSPX-" + w(28), "GOCSPX-" + w(28, 1)),
        ("GOCSPX-" + w(27), "GOCSPX-" + a(29), "GOCSPX_" + w(28)),
    ),
    "hugging-face-token": (
        ("hf_" + made(string.ascii_letters, 34), "hf_" + made(string.ascii_letters, 34, 1)),
        ("hf_" + made(string.ascii_letters, 33), "hf_" + "1" * 4 + made(string.ascii_letters, 30), "hf-" + a(34)),
    ),
    "digitalocean-token": (
        ("dop_v1_" + h(64), "doo_v1_" + h(64, 1)),
        ("dop_v1_" + h(63), "dop_v2_" + h(64), "dop_v1_" + h(63) + "g"),
    ),
    "sendgrid-key": (
        (f"SG.{w(22)}.{w(43)}", f"SG.{w(22, 1)}.{w(43, 1)}"),
        (f"SG.{w(21)}.{w(43)}", f"SG.{w(22)}.{w(42)}", f"SG.{w(22)}_{w(43)}"),
    ),
    "docker-token": (
        ("dckr_pat_" + w(27), "dckr_oat_" + w(32)),
        ("dckr_pat_" + w(26), "dckr_tok_" + w(27), "dckr-pat-" + w(27)),
    ),
    "vault-token": (("hvs." + a(24), "hvb." + w(140)), ("hvs." + a(25), "hvx." + a(24), "hvs_" + a(24))),
    "doppler-token": (
        ("dp.pt." + a(43), f"dp.st.prd_main.{a(43)}"),
        ("dp.pt." + a(39), "dp.xx." + a(43), "dp.pt_" + a(43)),
    ),
    "onepassword-service-token": (
        ("ops_eyJ" + w(200), "ops_eyJ" + w(800) + "=="),
        ("ops_eyJ" + w(199), "ops_" + w(200), "ops-eyJ" + w(200)),
    ),
    "bitwarden-access-token": (
        (f"0.{uuid()}.{a(30)}:{made(BASE64, 22)}==", f"0.{uuid(1)}.{a(30, 1)}:{made(BASE64, 24)}"),
        (f"0.{uuid()}.{a(29)}:{a(24)}", f"1.{uuid()}.{a(30)}:{a(24)}", f"0.{uuid()}:{a(30)}"),
    ),
    "infisical-service-token": (
        (f"st.{h(24)}.{h(32)}.{h(32)}", f"st.{h(24, 1)}.{h(32, 1)}.{h(32, 1)}"),
        (f"st.{h(24)}.{h(32)}.{h(31)}", f"st.{h(24)}.{h(32)}", f"at.{h(24)}.{h(32)}.{h(32)}"),
    ),
    "keeper-one-time-token": (("US:" + w(43), "EU:" + w(43, 1)), ("US:" + w(42), "US:" + w(44), "UK:" + w(43))),
    "keeper-config": (
        ("ewog" + made(BASE64, 200), "ew0K" + made(BASE64, 900)),
        ("ewog" + made(BASE64, 197), "ewxx" + made(BASE64, 300), "eyJh" + made(BASE64, 300)),
    ),
    "age-secret-key": (
        ("AGE-SECRET-KEY-1" + made(BECH32, 58), "AGE-SECRET-KEY-1" + made(BECH32, 58, 1)),
        ("AGE-SECRET-KEY-1" + made(BECH32, 57), "AGE-SECRET-KEY-1" + "B" * 58, "age1" + made(BECH32, 58).lower()),
    ),
    "private-key": (
        ("-----BEGIN " + "PRIVATE KEY-----", "-----BEGIN OPENSSH " + "PRIVATE KEY-----"),
        ("-----BEGIN PUBLIC KEY-----", "-----END PRIVATE KEY-----", "-----BEGIN CERTIFICATE-----"),
    ),
    "sentry-token": (
        (f"sntrys_eyJ{made(BASE64, 80)}_{made(BASE64, 43)}", "sntryu_" + h(64)),
        ("sntrys_eyJ" + made(BASE64, 80), "sntryx_" + h(64), "sntrys-" + h(64)),
    ),
    "grafana-token": (
        (f"glsa_{a(32)}_{h(8)}", f"glsa_{a(32, 1)}_{h(8, 1)}"),
        (f"glsa_{a(31)}_{h(8)}", f"glsa_{a(32)}_{h(7)}", f"glsa_{a(32)}-{h(8)}"),
    ),
    "grafana-cloud-token": (
        ("glc_eyJ" + made(BASE64, 40), "glc_eyJ" + made(BASE64, 120) + "=="),
        ("glc_eyJ" + made(BASE64, 39), "glc_" + made(BASE64, 60), "glc-eyJ" + made(BASE64, 60)),
    ),
    "atlassian-token": (
        ("ATATT3" + w(100), "ATATT3" + w(180) + "=" + made(UPPER, 8)),
        ("ATATT3" + w(99), "ATATT4" + w(180), "atatt3" + w(180)),
    ),
    "terraform-cloud-token": (
        (f"{a(14)}.atlasv1.{w(60)}", f"{a(14, 1)}.atlasv1.{w(67)}"),
        (f"{a(13)}.atlasv1.{w(60)}", f"{a(14)}.atlasv1.{w(59)}", f"{a(14)}.atlasv2.{w(60)}"),
    ),
    "databricks-token": (("dapi" + h(32), f"dapi{h(32, 1)}-2"), ("dapi" + h(31), "dapi" + h(33), "dapx" + h(32))),
    "vercel-token": (("vcp_" + a(56), "vck_" + a(56, 1)), ("vcp_" + a(55), "vcp_" + a(57), "vcz_" + a(56))),
    "json-web-token": (
        (f"eyJ{w(30)}.eyJ{w(60)}.{w(43)}", f"eyJ{w(10)}.eyJ{w(10)}.{w(20)}"),
        (f"eyJ{w(30)}.eyJ{w(60)}", f"eyJ{w(9)}.eyJ{w(60)}.{w(43)}", f"eyJ{w(30)}.{w(60)}.{w(43)}"),
    ),
    "artifactory-key": (("AKCp" + a(69), "AKCp" + a(69, 1)), ("AKCp" + a(68), "AKCp" + a(70), "AKCx" + a(69))),
    "azure-storage-key": (
        (f"AccountKey={made(BASE64, 86)}==", f"AccountName=x;AccountKey={made(BASE64, 86, 1)}==;x=y"),
        (f"AccountKey={made(BASE64, 85)}==", f"AccountKey={made(BASE64, 86)}=", f"OtherKey={made(BASE64, 86)}=="),
    ),
    "rubygems-key": (
        ("rubygems_" + h(48), "rubygems_" + h(48, 1)),
        ("rubygems_" + h(47), "RUBYGEMS_" + h(48), "rubygems-" + h(48)),
    ),
    "shopify-token": (
        ("shpat_" + h(32), "shpss_" + h(32).upper()),
        ("shpat_" + h(31), "shpxx_" + h(32), "shpat_" + h(31) + "g"),
    ),
    "telegram-bot-token": (
        (f"{made(DIGITS, 10)}:AA{w(33)}", f"{made(DIGITS, 8)}:AA{w(33, 1)}"),
        (f"{made(DIGITS, 7)}:AA{w(33)}", f"{made(DIGITS, 10)}:AA{w(32)}", f"{made(DIGITS, 10)}:BA{w(33)}"),
    ),
    "mailgun-key": (("key-" + h(32), "key-" + h(32, 1)), ("key-" + h(31), "key-" + h(33), "key_" + h(32))),
    "newrelic-key": (
        ("NRAK-" + made(UPPER, 27), "NRAK-" + made(UPPER, 27, 1)),
        ("NRAK-" + made(UPPER, 26), "NRAL-" + made(UPPER, 27), "nrak-" + made(UPPER, 27).lower()),
    ),
    "linear-key": (
        ("lin_api_" + a(40), "lin_oauth_" + a(64)),
        ("lin_api_" + a(39), "lin_key_" + a(40), "lin-api-" + a(40)),
    ),
    "postman-key": (
        (f"PMAK-{h(24)}-{h(34)}", f"PMAK-{h(24, 1)}-{h(34, 1)}"),
        (f"PMAK-{h(24)}-{h(33)}", f"PMAK-{h(24)}{h(34)}", f"PMAT-{h(24)}-{h(34)}"),
    ),
}
FORMATS |= {
    "azure-sas": (
        (f"?sv=1&sig={made(ALNUM, 43)}%3D", f"&sig={made(BASE64, 43)}="),
        (f"?sig={made(ALNUM, 39)}%3D", f"?sig={made(ALNUM, 43)}", f"?sign={made(ALNUM, 43)}%3D"),
    ),
    "anaconda-token": (
        (f"/t/ab-{h(8)}-{h(4)}-{h(12)}/", f"/t/cd-{uuid()}/x"),
        (f"/t/ab-{h(8)}/", f"/t/a-{uuid()}/", f"/t/ab-{h(7)}-{h(4)}/"),
    ),
}
POSITIVES = [(kind, token) for kind, (tokens_, _) in FORMATS.items() for token in tokens_]
MISSES = [(kind, text) for kind, (_, texts) in FORMATS.items() for text in texts]


def test_the_formats_tested_here_are_in_the_tables() -> None:
    # The tables' own examples test every format (test_secret_rules); these were made without looking at them.
    assert FORMATS.keys() <= {row["id"] for row in load_rules()["tables"]["secrets"]}


@pytest.mark.parametrize(("kind", "token"), POSITIVES, ids=[kind for kind, _ in POSITIVES])
@pytest.mark.parametrize("around", ["{}", "x {} y", '"{}"', "é={};", "({})", "a\n{}\r\n"])
def test_token_is_found_whatever_stands_beside_it(kind: str, token: str, around: str) -> None:
    text = around.format(token)
    (found,) = tokens.find(text)
    assert (found.kind, found.documented) == (kind, False)
    value = text[found.start : found.end]
    assert found.secret.reveal() == value
    assert value in token
    assert len(value) > 10
    assert found.secret.prefix == value[: len(found.secret.prefix)]
    assert tokens.first(text) == found


@pytest.mark.parametrize(("kind", "text"), MISSES, ids=[kind for kind, _ in MISSES])
def test_near_miss_is_no_token(kind: str, text: str) -> None:
    assert list(tokens.find(text)) == []
    assert tokens.first(text) is None


@pytest.mark.parametrize(
    "value", ["ghp_" + "x" * 36, "ghp_" + "ab" * 18, "AKIAIOSFODNN7EXAMPLE", "ghp_" + a(20) + "0" * 16]
)
def test_what_manuals_print_is_marked(value: str) -> None:
    (found,) = tokens.find(value)
    assert found.documented
    assert tokens.first(value) is None


def test_only_the_public_prefix_and_the_end_are_shown() -> None:
    token = "ghp_" + a(36)
    (found,) = tokens.find(token)
    assert str(found.secret) == f"ghp_****{token[-4:]}"
    assert token not in repr(found)


def test_tokens_of_one_text_come_by_format() -> None:
    text = " ".join(("glpat-" + w(20), "ghp_" + a(36), "ghp_" + a(36, 1)))
    found = list(tokens.find(text))
    assert [t.kind for t in found] == ["github-token", "github-token", "gitlab-token"]
    assert [text[t.start : t.end] for t in found] == ["ghp_" + a(36), "ghp_" + a(36, 1), "glpat-" + w(20)]
