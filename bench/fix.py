"""What `audit fix` removes: `python -m bench.fix CORPUS [--misses]`.

CORPUS has `leaky/` and `tempting/` (NAME.Dockerfile with NAME.expected.json beside it) and `dockerfiles/`. Prints the
share of labelled primary leaks of the build that safe fixes remove, and unsafe ones; then what must never happen:
results that do not parse, that a second run changes again, clean files that changed. No build context is looked at.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import sys
from collections.abc import Iterator
from typing import NamedTuple

from auditor.core.config import Settings
from auditor.run.rewrite.dockerfile import DockerfileFixer, State
from auditor.run.rewrite.generated import generated
from auditor.run.rewrite.options import FixOptions
from auditor.run.rewrite.outcome import Rewrite
from auditor.run.selection import chosen
from auditor.sources.files import Input

#: Labelled kinds that a build can do without; what a container needs while it runs (`env-secret`) is not one.
KINDS = (
    "arg-secret", "copy-secret-file", "run-writes-secret-file", "run-uses-secret", "run-literal", "late-cleanup",
    "url-creds", "echo-secret",
)  # fmt: skip


class Fixed(NamedTuple):
    """One file before and after, and what was done."""

    first: State
    last: State
    rewrite: Rewrite


def fixed(name: str, data: bytes, *, unsafe: bool) -> Fixed | None:
    """A Dockerfile after `audit fix`; None where the builder rejects it."""
    settings = Settings()
    settings.no_context = True
    fixer = DockerfileFixer(Input(name, name, data, None), settings, FixOptions(unsafe=unsafe), chosen(settings), {})
    first = fixer.read()
    if first is None:
        return None
    rewrite = Rewrite(name, first.target)
    if generated(first.text):
        return Fixed(first, first, rewrite)
    return Fixed(first, fixer.fix(first, rewrite), rewrite)


def files(folder: str) -> Iterator[tuple[str, bytes]]:
    """Dockerfiles of a folder by name."""
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".json") and not name.startswith("manifest"):
            with open(os.path.join(folder, name), "rb") as file:
                yield name, file.read()


def keys(state: State, lines: range | None = None) -> collections.Counter[tuple[str, str]]:
    """Findings by rule and subject, those that begin in some lines."""
    found = [f for f in state.analysis.findings if f.suppressed is None]
    return collections.Counter((f.rule, f.subject) for f in found if lines is None or f.location.start_line in lines)


def recall(corpus: str, *, unsafe: bool, misses: bool) -> None:
    """Print the share of labelled leaks that are gone."""
    gone: collections.Counter[str] = collections.Counter()
    total: collections.Counter[str] = collections.Counter()
    folder = os.path.join(corpus, "leaky")
    for name, data in files(folder):
        with open(os.path.join(folder, name.replace(".Dockerfile", ".expected.json")), encoding="utf-8") as file:
            labels = json.load(file)["findings"]
        result = fixed(name, data, unsafe=unsafe)
        for label in labels:
            if label["level"] != "primary" or label["kind"] not in KINDS:
                continue
            total[label["kind"]] += 1
            lines = range(label["line"], label["end_line"] + 1)
            was = keys(result.first, lines) if result is not None else None
            left = keys(result.last) if result is not None else None
            if was and left is not None and not any(left[key] for key in was):
                gone[label["kind"]] += 1
            elif misses:
                reasons = [] if result is None else result.rewrite.left
                why = {
                    f"{one.finding.rule}: {one.reason}"
                    for one in reasons
                    if (one.finding.rule, one.finding.subject) in (was or ())
                }
                print(f"  {name}:{label['line']} {label['kind']}: {'; '.join(sorted(why)) or 'not found'}")
    share = sum(gone.values()) / max(sum(total.values()), 1)
    mode = "unsafe" if unsafe else "safe"
    print(
        f"{mode}: {sum(gone.values())} of {sum(total.values())} ({share:.0%})",
        {kind: f"{gone[kind]}/{total[kind]}" for kind in total},
    )


def harm(corpus: str, *, unsafe: bool) -> int:
    """Print and count what must never happen, over all three folders."""
    faults = changed = seen = 0
    for part in ("leaky", "tempting", "dockerfiles"):
        for name, data in files(os.path.join(corpus, part)):
            seen += 1
            result = fixed(name, data, unsafe=unsafe)
            if result is None or result.last.text == result.first.text:
                continue
            changed += 1
            again = fixed(name, result.last.text.encode("utf-8", "surrogateescape"), unsafe=unsafe)
            problem = ""
            if again is None:
                problem = "does not parse any more"
            elif again.last.text != result.last.text:
                problem = "a second run changes it again"
            elif part == "tempting" or not keys(result.first):
                problem = "was clean and is changed"
            if problem:
                faults += 1
                print(f"  {part}/{name}: {problem}")
    print(f"{'unsafe' if unsafe else 'safe'}: {seen} files, {changed} changed, {faults} faults")
    return faults


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus")
    parser.add_argument("--misses", action="store_true", help="list the leaks that stay, with the reason")
    arguments = parser.parse_args()
    for unsafe in (False, True):
        recall(arguments.corpus, unsafe=unsafe, misses=arguments.misses)
    return 1 if sum(harm(arguments.corpus, unsafe=unsafe) for unsafe in (False, True)) else 0


if __name__ == "__main__":
    sys.exit(main())
