"""Kubernetes: Secret manifests (YAML and JSON) and the credentials of a kubeconfig."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.pattern import Pattern
from auditor.core.record import NamedTuple
from auditor.detect import names, values
from auditor.detect.structures import escapes
from auditor.detect.structures.candidate import Candidate, Source
from auditor.detect.structures.fields import line, trim
from auditor.detect.verify.encoding import base64_bytes

_KIND = Pattern(
    r"(?m)^(?P<indent>[ ]{0,40})(?P<dash>- )?[\"']?kind[\"']?:[ \t]{1,9}[\"']?Secret[\"']?[ \t]{0,9}"
    r"(?:#[^\n]{0,200})?\r?$"
)
_ENTRY = Pattern(
    r"(?P<indent>[ ]{0,60})(?P<dash>- )?[\"']?(?P<key>[A-Za-z0-9._-]{1,253})[\"']?:"
    r"(?:[ \t]{1,20}(?P<value>[^\r\n]{0,20000}))?\r?$"
)
_JSON_DATA = Pattern(r"\"(?P<section>data|stringData)\"\s{0,50}+:\s{0,50}+\{(?P<inside>[^{}]{1,200000}+)\}")
_JSON_PAIR = Pattern(r"\"(?P<key>[^\"\\\s]{1,253})\"\s{0,50}+:\s{0,50}+\"(?P<value>(?:[^\"\\]|\\.){0,20000}+)\"")
_JSON_KIND = Pattern(r"\"kind\"\s{0,50}+:\s{0,50}+\"(\w{1,60})\"")
_HELM_RELEASE = "helm.sh/release.v1"
#: Lines of one manifest above and below its `kind` that are looked at.
_MOST_LINES = 400
_NEAR = 3000
#: Keys of data that hold something public or a name.
_PUBLIC = frozenset(
    "ca.crt tls.crt namespace host hostname port username user database dbname db type url uri endpoint email region "
    "bucket name server ca-cert ca.pem cert.pem crt cert certificate truststore.jks ssh-publickey known_hosts".split()
)
_TITLE = "Kubernetes Secret value"

_FIELDS = line(
    "token|password|id-token|refresh-token|access-token|client-secret|accessToken|refreshToken|idToken", separator=":"
)
_JSON_FIELDS = Pattern(
    r"\"(?P<name>token|password|id-token|refresh-token|access-token|client-secret)\"\s{0,20}+:\s{0,20}+"
    r"\"(?P<value>(?:[^\"\\\s]|\\.){1,8000}+)\""
)
#: Where a user's credentials begin.
_USER = Pattern(r"(?m)^[ ]{0,20}(?:- )?user:[ \t]{0,9}\r?$|\"user\"\s{0,20}+:\s{0,20}+\{")
_KEY_DATA = Pattern(
    r"[\"']?(?P<name>client-key-data)[\"']?[ \t]{0,9}:\s{0,40}[\"']?(?P<value>[A-Za-z0-9+/]{40,20000}+={0,2})"
)
#: A name of a program and the comma behind it.
_NAME = Pattern(r"[A-Za-z_][\w.]{0,200},[ \t]{0,20}(?:#[^\n]{0,200})?\r?")


class _Line(NamedTuple):
    """A line as half-open range of the text, without its end."""

    start: int
    end: int


def manifests(source: Source) -> Iterator[Candidate]:
    """Values under `data` and `stringData` of manifests whose kind is Secret."""
    text = source.text
    done = -1
    for kind in _KIND.finditer(text):
        if kind.start() <= done:
            continue  # a mapping has one kind: what repeats it was looked at with the first
        block = _block(text, kind.start(), len(kind["indent"]) + (2 if kind["dash"] else 0))
        body = [one for one in block if one.start > done]
        if not body or any(_HELM_RELEASE in text[one.start : one.end] for one in block):
            continue
        done = body[-1].start
        yield from _sections(text, body, len(kind["indent"]) + (2 if kind["dash"] else 0))
    if '"Secret"' in text:
        yield from _json(text)


def _block(text: str, at: int, indent: int) -> list[_Line]:
    """The lines of the mapping with this indentation that holds the line at `at`."""
    above: list[_Line] = []
    end = at - 1
    while end > 0 and len(above) < _MOST_LINES and not _opens(text, at, indent):
        start = text.rfind("\n", 0, end) + 1
        if _leaves(text[start : start + indent + 3], indent):
            break
        above.append(_Line(start, end))
        if _opens(text, start, indent):
            break
        end = start - 1
    below: list[_Line] = []
    start = at
    while start < len(text) and len(below) < _MOST_LINES:
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop
        head = text[start : start + indent + 3]
        if start > at and (_leaves(head, indent) or _opens(text, start, indent)):
            break
        below.append(_Line(start, stop))
        start = stop + 1
    return [*reversed(above), *below]


def _leaves(head: str, indent: int) -> bool:
    """Whether a line that begins like this ends the mapping: a document mark, or less indented."""
    if head.startswith(("---", "...")):
        return True
    blank = len(head) - len(head.lstrip(" "))
    if not head.strip() or head.lstrip(" ").startswith("#"):
        return False
    return blank < indent and not (indent >= 2 and blank == indent - 2 and head[blank : blank + 2] == "- ")


def _opens(text: str, start: int, indent: int) -> bool:
    """Whether the line is the first of a mapping in a list."""
    return indent >= 2 and text.startswith("- ", start + indent - 2) and not text[start : start + indent - 2].strip()


def _sections(text: str, lines: list[_Line], indent: int) -> Iterator[Candidate]:
    section = ""
    skip_below = -1
    for one in lines:
        entry = _ENTRY.match(text, one.start, one.end)
        if entry is None:
            continue
        depth = len(entry["indent"]) + (2 if entry["dash"] else 0)
        if 0 <= skip_below < depth:
            continue  # inside of a block scalar
        skip_below = -1
        if depth <= indent:
            section = entry["key"] if depth == indent and entry["key"] in ("data", "stringData") else ""
            continue
        value = entry["value"] or ""
        if value[:1] in ("|", ">"):
            skip_below = depth
            if section:
                yield from _scalar(text, lines, one, depth, entry["key"], section)
        elif section and value:
            start, end = trim(text, *entry.span("value"))
            yield from _value(text, start, end, entry["key"], section)


def _scalar(text: str, lines: list[_Line], head: _Line, depth: int, key: str, section: str) -> Iterator[Candidate]:
    """A block scalar: the deeper lines that follow, if they are one value."""
    at = lines.index(head) + 1
    inside = []
    for one in lines[at : at + _MOST_LINES]:
        piece = text[one.start : one.end]
        if piece.strip() and len(piece) - len(piece.lstrip(" ")) <= depth:
            break
        if piece.strip():
            inside.append(one)
    if inside and (section == "data" or len(inside) == 1):
        start = (
            inside[0].start
            + len(text[inside[0].start : inside[0].end])
            - len(text[inside[0].start : inside[0].end].lstrip())
        )
        end = inside[-1].start + len(text[inside[-1].start : inside[-1].end].rstrip())
        yield from _value(text, start, end, key, section)


def _json(text: str) -> Iterator[Candidate]:
    for data in _JSON_DATA.finditer(text):
        after = _JSON_KIND.search(text[data.end() : data.end() + 80])
        before = _JSON_KIND.compiled.findall(text[max(0, data.start() - _NEAR) : data.start()])
        kind = after[1] if after else (before[-1] if before else "")
        if kind != "Secret" or _HELM_RELEASE in text[data.end() : data.end() + _NEAR]:
            continue
        for pair in _JSON_PAIR.finditer(data["inside"]):
            at = data.start("inside")
            yield from _value(text, at + pair.start("value"), at + pair.end("value"), pair["key"], data["section"])


def _value(text: str, start: int, end: int, key: str, section: str) -> Iterator[Candidate]:
    """The candidate for one entry: judged by the value decoded from base64, reported without what escapes add."""
    written = escapes.plain(text[start:end], escapes.JSON if text[start - 1 : start] == '"' else "")
    if key.lower() in _PUBLIC or names.is_about_something_else(key) or key.endswith((".crt", ".pub")):
        return
    plain = written
    if section == "data":
        decoded = base64_bytes("".join(written.split()))
        if decoded is None or not decoded:
            return
        plain = decoded.decode("utf-8", "replace").strip()
    if "PRIVATE KEY-----" in plain:
        verifier = "private-key-base64" if section == "data" else "private-key"
        yield Candidate("private-key", "Private key in a Kubernetes Secret", start, end, key, "key", verifier)
        return
    mode = mode_of(key, plain)
    if mode:
        yield Candidate("kubernetes-secret", _TITLE, start, end, key, mode, plain=written)


def mode_of(key: str, plain: str) -> str:
    """How sure an entry is a secret, "" if it is none."""
    if key == ".dockerconfigjson" or key == ".dockercfg":
        return "sure" if '"auth"' in plain or '"password"' in plain else ""
    found = values.classify(plain, key)
    reading = names.read(key)
    if reading is not None:
        level = values.judge(key, plain).level
        return {"secret": "sure", "weak": "weak", "placeholder": "weak"}.get(level, "")
    return "likely" if found.kind == "opaque" else ""


def kubeconfig(source: Source) -> Iterator[Candidate]:
    """Tokens, passwords and client keys of a kubeconfig, in YAML or JSON."""
    text = source.text
    for match in _KEY_DATA.finditer(text) if "client-key-data" in text else ():
        yield Candidate(
            "kubeconfig-key", "Kubernetes client key", *match.span("value"), match["name"], "key", "private-key-base64"
        )
    named = source.kind == "kubeconfig" or "clusters" in text or "current-context" in text
    if not named or (source.kind != "kubeconfig" and not _USER.search(text)):
        return
    for pattern in (_FIELDS, _JSON_FIELDS):
        for match in pattern.finditer(text):
            start, end = trim(text, *match.span("value"))
            if _is_name(match["value"]):
                continue
            mode = "password" if match["name"] == "password" else "token"
            kind = f"kubeconfig-{mode}"
            verifier = "json-web-token" if text.startswith("eyJ", start) else ""
            said = escapes.plain(text[start:end], escapes.JSON if text[start - 1 : start] == '"' else "")
            yield Candidate(kind, f"Kubernetes {mode}", start, end, match["name"], mode, verifier, plain=said)


def _is_name(written: str) -> bool:
    """Whether a value is a name in the source of a program: no YAML value ends with a comma, no JSON value is bare."""
    return _NAME.fullmatch(written) is not None
