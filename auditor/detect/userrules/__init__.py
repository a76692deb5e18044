"""Users' own rules: token formats as in `rules/secrets/`, and rule files of gitleaks and betterleaks as they are."""

from __future__ import annotations

from auditor.detect.userrules.loading import family_of, load
from auditor.detect.userrules.rule import UserRule

__all__ = ["UserRule", "family_of", "load"]
