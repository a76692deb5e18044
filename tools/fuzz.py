"""Fuzzes one part with atheris by hand: `python -m tools.fuzz TARGET --seconds N`. The suite runs the same checks.

Needs `pip install -e .[fuzz]`. Inputs that fail or take too long are kept in a folder, one for each place of the code,
and the run goes on; `python -m tools.fuzz TARGET FILE...` runs kept inputs again.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import os
import pkgutil
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Longest inputs, in bytes.
_LONGEST = 16384
_MEMORY_MB = 2048


class Watch:
    """Runs a check on inputs and keeps the first failure of each place. `slow` is in seconds of CPU time."""

    def __init__(self, check: Callable[[bytes], None], folder: Path, slow: float) -> None:
        self._check = check
        self._folder = folder
        self._slow = slow
        self._seen: set[str] = set()
        self.runs = 0
        self.slowest = 0.0

    def __call__(self, data: bytes) -> None:
        """Check one input."""
        self.runs += 1
        started = time.process_time()
        try:
            self._check(data)
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{type(error).__name__} {os.path.basename(last.filename)}:{last.lineno}"
            self._keep(place, data, "".join(traceback.format_exception(error)))
        took = time.process_time() - started
        if took > max(self._slow, 1.5 * self.slowest):
            self._keep(f"slow {took:.0f}", data, f"{took:.1f} s for {len(data)} bytes")
        self.slowest = max(self.slowest, took)

    def _keep(self, place: str, data: bytes, report: str) -> None:
        if place in self._seen:
            return
        self._seen.add(place)
        name = self._folder / f"{place.replace(' ', '-').replace(':', '-')}-{hashlib.sha256(data).hexdigest()[:8]}"
        name.write_bytes(data)
        print(f"FOUND {place} after {self.runs} inputs: {name}\n{report}", file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns 0; ends with libFuzzer's own code where that gives up."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("target")
    parser.add_argument("inputs", nargs="*", type=Path, help="only run these")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--slow", type=float, default=2.0, help="seconds of CPU time that one input may take")
    parser.add_argument("--folder", type=Path, help="where to keep inputs; by default a new folder")
    chosen = parser.parse_args(argv)
    if chosen.inputs:
        from tests.fuzz.targets import TARGETS

        for path in chosen.inputs:
            TARGETS[chosen.target](path.read_bytes())
        return 0
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="fuzz-"))
    _fuzz(chosen.target, folder, chosen.seconds, chosen.slow)
    return 0


def _fuzz(target: str, folder: Path, seconds: int, slow: float) -> None:
    atheris = importlib.import_module("atheris")  # optional

    # Only what is imported from here on is watched for the branches it takes.
    with atheris.instrument_imports(include=["auditor"]):
        import auditor.detect
        import auditor.sources
        from tests.fuzz.seeds import seeds
        from tests.fuzz.targets import TARGETS

        # Verifiers and readers of credential files are imported when one is needed: too late to be watched.
        for package in (auditor.detect, auditor.sources):
            for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
                importlib.import_module(module.name)
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for data in seeds(target):
        (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    watch = Watch(TARGETS[target], folder, slow)
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={_LONGEST}",
        f"-rss_limit_mb={_MEMORY_MB}",
        "-timeout=60",
        "-len_control=20",
    ]
    atheris.Setup([sys.argv[0], str(corpus), f"-artifact_prefix={folder}/", "-print_final_stats=1", *options], watch)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
