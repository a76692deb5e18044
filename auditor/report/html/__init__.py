"""The HTML report: one file that needs nothing else, with the findings, the layers of images, and what to do."""

from __future__ import annotations

from auditor.report.html.page import render

__all__ = ["render"]
