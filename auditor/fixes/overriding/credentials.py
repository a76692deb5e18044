"""What a wrapper proves itself with, as a secret of the service: never a value in a file of ours."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.core.secretnames import MOUNTED
from auditor.fixes.overriding.plan import FOLDER
from auditor.fixes.plan import Refused

if TYPE_CHECKING:
    from auditor.core.wrapperdata import CredentialEntry, WrapperEntry
    from auditor.fixes.overriding.override import Override


class Credential(NamedTuple):
    """`secret` is its name in the compose file. `variable` takes the path `value` (file or folder) where the wrapper
    reads a file; else a shell `exports` it from the secret. `shared`: the program may need it, too.
    """

    title: str
    secret: str
    variable: str
    value: str
    exports: str
    settings: tuple[str, ...]
    shared: bool

    @property
    def exported(self) -> list[tuple[str, str]]:
        """The variable that a shell has to export, and the path of the file with its value."""
        return [(self.exports, f"{MOUNTED}/{self.secret}")] if self.exports else []

    @property
    def leading(self) -> list[str]:
        """The variable that says where its file is, which the program need not see."""
        return [self.variable] if self.variable and not self.shared else []

    @property
    def files(self) -> list[tuple[str, str]]:
        """The file that the user makes, and what it has to hold."""
        return [(f"./{FOLDER}/{self.secret}", f"the {self.title} of the wrapper")]

    def give(self, made: Override) -> None:
        """Put it into an override."""
        made.secret(self.secret)
        if self.variable:
            made.set(self.variable, self.value)


def credential_of(entry: WrapperEntry) -> Credential:
    """The usual credential of a wrapper. Raises Refused for one that no file can be."""
    given = entry["credential"][0]
    title, settings, shared = given["title"], tuple(given.get("settings", ())), bool(given.get("shared"))
    variable, name = given.get("file_variable", ""), given.get("variable", "")
    if not variable:
        return Credential(title, name.lower(), "", "", name, settings, shared)
    secret = _file_name(entry, given)
    value = MOUNTED if given.get("file_is") == "folder" else f"{MOUNTED}/{secret}"
    return Credential(title, secret, variable, value, "", settings, shared)


def _file_name(entry: WrapperEntry, given: CredentialEntry) -> str:
    name = given.get("file_name", "")
    if not name or name.isupper():
        raise Refused(f"the file that {entry['id']} reads has a name of its own, which cannot be known here")
    return name
