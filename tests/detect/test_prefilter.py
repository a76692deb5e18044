"""Both engines of the prefilter: whoever searches only around the hits finds what a search of everything finds."""

from __future__ import annotations

import gzip
import json
import re
import threading
import time
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest

from auditor.core.ruledata import JsonValue
from auditor.core.rulefiles import compile_rules
from auditor.detect.prefilter import LONGEST, Prefilter, Trigger, prefilter
from auditor.detect.prefiltering import crowd

ENGINES = ("hyperscan", "keywords")
ROOT = Path(__file__).resolve().parents[2]
GENERIC = Trigger(
    r"""(?i)(?:api[_-]?key|secret|passw(?:or)?d|token)["'\s:=>]{1,8}[A-Za-z0-9+/_.-]{12,}""",
    ("apikey", "api_key", "api-key", "secret", "password", "passwd", "token"),
)


@cache
def rules() -> tuple[list[Trigger], list[str]]:
    """The token formats with one generic rule, and all their examples and look-alikes."""
    made = compile_rules(str(ROOT / "rules"))
    entries = made["running"]["tables"]["secrets"]
    texts = []
    for prose in made["docs"]["tables"]["secrets"].values():
        for one in [*cast("list[JsonValue]", prose["examples"]), *cast("list[JsonValue]", prose["lookalikes"])]:
            texts.append(str(one["text"]) if isinstance(one, dict) else str(one))
    return [*(Trigger(entry["pattern"], tuple(entry["keywords"])) for entry in entries), GENERIC], texts


@cache
def of_rules(engine: str) -> Prefilter:
    return prefilter(rules()[0], "rules", engine=engine)


@cache
def compiled(triggers: tuple[Trigger, ...]) -> list[re.Pattern[str]]:
    return [re.compile(one.pattern, re.ASCII | (re.IGNORECASE if one.caseless else 0)) for one in triggers]


def everywhere(triggers: Sequence[Trigger], text: str) -> set[tuple[int, int, int]]:
    """(trigger, start, end) of every match that is not too long."""
    patterns = enumerate(compiled(tuple(triggers)))
    found = {(i, match.start(), match.end()) for i, pattern in patterns for match in pattern.finditer(text)}
    return {one for one in found if one[2] - one[1] <= LONGEST}


def around(triggers: Sequence[Trigger], text: str, hits: list[tuple[int, int]]) -> set[tuple[int, int, int]]:
    """The same from windows around the hits; windows that overlap are searched as one."""
    found = set()
    for trigger, pattern in enumerate(compiled(tuple(triggers))):
        windows: list[list[int]] = []
        for offset in (offset for index, offset in hits if index == trigger):
            low, high = max(0, offset - LONGEST), offset + LONGEST
            if windows and low <= windows[-1][1]:
                windows[-1][1] = high
            else:
                windows.append([low, high])
        for low, high in windows:
            found.update((trigger, match.start(), match.end()) for match in pattern.finditer(text, low, high))
    return {one for one in found if one[2] - one[1] <= LONGEST}


def missed(triggers: Sequence[Trigger], text: str, hits: list[tuple[int, int]]) -> set[tuple[int, int, int]]:
    """Matches without a hit inside."""
    return {
        (trigger, start, end)
        for trigger, start, end in everywhere(triggers, text)
        if not any(index == trigger and start <= offset <= end for index, offset in hits)
    }


def as_latin(text: str) -> tuple[bytes, str]:
    data = text.encode()
    return data, data.decode("latin-1")


def check(engine: str, texts: Sequence[str]) -> int:
    """Every text for itself, and all in one; the number of matches."""
    triggers = rules()[0]
    matches = 0
    for text in [*texts, "\n".join(texts)]:
        data, latin = as_latin(text)
        hits = of_rules(engine).hits(data)
        assert hits == sorted(set(hits))
        assert all(0 <= offset <= len(data) for _, offset in hits)
        assert missed(triggers, latin, hits) == set()
        expected = everywhere(triggers, latin)
        assert around(triggers, latin, hits) == expected
        matches += len(expected)
    return matches


@pytest.mark.parametrize("engine", ENGINES)
def test_the_formats_own_examples(engine: str) -> None:
    # The generic rule and formats that share examples come on top of one match an example.
    assert check(engine, rules()[1]) > 2 * len(rules()[0])


@pytest.mark.parametrize("engine", ENGINES)
def test_labelled_texts(engine: str, shared: Path) -> None:
    path = shared / "corpus" / "vectors.jsonl.gz"
    if not path.is_file():
        pytest.skip("needs the corpus of labelled texts")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        assert check(engine, [json.loads(line)["text"] for line in file]) > 1000


CASES = {
    "named group": Trigger(r"(?P<all>abcd(?P<secret>[0-9]{4}))", ("abcd",)),
    "caseless": Trigger(r"abcd[0-9]{4}", ("abcd",), caseless=True),
    "caseless inline": Trigger(r"(?i)abcd[0-9]{4}", ("abcd",)),
    "caseless in part": Trigger(r"(?i:abcd)XY[0-9]{4}", ("abcdxy",)),
    "back to case": Trigger(r"(?i)ab(?-i:CD)[0-9]{4}", ("abcd",)),
    "lookahead": Trigger(r"abcd(?=[a-z]{0,9}\d)[a-z0-9]{4,9}\b", ("abcd",)),
    "lookbehind": Trigger(r"(?<![a-z])abcd(?!e)[0-9]{2}", ("abcd",)),
    "possessive": Trigger(r"abcd[0-9]{2,5}+[a-z]?", ("abcd",)),
    "atomic": Trigger(r"abcd(?>12|1)[0-9]", ("abcd",)),
    "back-reference": Trigger(r"abcd(['\"])[0-9]{2}\1", ("abcd",)),
    "condition": Trigger(r"(x)?abcd(?(1)y|z)[0-9]", ("abcd",)),
    "lazy": Trigger(r"abcd.{0,20}?1234", ("abcd",)),
    "long repeat first": Trigger(r"[0-9]{2,3000}abcd", ("abcd",)),
    "long repeat between": Trigger(r"abcd[^\n]{0,3000}1234", ("abcd",)),
    "open end": Trigger(r"abcd[0-9]+", ("abcd",)),
    "optional end": Trigger(r"abcd(?:[0-9]{2})?", ("abcd",)),
    "alternatives apart": Trigger(r"(?:[0-9]{2,90}ab|cd[0-9]{1,90}x)", ("ab", "cd")),
    "alternatives and nothing": Trigger(r"(?:abcd|)1234", ("1234",)),
    "several lines": Trigger(r"(?m)^abcd[0-9]{2}$", ("abcd",)),
    "dot and line": Trigger(r"(?s)abcd.{2}", ("abcd",)),
    "spaced out": Trigger(r"(?x) ab cd [0-9]{2} # digits", ("abcd",)),
    "no word boundary": Trigger(r"\Babcd\B", ("abcd",)),
    "no letter": Trigger(r"\$\$[0-9]{4}", ("$$",)),
    "not these": Trigger(r"abcd[^0-9\s][^a]\W\S", ("abcd",)),
    "keyword not in the pattern's literal": Trigger(r"[a-d]{4}[0-9]{4}", ("abcd",)),
    "byte above 127": Trigger(r"abcd\xe9[0-9]", ("abcd",)),
    "only bytes above 127": Trigger("\xe9\xe8\xea[0-9]", ("\xe9\xe8\xea",)),
    "character that is no byte": Trigger(r"(?:abcd|\u20ac)[0-9]", ("abcd", "\u20ac")),
    "no literal, no keyword": Trigger(r"[a-d]{4}[0-9]{4}"),
    "may match nothing": Trigger(r"(?:abcd)?"),
}
TEXTS = [
    "", "abcd", "abcd1234", "xabcd12345", "ABCD1234 abCD1234 aBcD12 abcdXY1234 ABCDXY1234", "abcdefg1 abcdz9y8 abcd1",
    "abcd'12' abcd\"12\"", "xabcdy1 abcdz1", "abcd ... 1234", "7" * 2500 + "abcd", "abcd" + "-" * 2500 + "1234",
    "12ab cd1x cd" + "5" * 80 + "x", "1234", "\nabcd12\nabcd34\r\nabcd56", "abcd\n\n", "zabcdz", "x$$1234", "abcd-b !",
    "abcd\xe91", "\xe9\xe8\xea5 \xc9\xc8\xca5", "dcba4321", "abcd" * 50,
]  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", CASES)
def test_every_construct_of_a_pattern(engine: str, case: str) -> None:
    trigger = CASES[case]
    made = prefilter([trigger], case, engine=engine)
    for text in [*TEXTS, " ".join(TEXTS)]:
        hits = made.hits(text.encode("latin-1"))
        assert missed([trigger], text, hits) == set()
        assert around([trigger], text, hits) == everywhere([trigger], text)
    assert everywhere([trigger], " ".join(TEXTS)), "the texts say nothing about this pattern"


@pytest.mark.parametrize("engine", ENGINES)
def test_text_without_secrets_has_few_hits(engine: str) -> None:
    text = Path(prefilter.__code__.co_filename).read_bytes()
    assert len(of_rules(engine).hits(text * 20)) <= 20


@pytest.mark.parametrize("engine", ENGINES)
def test_no_triggers(engine: str) -> None:
    assert prefilter([], "none", engine=engine).hits(b"abcd") == []


@pytest.mark.parametrize("engine", ENGINES)
def test_hits_are_bounded_where_every_byte_could_begin_a_secret(engine: str) -> None:
    trigger = Trigger(r"ab[a-b]{2}", ("ab",))
    size = 600_000
    text = "ab" * (size // 2)
    hits = prefilter([trigger], "crowd", engine=engine).hits(text.encode())
    assert len(hits) <= crowd.MOST
    offsets = [0, *(offset for _, offset in hits), size]
    assert max(later - earlier for earlier, later in pairwise(offsets)) <= 2 * crowd.GAP
    assert around([trigger], text, hits) == everywhere([trigger], text)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("unit", ["sk-", "eyJ", "a", "0.", "\0", "key_", "A-", "https://", "ghp_" + "0" * 20, "\xff"])
def test_hostile_bytes_take_no_longer_than_their_number(engine: str, unit: str) -> None:
    made = of_rules(engine)
    start = time.process_time()
    made.hits((unit.encode("latin-1") * 300_000)[:300_000])
    assert time.process_time() - start < 10


def test_one_prefilter_serves_several_threads() -> None:
    made = of_rules("hyperscan")
    texts = [text.encode() for text in rules()[1][:200]]
    expected = [made.hits(text) for text in texts]
    got: list[list[list[tuple[int, int]]]] = []

    def work() -> None:
        for _ in range(5):
            got.append([made.hits(text) for text in texts])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 20
    assert all(one == expected for one in got)


def test_the_best_engine_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    trigger = Trigger("abcd", ("abcd",))
    assert prefilter([trigger], "auto").engine == "hyperscan"
    monkeypatch.setitem(__import__("sys").modules, "hyperscan", None)
    assert prefilter([trigger], "auto").engine == "keywords"
    with pytest.raises(ImportError):
        prefilter([trigger], "auto", engine="hyperscan")
    with pytest.raises(ValueError, match="unknown engine"):
        prefilter([trigger], "auto", engine="grep")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_broken_pattern_is_reported(engine: str) -> None:
    with pytest.raises(re.error):
        prefilter([Trigger("abcd(", ("abcd",))], "broken", engine=engine)
