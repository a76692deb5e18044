"""Which files with private keys a command makes, by the rules of its program."""

from __future__ import annotations

import pytest

from auditor.flow.build import follow
from auditor.lang.dockerfile.parser import parse

MKCERT = "/root/.local/share/mkcert/rootCA-key.pem"


@pytest.mark.parametrize(
    ("command", "paths"),
    [
        ("keytool -genkeypair -alias a -keystore ks.jks", ["/w/ks.jks"]),
        ("keytool -genkey -KEYSTORE /etc/keystore -storepass changeit", ["/etc/keystore"]),
        ("keytool -genseckey -alias a", ["/root/.keystore"]),
        ("keytool -genkeypair -keystore NONE -storetype PKCS11", []),
        ("keytool -genkeypair -storetype KeychainStore", []),
        ("keytool -list -keystore ks.jks", []),
        ("keytool -importkeystore -destkeystore ks.p12", []),
        ("mkcert -install", [MKCERT]),
        ("CAROOT=/ca mkcert -install", ["/ca/rootCA-key.pem"]),
        ("mkcert a.example", ["/w/a.example-key.pem"]),
        ("mkcert '*.a.example' localhost ::1", ["/w/_wildcard.a.example+2-key.pem"]),
        ("mkcert -install a.example", [MKCERT, "/w/a.example-key.pem"]),
        ("mkcert -client -ecdsa a.example", ["/w/a.example-client-key.pem"]),
        ("mkcert -pkcs12 a.example", ["/w/a.example.p12"]),
        ("mkcert -pkcs12 -p12-file b.p12 a.example", ["/w/b.p12"]),
        ("mkcert -cert-file c.pem -key-file k.pem a.example", ["/w/k.pem"]),
        ("mkcert --key-file=/k.pem a.example", ["/k.pem"]),
        ("mkcert -csr a.csr", []),
        ("mkcert -CAROOT", []),
        ("mkcert -uninstall", []),
        ("mkcert", []),
        ("ssh-keygen -A -f /mnt", ["/mnt/etc/ssh/ssh_host_ed25519_key"]),
        ("ssh-keygen -t ed25519 -f id_ed25519", ["/w/id_ed25519"]),
        ("openssl req -x509 -keyout a.key -out a.crt", ["/w/a.key"]),
        ("openssl x509 -in a.crt -out b.key", []),
    ],
)
def test_keys(command: str, paths: list[str]) -> None:
    build = follow(parse(f"FROM a\nWORKDIR /w\nRUN {command}\n"), "Dockerfile")
    assert [file.path for file in build.facts.files] == paths
    assert all(origin.kind == "generated" for file in build.facts.files for origin in file.origins)
