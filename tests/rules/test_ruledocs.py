"""The generated rule pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.core.rulefiles import compile_rules
from tools import ruledocs

RULE = '''
id = "probe-secret"
title = "Secret in a probe"
family = "probes"
target = "dockerfile"
severity = "high"
confidence = "high"
since = "0.1.0"
status = "stable"
fix = "none"
applicability = "none"
cwe = 538
why = "It leaks. Everyone reads it."
remedy = """Take it out.

    RUN one \\\\
        two

Done."""
references = ["https://docs.docker.com/"]
[[bad]]
title = "plain"
severity = "low"
finds = ["A", "`b`"]
dockerfile = """
FROM a
RUN echo ```x
"""
fixed = """
FROM b
"""
fixed_by = "unsafe"
ignored = [".env", "x*"]
[bad.files]
".env" = "A=1\\n"
[[bad]]
finds = ["B"]
dockerfile = "FROM c"
ignored = [".npmrc"]
[bad.files]
".npmrc" = "t"
[[good]]
dockerfile = "FROM a"
'''


@pytest.fixture
def page(tmp_path: Path) -> str:
    folder = tmp_path / "probes"
    folder.mkdir()
    (folder / "probe-secret.toml").write_text(RULE)
    return ruledocs.pages(compile_rules(str(tmp_path)))["probe-secret.md"]


def test_pages_are_up_to_date() -> None:
    assert ruledocs.main(["--check"]) == 0, "run `python -m tools.ruledocs`"


@pytest.mark.parametrize(
    "part",
    [
        "# probe-secret\n\n**Secret in a probe.**\n",
        "| high | high | `probes` | no |",
        "It leaks. Everyone reads it.",
        "Take it out.\n\n```\nRUN one \\\n    two\n```\n\nDone.",
        "Plain:\n\n````dockerfile\nFROM a\nRUN echo ```x\n````",
        "`.env` in the build context:\n\n```\nA=1\n```",
        "Reports `A`, `` `b` `` (low).",
        "`audit fix --unsafe-fixes` makes of it:\n\n```dockerfile\nFROM b\n```\n\n"
        "and adds to `.dockerignore`: `.env`, `x*`.\n",
        "`audit fix` leaves the Dockerfile as it is, and adds to `.dockerignore`: `.npmrc`.\n",
        "# audit: ignore[probe-secret] ",
        "- <https://docs.docker.com/>",
    ],
)
def test_a_page_holds(page: str, part: str) -> None:
    assert part in page


def test_long_values_are_cut(page: str) -> None:
    assert ruledocs._code("x" * 200) == f"`{'x' * 24}...{'x' * 12}`"


def test_stale_and_write(tmp_path: Path) -> None:
    wanted = {"a.md": "new\n", "b.md": "same\n", "d.md": "missing\n"}
    (tmp_path / "a.md").write_text("old\n")
    (tmp_path / "b.md").write_text("same\n")
    (tmp_path / "c.md").write_text("rule is gone\n")
    assert ruledocs.stale(wanted, str(tmp_path)) == ["a.md", "c.md", "d.md"]
    assert ruledocs.write(wanted, str(tmp_path)) == ["a.md", "c.md", "d.md"]
    assert ruledocs.stale(wanted, str(tmp_path)) == []
    assert ruledocs.stale(wanted, str(tmp_path / "nowhere")) == ["a.md", "b.md", "d.md"]
