"""Folders and files of a user's own credentials that a compose file mounts into a service."""

from __future__ import annotations

from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.lang.compose.nodes import Mapping, Scalar

if TYPE_CHECKING:
    from auditor.lang.compose.nodes import Node
    from auditor.lang.compose.parts import Parts

#: A home, up to and with the slash behind it.
_HOME = Pattern(
    r"(?:~|\$HOME|\$\{(?:HOME|USERPROFILE)(?::?[-?][^}]*)?\}|/root|/home/[^/:]+|/Users/[^/:]+|/var/lib/jenkins)/"
)
#: By the path below a home: what the whole folder, or the file, gives away. A folder stands for all that is in it.
_FOLDERS = {
    ".ssh": "the private ssh keys",
    ".aws": "the keys and sessions of AWS",
    ".azure": "the sessions of Azure",
    ".config/gcloud": "the credentials of Google Cloud",
    ".gnupg": "the private keys of GnuPG",
    ".kube": "the credentials of Kubernetes clusters",
    ".docker": "the logins of registries",
    ".config/gh": "the token of GitHub",
    ".config/op": "the sessions of 1Password",
    ".password-store": "the password store",
    ".keeper": "the configuration of Keeper",
    ".terraform.d": "the tokens of Terraform",
}
_FILES = {
    ".docker/config.json": "the logins of registries",
    ".kube/config": "the credentials of Kubernetes clusters",
    ".aws/credentials": "the keys of AWS",
    ".config/gcloud/application_default_credentials.json": "the credentials of Google Cloud",
    ".netrc": "the logins of hosts",
    ".git-credentials": "the passwords of git hosts",
    ".npmrc": "the tokens of npm",
    ".pypirc": "the tokens of package indexes",
    ".pgpass": "the passwords of databases",
    ".my.cnf": "the passwords of databases",
    ".vault-token": "the token of Vault",
    ".m2/settings.xml": "the passwords of Maven repositories",
    ".m2/settings-security.xml": "the master password of Maven",
    ".cargo/credentials.toml": "the tokens of cargo",
    ".terraform.d/credentials.tfrc.json": "the tokens of Terraform",
    "keeper.ini": "the credential of Keeper",
}
_KEY = Pattern(r"\.ssh/(?:id_[\w-]+|[\w.-]+\.(?:pem|key))\Z")
_SHORT = Pattern(r"(?P<source>(?:\$\{[^}]*\}|[^:])+):(?P<target>[^:]+)(?P<mode>:[\w,]+)?\Z")


class Mounted(NamedTuple):
    """A mount: `source` as written, `title` what it gives away, `is_folder` all that lies there; `node` the place."""

    label: str
    node: Node
    source: str
    target: str
    title: str
    is_folder: bool


def mounts(parts: Parts) -> list[Mounted]:
    """The mounts of credentials of a compose file, in its order."""
    found = (_mount(parts, item.label, item.node) for item in parts.items if item.kind == "volumes")
    return [one for one in found if one is not None]


def _mount(parts: Parts, label: str, node: Node) -> Mounted | None:
    source, target, place = _ends(parts, node)
    home = _HOME.match(source)
    if home is None or place is None:
        return None
    path = "/".join(part for part in source[home.end() :].split("/") if part not in ("", "."))
    title = _FILES.get(path) or ("a private ssh key" if _KEY.match(path) and not path.endswith(".pub") else "")
    if title:
        return Mounted(label, place, source, target, title, False)
    title = _FOLDERS.get(path, "")
    return Mounted(label, place, source, target, title, True) if title else None


def _ends(parts: Parts, node: Node) -> tuple[str, str, Node | None]:
    """Source and target of a mount, and where the source stands."""
    if isinstance(node, Scalar):
        match = _SHORT.match(node.value)
        return (match["source"], match["target"], node) if match is not None else ("", "", None)
    source = parts.file.resolve(node.get("source") or node.get("src")) if isinstance(node, Mapping) else None
    if not isinstance(node, Mapping) or not isinstance(source, Scalar) or node.text("type") not in ("bind", None):
        return "", "", None
    return source.value, node.text("target") or node.text("destination") or "", source
