"""`audit baseline`: the findings that a team has accepted, in a file: made, kept up to date, reviewed, exchanged."""

from __future__ import annotations

import os

from auditor.cli.arguments import parser
from auditor.cli.options import add_rule_options
from auditor.cli.scan import add_detection_options, check_files
from auditor.cli.settings import settings_of
from auditor.core import acceptance, secretsbaseline
from auditor.core.errors import UsageError
from auditor.core.places import near
from auditor.core.record import TYPE_CHECKING
from auditor.core.smallfile import content_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from typing import Any

    from auditor.cli.baselinetask import Task  # start-up: as in `run`

#: What there is to do, and what it says of itself.
ACTIONS = {
    "create": "accept everything that is found now, in a new file",
    "update": "accept what is new as well; the rest stays as it is",
    "prune": "take out what is not found any more",
    "review": "go through findings and say of each one what it is",
    "import": "take over what detect-secrets or gitleaks accepts",
    "export": "write a .secrets.baseline, for detect-secrets",
}
#: The module of this package and its function, by action.
_HOMES = {
    "create": ("baselineruns", "create"),
    "update": ("baselineruns", "update"),
    "prune": ("baselineruns", "prune"),
    "review": ("baselinereview", "review"),
    "import": ("baselineruns", "take_over"),
    "export": ("baselineexport", "export"),
}
_EPILOG = f"""\
The file ({acceptance.NAME}) is meant to be committed. It has no values, only
their HMAC under a salt of its own; reasons and last days may be edited in it.
Findings that move within a file, or with it, stay accepted. Runs use it with
--baseline FILE, or with this line in audit.toml:
  baseline = "{acceptance.NAME}"
audit baseline ACTION --help says more.
"""
_LOOKS = """\
Looks at what audit lint and audit scan find in the paths, and at images;
without a path at the current folder, or at the images alone.
"""
_REVIEW = """\
Asks about findings that are not accepted, and about accepted ones without a
reason. Every answer is saved at once: a accept, s secret (stays a finding, and
is not asked for again), k skip, b back, q quit. Without a terminal the answers
are the lines of the standard input; its end is a quit.
"""
_EXPORT = """\
Writes what audit scan finds in the paths; where there is a baseline, only what
that accepts. detect-secrets audits and updates the file. It keeps the SHA-1 of
every value, so whoever reads it can test guesses. In a file that is there
already, labels of people stay, and what is gone is taken out.
"""
_IMPORT = """\
Entries are matched with what is found in the files now. What was audited as no
secret is accepted with that reason, what nobody has audited without one: audit
baseline review asks for it. Confirmed secrets stay findings. What is not found
is listed; --engine detect-secrets looks with that tool's plugins, too. Of
gitleaks' report the values must not be redacted; run it where gitleaks ran.
"""


def run(argv: list[str]) -> int:
    """Run the command and return the exit code. Raises UsageError and SystemExit (wrong arguments, --help)."""
    if argv and argv[0] not in ACTIONS and not argv[0].startswith("-"):
        from auditor.core.config import suggestion  # start-up: on the way to an error only

        near = suggestion(argv[0], ACTIONS) or f"; audit baseline create {argv[0]} accepts what is found there"
        raise UsageError(f"baseline: {argv[0]!r} is none of {', '.join(ACTIONS)}{near}")
    arguments = vars(build_parser().parse_args(argv))
    action: str = arguments.pop("action")
    task = _task(action, arguments)
    from importlib import import_module  # start-up: --help and wrong arguments need no detector

    module, function = _HOMES[action]
    doing: Callable[[Task], int] = getattr(import_module(f"auditor.cli.{module}"), function)
    return doing(task)


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command's arguments."""
    p = parser(
        "baseline", "Keep the findings that are accepted in a file, so that runs tell of new ones.", epilog=_EPILOG
    )
    actions = p.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, what in ACTIONS.items():
        epilog = {"review": _REVIEW, "export": _EXPORT, "import": _IMPORT}.get(name, _LOOKS)
        sub = actions.add_parser(
            name,
            help=what,
            description=f"{what[0].upper()}{what[1:]}.",
            epilog=epilog,
            formatter_class=p.formatter_class,
            allow_abbrev=False,
        )
        _add_options(sub, name)
    return p


def _add_options(p: argparse.ArgumentParser, name: str) -> None:
    if name == "import":
        p.add_argument("file", metavar="FILE", help="a .secrets.baseline, or a JSON report of gitleaks")
    p.add_argument("paths", nargs="*", metavar="PATH", help="files or directories (default: .)")
    group = p.add_argument_group("baseline")
    group.add_argument(
        "--baseline", metavar="FILE", help=f"the file (default: that of audit.toml, or {acceptance.NAME})"
    )
    if name == "export":
        group.add_argument(
            "--output", metavar="FILE", default=secretsbaseline.NAME, help=f"default: {secretsbaseline.NAME}"
        )
    else:
        group.add_argument(
            "--image", action="append", dest="images", metavar="TARGET", help="as audit image; repeatable"
        )
        group.add_argument("--only", choices=("lint", "scan"), help="look at the paths with this command only")
    if name in ("create", "update", "import"):
        group.add_argument("--reason", metavar="TEXT", help="why what is new is accepted")
        group.add_argument("--expires", metavar="DAY", help="how long: 2027-01-31, or 90d from now (default: for ever)")
    if name == "create":
        group.add_argument("--force", action="store_true", help="overwrite the file that is there")
    if name == "review":
        group.add_argument("--show-secrets", action="store_true", default=None, help="show values unmasked")
        group.add_argument("--color", metavar="WHEN", help="auto (default), always or never")
    group.add_argument("--min-severity", metavar="SEVERITY", help="least severity that counts (medium)")
    add_rule_options(p)
    add_detection_options(p.add_argument_group("detection"))
    group = p.add_argument_group("input")
    group.add_argument("--exclude", action="append", metavar="GLOB", help="leave out of a search; repeatable")
    group.add_argument("--config", metavar="FILE", help="use this configuration file")
    group.add_argument("--isolated", action="store_true", help="use no configuration file")


def _task(action: str, given: dict[str, Any]) -> Task:
    """What is to be done. Raises UsageError for what cannot be meant."""
    from auditor.cli.baselinetask import Task, day_of  # start-up: as in `run`

    images: list[str] = given.pop("images", None) or []
    paths: list[str] = given.pop("paths") or ([] if images else ["."])
    own = {name: given.pop(name, None) for name in ("file", "output", "only", "reason", "expires", "force")}
    if "-" in (*paths, *images):
        raise UsageError("-: a baseline is about files and images, not standard input")
    settings = settings_of(given, paths)
    named = settings.baseline
    if action in ("create", "import", "export") and _is_theirs(named) and settings.origins["baseline"] != "--baseline":
        named = ""
    settings.baseline = ""
    check_files(settings)
    return Task(
        settings=settings,
        path=near(named) if named else acceptance.NAME,
        is_configured=bool(named),
        paths=paths,
        images=images,
        commands=(own["only"],) if own["only"] else ("lint", "scan"),
        reason=_reason(own["reason"] or ""),
        expires=day_of(own["expires"], "--expires") if own["expires"] else "",
        force=bool(own["force"]),
        file=_file(own["file"]) if action == "import" else own["output"] or "",
    )


def _is_theirs(path: str) -> bool:
    """Whether this is the baseline of detect-secrets, which runs may use as well."""
    return (
        bool(path)
        and os.path.isfile(path)
        and not acceptance.is_ours(path, content_of(path, secretsbaseline.MAX_BYTES))
    )


def _reason(text: str) -> str:
    if len(text) > acceptance.LONGEST_REASON or "\0" in text:
        raise UsageError(f"--reason: must be a line of at most {acceptance.LONGEST_REASON} characters")
    return " ".join(text.split())


def _file(path: str) -> str:
    if acceptance.is_ours(path, content_of(path, secretsbaseline.MAX_BYTES)):
        raise UsageError(f"{path}: is a baseline of audit already")
    return path
