"""Speed of the multi-pattern pass over real trees: `python -m bench.prefilter [--engine NAME] [--each] [DIRECTORY...]`.

Bytes per second of one core for all that the detector looks for in one pass, and for the token formats alone, beside
`bytes.find` of a literal that is nowhere and a plain copy of the same bytes in the same run: CPU time, the least of
some rounds, all in turn. Exits 1 when the whole set is slower than GUARD times `bytes.find`, which is about 1 GB/s
where that runs at 2.5 GB/s: two bad rules halve it. `--each` measures every trigger alone and names the slowest, and
those whose rarest literal is shorter than LITERAL bytes; `--left-out` measures what the set takes without the ones that
are slow alone or hit often, which is what they cost.
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

from auditor.detect import tokens
from auditor.detect.prefilter import Trigger, prefilter
from auditor.detect.prefiltering.factor import factors
from auditor.detect.triggers import FORMAT, triggers

GUARD = 0.4
LITERAL = 4
ROUNDS = 5
PIECE = 1 << 20
ABSENT = b"\xf7\xf9\xf8\xf1"
SLOWEST = 25
#: How many of the slowest and of the most frequent triggers are left out one by one.
SUSPECTS = 15
SHOWN = 60


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


def named() -> dict[str, Trigger]:
    """All triggers of the detector: formats by their ids, the others by the finder they are for and their patterns."""
    known = tokens.formats()
    found = {}
    for trigger, kind in zip(*triggers(), strict=True):
        name = known[kind.number].id if kind.finder == FORMAT else f"({kind.finder}) {trigger.pattern}"
        found[name] = trigger
    return found


def formats(among: dict[str, Trigger]) -> dict[str, Trigger]:
    """The token formats among the triggers."""
    return {name: trigger for name, trigger in among.items() if not name.startswith("(")}


def literal_length(trigger: Trigger) -> int:
    """Length in bytes of the shortest literal that the pass begins from, 0 if there is none."""
    found = factors(trigger.pattern, caseless=trigger.caseless)
    return min((len(literal) for one in found for literal in one.literals), default=0)


class Alone(NamedTuple):
    """One trigger measured alone: megabytes per second, its name, the length of its literal, its hits."""

    rate: float
    name: str
    literal: int
    hits: int


def each_alone(among: dict[str, Trigger], engine: str, taken: Sample) -> list[Alone]:
    """Every trigger alone, the slowest first."""
    rows = []
    for name, trigger in among.items():
        alone = prefilter([trigger], name, engine=engine)
        rate = rates({"": alone.hits}, taken, 2)[""]
        hits = sum(len(alone.hits(piece)) for piece in taken.pieces)
        rows.append(Alone(rate, name, literal_length(trigger), hits))
    return sorted(rows)


def show_alone(rows: Sequence[Alone], size: int) -> None:
    """Print the slowest triggers, and the ones with short literals."""
    short = [row for row in rows if row.literal < LITERAL]
    for title, shown in (
        (f"slowest {SLOWEST}", rows[:SLOWEST]),
        (f"literal under {LITERAL} bytes: {len(short)}", short),
    ):
        print(f"\n{title}\n  MB/s alone  literal  hits/MB")
        for row in shown:
            print(f"  {row.rate:10.0f}  {row.literal:7}  {row.hits / size * 1e6:7.2f}  {row.name[:SHOWN]}")


def show_left_out(among: dict[str, Trigger], engine: str, taken: Sample) -> None:
    """Print what the set takes without each of the triggers that are slow alone or hit often, the costliest first."""
    rows = each_alone(among, engine, taken)
    frequent = sorted(rows, key=lambda row: -row.hits)
    suspects = dict.fromkeys(row.name for row in (*rows[:SUSPECTS], *frequent[:SUSPECTS]))
    whole = prefilter(list(among.values()), "whole", engine=engine)
    costs = []
    for suspect in suspects:
        rest = prefilter([one for name, one in among.items() if name != suspect], suspect, engine=engine)
        rate = rates({"whole": whole.hits, "rest": rest.hits}, taken, 3)
        costs.append((1e3 / rate["whole"] - 1e3 / rate["rest"], suspect))
    print("\nms per GB that the whole set takes longer with")
    for cost, suspect in sorted(costs, reverse=True):
        print(f"  {cost:8.1f}  {suspect[:SHOWN]}")


def measure(among: dict[str, Trigger], engine: str, taken: Sample) -> int:
    """Print the speeds of the whole set and of the formats; 1 if the whole set is too slow."""
    start = time.perf_counter()
    whole = prefilter(list(among.values()), "bench", engine=engine)
    compiled = time.perf_counter()
    whole = prefilter(list(among.values()), "bench", engine=engine)
    loaded = time.perf_counter()
    alone = prefilter(list(formats(among).values()), "bench", engine=engine)
    find = "bytes.find"
    measured = rates(
        {
            "copy": bytearray,
            find: lambda piece: piece.find(ABSENT),
            "formats": alone.hits,
            "whole set": whole.hits,
        },
        taken,
    )
    hits = sum(len(whole.hits(piece)) for piece in taken.pieces)
    print(f"{whole.engine}: {len(among)} triggers, {len(formats(among))} of them formats; {taken.size / 1e6:.0f} MB")
    print(f"{hits / taken.size * 1e6:.1f} hits/MB")
    print(f"compiled in {(compiled - start) * 1e3:.0f} ms, taken from the cache in {(loaded - compiled) * 1e3:.1f} ms")
    for name, rate in measured.items():
        print(f"{name:12} {rate:8.0f} MB/s per core {rate / measured[find]:6.2f} x {find}")
    ratio = measured["whole set"] / measured[find]
    print(f"guard        {GUARD:8.2f} x {find} for the whole set with hyperscan")
    return int(whole.engine == "hyperscan" and ratio < GUARD)


def main() -> int:
    """Print the speeds; 1 if the pass is too slow, 2 if there is nothing to read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", nargs="*", help="trees to scan (default: the running Python's own)")
    parser.add_argument("--engine", default="auto", choices=("auto", "hyperscan", "keywords"))
    parser.add_argument("--each", action="store_true", help="measure every trigger alone as well")
    parser.add_argument("--left-out", action="store_true", help="measure the set without some as well; takes minutes")
    parser.add_argument("--megabytes", type=int, default=64, help="how much of the tree to read (default: 64)")
    options = parser.parse_args()
    own = sorted({sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")})
    taken = sample(options.directory or own, options.megabytes << 20)
    if not taken.size:
        print("no readable file in there", file=sys.stderr)
        return 2
    among = named()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AUDIT_CACHE_DIR"] = folder
        code = measure(among, options.engine, taken)
        if options.each:
            show_alone(each_alone(among, options.engine, taken), taken.size)
        if options.left_out:
            show_left_out(among, options.engine, taken)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
