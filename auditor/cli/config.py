"""`audit config [PATH...]`: every setting with its value, and where that came from."""

from __future__ import annotations

import os
import sys

from auditor.cli.arguments import parser
from auditor.cli.options import add_setting
from auditor.cli.scan import check_files
from auditor.cli.settings import file_for
from auditor.core.config import resolve, suggestion
from auditor.core.configfile import PYPROJECT
from auditor.core.configlines import line_of
from auditor.core.configoptions import OPTIONS
from auditor.core.configtexts import SEVERITY_KEY, VARIABLES, plain_value, text_of
from auditor.core.errors import ExitCode, UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.report.settings import COMMAND_LINE, DEFAULT, ENVIRONMENT, FILE, Origin, Row, Shown, as_json, as_toml, text
from auditor.report.terminal import escape, inert

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from auditor.core.config import ConfigFile, Settings

_EPILOG = """\
Shows what audit lint, scan, image and the other commands would take from the
configuration file that counts for PATH, from AUDIT_* variables and from the
options given here, which are theirs. What they would refuse is refused here,
too: unknown keys, values and rules, files that are not there.
--format toml prints a configuration file that says the same, with an example of
everything else: audit config --format toml > audit.toml
"""
_RENDERERS = {"text": text, "json": as_json, "toml": as_toml}
_PREFIX = "AUDIT_"


def run(argv: list[str]) -> int:
    """Run the command and return the exit code. Raises UsageError and SystemExit (wrong arguments, --help)."""
    arguments = vars(build_parser().parse_args(argv))
    paths: list[str] = arguments.pop("paths") or ["."]
    render = _RENDERERS[arguments.pop("shown_as")]
    for path in paths:
        if path != "-" and not os.path.lexists(path):
            raise UsageError(f"{path}: no such file or directory")
    file = file_for(arguments, paths)
    settings = resolve(arguments, os.environ, file)
    check_files(settings)
    from auditor.run.selection import check_names  # start-up: --help and wrong arguments need no rules

    check_names(settings)
    sys.stdout.write(render(Shown(file.path if file else "", _rows(settings, file))))
    for note in stray_variables(os.environ):
        print(inert(f"note: {escape(note)}"), file=sys.stderr)
    return ExitCode.CLEAN


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command's arguments."""
    p = parser("config", "Show every setting with its value, and where that came from.", epilog=_EPILOG)
    p.add_argument("paths", nargs="*", metavar="PATH", help="files or directories that would be read (default: .)")
    p.add_argument(
        "--format", dest="shown_as", choices=tuple(_RENDERERS), default="text", help="text (default), json or toml"
    )
    p.add_argument("--config", metavar="FILE", help="use this configuration file")
    p.add_argument("--isolated", action="store_true", help="use no configuration file")
    group = p.add_argument_group("settings", "to see what they change")
    for option in OPTIONS:
        if option.key != "format":
            add_setting(group, option.key)
    return p


def stray_variables(environment: Mapping[str, str]) -> Iterator[str]:
    """What to say of variables that look like ours and are not heeded."""
    shared = [option.variable for option in OPTIONS if option.shared]
    own = {option.variable for option in OPTIONS if not option.shared}
    for name in sorted(environment):
        if name in own:
            yield f"{name} is not heeded: this may be given on the command line only"
        elif name.startswith(_PREFIX) and name not in shared and name not in VARIABLES:
            yield f"{name} is not heeded: there is no such setting{suggestion(name, [*shared, *VARIABLES])}"


def _rows(settings: Settings, file: ConfigFile | None) -> list[Row]:
    usual = resolve({})
    rows = [
        Row(option.key, plain_value(settings, option), plain_value(usual, option), _origin(option.key, settings, file))
        for option in OPTIONS
    ]
    severities = {rule: level.label for rule, level in settings.severities.items()}
    return [*rows, Row(SEVERITY_KEY, severities, {}, _origin(SEVERITY_KEY, settings, file))]


def _origin(key: str, settings: Settings, file: ConfigFile | None) -> Origin:
    where = settings.origins.get(key)
    if where is None:
        return Origin(DEFAULT)
    if key != SEVERITY_KEY:
        said = text_of(key)
        if where == f"--{key}":
            return Origin(COMMAND_LINE, said.flags[-1])
        if where == said.option.variable:
            return Origin(ENVIRONMENT, where)
    table = ("tool", "audit") if os.path.basename(where) == PYPROJECT else ()
    return Origin(FILE, where, line_of(where, table, key))
