"""`audit image`: options, sources, the run, reports."""

from __future__ import annotations

import sys
import time

from auditor.cli.arguments import parser
from auditor.cli.options import add_baseline_option, add_report_options, add_rule_options, add_setting
from auditor.cli.reporting import check_outputs, write
from auditor.cli.scan import add_detection_options, check_files
from auditor.cli.settings import settings_of
from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from auditor.cli.progress import Progress
    from auditor.core.config import Settings
    from auditor.sources.images.model import Source

_EPILOG = """\
targets:
  REF, docker:REF      image of the docker engine      podman:REF    of podman
  registry:REF         image of a registry             rootfs:DIR    plain files
  FILE                 archive of docker save, or an OCI archive, compressed or
                       not (docker-archive:FILE[:TAG], oci-archive:FILE[:TAG])
  oci:DIR[:TAG]        OCI layout                      -             archive on
                                                       standard input
Every layer is searched by itself, so that what later ones delete or replace is
found; so are history, configuration, labels, annotations and attestations.
Nothing is unpacked, and nothing leaves this machine.
"""


def run(argv: list[str]) -> int:
    """Run the command and return the exit code. Raises UsageError and SystemExit (wrong arguments, --help)."""
    started = time.perf_counter()
    arguments = vars(build_parser().parse_args(argv))
    targets: list[str] = arguments.pop("targets")
    build_cache: bool = arguments.pop("build_cache")
    insecure: list[str] = arguments.pop("insecure_registry") or []
    assertions: list[str] = arguments.pop("assert_absent") or []
    settings = settings_of(arguments, [])
    _check(settings, targets, assertions, build_cache=build_cache)
    from auditor.run.result import exit_code  # start-up: --help and wrong arguments need no detector
    from auditor.run.selection import IMAGE

    stdin = sys.stdin.buffer if "-" in targets and sys.stdin is not None else None
    listener = Shown(quiet=settings.quiet)
    sources = _build_cache() if build_cache else []
    if assertions:
        from auditor.run.images.proof import prove  # start-up: as above

        report, key = prove(
            settings, targets, assertions, stdin=stdin, listener=listener, sources=sources, insecure=insecure
        )
    else:
        from auditor.run.images.scan import scan  # start-up: as above

        report, key = scan(settings, targets, stdin=stdin, listener=listener, sources=sources, insecure=insecure)
    listener.close()
    report.seconds = time.perf_counter() - started
    write(report, settings, IMAGE, key)
    return exit_code(report, settings)


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command's arguments."""
    p = parser(
        "image", "Find what a built image keeps, by layer, and the instruction that put it there.", epilog=_EPILOG
    )
    p.add_argument("targets", nargs="*", metavar="TARGET", help="images, archives, layouts; see below")
    group = p.add_argument_group("image")
    for key in ("platform", "base", "dockerfile"):
        add_setting(group, key)
    add_setting(group, "target", "the stage that was built (default: the last one)")
    group.add_argument("--build-cache", action="store_true", help="search what builds left behind in the docker engine")
    group.add_argument(
        "--assert-absent",
        action="append",
        metavar="NAME=SOURCE",
        help="prove that a value (env:VAR, file:PATH or - for standard input) is nowhere in the image; repeatable",
    )
    group.add_argument(
        "--insecure-registry",
        action="append",
        metavar="HOST[:PORT]",
        help="speak plain http to this registry, or do not check who it is; repeatable",
    )
    add_setting(group, "no-cache")
    add_report_options(p)
    rules = add_rule_options(p)
    add_setting(rules, "no-inline-ignores")
    add_baseline_option(rules)
    add_detection_options(p.add_argument_group("detection"))
    group = p.add_argument_group("input")
    group.add_argument("--config", metavar="FILE", help="use this configuration file")
    group.add_argument("--isolated", action="store_true", help="use no configuration file")
    return p


def _check(settings: Settings, targets: list[str], assertions: list[str], *, build_cache: bool) -> None:
    """Raise UsageError for what cannot be meant."""
    check_outputs(settings)
    check_files(settings)
    if not targets and not build_cache:
        raise UsageError("name an image, an archive or an OCI layout; audit image --help lists what there is")
    check_targets(targets)
    if assertions and settings.origins.get("baseline", "").startswith("--"):
        raise UsageError("--assert-absent: what it finds cannot be accepted; leave out --baseline")
    if "-" in targets and any(text.endswith("=-") for text in assertions):
        raise UsageError("--assert-absent: - is read as the value, and cannot be the archive, too")


def check_targets(targets: list[str]) -> None:
    """Raise UsageError where the standard input is asked for and cannot be read."""
    if targets.count("-") > 1:
        raise UsageError("-: standard input can be read once only")
    if "-" in targets and (sys.stdin is None or sys.stdin.closed):
        raise UsageError("-: standard input is closed")
    if "-" in targets and sys.stdin.isatty():
        raise UsageError("-: standard input is a terminal; pipe an archive in: docker save IMAGE | audit image -")


class Shown:
    """Shows how far the search has come, if anybody looks on."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._progress: Progress | None = None

    def begin(self, total: int) -> None:
        """So many stored bytes are going to be searched; 0 if nobody knows."""
        from auditor.cli.progress import Progress  # start-up: only where there is something to search

        self.close()
        self._progress = Progress(total, wanted=not self._quiet)

    def advance(self, number: int) -> None:
        """So many more have been."""
        if self._progress is not None:
            self._progress.advance(number)

    def close(self) -> None:
        """Clear what was shown."""
        if self._progress is not None:
            self._progress.close()
            self._progress = None


def _build_cache() -> list[Source]:
    from auditor.sources.images.buildcache import open_build_cache
    from auditor.sources.images.target import DOCKER

    return [open_build_cache(DOCKER)]
