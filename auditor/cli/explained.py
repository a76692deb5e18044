"""What `audit explain` says of names that are no rules: formats of tokens, keys of services, wrappers."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.core.resources import load_providers, load_rule_docs, load_rules, load_wrappers
from auditor.core.wrappers import EXEC, usual_form, wrapper_named
from auditor.report.prose import indented, paragraphs
from auditor.report.runbook.entries import entry_of, is_specific, kinds, steps, title_of
from auditor.run.formats import offline_check, public_prefixes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.core.ruledata import ProviderEntry, SecretEntry
    from auditor.core.wrapperdata import CredentialEntry, WrapperEntry

_WIDTH = 80
_MOST_PREFIXES = 8
_CHECKS = {
    "checksum": "Its checksum is verified offline: the issuer put one into the value.",
    "structure": "It is verified offline: the value can be read as what it claims to be.",
    "facts": "What the value says about itself (owner, kind, when it ends) is read offline and reported.",
    "": "Nothing in a value can be verified offline.",
}
_TAKES = {
    "references": "Variables hold references, which are resolved when the container starts.",
    "names": "Values are asked for by name.",
    "configuration": "All secrets of a project become variables.",
}
_SIGNALS = {
    "kept": "signals reach the program",
    "forwarded": "signals are forwarded",
    "delayed": "signals are forwarded late",
    "dropped": "signals do not reach the program",
}


def names() -> set[str]:
    """Everything besides rules that can be explained. Raises RuleDataError."""
    rows = (load_rules()["tables"]["secrets"], load_providers()["providers"], load_wrappers()["wrappers"])
    return {row["id"] for table in rows for row in table} | kinds()


def explained(name: str) -> str:
    """The page of one of `names` for the terminal; parts of several things of one name follow each other."""
    formats = [row for row in load_rules()["tables"]["secrets"] if row["id"] == name]
    services = [row for row in load_providers()["providers"] if row["id"] == name]
    wrapper = wrapper_named(name)
    pages = [*(_format(row) for row in formats), *(_service(row) for row in services)]
    pages += [_wrapper(wrapper)] if wrapper is not None else []
    if not pages:
        pages = [[f"{name}: {title_of(name)}", "a kind of secret", *_rotation(name)]]
    return "\n\n".join("\n".join(page) for page in pages)


def _format(row: SecretEntry) -> list[str]:
    docs = load_rule_docs()["tables"]["secrets"][row["id"]]
    lines = [f"{row['id']}: {row['title']}", "a format of tokens, recognised wherever a value stands", ""]
    prefixes = public_prefixes(row, docs)
    if prefixes:
        more = ", and others" if len(prefixes) > _MOST_PREFIXES else ""
        lines += [*paragraphs(f"Begins with {', '.join(prefixes[:_MOST_PREFIXES])}{more}.", _WIDTH), ""]
    lines += paragraphs(_CHECKS[offline_check(row["id"], docs)], _WIDTH)
    return [*lines, *_rotation(row["id"]), "", "See", "", f"  {docs['source']}"]


def _service(row: ProviderEntry) -> list[str]:
    docs = load_rule_docs()["tables"]["providers"][row["id"]]
    named = ", ".join(row["names"])
    said = f"Recognised by the service's name near it, or in the name of the variable that holds it: {named}."
    lines = [f"{row['id']}: key of {row['title']}", "a key that looks like any other random value", ""]
    lines += paragraphs(said, _WIDTH)
    return [*lines, *_rotation(row["id"]), "", "See", "", f"  {docs['source']}"]


def _rotation(name: str) -> Iterator[str]:
    """How such a credential is replaced, where that is known."""
    if not is_specific(name):
        return
    entry = entry_of(name, (), ())
    yield from ("", "How to replace it")
    for step in steps(entry):
        yield from ("", *paragraphs(step.text, _WIDTH))
        if step.commands:
            yield from ("", *indented("\n".join(step.commands)))
    yield from ("", *paragraphs(f"Where its use is logged: {entry['log']}", _WIDTH), "", f"  {entry['docs']}")


def _wrapper(row: WrapperEntry) -> list[str]:
    plain = row["passes"] != "none"
    lines = [f"{row['id']}: {row['title']}", "starts a program with secrets of a secret manager", ""]
    lines += paragraphs(_TAKES[row["takes"]], _WIDTH)
    if row["takes"] != "configuration":
        lines += ["", f"  reference   {row['reference']}"]
    if "resolve" in row:
        lines.append(f"  one value   {' '.join(row['resolve'])}")
    if plain:
        lines.append(f"  plain form  {' '.join(row['argv'])}")
        stays = "stays as the program's parent" if row["process"] == "fork" else "becomes the program"
        code = "its exit code is kept" if row["exit_code"] == "kept" else "its exit code is 1 for any failure"
        lines += ["", *paragraphs(f"In the plain form it {stays}; {_SIGNALS[row['signals']]}; {code}.", _WIDTH)]
    form = "the wrapper starts the program (exec)" if usual_form(row) == EXEC else "a shell asks for values (shim)"
    lines += ["", *paragraphs(f"Default form: {form}.", _WIDTH)]
    for one in row["credential"]:
        lines += ["", *paragraphs(f"Its own credential: {_credential(one)}.", _WIDTH)]
    for trap in row["traps"]:
        lines += ["", *paragraphs(f"{trap}.", _WIDTH)]
    lines += ["", "How it comes into an image, before any secret is in reach", "", *indented(row["install"].strip())]
    use = ["", f"    audit fix --diff --wrapper {row['id']}", f"    audit wrap IMAGE --with {row['id']}"]
    return [*lines, "", "To use it", *use, "", "See", "", f"  {row['homepage']}"]


def _credential(one: CredentialEntry) -> str:
    ways = [one["variable"]] if "variable" in one else []
    if "file_variable" in one:
        what = "the folder of" if one["file_is"] == "folder" else "the path of"
        ways.append(f"{one['file_variable']}, {what} the file {one['file_name']}")
    with_it = f", with {', '.join(one['settings'])}" if "settings" in one else ""
    return f"{one['title']}: {', or '.join(ways)}{with_it}"
