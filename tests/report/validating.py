"""Schemas that reports are held against."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema

ROOT = Path(__file__).resolve().parents[2]
REPORT = "docs/schemas/report-1.schema.json"
GITLAB_SECRETS = "tests/schemas/gitlab-secret-detection.schema.json"
GITLAB_CODEQUALITY = "tests/schemas/gitlab-codequality.schema.json"
JUNIT = "tests/schemas/junit.schema.json"
CHECKSTYLE = "tests/schemas/checkstyle.schema.json"


def validate(document: object, schema: str) -> None:
    """Assert that a document is as a schema of the repository says, and that the schema is one itself."""
    rules = json.loads((ROOT / schema).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(rules)
    jsonschema.Draft202012Validator(rules).validate(document)


def tree(xml: str) -> dict[str, Any]:
    """XML as our schemas describe it. Raises ParseError where it is not well-formed."""
    return _element(ElementTree.fromstring(xml.encode("utf-8")))


def _element(element: ElementTree.Element) -> dict[str, Any]:
    text = (element.text or "") + "".join(child.tail or "" for child in element)
    return {
        "tag": element.tag,
        "attributes": dict(element.attrib),
        "text": text,
        "children": [_element(child) for child in element],
    }


def check_github(sarif: str) -> dict[str, Any]:
    """Assert what GitHub demands of SARIF besides the schema (its page "SARIF support"); the only run."""
    content = json.loads(sarif)
    assert content["version"] == "2.1.0" and len(content["runs"]) <= 20
    (run,) = content["runs"]
    rules, results = run["tool"]["driver"]["rules"], run["results"]
    assert run["automationDetails"]["id"].endswith("/")
    assert len(results) <= 25_000 and len(rules) <= 25_000
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        _check_rule(rule)
    for result in results:
        _check_result(result, rules)
    return run  # type: ignore[no-any-return]


def _check_rule(rule: dict[str, Any]) -> None:
    assert 0 < len(rule["id"]) <= 255 and len(rule.get("name", "")) <= 255
    assert rule["shortDescription"]["text"] and 0 < len(rule["fullDescription"]["text"]) <= 1024
    assert rule["help"]["text"] and rule["help"]["markdown"]
    assert rule["defaultConfiguration"]["level"] in ("note", "warning", "error")
    properties = rule["properties"]
    assert "security" in properties["tags"] and len(properties["tags"]) <= 20
    assert properties["precision"] in ("very-high", "high", "medium", "low")
    assert isinstance(properties["security-severity"], str) and 0 < float(properties["security-severity"]) <= 10


def _check_result(result: dict[str, Any], rules: list[dict[str, Any]]) -> None:
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert result["message"]["text"] and result["level"] in ("note", "warning", "error")
    assert result["partialFingerprints"]["primaryLocationLineHash"]
    assert len(result["locations"]) == 1
    physical = result["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"]
    assert physical.get("region", {"startLine": 1}).get("startLine", 1) >= 1
    assert len(result.get("relatedLocations", ())) <= 1000
    for flow in result.get("codeFlows", ()):
        assert all(len(thread["locations"]) <= 10_000 for thread in flow["threadFlows"])
