"""All fields of credential files that are told line by line: package managers' and services'."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.detect.structures import packages, services
from auditor.detect.structures.candidate import Candidate, Source
from auditor.detect.structures.fields import applies, search


def find(source: Source) -> Iterator[Candidate]:
    """The candidates of all fields that apply."""
    for field in (*packages.FIELDS, *services.FIELDS):
        if applies(field, source):
            yield from search(field, source)
