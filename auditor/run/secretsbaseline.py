"""Writes the findings of a run into a `.secrets.baseline` that detect-secrets reads, audits and updates.

The format keeps the plain SHA-1 of every value, so that whoever has the file can test guesses (`core.secretsbaseline`).
The hook of detect-secrets takes out what its own plugins do not find in a changed file.
"""

from __future__ import annotations

import os

from auditor.core.baselinepaths import entry_key, folder_of, path_key
from auditor.core.record import TYPE_CHECKING, NamedTuple, cast
from auditor.core.secretsbaseline import Baseline, Entry, hashes, read
from auditor.core.smallfile import replace_file
from auditor.detect.detection import SECOND_OPINION
from auditor.run.acceptance.matching import is_among
from auditor.run.selection import rule_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from auditor.core.finding import Finding

    Row = dict[str, object]

#: detect-secrets stops at a type that it does not know, so that every kind is given one of its types.
_OTHER = "Secret Keyword"
#: Our own key in an entry: the rule that found it, if it is none of ours.
_RULE = "rule"
_TYPES = {
    "artifactory-key": "Artifactory Credentials",
    "aws-access-key-id": "AWS Access Key",
    "azure-storage-key": "Azure Storage Account access key",
    "azure-signed-storage-key": "Azure Storage Account access key",
    "cloudant-key": "Cloudant Credentials",
    "github-token": "GitHub Token",
    "github-app-token": "GitHub Token",
    "gitlab-token": "GitLab Token",
    "gitlab-runner-registration-token": "GitLab Token",
    "ibm-cloud-key": "IBM Cloud IAM Key",
    "ibm-cos-key": "IBM COS HMAC Credentials",
    "json-web-token": "JSON Web Token",
    "mailchimp-key": "Mailchimp Access Key",
    "npm-token": "NPM tokens",
    "openai-key": "OpenAI Token",
    "private-key": "Private Key",
    "putty-key": "Private Key",
    "pypi-token": "PyPI Token",
    "sendgrid-key": "SendGrid API Key",
    "slack-token": "Slack Token",
    "slack-webhook": "Slack Token",
    "softlayer-key": "SoftLayer Credentials",
    "square-oauth-secret": "Square OAuth Secret",
    "stripe-secret-key": "Stripe Access Key",
    "telegram-bot-token": "Telegram Bot Token",
    "twilio-key": "Twilio API Key",
    "url-credential": "Basic Auth Credentials",
}


class Written(NamedTuple):
    """What `write` did: entries `added`, `kept` and `removed`, and findings without a value, which have no entry.

    `unjudged` of the kept ones were not found, and the run could not have told that they are gone.
    """

    added: int
    kept: int
    removed: int
    left_out: int
    unjudged: int = 0


def write(path: str, findings: Iterable[Finding], scanned: Collection[str] = (), more: Collection[str] = ()) -> Written:
    """Write these findings into the baseline at `path`, which is made or brought up to date.

    `scanned` are the paths of all files that were searched whole and for everything, those without findings included.
    Their entries (for an archive, those of what is packed in it) go if nothing was found for them, unless a person has
    labelled them; entries of other files stay, and so do labels, types, settings and every key that is not ours.
    `more` are the rules beside ours that have looked as well (`selection.more_rules`); what other rules have found, or
    plugins of detect-secrets, stays. Findings that a comment silences are left out. The file is replaced whole and
    keeps its permissions; nothing is written if nothing but the time would change. Raises UsageError if the file that
    is there is no baseline (`core.secretsbaseline.read`), or cannot be written.
    """
    old = read(path) if os.path.lexists(path) else None
    folder = folder_of(path)
    files = {path_key(name, folder) for name in scanned}
    wanted: dict[tuple[str, str], Row] = {}
    left_out = 0
    for finding in findings:
        if finding.suppressed is not None and finding.suppressed.by == "inline":
            continue
        key = path_key(finding.location.path, folder)
        if finding.secret is None:
            left_out += 1
            continue
        for row in _rows(key, finding):
            wanted.setdefault((key, str(row["hashed_secret"])), row)

    def is_judged(key: str, entry: Entry, row: Row) -> bool:
        return is_among(key, files) and _is_looked_for(entry, row, more)

    results, removed, unjudged = _brought_up_to_date(old, folder, is_judged, wanted)
    kept = sum(map(len, results.values()))
    for row in wanted.values():
        results.setdefault(str(row["filename"]), []).append(row)
    if old is None or old.document["results"] != results:
        replace_file(path, _text(old, results))
    return Written(len(wanted), kept, removed, left_out, unjudged)


def detect_secrets_type(rule: str, kind: str) -> str:
    """The type under which detect-secrets would list a secret of this kind (`Secret.kind`) and rule."""
    if kind.startswith(f"{SECOND_OPINION}/"):
        return _plugin_types().get(kind, _OTHER)
    return _TYPES.get(kind) or _TYPES.get(rule, _OTHER)


def _plugin_types() -> dict[str, str]:
    from auditor.detect.detect_secrets_plugins import types  # start-up: the library is slow to import

    return types()


def _rows(key: str, finding: Finding) -> list[Row]:
    """An entry for the value; where detect-secrets hashes only the first words of it, another one for itself."""
    if finding.secret is None:
        return []
    value = finding.secret.reveal()
    found = hashes(value)
    kind = detect_secrets_type(finding.rule, finding.secret.kind)
    ours = finding.rule in rule_ids()
    return [
        {
            "type": kind,
            "filename": key,
            "hashed_secret": text,
            "is_verified": False,
            "line_number": finding.location.start_line,
            **({} if ours else {_RULE: finding.rule}),
        }
        for text in (*found.exact[-1:], *found.abridged)
    ]


def _is_looked_for(entry: Entry, row: Row, more: Collection[str]) -> bool:
    """Whether our rules and these could find this entry again: it may be of a rule that was not there this time."""
    if _RULE in row:
        return row[_RULE] in more
    return SECOND_OPINION in more or entry.type == _OTHER or entry.type in _TYPES.values()


def _brought_up_to_date(
    old: Baseline | None,
    folder: str,
    is_judged: Callable[[str, Entry, Row], bool],
    wanted: dict[tuple[str, str], Row],
) -> tuple[dict[str, list[Row]], int, int]:
    """The old entries that stay, by file; how many went, and how many stay because nobody has looked for them.

    What they hold already is taken out of `wanted`.
    """
    results: dict[str, list[Row]] = {}
    if old is None:
        return results, 0, 0
    removed = unjudged = 0
    held: set[tuple[str, str]] = set()
    for entry, row in zip(old.entries, _old_rows(old), strict=True):
        key = entry_key(entry.path, folder)
        found = wanted.get((key, entry.hash))
        if found is not None:
            held.add((key, entry.hash))
        elif entry.is_secret is None:
            if is_judged(key, entry, row):
                removed += 1
                continue
            unjudged += 1
        results.setdefault(entry.path, []).append(_with_line(entry, row, found))
    for one in held:
        del wanted[one]
    return results, removed, unjudged


def _old_rows(old: Baseline) -> list[Row]:
    results = cast("dict[str, list[Row]]", old.document["results"])
    return [row for rows in results.values() for row in rows]


def _with_line(entry: Entry, row: Row, found: Row | None) -> Row:
    """A baseline that keeps no line numbers (`--slim`) goes on without."""
    return {**row, "line_number": found["line_number"]} if found is not None and entry.line else row


def _text(old: Baseline | None, results: dict[str, list[Row]]) -> str:
    import json  # start-up: only where a baseline is written
    import time

    if old is None:
        from auditor.detect.detect_secrets_plugins import settings  # start-up: the library is slow to import

        document = settings()
    else:
        document = {key: value for key, value in old.document.items() if key != "generated_at"}
    document["results"] = {name: sorted(results[name], key=_order) for name in sorted(results)}
    document["generated_at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return json.dumps(document, indent=2) + "\n"


def _order(row: Row) -> tuple[int, str, str]:
    line = row.get("line_number", 0)
    return (line if isinstance(line, int) else 0, str(row["hashed_secret"]), str(row["type"]))
