"""The settings there are, and how each is written."""

from __future__ import annotations

from auditor.core.record import NamedTuple

#: Kinds whose values are lists.
LISTS = ("names", "globs", "formats", "files")


class Option(NamedTuple):
    """One setting: its key as written in files, and how a value is read. `shared` ones may come from anywhere;
    the others from the command line only."""

    key: str
    kind: str
    shared: bool = True

    @property
    def attribute(self) -> str:
        """Name of the attribute of `Settings`."""
        return self.key.replace("-", "_")

    @property
    def variable(self) -> str:
        """Name of the environment variable."""
        return "AUDIT_" + self.attribute.upper()


OPTIONS = (
    Option("fail-on", "threshold"),
    Option("min-severity", "severity"),
    Option("exit-zero", "flag"),
    Option("select", "names"),
    Option("ignore", "names"),
    Option("extend-select", "names"),
    Option("exclude", "globs"),
    Option("format", "formats"),
    Option("context", "file"),
    Option("no-context", "flag"),
    Option("target", "text"),
    Option("color", "color"),
    Option("require-ignore-reason", "flag"),
    Option("engine", "engine"),
    Option("rules", "files"),
    Option("baseline", "file"),
    Option("max-depth", "number"),
    Option("platform", "text"),
    Option("base", "text"),
    Option("dockerfile", "file"),
    Option("no-cache", "flag"),
    Option("no-inline-ignores", "flag"),
    # A plugin is a program: only who runs the command may name one, not a repository that is scanned.
    Option("plugins", "files", shared=False),
    Option("show-secrets", "flag", shared=False),
    Option("stdin-filename", "text", shared=False),
    Option("quiet", "flag", shared=False),
    Option("verbose", "flag", shared=False),
)
