"""Finds the data that comes with the program: compiled rules and templates, in a wheel or in a checkout."""

from __future__ import annotations

import os
from functools import cache

from auditor.core.errors import AuditError, RuleDataError
from auditor.core.record import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from auditor.core.rotationrules import RotationEntry
    from auditor.core.ruledata import ProviderData, RuleData, RuleDocs
    from auditor.core.wrapperdata import WrapperData

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_DATA = os.path.join(_PACKAGE, "_data")
_CHECKOUT = os.path.dirname(_PACKAGE)
_RUNNING = os.path.join(_DATA, "rules.json")
_PROVIDERS = os.path.join(_DATA, "providers.json")
_WRAPPERS = os.path.join(_DATA, "wrappers.json")
_DOCS = os.path.join(_DATA, "rules-docs.deflate")
_ROTATION = os.path.join(_DATA, "rotation.json")


@cache
def load_rules() -> RuleData:
    """What running needs of the rules: {"digest", "rules": {id: {...}}, "tables": {name: [...]}}. Do not change it.

    A checkout whose rule files are newer than the compiled ones is compiled in memory. Raises RuleDataError.
    """
    if _is_current(_RUNNING):
        return cast("RuleData", _read_json(_RUNNING))
    from auditor.core.rulefiles import compile_rules  # start-up: a checkout with edited rules only

    return compile_rules(os.path.join(_CHECKOUT, "rules"))["running"]


@cache
def load_providers() -> ProviderData:
    """Services and the shapes of their keys: {"digest", "providers": [...]}. Do not change it. Raises RuleDataError."""
    if _is_current(_PROVIDERS):
        return cast("ProviderData", _read_json(_PROVIDERS))
    from auditor.core.rulefiles import compile_rules  # start-up: a checkout with edited rules only

    return compile_rules(os.path.join(_CHECKOUT, "rules"))["providers"]


@cache
def load_wrappers() -> WrapperData:
    """Exec wrappers and how vendors' images start: {"digest", "wrappers": [...], "vendors": [...]}. Do not change it.

    Raises RuleDataError.
    """
    if _is_current(_WRAPPERS):
        return cast("WrapperData", _read_json(_WRAPPERS))
    from auditor.core.rulefiles import compile_rules  # start-up: a checkout with edited rules only

    return compile_rules(os.path.join(_CHECKOUT, "rules"))["wrappers"]


@cache
def load_rule_docs() -> RuleDocs:
    """Prose, references and examples: for explanations, the documentation and tests. Raises RuleDataError."""
    if _is_current(_DOCS):
        return cast("RuleDocs", _read_json(_DOCS, deflated=True))
    from auditor.core.rulefiles import compile_rules  # start-up: a checkout with edited rules only

    return compile_rules(os.path.join(_CHECKOUT, "rules"))["docs"]


@cache
def load_rotation() -> list[RotationEntry]:
    """How credentials are replaced, one entry for each provider or family. Do not change it. Raises RuleDataError."""
    if _is_current(_ROTATION):
        return cast("list[RotationEntry]", _read_json(_ROTATION))
    from auditor.core.rotationrules import compile_rotation  # start-up: a checkout with edited rules only

    return compile_rotation(os.path.join(_CHECKOUT, "rules"))


def rules_digest() -> str:
    """ "sha256:<hex>" over the running rule data: equal digests mean equal behaviour of the rules."""
    return load_rules()["digest"]


def template_dir(name: str) -> str:
    """Folder of templates: "reports" in a checkout, `_data/reports` in a wheel. Raises AuditError if it is missing."""
    for parent in (_CHECKOUT, _DATA) if _in_checkout() else (_DATA,):
        path = os.path.join(parent, name)
        if os.path.isdir(path):
            return path
    raise AuditError(f"the installation is incomplete: no folder {name!r}; reinstall image-leak-auditor")


def _read_json(path: str, *, deflated: bool = False) -> object:
    import json  # start-up: only a run that needs rules

    try:
        with open(path, "rb") as file:
            data = file.read()
        content: object = json.loads(_inflated(data) if deflated else data)
        return content
    except (OSError, ValueError) as error:
        raise RuleDataError(f"{path}: {error}; reinstall image-leak-auditor") from None


def _inflated(data: bytes) -> bytes:
    """Raises ValueError."""
    import zlib  # start-up: explanations and reports only

    try:
        return zlib.decompress(data, wbits=-zlib.MAX_WBITS)
    except zlib.error as error:
        raise ValueError(str(error)) from None


def _in_checkout() -> bool:
    # A folder named "rules" beside an installed package could be anybody's; the build hook's file is ours.
    return os.path.isfile(os.path.join(_CHECKOUT, "hatch_build.py"))


def _is_current(compiled: str) -> bool:
    if not _in_checkout():
        return True
    try:
        return _newest(os.path.join(_CHECKOUT, "rules")) <= os.stat(compiled).st_mtime_ns
    except OSError:
        return False


def _newest(rules_dir: str) -> int:
    """Latest change in nanoseconds. A folder's own time tells of removed and renamed files."""
    newest = 0
    with os.scandir(rules_dir) as folders:
        for folder in folders:
            if folder.is_dir():
                with os.scandir(folder) as files:
                    newest = max(newest, folder.stat().st_mtime_ns, *(file.stat().st_mtime_ns for file in files))
    return newest
