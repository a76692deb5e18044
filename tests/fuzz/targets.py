"""What must hold for any input: one function for each part that reads what others wrote. Each raises where it fails."""

from __future__ import annotations

import base64
import gzip
import os
import tempfile
import zlib
from collections.abc import Callable
from functools import cache
from itertools import pairwise

from auditor.core.errors import RuleDataError
from auditor.detect import structures
from auditor.detect.detector import Detector
from auditor.detect.userrules import load
from auditor.detect.verify import verify
from auditor.detect.views import Bounds, Cut, decode, views
from auditor.sources.archives import Limits, Member, members
from auditor.sources.files import Skipped
from tests.fuzz import bombs
from tests.fuzz.seeds import FRAMES, KINDS, PATHS, SEPARATOR
from tests.sources.archives import builders

LIMITS = Limits(total=1 << 22, members=1000, steps=20_000, held=1 << 20, piece=1 << 16)
_VERDICTS = {"valid", "expired", "malformed", "placeholder", "unverified"}
_SEARCHED = (
    "\n".join(("a tok_abcd; x = yabcd", "acme_12345678 b", "A" * 300, "", "é\U0001f600\udcff-x tok_aabb1122")) * 3
)


def check_views(data: bytes) -> None:
    """Decoded text stands for the bytes it says, and every view for a range of the text around it."""
    decoded = decode(data)
    offset = decoded.offsets.offset
    text = decoded.text
    for index in {0, len(text) // 3, len(text) // 2, len(text)}:
        written = text[:index].encode(decoded.encoding, "surrogateescape" if decoded.encoding == "utf-8" else "strict")
        assert offset(index) == len(written)
        assert data.startswith(written) or "\ufffd" in text[:index], (index, decoded.encoding)
    for one in (text, data.decode("latin-1")):
        _check_views_of(one)


def _check_views_of(text: str) -> None:
    cuts: list[Cut] = []
    bounds = Bounds()
    size = 0
    for view in views(text, cuts=cuts):
        outer = text if view.parent is None else view.parent.text
        assert 0 <= view.start < view.end <= len(outer)
        assert view.text and 1 <= view.depth <= bounds.depth
        size += len(view.text)
        ends = sorted({0, len(view.text) // 3, len(view.text) // 2, len(view.text)})
        low, high = view.origin(0, len(view.text))
        assert 0 <= low < high <= len(text)
        for start, end in pairwise(ends):
            first, last = view.origin(start, end)
            assert low <= first <= last <= high
            view.decoded(start, end)
    assert size <= max(bounds.least, bounds.ratio * len(text)) + len(text)
    assert all(0 <= cut.start <= cut.end <= len(text) for cut in cuts)


def check_archives(data: bytes) -> None:
    """Members come whole and in order, within the limits; the first byte says how the rest is packed once more."""
    packed = _wrapped(data[:1], data[1:])
    size, path, at = 0, None, 0
    for item in members("f", packed, LIMITS):
        if isinstance(item, Skipped):
            assert item.reason and item.path
            path = None
            continue
        assert isinstance(item, Member)
        assert 0 < len(item.data) <= LIMITS.piece
        assert item.offset == (at if item.inner_path == path else 0)
        size += len(item.data)
        path, at = (None, 0) if item.last else (item.inner_path, item.offset + len(item.data))
    assert size <= LIMITS.total + 8 * len(packed) + LIMITS.held


def _wrapped(how: bytes, data: bytes) -> bytes:
    if how == b"\x01":
        return gzip.compress(data, 1, mtime=0)
    if how == b"\x02":
        return zlib.compress(data, 1)
    if how == b"\x03":
        return builders.make_tar({"a": data, "b": gzip.compress(data, 1, mtime=0)})
    if how == b"\x04":
        # A delta is what matters in a pack, and what compression hides from changes.
        base = bombs.stored(3, 100, b"base\n" * 20)
        return bombs.pack_of([base, bombs.stored(6, len(data), data, bytes((len(base),)))])
    return data


def check_verifiers(data: bytes) -> None:
    """Any value gets a verdict with facts fit to print; the first two bytes pick the format and a frame around it."""
    if len(data) < 2:
        return
    kind, frame = KINDS[data[0] % len(KINDS)], FRAMES[data[1] % len(FRAMES)]
    body, _, beside = data[2:].partition(SEPARATOR)
    standard = base64.b64encode(body).decode()
    urlsafe = base64.urlsafe_b64encode(body).decode().rstrip("=")
    value = frame.format(raw=body.decode("utf-8", "surrogateescape"), b64=standard, url=urlsafe)
    around = value + beside.decode("utf-8", "surrogateescape")
    told = verify(kind, value, beside=around, now=1.7e9)
    assert told.verdict in _VERDICTS and told.proof in {"checksum", "structure", "none"}
    for name, fact in told.facts:
        assert name.isprintable() and fact.isprintable() and 0 < len(fact) <= 120, (kind, name)
    assert told == verify(kind, value, beside=around, now=1.7e9)


@cache
def detector(engine: str) -> Detector:
    """One detector for all inputs; to make one takes longer than most of them."""
    return Detector(engine)


def check_detector(data: bytes) -> None:
    """Detections lie in the bytes, in order and apart; a value stands at its place, or in what is decoded there."""
    path, data = PATHS[data[0] % len(PATHS)] if data else "", data[1:]
    found = list(detector("auto").detect(data, path))
    end = 0
    read: list[str] | None = None
    for one in found:
        assert end <= one.start < one.end <= len(data), (one.rule, one.start, one.end)
        end = one.end
        value = one.secret.reveal()
        assert value and (len(value) < 8 or value not in repr(one.secret))
        raw = value.encode("utf-8", "surrogateescape" if "\udc80" <= max(value) <= "\udcff" else "surrogatepass")
        if raw == data[one.start : one.end] or value.encode("latin-1", "replace") == data[one.start : one.end]:
            continue
        if read is None:
            texts = (data.decode("latin-1"), decode(data).text)
            read = [*texts, *(view.text for text in texts for view in views(text))]
        latin = raw.decode("latin-1")
        assert any(value in text or latin in text for text in read), (one.rule, one.start, one.end)
    assert found == list(detector("auto").detect(data, path))


def check_engines(data: bytes) -> None:
    """Both prefilters lead to the same detections."""
    path, data = PATHS[data[0] % len(PATHS)] if data else "", data[1:]
    assert list(detector("auto").detect(data, path)) == list(detector("keywords").detect(data, path))


def check_repeats(data: bytes) -> None:
    """As `check_detector`, over and over again, so that work that grows faster than the input shows."""
    if len(data) > 1:
        check_detector((data[:1] + data[1:] * (1 + (1 << 17) // len(data)))[: 1 << 17])


def check_structures(data: bytes) -> None:
    """What a credential file holds is what stands at its place, escapes and blanks aside."""
    path, data = PATHS[data[0] % len(PATHS)] if data else "", data[1:]
    for text in {data.decode("latin-1"), data.decode("utf-8", "surrogateescape")}:
        found = list(structures.find(text, path))
        end = 0
        for one in found:
            assert end <= one.start < one.end <= len(text)
            end = one.end
            written = text[one.start : one.end]
            assert "\\" in written or one.secret.reveal() in (written, written.strip())


def check_rules(data: bytes) -> None:
    """Rule files load or are refused with a message; what loads finds what stands at its place."""
    how, body = data[:1], data[1:]
    quoted = body.replace(b"'''", b"")
    if how == b"\1":
        body = b"[[rules]]\nid = 'a'\nregex = '''" + quoted + b"'''\n"
    elif how == b"\2":
        body = b"[[secret]]\nid = 'a'\ntitle = 'A'\nprefix = 0\nkeywords = ['a']\npattern = '''" + quoted + b"'''\n"
    elif how == b"\3":
        body = b"[[rules]]\nid = 'a'\nregex = '[a-z]{3,9}'\nfilter = '''" + quoted + b"'''\n"
    handle, path = tempfile.mkstemp(suffix=".toml")
    try:
        with open(handle, "wb") as file:
            file.write(body)
        rules = load([path])
    except RuleDataError as error:
        assert str(error)
        return
    finally:
        os.unlink(path)
    for rule in rules[:20]:
        for one in rule.find(_SEARCHED, "src/app.cfg"):
            assert 0 <= one.start <= one.end <= len(_SEARCHED)
            assert _SEARCHED[one.start : one.end] == one.secret.reveal()


#: Name -> what must hold. `seeds.seeds` has the first inputs of each.
TARGETS: dict[str, Callable[[bytes], None]] = {
    "views": check_views,
    "archives": check_archives,
    "verifiers": check_verifiers,
    "detector": check_detector,
    "engines": check_engines,
    "repeats": check_repeats,
    "structures": check_structures,
    "rules": check_rules,
}
