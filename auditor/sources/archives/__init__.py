"""Archives, packages, databases and object stores, opened in memory: nothing is written, no path is followed."""

from __future__ import annotations

from auditor.sources.archives.limits import Limits
from auditor.sources.archives.walk import Member, members

__all__ = ["Limits", "Member", "members"]
