"""Seconds that each format takes for 25,000 findings, half of them in an image: `python -m bench.reports [NUMBER]`.

Also the size of each report, what it takes to read the JSON report back, and what the SARIF is compressed to: GitHub
takes 10 MB. Wall time of one rendering; the program's start is not in it.
"""

from __future__ import annotations

import argparse
import gzip
import sys
import time
from collections.abc import Sequence
from importlib import import_module

from auditor.cli.reporting import RENDERERS
from auditor.core.finding import Finding, Location, Report, Severity, Step, Target, number_findings
from auditor.core.image import LAYER, ImagePlace
from auditor.core.layerline import LayerLine
from auditor.core.resources import load_rule_docs, rules_digest
from auditor.core.secret import Secret
from auditor.core.span import LineIndex, Span
from auditor.report.meta import Meta
from auditor.report.recorded.reading import read
from auditor.run.selection import all_rules

FINDINGS = 25_000
_FILES, _LAYERS = 500, 40
_IMAGE = "hub.example/shop/api:1.4"


def report_of(number: int) -> Report:
    """So many findings with a secret each: one half in files with a line for each, the other in layers of an image."""
    in_files = number // 2
    report = Report([], [], 12.5)
    for file in range(_FILES):
        mine = range(file, in_files, _FILES)
        report.targets.append(_file(f"services/part-{file}/Dockerfile", mine, report.findings))
    image = Target(_IMAGE, "image", size=number * 1000, files=number)
    image.layers = [LayerLine(layer, size=1_000_000, created_by="COPY . /app") for layer in range(_LAYERS)]
    report.targets.append(image)
    report.findings += [_in_image(at) for at in range(number - in_files)]
    number_findings(report.findings)
    return report


def _file(name: str, numbers: range, findings: list[Finding]) -> Target:
    values = [f"Tundra-{at:05}-kite" for at in numbers]
    text = "FROM node:22\n" + "".join(f"ENV DB_{at}_PASSWORD={value}\n" for at, value in enumerate(values))
    target = Target(name, "dockerfile", size=len(text), text=text)
    index = LineIndex(text)
    for at, value in enumerate(values):
        start = text.index(value)
        span = Span(start, start + len(value))
        target.secrets.append(Secret(value, "password"))
        place = Location.of(name, index, span)
        message = f"DB_{at}_PASSWORD is set to a secret; the image's configuration and history show it."
        flow = (Step("every container has it", place),)
        level = Severity(at % len(Severity))
        finding = Finding(
            "env-secret", level, place, message, f"DB_{at}_PASSWORD", secret=target.secrets[-1], flow=flow
        )
        findings.append(finding)
    return target


def _in_image(at: int) -> Finding:
    place = ImagePlace(
        LAYER,
        layer_index=at % _LAYERS,
        diff_id=f"sha256:{at % _LAYERS:064x}",
        path=f"app/services/part-{at}/settings.yaml",
        line=12,
        created_by="COPY . /app # buildkit",
        history_index=at % _LAYERS,
        dockerfile="Dockerfile",
        dockerfile_line=1 + at % _LAYERS,
    )
    secret = Secret(f"{at:024}", "password")
    level = Severity(at % len(Severity))
    message = f"Password in spring.datasource-{at}.password."
    finding = Finding("assigned-secret", level, Location.target(_IMAGE), message, f"{at}", secret=secret, image=place)
    finding.group = secret.fingerprint(b"key")
    finding.excerpt = "    password: ****"
    return finding


def main(argv: Sequence[str]) -> int:
    """Print a line for each format."""
    parser = argparse.ArgumentParser(prog="python -m bench.reports", description=__doc__)
    parser.add_argument("number", nargs="?", type=int, default=FINDINGS)
    number: int = parser.parse_args(argv).number
    report = report_of(number)
    prose = {rule: str(docs.get("why", "")) for rule, docs in load_rule_docs()["rules"].items()}
    meta = Meta("1.2.3", all_rules(), rules_digest(), min_severity=Severity.INFO, key=b"key", prose=prose)
    meta = meta._replace(time="2026-01-02T03:04:05Z", command="report")
    print(f"{number:,} findings")
    for name, (module, function, *_) in RENDERERS.items():
        started = time.perf_counter()
        text: str = getattr(import_module(f"auditor.report.{module}"), function)(report, meta)
        seconds = time.perf_counter() - started
        size = len(text.encode("utf-8"))
        packed = f", {len(gzip.compress(text.encode('utf-8'))) / 1e6:.1f} MB compressed" if name == "sarif" else ""
        print(f"{name:20} {seconds:6.2f} s {size / 1e6:8.1f} MB{packed}", flush=True)
        if name == "json":
            started = time.perf_counter()
            read(text.encode("utf-8"), "report.json")
            print(f"{'json, read back':20} {time.perf_counter() - started:6.2f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
