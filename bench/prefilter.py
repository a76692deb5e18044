"""Speed of the multi-pattern pass over real trees: `python -m bench.prefilter [--engine NAME] [--each] [DIRECTORY]`.

Bytes per second of one core for all token formats in one pass, beside `bytes.find` of a literal that is nowhere and a
plain copy of the same bytes in the same run: CPU time, the least of some rounds, all in turn. Exits 1 when the pass is
slower than GUARD times `bytes.find`, which is about 1 GB/s where that runs at 2.2 GB/s. `--each` measures every format
alone and names the slowest, and all whose rarest literal is shorter than LITERAL bytes.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from auditor.core.resources import load_rules
from auditor.detect.prefilter import Trigger, prefilter
from auditor.detect.prefiltering.factor import factors

GUARD = 0.4
LITERAL = 4
ROUNDS = 5
PIECE = 1 << 20
ABSENT = b"\xf7\xf9\xf8\xf1"
SLOWEST = 25


class Sample(NamedTuple):
    """Files' contents in pieces of at most PIECE bytes, and their length in bytes."""

    pieces: list[bytes]
    size: int


def paths(folders: Sequence[str]) -> list[str]:
    """Regular files below the folders, in an order that is mixed but the same every time."""
    found = []
    for folder in folders:
        for parent, _, names in os.walk(folder):
            found += [os.path.join(parent, name) for name in names]
    found.sort()
    random.Random(0).shuffle(found)
    return [path for path in found if os.path.isfile(path) and not path.endswith(".pyc")]


def contents(folders: Sequence[str], limit: int) -> Iterator[bytes]:
    """Contents of the files, so many bytes at most in all."""
    for path in paths(folders):
        try:
            with open(path, "rb") as file:
                data = file.read(min(limit, 8 * PIECE))
        except OSError:
            continue
        limit -= len(data)
        yield data
        if limit <= 0:
            return


def sample(folders: Sequence[str], limit: int) -> Sample:
    """The files' bytes one after the other, as a layer has them, cut in pieces."""
    data = b"".join(contents(folders, limit))
    return Sample([data[start : start + PIECE] for start in range(0, len(data), PIECE)], len(data))


def seconds(work: Callable[[bytes], object], pieces: Sequence[bytes]) -> float:
    """CPU seconds of the work on all pieces, once."""
    start = time.process_time()
    for piece in pieces:
        work(piece)
    return time.process_time() - start


def rates(works: dict[str, Callable[[bytes], object]], taken: Sample, rounds: int = ROUNDS) -> dict[str, float]:
    """Megabytes per second of each, the best of the rounds."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            best[name] = min(best[name], seconds(work, taken.pieces))
    return {name: taken.size / 1e6 / max(each, 1e-9) for name, each in best.items()}


def formats() -> dict[str, Trigger]:
    """The token formats by id."""
    return {
        entry["id"]: Trigger(entry["pattern"], tuple(entry["keywords"])) for entry in load_rules()["tables"]["secrets"]
    }


def literal_length(trigger: Trigger) -> int:
    """Length in bytes of the shortest literal that the pass begins from, 0 if there is none."""
    return min((len(literal) for one in factors(trigger.pattern) for literal in one.literals), default=0)


def each_alone(triggers: dict[str, Trigger], engine: str, taken: Sample) -> None:
    """Print the slowest formats, and the ones with short literals, each with its speed alone and its hits."""
    rows = []
    for name, trigger in triggers.items():
        alone = prefilter([trigger], name, engine=engine)
        rate = rates({"": alone.hits}, taken, 2)[""]
        hits = sum(len(alone.hits(piece)) for piece in taken.pieces)
        rows.append((rate, name, literal_length(trigger), hits))
    rows.sort()
    short = [row for row in rows if row[2] < LITERAL]
    for title, shown in (
        (f"slowest {SLOWEST}", rows[:SLOWEST]),
        (f"literal under {LITERAL} bytes: {len(short)}", short),
    ):
        print(f"\n{title}\n  MB/s alone  literal  hits/MB")
        for rate, name, length, hits in shown:
            print(f"  {rate:10.0f}  {length:7}  {hits / taken.size * 1e6:7.2f}  {name}")


def main() -> int:
    """Print the speeds; 1 if the pass is too slow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", nargs="?", help="tree to scan (default: the running Python's own)")
    parser.add_argument("--engine", default="auto", choices=("auto", "hyperscan", "keywords"))
    parser.add_argument("--each", action="store_true", help="measure every format alone as well")
    parser.add_argument("--megabytes", type=int, default=64, help="how much of the tree to read (default: 64)")
    options = parser.parse_args()
    own = sorted({sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")})
    taken = sample([options.directory] if options.directory else own, options.megabytes << 20)
    if not taken.size:
        print("no readable file in there", file=sys.stderr)
        return 2
    triggers = formats()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AUDIT_CACHE_DIR"] = folder
        start = time.perf_counter()
        made = prefilter(list(triggers.values()), "bench", engine=options.engine)
        compiled = time.perf_counter()
        made = prefilter(list(triggers.values()), "bench", engine=options.engine)
        loaded = time.perf_counter()
        measured = rates(
            {"copy": bytearray, "bytes.find": lambda piece: piece.find(ABSENT), made.engine: made.hits}, taken
        )
        hits = sum(len(made.hits(piece)) for piece in taken.pieces)
        print(f"{len(triggers)} formats, {taken.size / 1e6:.0f} MB, {hits / taken.size * 1e6:.1f} hits/MB")
        print(
            f"compiled in {(compiled - start) * 1e3:.0f} ms, taken from the cache in {(loaded - compiled) * 1e3:.1f} ms"
        )
        for name, rate in measured.items():
            print(f"{name:12} {rate:8.0f} MB/s per core")
        ratio = measured[made.engine] / measured["bytes.find"]
        print(f"ratio        {ratio:8.2f} x bytes.find (guard for hyperscan: {GUARD})")
        if options.each:
            each_alone(triggers, options.engine, taken)
    return int(made.engine == "hyperscan" and ratio < GUARD)


if __name__ == "__main__":
    raise SystemExit(main())
