"""Whatever a file holds: no crash, no raw secret, the right exit code."""

from __future__ import annotations

import io
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.core.config import Settings
from auditor.core.errors import ExitCode
from auditor.report import json_report, lines, sarif, text
from auditor.report.meta import Meta
from auditor.run import pipeline

WORDS = st.sampled_from(
    [
        "FROM a\n", "ARG TOKEN\n", "ENV PASSWORD=hunter2hunter2\n", "RUN echo $TOKEN > /x\n", "RUN <<EOF\n", "EOF\n",
        "# audit: ignore[env-secret] r\n", "# check=skip=all\n", "# escape=`\n", "COPY . .\n", "ONBUILD ", "\\\n",
        "`\n", "\r\n", "\ufeff", "\x00", "'", '"', "$", "${", "[", "LABEL a=b\n", "RUNN\n", "# audit: ignore[\n",
        "\udcff", "ADD https://u:p4ssw0rd1@h.example/x /\n", "CMD [\"a\", ", "HEALTHCHECK ",
        "--mount=type=secret ", "日本", "\t",
    ]
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(WORDS, max_size=25).map("".join))
def test_any_file_gives_a_report_in_every_format(content: str) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(content.encode("utf-8", "surrogateescape")))
    with mock.patch("sys.stdin", stdin):
        report = pipeline.lint(Settings(), ["-"])
    assert pipeline.exit_code(report, Settings()) != ExitCode.INTERNAL, [t.errors for t in report.targets]
    meta = Meta("1", {})
    for render in (text.render, json_report.render, sarif.render, lines.github, lines.gnu):
        assert "p4ssw0rd1" not in render(report, meta) or not report.findings
