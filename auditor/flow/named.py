"""Files that a variable names: `ENV GOOGLE_APPLICATION_CREDENTIALS=/app/x.json` says what the copied x.json is."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.detect import credfiles, names
from auditor.detect.credfiles import CredentialFile
from auditor.flow.facts import LayerFile

if TYPE_CHECKING:
    from auditor.flow.contents import ContextReader
    from auditor.flow.state import Facts


def believe_environment(facts: Facts, reader: ContextReader | None) -> None:
    """Add the copied files whose path a variable for a secret's file holds."""
    named = {v.value: v.name for v in facts.variables if names.points_at_secret(v.name)}
    for step, path, source, span in facts.placed if named else ():
        if path in named and not credfiles.is_program(path):
            kind = CredentialFile(f"named-by-{named[path]}", f"the file of {named[path]}", "sure", path, False, "")
            file = LayerFile(path, "copied", span, step, kind)
            file.content = source
            file.evidence = reader.judge(file) if reader else "unknown"
            facts.files.append(file)
