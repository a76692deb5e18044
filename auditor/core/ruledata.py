"""Shapes of the compiled rule files: `rules.json`, `providers.json`, `wrappers.json` and `rules-docs.deflate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypeAlias, TypedDict

if TYPE_CHECKING:
    from auditor.core.wrapperdata import WrapperData

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue]"
Entry: TypeAlias = "dict[str, JsonValue]"


class SecretEntry(TypedDict):
    """One token format of `rules/secrets/`, `[[secret]]`: a value that gives itself away, whatever the name beside it.

    `pattern` is a Python regular expression, linear by construction; the whole match is the secret unless `group`
    names the pattern's group that is. `keywords`: lower-case literals, one of which every match contains once it is
    lowered. `prefix`: length in characters of the secret's public part. `entropy`: bits per character (Shannon) that
    the secret must reach. Besides these a file says where the owner documents the format (`source`) and gives
    `examples` and `lookalikes`, texts or tables of `text` and `secret`.
    """

    id: str
    title: str
    pattern: str
    keywords: list[str]
    prefix: int
    entropy: NotRequired[float]
    group: NotRequired[str]


class ProviderEntry(TypedDict):
    """One kind of key that only its owner's name tells, `[[provider]]` in `rules/secrets/`.

    `names` announce the owner, in lower case; a space stands for nothing or for one of `-_. `. The key itself has the
    `shape` (see `secretrules.shape_pattern`) or matches the `pattern`, in which `group` may name the secret part.
    """

    id: str
    title: str
    names: list[str]
    shape: NotRequired[str]
    pattern: NotRequired[str]
    group: NotRequired[str]


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


class ImageEntry(TypedDict):
    """Images whose entrypoint reads secrets from files (`rules/images/`); the files there say what each key means."""

    id: str
    title: str
    repositories: list[str]
    variables: list[str]
    commands: NotRequired[list[str]]
    suffix: NotRequired[str]


class ConfigurationEntry(TypedDict):
    """Servers' configuration files that name a private key (`rules/configurations/`); the files there say what each key
    means."""

    id: str
    title: str
    syntax: str
    directives: list[str]
    programs: list[str]
    base: NotRequired[str]
    caseless: NotRequired[bool]
    folders: NotRequired[list[str]]
    needs: NotRequired[str]
    others: NotRequired[list[str]]
    position: NotRequired[int]
    repositories: NotRequired[list[str]]


#: Per table: the keys an entry must have, and those it may have, with the kind of value. In step with the types above.
REQUIRED: dict[str, dict[str, str]] = {
    "secrets": {"id": "text", "title": "text", "pattern": "text", "keywords": "lower", "prefix": "number"},
    "providers": {"id": "text", "title": "text", "names": "lower"},
    "files": {"id": "text", "title": "text", "certainty": "text"},
    "commands": {"id": "text", "title": "text", "argv": "texts"},
    "images": {"id": "text", "title": "text", "repositories": "lower", "variables": "texts"},
    "configurations": {"id": "text", "title": "text", "syntax": "text", "directives": "texts", "programs": "lower"},
    "wrappers": {
        **dict.fromkeys(("id", "title", "homepage", "reference", "install"), "text"),
        **dict.fromkeys(("passes", "takes", "process", "signals", "exit_code"), "text"),
        **dict.fromkeys(("argv", "traps"), "texts"),
        "libc": "lower",
        "credential": "tables",
    },
    "vendors": {"id": "text", "repositories": "lower", "entrypoint": "texts", "command": "texts", "libc": "text"},
}
OPTIONAL: dict[str, dict[str, str]] = {
    "secrets": {"entropy": "fraction", "group": "text"},
    "providers": dict.fromkeys(("shape", "pattern", "group"), "text"),
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
    "images": {"commands": "texts", "suffix": "text"},
    "configurations": {
        **dict.fromkeys(("base", "needs"), "text"),
        **dict.fromkeys(("folders", "others"), "texts"),
        "caseless": "flag",
        "position": "number",
        "repositories": "lower",
    },
    "wrappers": {
        **dict.fromkeys(("fill", "prefixes", "resolve", "variables", "environment", "unset", "handed_as"), "texts"),
        **dict.fromkeys(("pattern", "separator", "cli_image", "cli_volume", "cli_glibc", "cli_musl"), "text"),
        "measured": "flag",
    },
    "vendors": {"tags": "text"},
}
#: Kind of value -> how a message describes it.
KINDS = {
    "text": "a text",
    "texts": "a list of texts",
    "lower": "a list of texts in lower case, at least one",
    "number": "a whole number",
    "fraction": "a number with a decimal point",
    "numbers": "a list of whole numbers",
    "flag": "true or false",
    "tables": "an array of tables, at least one",
}


def is_kind(value: JsonValue, kind: str) -> bool:
    """Whether the value is of this kind (a key of KINDS). Raises KeyError on an unknown kind."""
    if isinstance(value, list) and kind == "tables":
        return bool(value) and all(isinstance(one, dict) for one in value)
    if isinstance(value, list):
        element = {"texts": str, "lower": str, "numbers": int}.get(kind)
        return all(type(one) is element for one in value) and (kind != "lower" or _are_lower(value))
    return type(value) is {"text": str, "number": int, "fraction": float, "flag": bool}.get(kind)


def _are_lower(values: list[JsonValue]) -> bool:
    return bool(values) and all(value and value == str(value).lower() for value in values)


class Tables(TypedDict):
    """The data tables, each in the order of its files' names."""

    secrets: list[SecretEntry]
    files: list[FileEntry]
    commands: list[CommandEntry]
    images: list[ImageEntry]
    configurations: list[ConfigurationEntry]


class RuleData(TypedDict):
    """Compiled rule data. `digest` ("sha256:<hex>") identifies what runs, providers included, without prose."""

    digest: str
    rules: dict[str, dict[str, str | int]]
    tables: Tables


class RuleDocs(TypedDict):
    """Prose, references and examples: by rule id, and for table entries by table and entry id."""

    rules: dict[str, Entry]
    tables: dict[str, dict[str, Entry]]


class ProviderData(TypedDict):
    """Compiled providers, in the order of the files; only a scan of any text reads them."""

    digest: str
    providers: list[ProviderEntry]


class CompiledRules(TypedDict):
    """The four parts of the compiled rule files."""

    running: RuleData
    providers: ProviderData
    wrappers: WrapperData
    docs: RuleDocs
