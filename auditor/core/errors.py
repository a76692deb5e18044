"""Exit codes and the errors that the command line turns into them."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process returns (DESIGN: Commands)."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    INCOMPLETE = 3
    INTERNAL = 4
    INTERRUPTED = 130
    TERMINATED = 143


#: What each code means, in all commands.
EXIT_CODES = {
    ExitCode.CLEAN: "nothing found (or nothing as bad as --fail-on)",
    ExitCode.FINDINGS: "findings",
    ExitCode.USAGE: "wrong usage or configuration",
    ExitCode.INCOMPLETE: "an input could not be read whole",
    ExitCode.INTERNAL: "internal error, or a change that was refused",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.TERMINATED: "told to end, as by docker stop",
}


class AuditError(Exception):
    """Base of every error raised on purpose; the message is one sentence for the user."""

    exit_code = ExitCode.INTERNAL


class UsageError(AuditError):
    """The command line or the configuration is wrong."""

    exit_code = ExitCode.USAGE


class RuleDataError(AuditError):
    """A rule file is malformed; the message names the file and the key."""

    exit_code = ExitCode.USAGE
