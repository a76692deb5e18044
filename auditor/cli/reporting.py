"""Writes a run's reports: formats to standard output and files, problems and the summary to standard error."""

from __future__ import annotations

import os
import sys

from auditor import __version__
from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.smallfile import replace_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from auditor.core.config import Output, Settings
    from auditor.core.finding import Report
    from auditor.report.meta import Meta

_NARROWEST, _WIDTH, _WIDEST = 60, 80, 110
_KEY_BYTES = 32


class Renderer(NamedTuple):
    """What makes a format: a module of `auditor.report` and its function. `shows_fixes`: with what `audit fix` would
    change; `shows_prose`: with why a rule matters."""

    module: str
    function: str = "render"
    shows_fixes: bool = False
    shows_prose: bool = False


RENDERERS = {
    "text": Renderer("text"),
    "json": Renderer("json_report", shows_fixes=True),
    "jsonl": Renderer("jsonl", shows_fixes=True),
    "sarif": Renderer("sarif", shows_fixes=True, shows_prose=True),
    "github": Renderer("lines", "github"),
    "gitlab-secrets": Renderer("gitlab_secrets"),
    "gitlab-codequality": Renderer("gitlab_codequality"),
    "junit": Renderer("junit"),
    "checkstyle": Renderer("checkstyle"),
    "gnu": Renderer("lines", "gnu"),
    "markdown": Renderer("markdown", shows_fixes=True),
    "runbook": Renderer("runbook"),
    "html": Renderer("html", shows_fixes=True, shows_prose=True),
}
_UNEXAMINED = "no change was worked out for {:,} finding{}, which would have taken too long; audit fix --diff does it"
#: As searches through directories call it.
_EXCLUDED = "excluded"


def write(report: Report, settings: Settings, command: str = "lint", key: bytes = b"") -> None:
    """Print and write everything a run of `command` reports; `key` is that of fingerprints, if the report has none.

    Raises UsageError where a file cannot be written.
    """
    if command != "image" and _has_nothing_to_show(report, settings):
        say("" if settings.quiet else _clean_line(report, command) + silenced(report, settings, command))
        return
    write_all(report, settings, meta_of(settings, command, key or report.key))
    if not settings.quiet:
        say(silenced(report, settings, command))


def write_all(report: Report, settings: Settings, meta: Meta) -> None:
    """Every report that is asked for, then what could not be read, what a limit has cut, and the summary.

    Raises UsageError where a file cannot be written.
    """
    from auditor.report.text import problems, summary  # start-up: only where there is something to say

    notes = [
        f"note: {out.format}: {note}\n" for out in settings.format for note in _write_one(out, report, meta, settings)
    ]
    if report.unexamined:
        notes.append(f"note: {_UNEXAMINED.format(report.unexamined, '' if report.unexamined == 1 else 's')}\n")
    sys.stdout.flush()
    on_terminal = meta._replace(color=wants_color(settings.color, sys.stderr))
    say(problems(report, on_terminal) + "".join(notes))
    if not settings.quiet:
        say(summary(report, on_terminal))


def check_outputs(settings: Settings) -> None:
    """Raise UsageError where two reports would go to the same place; before the run, not after it."""
    places = [output.file for output in settings.format]
    for output in settings.format:
        if places.count(output.file) > 1:
            where = output.file or "standard output"
            raise UsageError(f"--format: several reports cannot go to {where}; name a file for each: json:FILE")


def _has_nothing_to_show(report: Report, settings: Settings) -> bool:
    plain = all(output.format == "text" and not output.file for output in settings.format)
    noted = any(target.errors or (settings.verbose and target.skipped) for target in report.targets)
    return plain and not report.findings and not noted


def _write_one(output: Output, report: Report, meta: Meta, settings: Settings) -> tuple[str, ...]:
    """Write one report; what its format has to leave out."""
    if output.file:
        text = _renderer(output.format)(report, meta._replace(color=settings.color == "always", width=_WIDTH))
        write_file(output.file, text)
    else:
        shown = meta._replace(color=wants_color(settings.color, sys.stdout), width=terminal_width())
        text = _renderer(output.format)(report, shown)
        sys.stdout.write(text)
    return getattr(text, "notes", ())


def _renderer(name: str) -> Callable[[Report, Meta], str]:
    from importlib import import_module  # start-up: only the formats that are asked for

    module, function = RENDERERS[name][:2]
    render: Callable[[Report, Meta], str] = getattr(import_module(f"auditor.report.{module}"), function)
    return render


def meta_of(settings: Settings, command: str, key: bytes = b"") -> Meta:
    """What a report of this run says besides the findings, without colour and width."""
    import time

    from auditor.core.resources import load_rule_docs, rules_digest
    from auditor.report.meta import Meta
    from auditor.run.selection import all_rules

    prose: dict[str, str] = {}
    if any(RENDERERS[output.format].shows_prose for output in settings.format):
        prose = {rule: str(docs.get("why", "")) for rule, docs in load_rule_docs()["rules"].items()}
    return Meta(
        version=__version__,
        rules=all_rules(command),
        rules_digest=rules_digest(),
        fail_on=settings.fail_on,
        min_severity=settings.min_severity,
        show_secrets=settings.show_secrets,
        key=key or os.urandom(_KEY_BYTES),
        time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        prefix=_prefix(),
        verbose=settings.verbose,
        prose=prose,
        command=command,
    )


def _prefix() -> str:
    """From the repository root to the current folder, with "/"."""
    from auditor.sources.files import repository_root

    here = os.path.realpath(os.getcwd())
    below = os.path.relpath(here, repository_root(here))
    return "" if below == os.curdir else below.replace(os.sep, "/")


def write_file(path: str, text: str) -> None:
    """Replace the file whole (`replace_file`). A device or pipe is written to directly.

    Raises UsageError where that cannot be done.
    """
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
                file.write(text)
        else:
            replace_file(path, text)
    except OSError as error:
        raise UsageError(f"--format: {path}: cannot be written: {error.strerror}") from None
    except UsageError as error:
        raise UsageError(f"--format: {error}") from None


def wants_color(choice: str, stream: TextIO) -> bool:
    """Whether to paint: --color, NO_COLOR, FORCE_COLOR and CLICOLOR_FORCE in that order, then what the terminal can."""
    if choice != "auto":
        return choice == "always"
    environment = os.environ
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR") or environment.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    return stream.isatty() and environment.get("TERM") != "dumb"


def terminal_width() -> int:
    """Columns of the terminal that the standard output is, within reason; a usual number where it is none."""
    try:
        width = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        return _WIDTH
    return min(max(width, _NARROWEST), _WIDEST)


def say(text: str) -> None:
    """Write to the standard error. Whoever has stopped reading it still wants the exit code."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        return


def _clean_line(report: Report, command: str) -> str:
    """What most runs say; worded as `report.text.summary` words it, without loading what only findings need."""
    files = sum(target.files for target in report.targets)
    if not files:
        return "No Dockerfile found.\n" if command == "lint" else "No file found.\n"
    return f"No leaks found in {files} {'file' if files == 1 else 'files'} ({report.seconds:.2f} s).\n"


def silenced(report: Report, settings: Settings, command: str) -> str:
    """What a configuration file did that looks like a clean run: a tree that is not trusted may bring such a file.

    Before that the notes of the run."""
    return _noted(report) + _silenced(report, settings, command)


def _noted(report: Report) -> str:
    if not report.notes:
        return ""
    from auditor.report.terminal import escape, inert  # start-up: only where there is something to say

    return inert("".join(f"note: {escape(note)}\n" for note in report.notes))


def _silenced(report: Report, settings: Settings, command: str) -> str:
    said = []
    excluded = any(item.reason == _EXCLUDED for target in report.targets for item in target.skipped)
    if excluded and not any(target.files for target in report.targets) and _is_from_file(settings, "exclude"):
        said.append(("exclude", "nothing is left to read"))
    if _is_from_file(settings, "ignore"):
        from auditor.run.selection import chosen  # start-up: only with such a file

        if not chosen(settings, command):
            said.append(("ignore", "no rule is left"))
    limit = settings.fail_on
    if limit is None and report.active and _is_from_file(settings, "fail-on"):
        said.append(("fail-on", "the exit code does not tell of findings"))
    failing = limit is not None and any(finding.severity >= limit for finding in report.active)
    if failing and settings.exit_zero and _is_from_file(settings, "exit-zero"):
        said.append(("exit-zero", "the exit code does not tell of findings"))
    if not said:
        return ""
    from auditor.report.terminal import escape  # start-up: as above

    notes = (f"note: {key} in {escape(settings.origins[key])}: {what}\n" for key, what in said)
    return "".join(notes) + "note: --isolated uses no configuration file\n"


def _is_from_file(settings: Settings, key: str) -> bool:
    return os.path.isfile(settings.origins.get(key, ""))
