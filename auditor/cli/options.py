"""Options that several commands share. Imported only where there are options to read."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_report_options(p: argparse.ArgumentParser) -> None:
    """What is reported, where to, and when that is a failure."""
    group = p.add_argument_group("report")
    group.add_argument(
        "--format",
        action="append",
        metavar="FORMAT[:FILE]",
        help="text (default), json, jsonl, sarif, github, gitlab-secrets, gitlab-codequality, junit, checkstyle, gnu,"
        " markdown (comment on a pull request, summary of a job), html (one page with layers, filters, search), or"
        " runbook (how to rotate what leaked, Markdown), to FILE or standard output; repeatable",
    )
    group.add_argument("--min-severity", metavar="SEVERITY", help="least severity that is printed (medium)")
    group.add_argument("--fail-on", metavar="SEVERITY", help="least severity for exit code 1, or never (medium)")
    group.add_argument("--exit-zero", action="store_true", default=None, help="exit with 0 even if there are findings")
    group.add_argument("--color", metavar="WHEN", help="auto (default), always or never")
    group.add_argument("--show-secrets", action="store_true", default=None, help="print secrets unmasked (text, json)")
    group.add_argument("-q", "--quiet", action="store_true", default=None, help="no summary")
    group.add_argument("-v", "--verbose", action="store_true", default=None, help="whole advice, skipped files")


def add_rule_options(p: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Which rules count; the group, for more of them."""
    group = p.add_argument_group("rules", "NAMES are rule ids, families or prefixes, separated by commas")
    group.add_argument("--select", action="append", metavar="NAMES", help="use these rules only")
    group.add_argument("--extend-select", action="append", metavar="NAMES", help="use these rules as well")
    group.add_argument("--ignore", action="append", metavar="NAMES", help="leave these rules out")
    group.add_argument(
        "--require-ignore-reason",
        action="store_true",
        default=None,
        help="comments that ignore a finding need a reason, those of other tools as well",
    )
    return group


def add_baseline_option(group: argparse._ArgumentGroup) -> None:
    """What is accepted already."""
    group.add_argument(
        "--baseline", metavar="FILE", help="findings to accept: what audit baseline wrote, or detect-secrets"
    )


def add_search_options(group: argparse._ArgumentGroup, *, stdin_filename: str) -> None:
    """Which files are read, and with which settings; `stdin_filename` is what standard input is called by default."""
    group.add_argument("--exclude", action="append", metavar="GLOB", help="leave out of a search; repeatable")
    group.add_argument(
        "--stdin-filename", metavar="NAME", help=f"what to call standard input (default: {stdin_filename})"
    )
    group.add_argument("--config", metavar="FILE", help="use this configuration file")
    group.add_argument(
        "--isolated", action="store_true", help="use no configuration file; for trees that you do not trust"
    )
