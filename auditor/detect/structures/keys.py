"""Private keys in text: PEM in all its settings, PuTTY, age, minisign, signify, Tink."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.pattern import Pattern
from auditor.detect.structures.candidate import Candidate, Source

#: Characters of the longest key.
LONGEST = 65536
_MARKER = Pattern(r"----[- ](?P<what>BEGIN|END) (?P<label>[A-Z0-9 ]{0,20}?PRIVATE KEY(?: BLOCK)?)[- ]----")
#: What stands between a line of a key and the next where the key is part of a string, a comment or a list.
_BREAK = Pattern(r"\\r|\\n|[\s\"'`,;\\#*|>+-]{0,8}\n[\s\"'`,;\\#*|>+-]{0,8}|[ \t\r\n]")
_RUN = Pattern(r"[A-Za-z0-9+/=]{16,}+")
_HEADER = Pattern(r"[A-Za-z][A-Za-z0-9-]{1,30}: [^\r\n\\]{0,200}(?:\\\r?\n[^\r\n]{0,200})?")
#: The lines of a key whose end is missing.
_OPEN_BODY = Pattern(
    r"(?:(?:\\r|\\n|[ \t\r\n]){1,8}+(?:[A-Z][A-Za-z0-9-]{1,30}: [^\r\n\\]{0,200}|[A-Za-z0-9+/]{16,512}={0,2})){1,800}+"
)
_LEAST, _LEAST_OPEN = 56, 64
_LEAST_DISTINCT = 12
_LEAST_SHARE = 0.8
_GOOGLE_BEFORE = Pattern(r"\\?\"private_key\\?\"\s{0,20}:\s{0,20}\\?\"\Z")
_GOOGLE_AROUND = 6000
_PUTTY = Pattern(r"PuTTY-User-Key-File-[123]: [\x20-\x7e]{1,100}(?:\\n|[\r\n])")
_PUTTY_END = Pattern(r"Private-MAC: [0-9a-f]{8,128}")
# The group keeps the pattern from being a finding itself where an image has this file.
_AGE = Pattern(r"\bAGE-SECRET-KEY-1(?:[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58})\b")
_SIGNING = Pattern(r"untrusted comment:[^\r\n]{0,1000}\r?\n(?P<value>RW[A-Za-z0-9+/]{100,300}={0,2})(?![A-Za-z0-9+/=])")
_TINK = Pattern(r"\"keyData\"\s{0,50}+:\s{0,50}+\{(?P<inside>[^{}]{0,20000}+)\}")
_TINK_VALUE = Pattern(r"\"value\"\s{0,50}+:\s{0,50}+\"(?P<value>[A-Za-z0-9+/=_-]{16,16000})\"")
_TINK_SECRET = Pattern(r"\"keyMaterialType\"\s{0,50}+:\s{0,50}+\"(?:SYMMETRIC|ASYMMETRIC_PRIVATE)\"")


def find(source: Source) -> Iterator[Candidate]:
    """The keys of all kinds."""
    text = source.text
    if "PRIVATE KEY" in text:
        yield from _pem(source)
    if "PuTTY-User-Key-File-" in text:
        yield from _putty(text)
    if "AGE-SECRET-KEY-1" in text:
        for match in _AGE.finditer(text):
            yield Candidate("age-secret-key", "age secret key", *match.span(), "", "key", "age-secret-key")
    if "untrusted comment:" in text:
        for match in _SIGNING.finditer(text):
            name = "minisign" if match["value"].startswith("RWRTY0I") else "signify"
            yield Candidate("minisign-secret-key", f"{name} secret key", *match.span("value"), "", "key")
    if '"keyData"' in text:
        yield from _tink(text)


def _pem(source: Source) -> Iterator[Candidate]:
    """Blocks with a body that may be a key. Each stretch between two markers is looked at once: linear."""
    text = source.text
    markers = list(_MARKER.finditer(text))
    for number, begin in enumerate(markers):
        if begin["what"] != "BEGIN":
            continue
        label = begin["label"]
        after = markers[number + 1] if number + 1 < len(markers) else None
        closed = after is not None and after["what"] == "END"
        if after is not None and closed and after.start() - begin.end() <= LONGEST:
            if _is_body(text[begin.end() : after.start()]):
                yield _key(source, label, begin.start(), after.end())
            continue
        limit = min(after.start() if after else len(text), begin.end() + LONGEST)
        rest = _OPEN_BODY.match(text, begin.end(), limit)
        if rest is not None and _size(rest[0]) >= _LEAST_OPEN and _is_body(rest[0]):
            yield Candidate("private-key", f"{_title(label)} (cut off)", begin.start(), rest.end(), "", "likely")


def _size(body: str) -> int:
    return sum(len(run) for run in _RUN.compiled.findall(body))


def _is_body(body: str) -> bool:
    """Whether the text between the markers is that of a key: mostly base64, enough of it, and not all the same."""
    if "..." in body or "${" in body:
        return False
    if ": " in body:
        body = _HEADER.sub("", body)
    bare = _BREAK.sub(" ", body)
    runs = "".join(_RUN.compiled.findall(bare))
    dense = len(bare.replace(" ", "").replace('"', "").replace("+", "").replace("\\", ""))
    if len(runs) < _LEAST or len(set(runs)) < _LEAST_DISTINCT:
        return False
    return len(runs) >= _LEAST_SHARE * dense


def _key(source: Source, label: str, start: int, end: int) -> Candidate:
    text = source.text
    if _GOOGLE_BEFORE.search(text[max(0, start - 80) : start]):
        around = text[max(0, start - _GOOGLE_AROUND) : end + _GOOGLE_AROUND]
        if "private_key_id" in around and "client_email" in around:
            return Candidate(
                "gcp-service-account", "Google service account key", start, end, "private_key", "sure",
                "gcp-service-account", around,
            )  # fmt: skip
    return Candidate("private-key", _title(label), start, end, "", "key", "private-key")


def _title(label: str) -> str:
    kind = label.removesuffix(" BLOCK").removesuffix("PRIVATE KEY").strip()
    words = {"OPENSSH": "OpenSSH", "ENCRYPTED": "Encrypted", "": "", "ANY": ""}
    shown = words.get(kind, kind)
    return f"{shown} private key" if shown else "Private key"


def _putty(text: str) -> Iterator[Candidate]:
    done = 0
    for match in _PUTTY.finditer(text):
        if match.start() < done:
            continue
        piece = text[match.start() : match.start() + LONGEST]
        again = piece.find("PuTTY-User-Key-File-", 10)
        piece = piece if again < 0 else piece[:again]
        end = _PUTTY_END.search(piece)
        done = match.start() + len(piece)
        lines = piece.find("Private-Lines:")
        if lines >= 0 and end is not None and _size(piece[lines : end.start()]) > 0:
            start = match.start()
            yield Candidate("putty-key", "PuTTY private key", start, start + end.end(), "", "key", "putty-key")


def _tink(text: str) -> Iterator[Candidate]:
    for data in _TINK.finditer(text):
        value = _TINK_VALUE.search(data["inside"])
        if value is not None and _TINK_SECRET.search(data["inside"]):
            at = data.start("inside")
            start, end = at + value.start("value"), at + value.end("value")
            yield Candidate("tink-keyset", "Tink keyset in plain text", start, end, "value", "key")
