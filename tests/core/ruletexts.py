"""Rule files to compile, and to break."""

from __future__ import annotations

from pathlib import Path

RULE = """\
id = "arg-secret"
title = "Secret in a build argument"
family = "variables"
target = "dockerfile"
severity = "high"
confidence = "high"
since = "0.1.0"
status = "stable"
fix = "none"
applicability = "none"
cwe = 538
why = '''
It stays in the history.
'''
remedy = '''
Mount it.
'''
references = ["https://docs.example/secrets/"]
[[bad]]
dockerfile = '''
FROM node:22
ARG NPM_TOKEN
'''
finds = ["NPM_TOKEN"]
[bad.files]
"a.txt" = "x"
[[good]]
dockerfile = "FROM node:22"
"""
NPM_ENTRY = """\
id = "npm-token"
title = "npm access token"
pattern = 'npm_[a-z]{4}'
keywords = ["npm_"]
prefix = 4
source = "https://docs.example/tokens/"
"""
COMMAND = """\
[[command]]
id = "{}"
title = "x"
argv = ["npm login"]
positional = [1]
lax = true
"""


def write(folder: Path, name: str, content: str) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8")
