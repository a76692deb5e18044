"""Hosts of registries: which of them may be spoken to without TLS, and which certificates they are trusted by."""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from functools import lru_cache
from urllib.parse import urlsplit

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.sources.images.model import SourceError

if TYPE_CHECKING:
    from collections.abc import Collection

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}", re.ASCII)
_PORTS = {"https": 443, "http": 80}
#: Variables that name the certificates to trust; the first one that is set counts.
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
#: Where container engines keep the certificates of single registries.
_FOLDERS = (
    "/etc/docker/certs.d",
    "/etc/containers/certs.d",
    "~/.config/docker/certs.d",
    "~/.config/containers/certs.d",
)


class Address(NamedTuple):
    """Where a connection goes; `host` is in small letters, an IPv6 address without brackets."""

    scheme: str
    host: str
    port: int

    @property
    def shown(self) -> str:
        """The host, and the port where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def address_of(url: str) -> Address | None:
    """The address in an absolute http or https URL; None if it is none, or not one that can be asked."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or port == 0:
        return None
    labels = host.removesuffix(".").split(".")
    if not _is_ip(host) and not (_NAME.fullmatch(host) and all(0 < len(label) < 64 for label in labels)):
        return None
    return Address(parts.scheme, host, port or _PORTS[parts.scheme])


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    # A zone ("%eth0") names an interface of this machine.
    return "%" not in host


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself by its name alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Policy:
    """Which hosts may be spoken to in the clear: this machine's own, and those named as insecure ("host[:port]")."""

    def __init__(self, insecure: Collection[str] = ()) -> None:
        self._insecure = frozenset(name.strip().lower() for name in insecure if name.strip())

    def is_open(self, address: Address) -> bool:
        """Whether neither TLS nor a trusted certificate is asked of a host."""
        host = f"[{address.host}]" if ":" in address.host else address.host
        named = {host, f"{host}:{address.port}"} & self._insecure
        return is_loopback(address.host) or bool(named)

    def choices(self, domain: str) -> list[Address]:
        """How a registry ("host[:port]") may be reached, best first. Raises SourceError if it is no host."""
        schemes = ["https"]
        first = address_of(f"https://{domain}")
        if first is None or urlsplit(f"https://{domain}").netloc.lower() != domain.lower() or "@" in domain:
            raise SourceError(f"{printable(domain)}: not the host of a registry")
        if self.is_open(first):
            schemes.append("http")
        return [address for scheme in schemes if (address := address_of(f"{scheme}://{domain}")) is not None]


def insecure_registries() -> list[str]:
    """The registries that AUDIT_INSECURE_REGISTRIES names, separated by commas."""
    return [name for name in os.environ.get("AUDIT_INSECURE_REGISTRIES", "").split(",") if name.strip()]


@lru_cache(maxsize=64)
def tls_context(address: Address, *, trusting: bool) -> ssl.SSLContext:
    """How to speak TLS with a host; with `trusting` any certificate will do. Raises SourceError for unusable files.

    Trusted are the system's certificates and certifi's, or in place of them those that the environment names; and for
    this host those that the container engines' folders hold (`certs.d/HOST[:PORT]/*.crt`), with their client keys.
    """
    context = _trusting() if trusting else _verifying()
    for folder in _FOLDERS:
        for name in {address.shown, f"{address.host}:{address.port}"}:
            _add_folder(context, os.path.join(os.path.expanduser(folder), name))
    return context


def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _verifying() -> ssl.SSLContext:
    for variable in _BUNDLES:
        if path := os.environ.get(variable, ""):
            kind = "capath" if os.path.isdir(path) else "cafile"
            try:
                return ssl.create_default_context(**{kind: path})  # type: ignore[arg-type]
            except OSError as error:
                raise SourceError(f"{variable}: no certificates can be read there: {reason(error)}") from None
    context = ssl.create_default_context()
    if bundle := _certifi():
        context.load_verify_locations(cafile=bundle)
    return context


def _certifi() -> str:
    """The bundle that requests would use; "" where there is none: some systems bring no certificates of their own."""
    from importlib.util import find_spec

    spec = find_spec("certifi")
    path = os.path.join(os.path.dirname(spec.origin), "cacert.pem") if spec and spec.origin else ""
    return path if os.path.isfile(path) else ""


def _add_folder(context: ssl.SSLContext, folder: str) -> None:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        path = os.path.join(folder, name)
        try:
            if name.endswith(".crt"):
                context.load_verify_locations(cafile=path)
            elif name.endswith(".cert"):
                # Without an answer to a request for its password, OpenSSL would ask at the terminal.
                context.load_cert_chain(path, path.removesuffix(".cert") + ".key", password=lambda: b"")
        except OSError as error:
            raise SourceError(f"{path}: cannot be used: {reason(error)}") from None


def reason(error: OSError) -> str:
    """Why something of the system failed, in words without names or addresses."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {printable(error.verify_message)}"
    if isinstance(error, ssl.SSLError):
        return printable(str(error.reason or "TLS error").replace("_", " ").lower())
    if isinstance(error, TimeoutError):
        return printable(str(error)) if error.errno is None and str(error) else "no answer in time"
    return printable(error.strerror or type(error).__name__)


def printable(text: str, most: int = 120) -> str:
    """Text of others, fit for a message: one line, bounded, without control characters."""
    kept = "".join(character if character.isprintable() else "?" for character in text[:most])
    return kept + ("..." if len(text) > most else "")
