"""Layer outcomes as the cache stores them: JSON and packed numbers, every field checked when it is read.

What is stored is data, never code; of secrets it has the redacted form and the fingerprint (`Remembered`).
"""

from __future__ import annotations

import json
import zlib

from auditor.core.finding import Confidence, Severity
from auditor.core.image import PARTS, STATES, ImagePlace
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.secret import Remembered
from auditor.run.images.layers.outcome import FileDigests, LayerOutcome
from auditor.run.images.layers.pathset import PathSet
from auditor.run.images.leak import Leak
from auditor.sources.images.owning.owned import Owned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.core.secret import Secret

#: Bytes of JSON that are read of one layer.
_LARGEST = 64 << 20
#: What a value must have for its place in a text to be no coincidence.
_TELLING = 8
_TEXTS = ("rule", "verdict", "message", "subject", "group", "excerpt", "remedy")
_PROSE = ("message", "excerpt", "remedy")
_NUMBERS = ("layer_index", "line", "offset", "removed_by_layer", "history_index", "dockerfile_line")


class Stored(NamedTuple):
    """One outcome in bytes: `body` is compressed JSON; the others are what `to_bytes` of their types gives."""

    body: bytes
    files: bytes
    folders: bytes
    owned: bytes

    @property
    def size(self) -> int:
        """Bytes altogether."""
        return sum(map(len, self))


def pack(outcome: LayerOutcome, key: bytes) -> Stored | None:
    """The outcome for storing, fingerprints under `key`. A message or excerpt that quotes the value of another leak is
    masked; None if a value stands in a name, which cannot be."""
    values = _Values(leak.secret for leak in outcome.leaks)
    body = {
        "diff_id": outcome.diff_id,
        "digest": outcome.digest,
        "numbers": [outcome.size, outcome.stored, outcome.files],
        "leaks": [_leak(leak, key, values) for leak in outcome.leaks],
        "removed": outcome.removed,
        "opaque": outcome.opaque,
        "links": outcome.links,
        "symlinks": outcome.symlinks,
        "digests": outcome.digests,
        "skipped": outcome.skipped,
        "errors": outcome.errors,
    }
    if any(map(values.stand_in, set(_texts(body)))):
        return None
    data = json.dumps(body, separators=(",", ":")).encode()
    if len(data) > _LARGEST:
        return None
    sets = (outcome.files_here.to_bytes(), outcome.folders_here.to_bytes(), outcome.owned.to_bytes())
    return Stored(zlib.compress(data, 3), *sets)


def unpack(stored: Stored) -> LayerOutcome:
    """Raises ValueError for what `pack` cannot have made."""
    try:
        body = _object(json.loads(_inflated(stored.body)))
        size, stored_size, files = (_number(number) for number in _list(body["numbers"]))
        return LayerOutcome(
            diff_id=_text(body["diff_id"]),
            digest=_text(body["digest"]),
            size=size,
            stored=stored_size,
            files=files,
            leaks=tuple(map(_read_leak, _list(body["leaks"]))),
            removed=tuple(map(_text, _list(body["removed"]))),
            opaque=tuple(map(_text, _list(body["opaque"]))),
            files_here=PathSet.from_bytes(stored.files),
            folders_here=PathSet.from_bytes(stored.folders),
            links=tuple(map(_pair, _list(body["links"]))),
            digests={path: _digests(found) for path, found in _object(body["digests"]).items()},
            owned=Owned.from_bytes(stored.owned),
            skipped=tuple(map(_pair, _list(body["skipped"]))),
            errors=tuple(map(_pair, _list(body["errors"]))),
            symlinks=tuple(map(_pair, _list(body["symlinks"]))),
        )
    except (KeyError, TypeError, RecursionError, OverflowError, zlib.error) as error:
        raise ValueError(f"not an outcome: {type(error).__name__}") from None


def _leak(leak: Leak, key: bytes, values: _Values) -> dict[str, object]:
    place = dict(zip(ImagePlace._fields, leak.place, strict=True))
    texts = {name: getattr(leak, name) for name in _TEXTS}
    texts |= {name: values.mask(texts[name]) for name in _PROSE}
    secret = leak.secret
    return texts | {
        "severity": leak.severity.label,
        "confidence": leak.confidence.label,
        "silenced": leak.silenced,
        "secret": [secret.redacted, secret.kind, secret.fingerprint(key)],
        "place": {name: value for name, value in place.items() if value not in (None, "")},
    }


def _read_leak(data: object) -> Leak:
    found = _object(data)
    redacted, kind, fingerprint = map(_text, _list(found["secret"]))
    texts = {name: _text(found[name]) for name in _TEXTS}
    if not texts["rule"].isprintable() or not texts["verdict"].isprintable():
        raise ValueError("no such rule or verdict")
    silenced = found["silenced"]
    return Leak(
        severity=Severity.parse(_text(found["severity"])),
        confidence=Confidence[_text(found["confidence"]).upper()],
        secret=Remembered(redacted, kind, fingerprint),
        place=_read_place(_object(found["place"])),
        silenced=None if silenced is None else _text(silenced),
        **texts,
    )


def _read_place(found: dict[str, object]) -> ImagePlace:
    facts: dict[str, object] = {}
    for name, value in found.items():
        if name not in ImagePlace._fields:
            raise ValueError("no such coordinate")
        if name in _NUMBERS:
            facts[name] = _number(value)
        elif name == "in_base":
            facts[name] = _truth(value)
        else:
            facts[name] = _text(value)
    if facts.get("part") not in PARTS or facts.get("state", STATES[0]) not in STATES:
        raise ValueError("no such part or state")
    return ImagePlace(**facts)  # type: ignore[arg-type]


def _digests(data: object) -> FileDigests:
    md5, sha1, sha256 = map(_text, _list(data))
    return FileDigests(md5, sha1, sha256)


class _Values:
    """The values of secrets, as something to be found in texts. Linear: a layer may have thousands of either."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._shown = {secret.reveal(): secret.redacted for secret in secrets if len(secret.reveal()) >= _TELLING}
        self._by_head: dict[str, list[str]] = {}
        for value in sorted(self._shown, key=len, reverse=True):
            self._by_head.setdefault(value[:_TELLING], []).append(value)
        self._without: set[str] = set()  # texts of leaks in which no value stands: remedies are the same for many

    def stand_in(self, text: str) -> bool:
        """Whether a value is in the text."""
        return bool(self._by_head) and text not in self._without and self._masked(text) != text

    def mask(self, text: str) -> str:
        """The text with every value in its redacted form."""
        if not self._by_head or text in self._without:
            return text
        masked = self._masked(text)
        if masked == text:
            self._without.add(text)
        return masked

    def _masked(self, text: str) -> str:
        if self._by_head.keys().isdisjoint(text[at : at + _TELLING] for at in range(len(text) - _TELLING + 1)):
            return text
        parts, done, at = [], 0, 0
        while at <= len(text) - _TELLING:
            alike = self._by_head.get(text[at : at + _TELLING], ())
            value = next((value for value in alike if text.startswith(value, at)), "")
            if value:
                parts += [text[done:at], self._shown[value]]
                done = at + len(value)
            at = max(at + 1, done)
        return "".join([*parts, text[done:]]) if parts else text


def _texts(body: object) -> Iterator[str]:
    if isinstance(body, str):
        yield body
    elif isinstance(body, dict):
        yield from body
        for value in body.values():
            yield from _texts(value)
    elif isinstance(body, (list, tuple)):
        for value in body:
            yield from _texts(value)


def _inflated(data: bytes) -> bytes:
    stream = zlib.decompressobj()
    text = stream.decompress(data, _LARGEST)
    if not stream.eof:
        raise ValueError("not an outcome: cut or too large")
    return text


def _object(data: object) -> dict[str, object]:
    if not isinstance(data, dict):
        raise TypeError
    return data


def _list(data: object) -> list[object]:
    if not isinstance(data, list):
        raise TypeError
    return data


def _pair(data: object) -> tuple[str, str]:
    first, second = map(_text, _list(data))
    return first, second


def _text(data: object) -> str:
    if not isinstance(data, str):
        raise TypeError
    return data


def _number(data: object) -> int:
    if not isinstance(data, int) or isinstance(data, bool):
        raise TypeError
    return data


def _truth(data: object) -> bool:
    if not isinstance(data, bool):
        raise TypeError
    return data
