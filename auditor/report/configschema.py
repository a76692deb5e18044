"""The JSON Schema of the configuration file, for editors: made from the table of settings and the rules there are."""

from __future__ import annotations

import json

from auditor.core.config import MOST_DIGITS
from auditor.core.configoptions import LISTS
from auditor.core.configtexts import SEVERITY_ABOUT, SEVERITY_EXAMPLE, SEVERITY_KEY, TEXTS, choices, plain_value
from auditor.core.record import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditor.core.config import Settings
    from auditor.core.configoptions import LISTS
from auditor.core.configtexts import Text

#: Where schemas are told to be; nothing is fetched from there.
HOME = "https://git.example/image-leak-auditor/docs/schemas/"
NAME = "config-1.schema.json"
#: Draft 7 is what editors and SchemaStore agree on.
_DRAFT = "http://json-schema.org/draft-07/schema#"
#: A path that does not lead out of the configuration's folder, as far as its beginning tells.
_BELOW = r"^(?!/)(?!(\./+)*\.\.(/|$))[^\u0000]*$"


def render(rules: Mapping[str, str], usual: Settings) -> str:
    """The schema as JSON; `rules` are titles by rule id, `usual` the settings that nobody has changed."""
    names = sorted({*rules, "all"})
    content = {
        "$schema": _DRAFT,
        "$id": HOME + NAME,
        "title": "Configuration of audit, version 1",
        "description": "audit.toml, .audit.toml, and [tool.audit] of pyproject.toml. Settings are added, never renamed"
        " or removed.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **{text.key: _property(text, usual, names) for text in TEXTS if text.option.shared},
            SEVERITY_KEY: _severities(rules),
        },
    }
    return json.dumps(content, indent=1) + "\n"


def _property(text: Text, usual: Settings, names: Sequence[str]) -> dict[str, object]:
    said: dict[str, object] = {"description": text.about_in_file}
    default = plain_value(usual, text.option)
    if default not in ("", []):
        said["default"] = default
    return {**said, "examples": [text.example], **_shape(text.option.kind, names)}


def _shape(kind: str, names: Sequence[str]) -> dict[str, object]:
    """What a value of this kind looks like."""
    one: dict[str, object] = {"type": "string"}
    if kind == "flag":
        return {"type": "boolean"}
    if kind == "number":
        return {"type": "integer", "minimum": 0, "maximum": 10**MOST_DIGITS - 1}
    if words := choices(kind):
        one["enum"] = list(words)
    if kind in ("file", "files"):
        one["pattern"] = _BELOW
    if kind == "names":
        # Editors propose the ids that there are; prefixes and rules of the user's own are no less right.
        one = {"anyOf": [{"enum": list(names)}, {"type": "string"}]}
    return {"type": "array", "items": one} if kind in LISTS else one


def _severities(rules: Mapping[str, str]) -> dict[str, object]:
    level = {"enum": list(choices("severity"))}
    return {
        "description": SEVERITY_ABOUT,
        "examples": [SEVERITY_EXAMPLE],
        "type": "object",
        "properties": {rule: {"description": rules[rule], **level} for rule in sorted(rules)},
        "additionalProperties": level,
    }
