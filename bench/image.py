"""Speed of `audit image` on real archives: `python -m bench.image [--kingfisher PATH] IMAGE...`.

IMAGE is an archive of docker save or an OCI layout (`oci:DIR`), large enough to measure (hundreds of megabytes); its
pages should be in memory, which a first run sees to. Prints megabytes of uncompressed layers per second of wall time,
with the start of the process and the report, on all processors; the same for decompressing alone in one process per
processor, with digests; the ratio of both, memory, and the share of the time that a second run takes, which finds all
layers in the cache. `--confirms` counts how often the finders looked around a hit, by gigabyte.

With kingfisher (`kingfisher-bin` on PyPI) both read the same archive in turn. It gets no network, validates nothing.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import NamedTuple

from bench.startup import console_script

ROUNDS = 3
_BUFFER = 4 << 20
#: Exit codes that are no failure: of audit, and of kingfisher, with findings.
_OWN_CODES, _ITS_CODES = (0, 1), (0, 200, 205)
_KINGFISHER = "scan docker --no-validate --no-update-check --no-limits --format json --archive"


class Cost(NamedTuple):
    """Seconds of wall time, of CPU, and megabytes of the largest process."""

    wall: float
    cpu: float
    memory: float


def run(command: Sequence[str], codes: Sequence[int], cache: str) -> Cost:
    """What one command costs. Raises RuntimeError if it fails."""
    # An installed package has its bytecode; the run to warm up writes it where a checkout has none yet.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = {**kept, "AUDIT_CACHE_DIR": cache}
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in codes:
        raise RuntimeError(f"{command[0]}: exit code {done.returncode}: {done.stderr[-400:]!r}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, after.ru_maxrss / 1024)


def audit(image: str, cache: str, *options: str) -> Cost:
    """One run of `audit image`."""
    command = [*console_script(), "image", "--isolated", "--fail-on", "never", "-q", *options, image]
    return run(command, _OWN_CODES, cache)


def layers(image: str) -> list[tuple[str, int]]:
    """Key and stored size of each different layer."""
    from auditor.sources.images.target import open_source, parse_target

    with open_source(parse_target(image)) as source:
        found = {layer.key: layer.size for one in source.images() for layer in one.layers}
    return sorted(found.items(), key=lambda pair: -pair[1])


def inflate(image: str, keys: Sequence[str]) -> int:
    """Read these layers whole, digests computed; uncompressed bytes."""
    from auditor.sources.images.inflate import LayerStream
    from auditor.sources.images.target import open_source, parse_target

    buffer = memoryview(bytearray(_BUFFER))
    total = 0
    with open_source(parse_target(image)) as source:
        for one in source.images():
            for layer in one.layers:
                if layer.key in keys:
                    stream = LayerStream(one.open(layer))
                    while count := stream.readinto(buffer):
                        total += count
                    stream.close()
    return total


def decompressing(image: str) -> tuple[float, float]:
    """Megabytes of all layers, and seconds of wall time to decompress them over all processors."""
    from auditor.run.pool import results

    class Inflating:
        def audit(self, key: str) -> int:
            return inflate(image, [key])

    keys = [key for key, _ in layers(image)]
    begun = time.perf_counter()
    total = sum(size for _, size in results(Inflating(), keys))
    return total / 1e6, time.perf_counter() - begun


def confirms(image: str) -> float:
    """How often the finders looked around hits, for each gigabyte of layers."""
    from auditor.detect.detector import Detector
    from auditor.detect.sweep import Sweep
    from auditor.run.images.layers.search import LayerSearch
    from auditor.run.images.layers.searching import Job, Settings
    from auditor.run.images.layers.telling import Wanted
    from auditor.sources.images.target import open_source, parse_target

    sweep = Sweep(Detector(signs=True))
    search = LayerSearch(Settings(sweep, Wanted(frozenset(), {}, False, b"k" * 32)))
    total, seen = 0, set()
    with open_source(parse_target(image)) as source:
        for one in source.images():
            for layer in one.layers:
                if layer.key not in seen:
                    seen.add(layer.key)
                    total += search.audit(Job(lambda one=one, layer=layer: one.open(layer))).size  # type: ignore[misc]
    return sweep.looked / (total / 1e9)


def measure(image: str, cache: str) -> None:
    """Print the figures of one image."""
    audit(image, cache, "--no-cache")
    first = min(audit(image, cache, "--no-cache") for _ in range(ROUNDS))
    megabytes, seconds = min((decompressing(image) for _ in range(ROUNDS)), key=lambda pair: pair[1])
    shutil.rmtree(cache, ignore_errors=True)
    audit(image, cache)
    again = min(audit(image, cache) for _ in range(ROUNDS))
    print(
        f"{image}: {megabytes:,.0f} MB in {first.wall:.2f} s: {megabytes / first.wall:,.0f} MB/s"
        f" ({first.cpu:.2f} s of CPU, {first.memory:.0f} MB of memory)\n"
        f"  decompressing alone: {megabytes / seconds:,.0f} MB/s; audit takes {first.wall / seconds:.2f} times that\n"
        f"  all layers known: {again.wall:.2f} s, {again.wall / first.wall:.0%} of the first run"
        f" ({again.cpu:.2f} s of CPU)"
    )


def main(arguments: Sequence[str]) -> int:
    """Print the figures of all images."""
    p = argparse.ArgumentParser(prog="bench.image", description=__doc__.partition("\n")[0] if __doc__ else "")
    p.add_argument("images", nargs="+", metavar="IMAGE")
    p.add_argument("--kingfisher", metavar="PATH", default=shutil.which("kingfisher"))
    p.add_argument("--confirms", action="store_true")
    given = p.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-image-") as folder:
        for image in given.images:
            measure(image, os.path.join(folder, "cache"))
            if given.confirms:
                print(f"  looked around hits {confirms(image):,.0f} times per GB")
            if given.kingfisher and os.path.isfile(image):
                own = audit(image, folder, "--no-cache")
                its = run([given.kingfisher, *_KINGFISHER.split(), image], _ITS_CODES, folder)
                print(f"  kingfisher: {its.wall:.1f} s, {its.wall / own.wall:.0f} times as long as audit")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
