"""What is known of the formats of tokens and of the keys of services, for explanations and the documentation."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, cast
from auditor.detect.verify import VERIFIERS, verify

if TYPE_CHECKING:
    from auditor.core.ruledata import Entry, JsonValue, SecretEntry

#: Unix time that examples are judged at, so that what is said of them does not depend on the day.
_NOW = 1_700_000_000.0
_LONGEST_PREFIX = 20


def public_prefixes(row: SecretEntry, docs: Entry) -> list[str]:
    """The public parts that the examples of a format begin with; never more of an example than that."""
    found = dict.fromkeys(secret[: row["prefix"]] for _, secret in _examples(docs))
    return [cut(prefix) for prefix in found if prefix]


def cut(prefix: str) -> str:
    """A prefix no longer than is of use."""
    return prefix if len(prefix) <= _LONGEST_PREFIX else f"{prefix[:_LONGEST_PREFIX]}..."


def offline_check(format_id: str, docs: Entry) -> str:
    """What the verdicts on a format's own examples rest on: "checksum", "structure", "facts", or "" for nothing."""
    if format_id not in VERIFIERS:
        return ""
    proofs = {verify(format_id, secret, beside=text, now=_NOW).proof for text, secret in _examples(docs)}
    return next((proof for proof in ("checksum", "structure") if proof in proofs), "facts")


def _examples(docs: Entry) -> list[tuple[str, str]]:
    return [_example(one) for one in cast("list[JsonValue]", docs["examples"])]


def _example(one: JsonValue) -> tuple[str, str]:
    return (str(one["text"]), str(one["secret"])) if isinstance(one, dict) else (str(one), str(one))
