"""The HTML report of many findings: `python -m bench.html_report [NUMBER...]` (5,000 and 25,000 by default).

Prints processor seconds and the size of the page, for findings in an image and for findings in one Dockerfile. 25,000
findings have to take at most LIMIT seconds.
"""

from __future__ import annotations

import sys
import time

from auditor.core.finding import Finding, Location, Report, Severity, Step, Target, number_findings
from auditor.core.image import LAYER, LIVE, STATES, ImagePlace
from auditor.core.layerline import LayerLine
from auditor.core.secret import Secret
from auditor.core.span import LineIndex, Span
from auditor.report.html import render
from auditor.report.meta import Meta
from auditor.run.selection import all_rules

LIMIT = 5.0
_LAYERS = 30


def in_image(number: int) -> Report:
    """An image with so many secrets, in all states."""
    target = Target("shop", "image", size=10**9)
    target.layers = [LayerLine(at, size=10**7 * at, created_by=f"RUN step-{at}") for at in range(_LAYERS)]
    found: list[Finding] = []
    for at in range(number):
        secret = Secret(f"v{at:08d}Qx7zRtLm", "api-key")
        state = STATES[at % len(STATES)]
        place = ImagePlace(
            LAYER, at % _LAYERS, "sha256:" + "a" * 64, path=f"app/{at % 100}/{at}.env", line=1 + at, state=state,
            removed_by_layer=None if state == LIVE else _LAYERS - 1, created_by=f"RUN step-{at % _LAYERS}",
        )  # fmt: skip
        group, level = f"{at}", Severity(at % 5)
        message, excerpt = f"Key of a service in VALUE_{at}.", f"VALUE_{at}=****"
        where = Location.target("shop")
        found.append(
            Finding(
                "provider-key", level, where, message, group, secret=secret, image=place, group=group, excerpt=excerpt
            )
        )
    number_findings(found)
    return Report([target], found)


def in_file(number: int) -> Report:
    """A Dockerfile with so many secrets, each with a story."""
    lines = [f'ENV KEY_{at}="v{at:08d}Qx7zRtLm" PORT=80\n' for at in range(number)]
    text = "FROM a\n" + "".join(lines)
    index = LineIndex(text)
    target = Target("Dockerfile", "dockerfile", text=text)
    found: list[Finding] = []
    at = len("FROM a\n")
    for line in lines:
        start = at + line.index('"') + 1
        value = line.split('"')[1]
        place = Location.of("Dockerfile", index, Span(start, start + len(value)))
        name = line[4 : line.index("=")]
        secret = Secret(value, "api-key")
        flow = (Step("kept in the configuration", place), Step("docker inspect shows it", None))
        level = Severity(len(found) % 5)
        found.append(Finding("env-secret", level, place, f"{name} is set.", name, secret=secret, flow=flow))
        target.secrets.append(secret)
        at += len(line)
    number_findings(found)
    return Report([target], found)


def main(arguments: list[str]) -> int:
    """Print the figures; 1 where 25,000 findings take too long."""
    slow = False
    for number in map(int, arguments or ["5000", "25000"]):
        for name, report in (("image", in_image(number)), ("file", in_file(number))):
            meta = Meta("0", all_rules("lint" if name == "file" else "image"), key=b"key", command=name)
            began = time.process_time()
            page = render(report, meta)
            took = time.process_time() - began
            slow = slow or (number <= 25_000 and took > LIMIT)
            print(f"{number:,} findings in one {name}: {took:.1f} s, {len(page) / 1e6:.0f} MB")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
