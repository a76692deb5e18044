"""The sweep finds in gigabytes what the detector finds in one content: in layers of files, and deep inside of long
ones."""

from __future__ import annotations

import base64
import random
import re
import time
from functools import cache

import pytest

from auditor.core.resources import load_rule_docs
from auditor.detect import encoded, tokens
from auditor.detect import sweep as sweep_module
from auditor.detect.detection import Detection
from auditor.detect.detector import Detector
from auditor.detect.structures import hints
from auditor.detect.sweep import Sweep
from auditor.detect.triggers import ANNOUNCED, FORMAT
from auditor.detect.views import Cut
from tests.detect.structures.test_hints import CASES
from tests.detect.test_detector import TOKEN

_FAMILY = ("known-token", "stored-credential", "assigned-secret", "url-credential", "provider-key", "private-key")
#: What only a look at a whole content tells: without it the values are found as well, and called something else.
_BY_CONTENT = {"dotenv-secret", "shell-history-secret", "putty-key"}
_WORDS = (
    "index value count buffer result state parse render update handle node child parent event listener format width "
    "height color layout style theme async await return const import export from class extends super static"
).split()


@pytest.fixture(params=["hyperscan", "keywords"])
def sweep(request: pytest.FixtureRequest) -> Sweep:
    if request.param == "hyperscan":
        pytest.importorskip("hyperscan")
    return sweep_of(request.param)


@cache
def detector() -> Detector:
    return Detector("keywords")


@cache
def sweep_of(engine: str) -> Sweep:
    return Sweep(Detector(engine, signs=True))


@cache
def vectors() -> tuple[tuple[str, bytes], ...]:
    """Path and text of what must be found: examples of formats and rules, and the cases of the credential files."""
    docs = load_rule_docs()
    found: list[tuple[str, str]] = []
    for entry in docs["tables"]["secrets"].values():
        for one in entry["examples"]:  # type: ignore[union-attr]
            found.append(("src/a.txt", str(one["text"]) if isinstance(one, dict) else str(one)))
    for rule in _FAMILY:
        for case in docs["rules"][rule]["bad"]:  # type: ignore[union-attr]
            found.append((str(case["name"]), str(case["text"])))  # type: ignore[index, call-overload]
    found += [(path, text) for path, text, _ in CASES]
    return tuple((path, text.encode("utf-8", "surrogateescape")) for path, text in found)


@cache
def program(size: int, seed: int = 1) -> bytes:
    """Text of a program without any secret."""
    choose = random.Random(seed)
    lines: list[str] = []
    length = 0
    while length <= size:
        a, b, c = choose.choices(_WORDS, k=3)
        lines.append(
            choose.choice(
                [
                    f"function {a}{b.title()}({c}) {{\n  return {a}.{b}({c}, {choose.randrange(99)});\n}}",
                    f"  if ({a} === {b}.length) {{ {c} += {choose.randrange(9)}; }}",
                    f"// {a} {b} of the {c}",
                    f'import {{ {a} }} from "./{b}/{c}.js";',
                ]
            )
        )
        length += len(lines[-1]) + 1
    return "\n".join(lines).encode()[:size]


Told = tuple[str, str, str, int, int]


def told(found: list[Detection], moved: int = 0) -> list[Told]:
    return [(one.rule, one.secret.kind, one.secret.reveal(), one.start - moved, one.end - moved) for one in found]


def alike(found: list[Told], expected: list[Told]) -> bool:
    """The same, but for the names of what a look at the whole content tells."""
    if any(one[1] in _BY_CONTENT for one in expected):
        return [one[3] for one in found] == [one[3] for one in expected]
    return found == expected


def test_contents_one_behind_the_other(sweep: Sweep) -> None:
    """As in a layer: hits are looked for in everything at once."""
    block, spans = bytearray(), []
    for _, data in vectors():
        spans.append((len(block), len(block) + len(data)))
        block += data + bytes(512 + -len(data) % 512)
    hits = sweep.hits(block)
    assert hits == sorted(hits, key=lambda hit: hit[1])
    count = 0
    for (path, data), (start, end) in zip(vectors(), spans, strict=True):
        near = [(index, place - start) for index, place in hits if start < place <= end]
        whole = sweep.reads_whole(path, data[:512])
        found = told(sweep.examine(memoryview(block)[start:end], near, path, whole=whole))
        expected = told(list(detector().detect(data, path)))
        assert alike(found, expected), (path, data)
        count += len(expected)
    assert count > 1400


@pytest.mark.parametrize("place", [0, 151_003, 300_000])
def test_somewhere_in_a_long_program(place: int) -> None:
    """Under a name that tells nothing."""
    filler, count = program(300_000), 0
    sweep = sweep_of("auto")
    assert sweep.hits(filler) == []
    for _, data in vectors():
        text = b"\n" + data + b"\n"
        full = filler[:place] + text + filler[place:]
        expected = told(list(detector().detect(text, "src/a.js")))
        found = told(sweep.examine(full, sweep.hits(full), "src/a.js"), place)
        if any(one[1] == "keeper-config" for one in expected):
            continue  # the whole file is the secret
        assert alike(found, expected), data
        count += len(expected)
    assert count > 1400


def test_without_hyperscan_as_well() -> None:
    """Slower: all of them in one program."""
    sweep, filler = sweep_of("keywords"), program(12_000)
    chosen = vectors()[:1240:9]
    full, places = bytearray(filler), []
    for _, data in chosen:
        places.append(len(full))
        full += b"\n" + data + b"\n" + filler
    found = told(sweep.examine(bytes(full), sweep.hits(full), "src/a.txt"))
    for (_, data), place in zip(chosen, places, strict=True):
        for one in told(list(detector().detect(b"\n" + data + b"\n", "src/a.txt")), -place):
            same = [other for other in found if other[3:] == one[3:]]
            assert same == [one] or one[1] in _BY_CONTENT, (one, same)


def test_many_in_one_line(sweep: Sweep) -> None:
    """Windows around hits touch one another; every token is told once."""
    line = b";".join(b"x%d='%s'" % (number, TOKEN.encode()) for number in range(500))
    found = sweep.examine(line, sweep.hits(line), "a.min.js")
    assert [one.secret.reveal() for one in found] == [TOKEN] * 500
    assert [one.start for one in found] == [match.start() for match in re.finditer(TOKEN.encode(), line)]


@pytest.mark.parametrize("format_", tokens.formats(), ids=lambda one: one.id)
def test_windows_hold_the_longest_token(format_: tokens.Format) -> None:
    """What a format finds in a long text, it finds in the window that its length asks for."""
    entry = load_rule_docs()["tables"]["secrets"][format_.id]
    length = tokens.longest(format_.pattern)
    for one in entry["examples"]:  # type: ignore[union-attr]
        text = str(one["text"]) if isinstance(one, dict) else str(one)
        pattern = re.compile(format_.pattern, re.ASCII)
        for match in pattern.finditer(f"\n{text}\n"):
            assert len(match[0]) + 32 <= length
    assert 32 < length <= (1 << 16) + 32


@pytest.mark.parametrize(
    ("path", "head", "whole"),
    [
        ("root/.npmrc", b"", True),
        ("app/.env", b"A=1\n", True),
        ("root/.netrc", b"", True),
        ("src/index.js", b"const a = 1;", False),
        ("src/password.js", b"", False),
        ("usr/bin/x", b"\x7fELF\2\1\1" + bytes(57), False),
        ("a.bin", bytes(64), False),
        ("a.bin", b"\1\0\0\0\2\0\0\0" * 8, False),
        ("a.txt", b"\xff\xfea\0b\0", True),
        ("a.txt", b"\xfe\xff\0a\0b", True),
        ("a.txt", "plain".encode("utf-16-le") * 8, True),
        ("a.txt", "plain".encode("utf-16-be") * 8, True),
        ("a.txt", b"plain", False),
        ("", b"", False),
    ],
)
def test_what_is_read_whole(path: str, head: bytes, whole: bool) -> None:
    assert sweep_of("auto").reads_whole(path, head) == whole


def test_kinds_of_hits() -> None:
    sweep = sweep_of("auto")
    made = Detector("auto", signs=True)
    kinds = [kind.finder for kind in made.kinds]
    assert not sweep.is_weak(kinds.index(FORMAT))
    assert sweep.is_weak(kinds.index(ANNOUNCED))
    signs = len(kinds)
    others = signs + len(hints.triggers())
    weak = {one.keywords[0]: sweep.is_weak(signs + place) for place, one in enumerate(hints.triggers())}
    assert (weak["-----begin "], weak["age-secret-key-1"], weak["client-key-data"]) == (False, False, True)
    assert sum(weak.values()) > len(weak) // 2
    assert not sweep.is_weak(others) and not sweep.is_weak(others + len(encoded.triggers()) - 1)
    assert sweep.reach(kinds.index(ANNOUNCED)) < sweep.reach(signs)
    assert sweep.digest == made.digest


def test_a_sign_alone_needs_its_reader(sweep: Sweep) -> None:
    """One string of several that a reader needs: nothing is read."""
    text = program(2000) + b'\nlet attributes = {"attributes": 1}\n' + program(2000)
    assert sweep.hits(text)
    assert sweep.examine(text, sweep.hits(text), "a.txt") == []


def test_a_word_of_programs_is_no_sign(sweep: Sweep) -> None:
    assert not sweep.hits(program(2000) + b"\nclass SecretStore { kind: string; passphrase: string }\n" + program(2000))


def test_cuts_are_told() -> None:
    sweep = sweep_of("auto")
    data = f"password=1 token={TOKEN} and more".encode()
    for _ in range(4):
        data = base64.b64encode(data)
    cuts: list[Cut] = []
    sweep.examine(b"x: " + data, [], "x.yaml", cuts, whole=True)
    assert [cut.reason for cut in cuts] == ["encoded more than 3 times"]


def test_nothing(sweep: Sweep) -> None:
    assert sweep.hits(b"") == []
    assert sweep.examine(b"", [], "") == []
    assert sweep.examine(b"", [], "", whole=True) == []


def test_hits_may_be_anywhere(sweep: Sweep) -> None:
    """Whatever a pass says, nothing is found where nothing is, and nothing fails."""
    data = program(3000)
    every = len(Detector("auto").kinds) + len(hints.triggers()) + len(encoded.triggers())
    hits = sorted(((index, (index * 37) % 3001) for index in range(every)), key=lambda hit: hit[1])
    assert sweep.examine(data, hits, "a.js") == []
    assert sweep.examine(bytes(3000), hits, "a.js") == []


@pytest.mark.parametrize("word", [b"cGFzc3dvcmQ9", b"password=", b"-----BEGIN ", b"machine x login y passw", b"ghp_"])
def test_many_hits_take_linear_time(word: bytes) -> None:
    sweep = sweep_of("auto")
    data = (word + b" ") * (400_000 // len(word))
    started = time.process_time()
    sweep.examine(data, sweep.hits(data), "a.js")
    assert time.process_time() - started < 20


@pytest.mark.parametrize("letters", [b"password=".hex().encode(), base64.b64encode(b"password=")])
def test_where_something_encoded_begins_is_looked_for_once(letters: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a look at 64 KiB, and there may be a hit in every dozen bytes."""
    looks: list[int] = []
    look = sweep_module._decodable

    def counted(data: bytes, place: int) -> tuple[int, int]:
        looks.append(place)
        return look(data, place)

    monkeypatch.setattr(sweep_module, "_decodable", counted)
    data = letters * 20_000
    hits = sweep_of("auto").hits(data)
    assert len(hits) > 100
    sweep_of("auto").examine(data, hits, "a.txt")
    assert len(looks) < 10
