"""Short texts are read with everything that is encoded in them, other contents where something speaks for it."""

from __future__ import annotations

import base64
import gzip
from functools import cache
from pathlib import Path

import pytest

from auditor.detect.decoding.stretch import Room
from auditor.detect.decoding.written import spelled_stretches, telling_stretches
from auditor.detect.detector import Detector
from auditor.detect.selective import SHORT, Selective
from auditor.detect.userrules import load
from auditor.detect.views import Cut
from tests.detect.verify.test_keys import CURVE, OID_EC, PKCS8_RSA, POINT, RSA, integer, tlv
from tests.detect.writings import TOKEN

#: With its public point, as tools write it.
PKCS8_EC = tlv(
    0x30,
    integer(0),
    tlv(0x30, OID_EC, CURVE),
    tlv(4, tlv(0x30, integer(1), tlv(4, b"\x07" * 32), tlv(0xA1, tlv(3, b"\0" + POINT)))),
)
CHOSEN = "Fjord-88-lantern"
#: Of a form that speaks for itself.
LIVE = "sk_live_" + "9xQ2vT7mK4pL8sR1wZ6yB3nD"
FILLING = b"let height = width + 1;\n" * (SHORT // 20)
#: Announced only within what is encoded, by a word that is no sign.
HIDDEN = base64.b64encode(f'{{"db_pass": "{CHOSEN}", "more": "and more of the same"}}'.encode())
#: The same with a word that is one.
SIGNED = base64.b64encode(f"DB password={CHOSEN} and more of the same".encode())


@cache
def detector() -> Detector:
    return Detector(signs=True)


def values(data: bytes, path: str = "a.txt") -> list[str]:
    return [one.secret.reveal() for one in Selective(detector()).detect(data, path)]


@pytest.mark.parametrize("data", [TOKEN.encode(), HIDDEN, SIGNED, b"", b"x" * (SHORT - 1), b"GITHUB=" + TOKEN.encode()])
def test_short_texts_are_read_as_the_detector_reads_them(data: bytes) -> None:
    assert list(Selective(detector()).detect(data, "a.txt")) == list(detector().detect(data, "a.txt"))


def test_what_stands_in_a_long_text_is_found() -> None:
    data = FILLING + f"token = '{TOKEN}'\npassword = '{CHOSEN}'\n".encode() + FILLING
    assert values(data) == [TOKEN, CHOSEN]
    (first, _) = Selective(detector()).detect(data, "a.txt")
    assert data[first.start : first.end] == TOKEN.encode()


def test_of_what_is_encoded_in_a_long_text_that_is_found_which_a_sign_speaks_for() -> None:
    assert values(HIDDEN) == [CHOSEN]
    assert values(FILLING + SIGNED + b"\n" + FILLING) == [CHOSEN]
    assert values(FILLING + HIDDEN + b"\n" + FILLING) == []


def test_binary_contents_are_read_likewise() -> None:
    assert values(b"\0\1\2" + LIVE.encode() + b"\0") == [LIVE]
    assert values(b"\0\1\2\n" + SIGNED + b"\n\0") == [CHOSEN]


def test_wide_text_in_binary_contents_is_read() -> None:
    data = bytes(range(256)) * (SHORT // 200)
    assert values(data + b"\0\0" + LIVE.encode("utf-16-le") + b"\0\0" + data, "a.dll") == [LIVE]


def test_a_long_credential_file_is_read_from_end_to_end() -> None:
    """A Kubernetes Secret as `kubectl get -o yaml` writes it."""
    first, last = (base64.b64encode(value).decode() for value in (b"Zq8vT1xKw3Rb", b"Hn4pW7sLc9Yd"))
    store = base64.b64encode(bytes(range(7, 250)) * 80).decode()
    data = f"apiVersion: v1\ndata:\n  admin: {first}\n  keystore.p12: {store}\n  zz: {last}\nkind: Secret\n"
    assert len(store) > SHORT
    assert {first, last} <= set(values(data.encode(), "a.yaml"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_text_in_wide_units_is_read_whole(encoding: str) -> None:
    assert values(f"password = '{CHOSEN}'\n".encode(encoding)) == [CHOSEN]


def test_a_file_of_credentials_is_read_whole_whatever_its_length() -> None:
    data = b"# " + b"comment " * (SHORT // 8) + f"\nmachine a.example login ci password {CHOSEN}\n".encode()
    assert values(data, ".netrc") == [CHOSEN]


@pytest.mark.parametrize("before", [b"", FILLING])
def test_cuts_are_told(before: bytes) -> None:
    cuts: list[Cut] = []
    data = b"password and api_key and client_secret and more of the same"
    for _ in range(5):
        data = base64.b64encode(data)
    signed = b"api_key " + b"of the same" * 4 + b" " + data
    list(Selective(detector()).detect(before + b"x: " + base64.b64encode(signed), "x.yaml", cuts))
    assert {cut.reason for cut in cuts} == {"encoded more than 3 times"}


@pytest.mark.parametrize(
    "written",
    [
        r'{"source": ["password = \"VALUE\"\n"]}',
        "login?password%3DVALUE",
        "<x>password&#61;&quot;VALUE&quot;</x>",
        r"password\x3d\x27VALUE\x27",
        r'"{\"kind\": \"Secret\", \"stringData\": {\"password\": \"VALUE\"}}"',
    ],
)
def test_what_is_written_otherwise_is_read_in_texts_of_any_length(written: str) -> None:
    data = written.replace("VALUE", CHOSEN).encode()
    found = values(FILLING + b"\n" + data + b"\n" + FILLING)
    assert set(found) == set(values(b"\n" + data + b"\n")) == {CHOSEN}


def test_what_is_compressed_and_encoded_is_read_in_texts_of_any_length() -> None:
    packed = base64.b64encode(gzip.compress(f"password = '{CHOSEN}'\n".encode(), mtime=0))
    assert values(FILLING + b"data: " + packed + b"\n" + FILLING) == [CHOSEN]


def test_wide_text_is_known_by_more_than_its_beginning() -> None:
    comment = "// \u30d1\u30b9\u30ef\u30fc\u30c9\u306f\u4e0b\u306b\u3042\u308b\n" * 4
    text = f"{comment}password = '{CHOSEN}'\n" + "let x = 1;\n" * 2000
    assert values(text.encode("utf-16-le")) == [CHOSEN]


def test_a_rule_of_the_users_sees_all_of_a_long_text(tmp_path: Path) -> None:
    rules = tmp_path / "mine.toml"
    regex = "acme-begin(?: more)+acme-end"
    rules.write_text(f"[[rules]]\nid = 'block'\nkeywords = ['acme-begin']\nregex = '{regex}'\n")
    own = Selective(Detector(rules=load([str(rules)]), signs=True))
    data = FILLING + b"acme-begin" + b" more" * 1300 + b"acme-end" + FILLING
    assert [one.rule for one in own.detect(data, "a.txt")] == ["block"]


def test_a_detector_without_signs_is_not_enough() -> None:
    with pytest.raises(ValueError, match="signs"):
        Selective(Detector("keywords"))


@pytest.mark.parametrize("ending", ["py", "JS", "map", "md"])
def test_in_sources_of_any_length_only_that_is_decoded_which_a_sign_speaks_for(ending: str) -> None:
    assert values(HIDDEN, f"a.{ending}") == []
    assert values(SIGNED, f"a.{ending}") == [CHOSEN]
    assert values(HIDDEN, "a.yaml") == [CHOSEN]


@pytest.mark.parametrize(
    "line",
    [
        rb'"{\"db_password\": \"%s\"}"',
        rb'x = "a\nDB_PASSWORD=%s\nb"',
        rb'"POSTGRES_PASSWORD\u003d%s"',
        b"&quot;db_password&quot;: &quot;%s&quot;",
        b"?x=1%%26db_password%%3D%s%%26b",
    ],
)
def test_escapes_are_read_in_sources(line: bytes) -> None:
    data = FILLING + line % CHOSEN.encode() + b"\n" + FILLING
    assert values(data, "a.js") == [CHOSEN]


def test_letters_in_code_are_read_where_no_word_stands_beside_them() -> None:
    data = FILLING + b'"\\x73\\x6b_live_' + LIVE[8:].encode() + b'"\n' + FILLING
    assert values(data, "a.js") == [LIVE]


@pytest.mark.parametrize("escape", [r"\n", r"\t", r"\r\n", r"\u000a"])
@pytest.mark.parametrize("path", ["a.js", "a.log"])
def test_a_token_at_the_beginning_of_a_line_within_a_string(path: str, escape: str) -> None:
    assert values(f'{{"log": "more:{escape}{LIVE}"}}'.encode(), path) == [LIVE]
    assert values(f'{{"log": "more:{escape}{LIVE}{escape}"}}'.encode(), path) == [LIVE]


@pytest.mark.parametrize("letter", ["\u20ac", "\u0142", "\u0416"])
def test_other_letters_within_a_password(letter: str) -> None:
    data = f'{{"url": "postgres://svc:Zq8v\\u{ord(letter):04x}T1xK4m@db.acme.io/x"}}'
    assert values(data.encode(), "a.json") == [f"Zq8v{letter}T1xK4m"]


def test_rules_of_the_user_see_all_that_is_written_with_escapes(tmp_path: Path) -> None:
    """Their words are no words of ours."""
    rules = tmp_path / "mine.toml"
    rules.write_text("[[rules]]\nid = 'lodge'\nkeywords = ['lodge']\nregex = '\"lodge\": \"[a-z]{8}\"'\n")
    own = Selective(Detector(rules=load([str(rules)]), signs=True))
    data = FILLING + rb'x = "{\"lodge\": \"abcdefgh\"}"' + FILLING
    assert [one.rule for one in own.detect(data, "a.js")] == ["lodge"]


def test_one_pass_gives_the_signs_of_credential_files_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.detect.structures.hints._prefilter", lambda: pytest.fail("a second pass"))
    data = b"# x\n" * 1000 + f"machine a.example login ci password {CHOSEN}\n".encode()
    assert len(data) < SHORT
    assert values(data) == [CHOSEN]


@pytest.mark.parametrize(
    ("line", "telling"),
    [
        (r'x = "a \"b\": \"c\""', False),
        (r'x = "a\nexport: 1"', False),
        (r'x = "a \"key\": \"c\""', True),
        (r'x = "a \"b\": \"c\" \u0064"', True),
        (r'x = "{\"k\": \"FlyV1x\/PiE\"}"', True),
        (r'x = "a \"b\": \"c\nzwQ8vT1xK4mWp3rTa\""', True),
    ],
)
def test_stretches_without_anything_telling_are_left_out(line: str, telling: bool) -> None:
    assert len(list(spelled_stretches(line, Room(1000), None))) == 1
    assert len(list(telling_stretches(line, Room(1000), None))) == telling


@pytest.mark.parametrize("key", [RSA, PKCS8_RSA, PKCS8_EC])
def test_private_keys_in_base64_without_a_frame_are_found_in_sources(key: bytes) -> None:
    der = base64.b64encode(key)
    for path, data in (("a.py", b"key = '" + der + b"'\n"), ("a.txt", FILLING + b"key = '" + der + b"'\n")):
        assert [one.rule for one in Selective(detector()).detect(data, path)] == ["private-key"], path


@pytest.mark.parametrize("end", ["\\u000a", "\\x0a", "&#10;", "&#xA;", "%0A"])
def test_line_ends_in_code_are_read(end: str) -> None:
    text = f"apiVersion: v1\nkind: Secret\nstringData:\n  password: {CHOSEN}\n".replace("\n", end)
    assert CHOSEN in values(f"x = {text}".encode(), "a.js")
