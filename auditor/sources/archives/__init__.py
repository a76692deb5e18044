"""Archives, packages, databases and object stores, opened where they lie: no path is followed, nothing is extracted.

What needs to be whole and is long goes into a file without a name, if the caller gives a `spool`.
"""

from __future__ import annotations

from auditor.sources.archives.limits import Limits
from auditor.sources.archives.walk import Member, may_pack, members

__all__ = ["Limits", "Member", "may_pack", "members"]
