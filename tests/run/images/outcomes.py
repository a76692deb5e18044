"""A layer's outcome with something of everything."""

from __future__ import annotations

from auditor.core.finding import Confidence, Severity
from auditor.core.image import LAYER, ImagePlace
from auditor.core.secret import Secret
from auditor.run.images.layers.outcome import FileDigests, LayerOutcome
from auditor.run.images.layers.pathset import PathSet
from auditor.run.images.leak import Leak
from auditor.sources.images.packages import Owned

KEY = b"k" * 32
TOKEN = "ghp_" + "Zx3kQ9vLm2Wd8RtYb6NcHs1JfPg5Ua0eK7Vi"
PASSWORD = "Tundra-42-kite"
PEM = "-----BEGIN " + "PRIVATE KEY-----\nMIIEvgIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----"
VALUES = (TOKEN, PASSWORD, "MIIEvgIBADANBgkqhkiG9w0BAQEFAASC")


def diff_id(number: int = 0) -> str:
    """A digest in its usual form."""
    return f"sha256:{number:064x}"


def leak(value: str = TOKEN, *, place: ImagePlace | None = None) -> Leak:
    """A leak of this value."""
    secret = Secret(value, "github-token", "ghp_")
    return Leak(
        rule="known-token",
        severity=Severity.CRITICAL,
        confidence=Confidence.MEDIUM,
        verdict="valid",
        message="GitHub token in GH_TOKEN (verified offline).",
        subject="github-token GH_TOKEN",
        secret=secret,
        group=secret.fingerprint(KEY),
        place=place or ImagePlace(LAYER, path="app/.env\udcff", inner_path="a!b", line=4, offset=0),
        excerpt=f"GH_TOKEN={secret.redacted}",
        remedy="Revoke it.",
        silenced="a test value",
    )


def outcome(number: int = 0) -> LayerOutcome:
    """The outcome of a layer with three leaks."""
    return LayerOutcome(
        diff_id=diff_id(number),
        digest=diff_id(number + 1),
        size=10_240,
        stored=2_000,
        files=3,
        leaks=(leak(), leak(PASSWORD)._replace(silenced=None, remedy=""), leak(PEM)),
        removed=("root/.npmrc", "tmp/\udcffx"),
        opaque=("var/cache",),
        files_here=PathSet.of(["app/.env", "app/b", "etc/passwd"]),
        folders_here=PathSet.of(["app", "etc"]),
        links=(("app/b", "app/.env"),),
        digests={"app/.env": FileDigests("0" * 32, "1" * 40, "2" * 64)},
        owned=Owned(),
        skipped=(("app/x.zip", "encrypted"),),
        errors=(("app/y.gz", "cut short"),),
        symlinks=(("bin", "usr/bin"),),
    )
