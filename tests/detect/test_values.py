from __future__ import annotations

import pytest

from auditor.detect import values
from auditor.detect.values import Value

OPAQUE = "Zq8vT1xKw3Rb"
#: Kind of harmless value -> values under the name API_TOKEN.
HARMLESS: dict[str, list[str]] = {
    "empty": ["", "  ", "''", '" "'],
    "boolean": ["true", "FALSE", "yes", "0", "off", "disabled", " true ", '"1"'],
    "own-name": ["API_TOKEN", "api-token", "ApiToken", "<API_TOKEN>"],
    "number": ["8080", "-1", "2.5GB", "30s", "10MB", "-2146893773"],
    "version": ["1.2.3", "v20.11.1-alpine", "3.11.4+b1", "13.0.0-next-8.29"],
    "path": ["/run/secrets/x", "./x", "../x/y", "~/x", "~root/x", "C:\\x", "a/b.txt", "/", "v2/users/{id}"],
    "file": ["x.pem", "key.json", "a.b.sh", "id.pub"],
    "url": ["https://h.example/x", "ssh://git@h.example/x"],
    "reference": [
        "op://v/i/f",
        "vault:secret/x",
        "keeper://x",
        "arn:aws:secretsmanager:x",
        "env:X",
        "ref+awssm://x",
        "!vault |",
    ],
    "template": ["${X}", "$X", "$HOME/x", "{{ x }}", "<the token>", "%X%", "@x@", "#{x}", "[x]", "%(pass1)s"],
    "encrypted": ["ENC[AES256,x]", "$ANSIBLE_VAULT;1.1;AES256", "encrypted:x", "{cipher}x"],
    "digest": ["sha256:" + "ab" * 32, "SHA256:x", "md5-x"],
    "fingerprint": ["0123ABCD", "0x0123456789ABCDEF", "A1" * 20, "de:ad:be:ef:00:11:22:33:44:55", "0123ABCD,4567CDEF"],
    "public": ["ssh-rsa AAAAB3Nz", "-----BEGIN PUBLIC KEY-----", "pk_live_x", "age1" + "q" * 58],
    "email": ["a.b+c@d.test"],
    "expression": [
        "process.env.DB_PASS1",
        "data.aws_ssm_parameter.db1.value",
        "os.getenv('DB_PASS1')",
        'config.get("db1", "x").strip()',
        "getPassword()",
        "settings.DB[0].password",
        "oauth2Client.token",
        "process?.env.X1",
        "args.db_pass2)",
    ],
}
PLACEHOLDERS = (
    "changeme change-it CHANGE_ME! replace_me your-token yourtoken my_secret example dummy-value xxxx **** .... ---- "
    "TODO none null n/a test test-token foo placeholder hidden some-token to_be_set redacted unused insert_token_here"
).split()


@pytest.mark.parametrize(("value", "kind"), [(v, kind) for kind, listed in HARMLESS.items() for v in listed])
def test_harmless_value_is_no_secret_under_any_name(value: str, kind: str) -> None:
    assert values.classify(value, "API_TOKEN").kind == kind
    assert values.judge("API_TOKEN", value).level == "none"
    assert values.judge("PLAIN", value).level == "none"


@pytest.mark.parametrize(
    "value",
    [
        "Fjord.lantern88",
        "my.dog.rex1",
        "Zq8vT1.xKw3Rb",
        "config.s3cr3tLantern",
        "hash(Fjord88x)",
        "os.Zq8vT1xKw3RbP9dL",
        "self.Made7,",
        "2024.11-Sommer-Regen",
        "!vault@Zq8vT1xK4",
        "!ref!Zq8vT1xK4",
        "-48201938475610",
        "Kd8x/{Qv}/Tz9Lm",
    ],
)
def test_dotted_words_and_generated_values_are_no_expression(value: str) -> None:
    assert not values.is_expression(value)
    assert values.judge("DB_PASSWORD", value).level == "secret"


@pytest.mark.parametrize("value", ["pa5$word12!", "Fjord88$lantern", "$word12!", "Kq8$$word-12", "x!$word.88!"])
def test_a_dollar_sign_inside_of_a_password_makes_no_template(value: str) -> None:
    assert values.judge("DB_PASSWORD", value).level in ("secret", "weak")
    assert values.classify(value).kind != "template"


@pytest.mark.parametrize(
    "value",
    [
        "prefix-$TOKEN",
        "a1B2$TOKEN",
        "$user",
        "$user:$pass",
        "$user$pass",
        "prefix-$token",
        "app_$token",
        "md5($password)",
        "$row['password']",
        "$this->password",
        "a${name}b1",
        "$pass@h.test",
        "$_POST['x']",
    ],
)
def test_variables_of_a_shell_and_of_programs_are_templates(value: str) -> None:
    assert values.classify(value).kind == "template"


@pytest.mark.parametrize("code", range(0xC0, 0x100))
def test_letters_beyond_ascii_read_as_bytes_are_no_white_space(code: int) -> None:
    for password in (f"Fj{chr(code)}rd-88-lantern", f"Fjord-88-lantern{chr(code)}", f"{chr(code)}-88-lantern"):
        text = password.encode().decode("latin-1")
        assert values.judge("DB_PASSWORD", text).level == "secret"
        assert values.classify(f"files/{text}").kind == values.classify(f"files/{password}").kind == "path"


@pytest.mark.parametrize(
    ("user", "password", "manual", "example"),
    [
        ("user", "password", True, True),
        ("username", "pass", True, True),
        ("me", "secret", True, True),
        ("YourUser", "mypassword", True, True),
        ("admin", "changeme", False, True),
        ("root", "root", False, True),
        ("scott", "tiger", False, True),
        ("user", "postgres", False, True),
        ("deploy", "password", False, False),
        ("user", "Fjord-88-lantern", False, False),
    ],
)
def test_logins_of_manuals_and_default_logins(user: str, password: str, manual: bool, example: bool) -> None:
    assert values.is_manual_login(user, password) == manual
    assert values.is_example_login(user, password) == example


@pytest.mark.parametrize(
    "value", ["npm_****hnS9", "dp.st.****l6rS", "****", "gho_****", "********x8Q=", "&quot;****", "&#34;****&#34;"]
)
def test_what_scanners_show_of_a_value_is_none(value: str) -> None:
    assert values.classify(value, "API_TOKEN").kind == "placeholder"


@pytest.mark.parametrize("value", ["Kite***42-Tundra", "Fjord-88-lantern****Tundra-42-kite", "8s*K!q**Zt%2Lm"])
def test_a_password_may_have_asterisks(value: str) -> None:
    assert values.classify(value, "PASSWORD").kind == "opaque"


@pytest.mark.parametrize("value", PLACEHOLDERS)
def test_placeholder_is_known_as_one(value: str) -> None:
    assert values.classify(value, "API_TOKEN").kind == "placeholder"
    assert values.judge("API_TOKEN", value).level == "placeholder"
    assert values.judge("PLAIN", value).level == "none"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        *((word, "weak") for word in ("admin", "hunter2", "s3cr3t", "correcthorse", "a b c d", "x", "a" * 16)),
        *((word, "opaque") for word in (OPAQUE, "zq8vt1xk", "9f86d081884c7d65", "aB3%dE4%x", "x" + OPAQUE * 9)),
    ],
)
def test_value_chosen_or_generated(value: str, kind: str) -> None:
    assert values.classify(value, "API_TOKEN") == Value(kind)
    assert values.is_opaque(value) == (kind == "opaque")


@pytest.mark.parametrize(
    ("name", "value", "level"),
    [
        ("PLAIN", OPAQUE, "none"),
        ("PASSWORD_FILE", OPAQUE, "none"),
        ("DATABASE_URL", OPAQUE, "none"),
        ("PUBLIC_KEY", OPAQUE, "none"),
        ("DB_PASSWORD", "true", "none"),
        ("DB_PASSWORD", "${X}", "none"),
        ("KEY", "primary", "none"),
        ("API_KEY", "abc", "none"),
        ("AUTH", "basic", "none"),
        ("HTTP_AUTH", "digest", "none"),
        ("AUTH", "123e4567-e89b-12d3-a456-426614174000", "none"),
        ("API_KEY", "123e4567-e89b-12d3-a456-426614174000", "secret"),
        ("DB_PASSWORD", "xxxx", "placeholder"),
        ("API_TOKEN", "changeme", "placeholder"),
        ("DB_PASSWORD", "changeme", "weak"),
        ("DB_PASSWORD", "postgres", "weak"),
        ("API_TOKEN", "letmein", "weak"),
        ("API_TOKEN", OPAQUE, "secret"),
        ("KEY", OPAQUE, "secret"),
        ("DB_PASSWORD", OPAQUE, "secret"),
        ("DB_PASSWORD", f"'{OPAQUE}'", "secret"),
        ("db_password_prod", OPAQUE, "secret"),
    ],
)
def test_name_and_value_judged_together(name: str, value: str, level: str) -> None:
    assert values.judge(name, value).level == level


@pytest.mark.parametrize("value", ["", "short1A", "with a space 1A", "UPPER", "lowercase", "12345678", "aaaaaaaa1A"])
def test_value_that_does_not_look_generated(value: str) -> None:
    assert not values.is_opaque(value)


@pytest.mark.parametrize(("text", "bits"), [("", 0.0), ("aaaa", 0.0), ("ab", 1.0), ("abcd", 2.0), ("aabb", 1.0)])
def test_entropy(text: str, bits: float) -> None:
    assert values.entropy(text) == pytest.approx(bits)


def test_a_backslash_in_a_password_makes_no_pattern_of_it() -> None:
    assert values.judge("DB_PASSWORD", r"aB3\dE6gH9jK2mQ7").level == "secret"
    for pattern in (r"^\d+$", r"[\w.-]{8,}", r"\S", r"(a)\1", r"token=\w"):
        assert values.judge("DB_PASSWORD", pattern).level == "none"
