"""Values, and the forms in which builds write them, made by other libraries than the one that is tested."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
import textwrap
import urllib.parse
from collections.abc import Callable
from xml.sax import saxutils

TOKEN = "xq" + "7Rk29LmZpT0vR4sW8yA"
PASSWORD = "p@$s \"w<o>r%d\\&'/+é~"
LINES = "-----BEGIN KEY-----\n" + "\n".join(("MIIx7Rk2" * 8, "9LmZ/T0v" * 8, "R4sW8y+A==")) + "\n-----END KEY-----"
VALUES = {
    "token": TOKEN,
    "password": PASSWORD,
    "lines": LINES,
    "short": "a1@b2#",
    "odd": "!#@$%^!!x",
    "euro": "€uro-🔑-Schlüssel",
}
NOISE = b"\x01 lorem ipsum dolor = sit amet "


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def wrapped(width: int, end: str = "\n", indent: str = "") -> Callable[[str], str]:
    return lambda text: (end + indent).join(textwrap.wrap(b64(b"<secret: " + text.encode() + b" > more"), width))


def escaped(pattern: str, form: str) -> Callable[[str], str]:
    return lambda text: re.sub(pattern, lambda match: form.format(ord(match[0])), text)


def docker_config(text: str) -> str:
    login = b64(f"user:{text}".encode())
    return b64(json.dumps({"auths": {"registry.example": {"auth": login}}}).encode())


ENCODINGS: dict[str, Callable[[str], str | bytes]] = {
    "plain": str,
    "json": json.dumps,
    "json, not ascii": lambda text: json.dumps(text, ensure_ascii=False),
    "json in json": lambda text: json.dumps(json.dumps(text)),
    "json, safe in html": lambda text: escaped("[<>&']", "\\u{:04x}")(json.dumps(text, ensure_ascii=False)[1:-1]),
    "json, slashes": lambda text: json.dumps(text).replace("/", "\\/"),
    "quoted by python": repr,
    "quoted for shells": shlex.quote,
    "quoted for shells, with backslashes": lambda text: re.sub(r"([^A-Za-z0-9\n])", r"\\\1", text),
    "sql": lambda text: text.replace("'", "''"),
    "csv": lambda text: text.replace('"', '""'),
    "compose": lambda text: text.replace("$", "$$"),
    "percent": lambda text: urllib.parse.quote(text, safe=""),
    "percent, slashes": urllib.parse.quote,
    "percent, lower": lambda text: re.sub("%..", lambda match: match[0].lower(), urllib.parse.quote(text, safe="")),
    "percent, plus": urllib.parse.quote_plus,
    "percent, all": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "percent, twice": lambda text: urllib.parse.quote(urllib.parse.quote(text, safe=""), safe=""),
    "unicode escapes": lambda text: "".join(json.dumps(c)[1:-1] if ord(c) > 127 else f"\\u{ord(c):04X}" for c in text),
    "byte escapes": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
    "html": html.escape,
    "xml": saxutils.escape,
    "references": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "hexadecimal references": lambda text: "".join(f"&#x{ord(char):x};" for char in text),
    "hex": lambda text: text.encode().hex(),
    "hex, upper": lambda text: text.encode().hex().upper(),
    "hex, wrapped": lambda text: "\n".join(textwrap.wrap(("00" * 7 + text.encode().hex() + "ff" * 9), 60)),
    "utf-16-le": lambda text: text.encode("utf-16-le"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "utf-16, CRLF": lambda text: text.replace("\n", "\r\n").encode("utf-16-le"),
    "base64, aligned": lambda text: b64(text.encode()),
    "base64, behind one byte": lambda text: b64(b":" + text.encode() + b"@"),
    "base64, behind two bytes": lambda text: b64(b"a:" + text.encode()),
    "base64, of CRLF": lambda text: b64(b"a:" + text.replace("\n", "\r\n").encode()),
    "base64, for urls": lambda text: base64.urlsafe_b64encode(b"\xff" + text.encode()).decode().rstrip("="),
    "base64, percent": lambda text: urllib.parse.quote(b64(b"\xff\xfe" + text.encode()), safe=""),
    "base64, json": lambda text: b64(text.encode()).replace("/", "\\/"),
    "base64, wrapped": wrapped(76),
    "base64, wrapped as pem": wrapped(64),
    "base64, CRLF": wrapped(76, "\r\n"),
    "base64, in yaml": wrapped(64, "\n", "        "),
    "base64, wrapped in json": wrapped(64, "\\n"),
    "base64 of utf-16": lambda text: b64(b"\xff\xfe" + text.encode("utf-16-le")),
    "base64 of json": lambda text: b64(json.dumps({"password": text}).encode()),
    "base64 of utf-8 json": lambda text: b64(json.dumps([text], ensure_ascii=False).encode()),
    "base64 of a link": lambda text: b64(f"https://u:{urllib.parse.quote(text, safe='')}@host.example/".encode()),
    "base64 of base64": docker_config,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "in one line": lambda text: text.replace("\n", ""),
    "with spaces": lambda text: text.replace("\n", " "),
    "indented": lambda text: text.replace("\n", "\n      "),
}
