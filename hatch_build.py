"""Build hook: compiles `rules/` into the JSON files that the package reads, and maps `reports/` into the wheel."""

from __future__ import annotations

import os
import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileRules(BuildHookInterface[Any]):
    """Runs before a wheel is built or the checkout is installed editable."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the files of `auditor/_data`. `version` is "standard" or "editable"; a rule error fails the build."""
        sys.path.insert(0, self.root)
        from auditor.core.rulefiles import write_rules  # only importable once the root is on the path

        written = write_rules(os.path.join(self.root, "rules"), os.path.join(self.root, "auditor", "_data"))
        # By name: files of an older version may lie beside them.
        build_data["artifacts"] += [os.path.relpath(path, self.root).replace(os.sep, "/") for path in written]
        reports = os.path.join(self.root, "reports")
        if version == "standard" and os.path.isdir(reports) and os.listdir(reports):
            build_data["force_include"][reports] = "auditor/_data/reports"
