"""`make demo`: `audit lint` on a small repository with leaks, shown as a user sees it, then held against what is there.

`python -m tests.demo --update` writes down what was found instead.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

FIXTURES = Path(__file__).resolve().parent / "fixtures" / "repos"
DEMO = FIXTURES / "demo"
EXPECTED = FIXTURES / "demo.expected"


def lint(*options: str) -> subprocess.CompletedProcess[str]:
    """`audit lint` of the demo repository, with its standard output captured."""
    script = Path(sys.executable).parent / "audit"
    command = [script, "lint", "--isolated", "--min-severity", "medium", *options]
    return subprocess.run(command, cwd=DEMO, stdout=subprocess.PIPE, text=True, check=False)


def found() -> list[str]:
    """`path:line severity rule` of every finding from medium on, in order."""
    report = json.loads(lint("--format", "json", "--quiet").stdout)
    lines = []
    for finding in report["findings"]:
        if finding["severity"] in ("medium", "high", "critical"):
            place = f"{finding['location']['path']}:{finding['location']['start_line']}"
            lines.append(f"{place} {finding['severity']} {finding['rule']}")
    return sorted(lines)


def main(arguments: list[str]) -> int:
    """Show the findings; 0 when they are the expected ones, 1 when not."""
    lines = found()
    if arguments == ["--update"]:
        EXPECTED.write_text("".join(f"{line}\n" for line in lines))
        return 0
    sys.stdout.write(f"$ cd {os.path.relpath(DEMO)} && audit lint\n\n")
    sys.stdout.flush()
    sys.stdout.write(lint("--color", "always" if sys.stdout.isatty() else "never").stdout)
    sys.stdout.flush()
    expected = EXPECTED.read_text().splitlines()
    if lines == expected:
        print(f"\nThese are the {len(expected)} findings that the demo repository was made for.")
        return 0
    changes = [f"  missing: {line}" for line in expected if line not in lines]
    changes += [f"  new:     {line}" for line in lines if line not in expected]
    print("\nThese are not the findings that the demo repository was made for:", *changes, sep="\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
