"""What is said about each setting: in `--help`, in the schema of the configuration, in the documentation.

Start-up: none of this is needed to lint, so `configoptions` does not have it.
"""

from __future__ import annotations

from auditor.core.config import COLORS, ENGINES, FORMATS
from auditor.core.configoptions import LISTS, OPTIONS, Option
from auditor.core.errors import UsageError
from auditor.core.finding import Severity
from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from auditor.core.config import Settings

#: The one setting that has no option: a table.
SEVERITY_KEY = "severity"
SEVERITY_ABOUT = "Another severity for rules: a table of rule-id = severity."
SEVERITY_EXAMPLE = {"package-cache": "info"}


class Text(NamedTuple):
    """What is said of one setting. `help` is the line of `--help`; `about` are whole sentences; `example` is a value as
    a configuration has it."""

    key: str
    flags: tuple[str, ...]
    metavar: str
    help: str
    about: str
    example: object

    @property
    def option(self) -> Option:
        """The setting itself."""
        return next(option for option in OPTIONS if option.key == self.key)

    @property
    def about_in_file(self) -> str:
        """The sentences for somebody who writes a configuration."""
        is_path = self.option.kind in ("file", "files")
        return f"{self.about} Relative to the folder of this file, and below it." if is_path else self.about

    @property
    def is_flag(self) -> bool:
        """Whether the option takes no value."""
        return self.option.kind == "flag"

    @property
    def is_list(self) -> bool:
        """Whether the option may be repeated."""
        return self.option.kind in LISTS


def _text(key: str, metavar: str, help: str, about: str, example: object = True, *flags: str) -> Text:
    return Text(key, flags or (f"--{key}",), metavar, help, about, example)


TEXTS = (
    _text("fail-on", "SEVERITY", "least severity for exit code 1, or never (medium)",
          "The least severity of a finding that makes the exit code 1; never: findings do not.", "high"),
    _text("min-severity", "SEVERITY", "least severity that is printed (medium)",
          "The least severity that is reported.", "low"),
    _text("exit-zero", "", "exit with 0 even if there are findings",
          "Exit with 0 even if there are findings. What could not be read still gives 3."),
    _text("select", "NAMES", "use these rules only",
          "Use these rules only: ids, families or prefixes of ids.", ["env-secret", "calls"]),
    _text("ignore", "NAMES", "leave these rules out",
          "Leave these rules out: ids, families or prefixes of ids.", ["package-cache"]),
    _text("extend-select", "NAMES", "use these rules as well",
          "Use these rules besides those of select: ids, families or prefixes of ids.", ["package-cache"]),
    _text("exclude", "GLOB", "leave out of a search; repeatable",
          "Leave these files and folders out of a search through directories. A file that is named is read.",
          ["**/testdata"]),
    _text("format", "FORMAT[:FILE]",
          "text (default), json, jsonl, sarif, github, gitlab-secrets, gitlab-codequality, junit, checkstyle, gnu,"
          " markdown (comment on a pull request, summary of a job), html (one page with layers, filters, search), or"
          " runbook (how to rotate what leaked, Markdown), to FILE or standard output; repeatable",
          "The format of the report on standard output. Files can be named on the command line and in the environment"
          " only.", ["github"]),
    _text("context", "DIR", "build context (default: guessed for every file)",
          "The build context of all Dockerfiles. Without it, it is guessed for every file.", "app"),
    _text("no-context", "", "read nothing but the Dockerfiles",
          "Read nothing but the Dockerfiles: nothing is known of what COPY takes."),
    _text("target", "STAGE", "the stage that is built (default: the last)",
          "The build stage that is built. Without it, the last one.", "runtime"),
    _text("color", "WHEN", "auto (default), always or never", "When to paint the output.", "never"),
    _text("require-ignore-reason", "", "comments that ignore a finding need a reason, those of other tools as well",
          "Comments that ignore a finding need a reason, those of other tools as well."),
    _text("engine", "NAME",
          "auto (default), hyperscan or keywords for the first search, or detect-secrets, which adds its plugins",
          "How candidates are found: by hyperscan, by keywords, the better of both (auto), or with the plugins of"
          " detect-secrets besides.", "keywords"),
    _text("rules", "FILE", "rules of your own, or of gitleaks or betterleaks; repeatable",
          "Files with rules of your own, or of gitleaks or betterleaks.",
          ["security/rules.toml"]),
    _text("baseline", "FILE", "findings to accept: what audit baseline wrote, or detect-secrets",
          "A file of findings that are accepted.", "audit-baseline.jsonl"),
    _text("max-depth", "N", "open archives in archives down to this depth (8)",
          "How deep archives in archives are opened; 0 opens none.", 3),
    _text("platform", "OS/ARCH", "which image of an index, or all (default: this machine's)",
          "Which image of a multi-platform image is read: OS/ARCH, or all. Without it, this machine's.", "linux/amd64"),
    _text("base", "REF|DIFF_ID", "the base image, whose findings are marked",
          "The base image, whose findings are marked as such: a reference or a diff id.", "registry.example/base:1"),
    _text("dockerfile", "FILE", "the Dockerfile, to tell its lines (default: found here)",
          "The Dockerfile that an image was built from.",
          "build/app.Dockerfile"),
    _text("no-cache", "", "search layers that are known, too", "Search layers that an earlier run has searched, too."),
    _text("no-inline-ignores", "", "heed no comments in the image's files; for images of others",
          "Heed no comments that ignore a finding in files of an image."),
    _text("plugins", "FILE", "your own detect-secrets plugin, whose code is run; needs --engine detect-secrets;"
          " repeatable", "A plugin of detect-secrets of your own. Its code is run.", ["plugin.py"], "--plugin"),
    _text("show-secrets", "", "print secrets unmasked (text, json)", "Print secrets unmasked (text, json)."),
    _text("stdin-filename", "NAME", "what to call standard input", "What standard input is called in reports.",
          "app.Dockerfile"),
    _text("quiet", "", "no summary", "Print no summary.", True, "-q", "--quiet"),
    _text("verbose", "", "whole advice, skipped files", "Print advice whole, and the files that were skipped.", True,
          "-v", "--verbose"),
)  # fmt: skip
#: Environment variables of ours that are no settings, and what each is for.
VARIABLES = {
    "AUDIT_CONFIG": "the configuration file, as --config names it",
    "AUDIT_CACHE_DIR": "where compiled patterns and results of known layers are kept (default: audit below the user's"
    " folder of caches)",
    "AUDIT_DEFAULT_REGISTRY": "the registry of names that have none",
    "AUDIT_INSECURE_REGISTRIES": "registries (host[:port]), separated by commas, without TLS or without a"
    " certificate that is trusted",
    "AUDIT_TRACEBACK": "1: print the traceback of an internal error",
}
_BY_KEY = {text.key: text for text in TEXTS}


def text_of(key: str) -> Text:
    """What is said of a setting. Raises KeyError."""
    return _BY_KEY[key]


def choices(kind: str) -> tuple[str, ...]:
    """The words that a setting of this kind can be; () where any text will do."""
    severities = tuple(severity.label for severity in reversed(Severity))
    return {
        "threshold": (*severities, "never"),
        "severity": severities,
        "color": COLORS,
        "engine": ENGINES,
        "formats": FORMATS,
    }.get(kind, ())


def plain_value(settings: Settings, option: Option) -> object:
    """The value of a setting as a configuration would have it: text, flag, number or list of texts."""
    value: object = getattr(settings, option.attribute)
    if option.kind in ("threshold", "severity"):
        return "never" if not isinstance(value, Severity) else value.label
    if option.kind == "formats":
        return [f"{out.format}:{out.file}" if out.file else out.format for out in settings.format]
    return list(value) if isinstance(value, tuple) else value


def may_be_configured(option: Option, value: object) -> bool:
    """Whether a file in the current folder may say this."""
    from auditor.core.config import ConfigFile, resolve

    try:
        resolve({}, {}, ConfigFile("audit.toml", {option.key: value}))
    except UsageError:
        return False
    return True
