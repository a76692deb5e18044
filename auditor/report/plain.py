"""Text for machines: valid Unicode, and paths as seen from the repository root."""

from __future__ import annotations

import posixpath

from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.report.meta import Meta


def clean(text: str) -> str:
    """The text with lone surrogates (bytes that were not UTF-8) replaced, so that every reader accepts it."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def from_root(path: str, meta: Meta) -> str:
    """A path of the report, relative to the repository root; absolute paths stay."""
    return posixpath.normpath(posixpath.join(meta.prefix, path))
