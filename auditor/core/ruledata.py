"""Shapes of the compiled rule files: what `rules.json` and `rules-docs.json` hold."""

from __future__ import annotations

from typing import NotRequired, TypeAlias, TypedDict

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue]"
Entry: TypeAlias = "dict[str, JsonValue]"


class SecretEntry(TypedDict):
    """One token format of `rules/secrets/`; `prefix` is the length in characters of its public part."""

    id: str
    title: str
    pattern: str
    keywords: list[str]
    prefix: int


class FileEntry(TypedDict):
    """One kind of credential file of `rules/files/`; the four lists say how a path is recognised, in lower case."""

    id: str
    title: str
    certainty: str
    names: NotRequired[list[str]]
    endings: NotRequired[list[str]]
    tails: NotRequired[list[str]]
    folders: NotRequired[list[str]]
    target: NotRequired[str]
    wrapper: NotRequired[str]
    ssh: NotRequired[bool]


class CommandEntry(TypedDict):
    """What one kind of command does with a credential (`rules/commands/`); the files there say what each key means."""

    id: str
    title: str
    argv: list[str]
    clean: NotRequired[list[str]]
    folder: NotRequired[str]
    off: NotRequired[list[str]]
    off_env: NotRequired[list[str]]
    flags: NotRequired[list[str]]
    flags_pair: NotRequired[list[str]]
    glued: NotRequired[list[str]]
    keys: NotRequired[str]
    lax: NotRequired[bool]
    mints: NotRequired[bool]
    needs: NotRequired[str]
    output: NotRequired[list[str]]
    positional: NotRequired[list[int]]
    prefix: NotRequired[bool]
    stdin: NotRequired[str]
    stores: NotRequired[str]
    undo: NotRequired[list[str]]
    wrapper: NotRequired[str]
    writes: NotRequired[str]


#: Per table: the keys an entry must have, and those it may have, with the kind of value. In step with the types above.
REQUIRED: dict[str, dict[str, str]] = {
    "secrets": {"id": "text", "title": "text", "pattern": "text", "keywords": "lower", "prefix": "number"},
    "files": {"id": "text", "title": "text", "certainty": "text"},
    "commands": {"id": "text", "title": "text", "argv": "texts"},
}
OPTIONAL: dict[str, dict[str, str]] = {
    "secrets": {},
    "files": {
        **dict.fromkeys(("names", "endings", "tails", "folders"), "lower"),
        **dict.fromkeys(("target", "wrapper"), "text"),
        "ssh": "flag",
    },
    "commands": {
        **dict.fromkeys(("clean", "flags", "flags_pair", "glued", "off", "off_env", "output", "undo"), "texts"),
        **dict.fromkeys(("folder", "keys", "needs", "stdin", "stores", "wrapper", "writes"), "text"),
        **dict.fromkeys(("lax", "mints", "prefix"), "flag"),
        "positional": "numbers",
    },
}
#: Kind of value -> how a message describes it.
KINDS = {
    "text": "a text",
    "texts": "a list of texts",
    "lower": "a list of texts in lower case, at least one",
    "number": "a whole number",
    "numbers": "a list of whole numbers",
    "flag": "true or false",
}


def is_kind(value: JsonValue, kind: str) -> bool:
    """Whether the value is of this kind (a key of KINDS). Raises KeyError on an unknown kind."""
    if isinstance(value, list):
        element = {"texts": str, "lower": str, "numbers": int}.get(kind)
        return all(type(one) is element for one in value) and (kind != "lower" or _are_lower(value))
    return type(value) is {"text": str, "number": int, "flag": bool}.get(kind)


def _are_lower(values: list[JsonValue]) -> bool:
    return bool(values) and all(value and value == str(value).lower() for value in values)


class Tables(TypedDict):
    """The data tables, each in the order of its files' names."""

    secrets: list[SecretEntry]
    files: list[FileEntry]
    commands: list[CommandEntry]


class RuleData(TypedDict):
    """Compiled rule data. `digest` ("sha256:<hex>") identifies the running data, without prose and examples."""

    digest: str
    rules: dict[str, dict[str, str | int]]
    tables: Tables


class RuleDocs(TypedDict):
    """Prose, references and examples: by rule id, and for table entries by table and entry id."""

    rules: dict[str, Entry]
    tables: dict[str, dict[str, Entry]]


class CompiledRules(TypedDict):
    """Both halves of the compiled rule files."""

    running: RuleData
    docs: RuleDocs
