"""Terraform: attributes of the state that hold secrets in plain text, and variable files."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.core.pattern import Pattern
from auditor.detect import names
from auditor.detect.structures.candidate import Candidate, Source
from auditor.detect.structures.fields import member

_PAIR = member(r"[A-Za-z_][\w.-]{1,100}")
_ATTRIBUTE = Pattern(
    r"\"type\"\s{0,50}+:\s{0,50}+\"get_attr\"\s{0,50}+,\s{0,50}+\"value\"\s{0,50}+:\s{0,50}+\"([\w.-]{1,100})\""
)
#: Outputs: `sensitive` stands beside the value, in either order.
_OUTPUT = Pattern(r"\"(?P<name>[\w-]{1,100})\"\s{0,50}+:\s{0,50}+\{[^{}]{0,20000}+\}")
_OUTPUT_VALUE = Pattern(r"\"value\"\s{0,50}+:\s{0,50}+\"(?P<value>(?:[^\"\\\r\n]|\\.){1,8192}+)\"")
_SENSITIVE = Pattern(r"\"sensitive\"\s{0,50}+:\s{0,50}+true")
_MOST_ATTRIBUTES = 200
#: Words of the state's own structure.
_STRUCTURE = frozenset("type name mode provider value lineage id terraform_version schema_version private key".split())


def state(source: Source) -> Iterator[Candidate]:
    """Values of sensitive names, of names the state lists as sensitive, and of sensitive outputs."""
    text = source.text
    if ".tfvars" in source.base:
        return
    sensitive: set[str] = set()
    for listed in _ATTRIBUTE.finditer(text):
        if len(sensitive) >= _MOST_ATTRIBUTES:
            break
        sensitive.add(listed[1])
    if '"sensitive"' in text:
        yield from _outputs(text)
    for match in _PAIR.finditer(text):
        name = match["name"]
        if name in _STRUCTURE:
            continue
        listed_as = name in sensitive
        reading = names.read(name)
        if reading is None and not listed_as:
            continue
        if "PRIVATE KEY-----" in match["exact"]:
            continue  # a key is found as what it is
        mode = "password" if listed_as else "named"
        yield Candidate("terraform-state-secret", "Terraform state value", *match.span("exact"), name, mode)


def _outputs(text: str) -> Iterator[Candidate]:
    for output in _OUTPUT.finditer(text):
        value = _OUTPUT_VALUE.search(output[0])
        if value is not None and _SENSITIVE.search(output[0]) and "PRIVATE KEY-----" not in value["value"]:
            start = output.start()
            yield Candidate(
                "terraform-state-secret", "Sensitive Terraform output", start + value.start("value"),
                start + value.end("value"), output["name"], "password",
            )  # fmt: skip
