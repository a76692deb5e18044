"""`audit lint` with a report that shows fixes: what `audit fix` would change, for each finding, and nothing written."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from auditor.cli.main import main
from auditor.cli.proposing import propose
from auditor.cli.reporting import RENDERERS
from auditor.core.config import FORMATS, Settings
from auditor.core.finding import Finding, Report
from auditor.run import variants
from auditor.run.pipeline import lint
from auditor.run.rewrite import proposing
from tests.report.validating import REPORT, validate

PASSWORD, OTHER = "Tundra-42-kite", "Kolibri-77-lamp"
LEAKY = f"""\
FROM node:22
WORKDIR /app
ARG NPM_TOKEN
COPY package.json ./
RUN echo "//npm.registry.example/:_authToken=${{NPM_TOKEN}}" > .npmrc && npm ci && rm .npmrc
ENV DB_PASSWORD={PASSWORD}
RUN curl -u "deploy:{OTHER}" https://files.example/x.tgz -o x.tgz
CMD ["node", "x.js"]
"""
SPELLED = "Kp7\\$x9Q2z"
#: Changes that meet in one line, a guess, a heredoc, a value in another spelling beside a change.
CASES = (
    LEAKY,
    'FROM a\nARG A_TOKEN\nARG B_TOKEN\nRUN ./x "$A_TOKEN"\nRUN ./y "$A_TOKEN" "$B_TOKEN"\nRUN ./z "$B_TOKEN"\n',
    f"FROM alpine:3.20\nENV A_PASSWORD={PASSWORD}\nENV B_PASSWORD={OTHER}\nENV C=1\n",
    f"FROM alpine:3.20\nARG API_TOKEN\nRUN <<EOF\n./x $API_TOKEN\nEOF\nENV DB_PASSWORD={PASSWORD}",
    f"FROM alpine:3.20\nARG API_TOKEN\nRUN ./x $API_TOKEN && curl -u deploy:{SPELLED} https://files.example/x\n",
    f'FROM alpine:3.20\nRUN echo "root:{PASSWORD}" | chpasswd\nRUN echo "pg:{OTHER}" | chpasswd\n',
)
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(*argv: str) -> dict[str, dict[str, Any]]:
    """The findings of a JSON report by rule."""
    main(["lint", "--format", "json:r.json", "-q", *argv])
    content = json.loads(Path("r.json").read_text(encoding="utf-8"))
    Path("r.json").unlink()
    validate(content, REPORT)
    return {finding["rule"]: finding for finding in content["findings"]}


def examined(text: str, *, unsafe: str = "Dockerfile") -> tuple[Report, list[Finding]]:
    """A report on a Dockerfile with its fixes, and the findings that are shown."""
    Path(unsafe).write_bytes(text.encode("utf-8", "surrogateescape"))
    settings = Settings()
    report = lint(settings, [unsafe])
    propose(report, settings, [unsafe])
    return report, [f for f in report.active if f.severity >= settings.min_severity]


def test_each_finding_has_its_own_part_of_the_change() -> None:
    Path("Dockerfile").write_text(LEAKY)
    Path("build.sh").write_text("docker build --build-arg NPM_TOKEN=$NPM_TOKEN -t shop .\n")
    got = found()
    assert Path("Dockerfile").read_text() == LEAKY and sorted(p.name for p in Path().iterdir()) == [
        ".git", "Dockerfile", "build.sh"
    ]  # fmt: skip
    (fix,) = got["env-secret"]["fixes"]
    assert (fix["applicability"], fix.keys()) == ("safe", {"title", "applicability", "reason", "diff"})
    assert fix["diff"] == (
        "diff --git a/Dockerfile b/Dockerfile\n--- a/Dockerfile\n+++ b/Dockerfile\n@@ -3,6 +3,5 @@\n ARG NPM_TOKEN\n"
        ' COPY package.json ./\n RUN echo "//npm.registry.example/:_authToken=${NPM_TOKEN}" > .npmrc && npm ci && rm '
        '.npmrc\n-ENV DB_PASSWORD=****\n RUN curl -u "deploy:****" https://files.example/x.tgz -o x.tgz\n'
        ' CMD ["node", "x.js"]\n'
    )
    (fix,) = got["arg-secret"]["fixes"]
    assert "-ARG NPM_TOKEN" in fix["diff"] and '+    export NPM_TOKEN="$(cat' in fix["diff"]
    assert "-ENV" not in fix["diff"] and fix["also"] == ["build.sh"]
    assert all("--secret id=npm_token,env=NPM_TOKEN" in command for command in fix["commands"])
    (fix,) = got["build-arg-secret"]["fixes"]
    assert fix["title"] == "build.sh changes along with Dockerfile" and fix["also"] == ["Dockerfile"]
    assert "\n+docker build --secret id=npm_token" in fix["diff"] and "+++ b/build.sh" in fix["diff"]


def test_guesses_are_marked_and_what_is_left_has_no_fix() -> None:
    Path("Dockerfile").write_text("FROM alpine:3.20\nCOPY . /app\nRUN cat /app/x\nCOPY id_rsa /root/.ssh/id_rsa\n")
    Path("id_rsa").write_text("x")
    fixes = [fix for finding in found().values() for fix in finding["fixes"]]
    assert fixes and {fix["applicability"] for fix in fixes} <= {"safe", "unsafe"}
    Path("Dockerfile").write_text("FROM alpine:3.20\nARG TOKEN\nLABEL x=$TOKEN\nONBUILD RUN ./x $TOKEN\n")
    assert [finding["fixes"] for finding in found().values() if not finding["fixes"]]


def replaced(text: str, finding: Finding) -> str | None:
    """The text with the replacements of a finding's fix; None where there are none."""
    (fix,) = finding.fixes
    if not fix.replacements:
        return None
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1].removesuffix("\n")
    for one in reversed(fix.replacements):
        if one.width:
            assert len(lines[one.end - 2]) == one.width
        lines[one.start - 1 : one.end - 1] = [one.text] if one.text else []
    return "".join(lines)


@pytest.mark.parametrize("case", range(len(CASES)))
def test_a_fix_alone_removes_its_finding_in_every_spelling(case: int) -> None:
    texts = [CASES[case], *(one.text for one in variants.variants(CASES[case]) if not one.onbuild)][:3]
    made = 0
    for text in texts:
        report, shown = examined(text)
        before = [(f.rule, f.subject) for f in report.active]
        for finding in shown:
            if finding.fixes:
                after_text = replaced(text, finding)
                if after_text is None:
                    assert SPELLED in text, "the new lines hold another secret"
                    continue
                assert after_text != text
                after = [(f.rule, f.subject) for f in examined(after_text)[0].active]
                key = (finding.rule, finding.subject)
                assert after.count(key) < before.count(key) and set(after) <= set(before)
                made += 1
    assert made >= len(texts) - 1 or SPELLED in CASES[case]


def test_no_format_shows_a_value_in_a_diff(capsys: Capture) -> None:
    values = (PASSWORD, OTHER, SPELLED, SPELLED.replace("\\", ""))
    for number, text in enumerate(CASES):
        Path(f"{number}.Dockerfile").write_text(text)
    Path("compose.yml").write_text(
        f"services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: {PASSWORD}\n"
    )
    outputs = [word for name in FORMATS for word in ("--format", f"{name}:out.{name}")]
    assert main(["lint", "--show-secrets", *outputs]) == 1
    said = capsys.readouterr()
    for name in FORMATS:
        text = Path(f"out.{name}").read_text(encoding="utf-8")
        if name in ("html", "markdown", "json", "jsonl"):
            assert "+RUN --mount=type=secret,id=api_token" in text.replace("&#43;", "+"), name
        if name == "json":
            text = json.dumps([finding["fixes"] for finding in json.loads(text)["findings"]])
        if name not in ("text", "jsonl"):
            assert [value for value in values if value in text + said.err] == [], name
    again = [word for name in ("html", "markdown") for word in ("--format", f"{name}:again.{name}")]
    assert main(["report", "out.json", *again]) == 1
    for name in ("html", "markdown"):
        assert "+RUN --mount=type=secret,id=api_token" in Path(f"again.{name}").read_text(encoding="utf-8")


def test_standard_input_is_read_once(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LEAKY.encode())))
    assert main(["lint", "-", "--format", "json"]) == 1
    got = {f["rule"]: f["fixes"] for f in json.loads(capsys.readouterr().out)["findings"]}
    assert "-ENV DB_PASSWORD=****" in got["env-secret"][0]["diff"]


def test_standard_input_has_its_guesses_too(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    text = "FROM alpine:3.20\nCOPY id_rsa /root/.ssh/id_rsa\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert main(["lint", "-", "--format", "json"]) == 1
    fixes = [fix for f in json.loads(capsys.readouterr().out)["findings"] for fix in f["fixes"]]
    assert [fix["applicability"] for fix in fixes] == ["unsafe"] and "-COPY id_rsa" in fixes[0]["diff"]


def test_what_a_baseline_accepts_gets_no_fix(capsys: Capture) -> None:
    Path("Dockerfile").write_text(LEAKY)
    assert main(["baseline", "create"]) == 0
    capsys.readouterr()
    Path("more.Dockerfile").write_text(f"FROM alpine:3.20\nENV DB_PASSWORD={OTHER}\n")
    assert main(["lint", "--baseline", "audit-baseline.jsonl", "--format", "json"]) in (0, 1)
    findings = json.loads(capsys.readouterr().out)["findings"]
    known = [finding for finding in findings if finding["suppressed"] is not None]
    assert len(known) >= 2 and {finding["location"]["path"] for finding in known} == {"Dockerfile"}
    assert [finding["fixes"] for finding in known if finding["fixes"]] == []
    (new,) = (finding for finding in findings if finding["location"]["path"] == "more.Dockerfile")
    assert new["suppressed"] is None and len(new["fixes"]) == 1


def test_formats_without_fixes_look_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("Dockerfile").write_text(LEAKY)
    monkeypatch.setattr(proposing, "fix", lambda *_: pytest.fail("no report shows it"))
    shown = {name for name in FORMATS if not RENDERERS[name].shows_fixes}
    assert shown and shown != set(FORMATS)
    assert main(["lint", "-q", *(word for name in shown for word in ("--format", f"{name}:out.{name}"))]) == 1
    Path("Dockerfile").write_text("FROM alpine:3.20\nRUN true\n")
    assert main(["lint", "-q", "--format", "json:out.json"]) == 0


def test_what_is_not_looked_at_is_counted(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    for name in ("a", "b", "c"):
        Path(f"{name}.Dockerfile").write_text(f"FROM alpine:3.20\nENV DB_PASSWORD={PASSWORD}\n")
    monkeypatch.setattr(proposing, "MOST_FILES", 2)
    assert main(["lint", "-q", "--format", "html:o.html", "--format", "markdown:o.md", "--format", "json:o.json"]) == 1
    fixes = [f["fixes"] for f in json.loads(Path("o.json").read_text())["findings"]]
    assert [len(one) for one in fixes] == [1, 1, 0]
    assert "For 1 finding no change was worked out" in Path("o.html").read_text()
    assert "for 1 no change was worked out" in Path("o.md").read_text()
    assert "no change was worked out for 1 finding" in capsys.readouterr().err
    settings = Settings()
    report = lint(settings, ["."])
    assert proposing.proposed(settings, ["."], report, -1.0) == ([], 3)


def test_a_fault_in_a_fix_costs_no_report(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def fail(*_: object) -> None:
        raise RecursionError(PASSWORD)

    Path("Dockerfile").write_text(LEAKY)
    Path("compose.yml").write_text(
        f"services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: {PASSWORD}\n"
    )
    monkeypatch.setattr("auditor.run.rewrite.dockerfile.DockerfileFixer.fix", fail)
    got = found()
    assert got["env-secret"]["fixes"] == [] and len(got["compose-env-secret"]["fixes"]) == 1
    main(["lint", "--format", "json"])
    said = capsys.readouterr().err
    assert said.count("note: Dockerfile: no change was worked out: internal error (RecursionError at ") == 1
    assert PASSWORD not in said and "too long" not in said
    monkeypatch.setenv("AUDIT_TRACEBACK", "1")
    assert main(["lint", "-q", "--format", "json"]) == 4


@pytest.mark.parametrize("place", ["run.rewrite.runfiles.RunFiles.handed", "run.rewrite.engine._Run._mended"])
def test_a_fault_before_any_fix_costs_no_report_either(
    place: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def fail(*_: object) -> None:
        raise RecursionError(PASSWORD)

    Path("Dockerfile").write_text(LEAKY)
    Path("compose.yml").write_text(
        f"services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: {PASSWORD}\n"
    )
    monkeypatch.setattr(f"auditor.{place}", fail)
    assert set(found()) >= {"env-secret", "compose-env-secret"}
    main(["lint", "--format", "json"])
    said = capsys.readouterr().err
    assert "note: compose.yml: no change was worked out: internal error (RecursionError at " in said
    assert PASSWORD not in said
