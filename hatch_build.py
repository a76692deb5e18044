"""Build hook: compiles `rules/` into the JSON files that the package reads, maps `reports/` into the wheel, and makes
the manual page and the shells' completions for it from the parsers of the commands."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: Where shells look below a prefix, by shell.
COMPLETIONS = {
    "bash": "share/bash-completion/completions/audit",
    "zsh": "share/zsh/site-functions/_audit",
    "fish": "share/fish/vendor_completions.d/audit.fish",
}
MANUAL = "share/man/man1/audit.1"


class CompileRules(BuildHookInterface[Any]):
    """Runs before a wheel is built or the checkout is installed editable."""

    PLUGIN_NAME = "custom"
    _made = ""

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
        if version == "standard":
            self._made = tempfile.mkdtemp(prefix="audit-build-")
            build_data["shared_data"].update(self._shared())

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was made for the wheel alone."""
        if self._made:
            shutil.rmtree(self._made, ignore_errors=True)

    def _shared(self) -> dict[str, str]:
        """Files that were made, and where they belong below the prefix of an installation."""
        from auditor.cli.generate import completion, manual  # as above; needs no dependency of the package

        texts = {target: completion(shell) for shell, target in COMPLETIONS.items()}
        texts[MANUAL] = manual()
        shared = {}
        for number, (target, text) in enumerate(texts.items()):
            path = os.path.join(self._made, str(number))
            with open(path, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            shared[path] = target
        return shared
