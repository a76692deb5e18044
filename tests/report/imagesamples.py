"""An image with a leak in every part and of every state: what the golden files of images show."""

from __future__ import annotations

import hashlib

from auditor.core.finding import (
    Confidence,
    Finding,
    Location,
    Related,
    Report,
    Severity,
    Skipped,
    Suppression,
    Target,
    TargetError,
    number_findings,
)
from auditor.core.image import (
    ANNOTATION,
    ATTESTATION,
    CACHE,
    CONFIG,
    DELETED,
    HIDDEN,
    HISTORY,
    LABEL,
    LAYER,
    LIVE,
    OVERWRITTEN,
    ImagePlace,
)
from auditor.core.layerline import CACHED, FAILED, SCANNED, SKIPPED, LayerLine
from auditor.core.secret import Secret

NAME = "hub.example/shop/api:1.4"
TOKEN = "ghp_" + "Zx3kQ9vLm2Wd8RtYb6NcHs1JfPg5Ua0eK7Vi"
PASSWORD = "Tundra-42-kite"
CLEARED = "wolf-Ember-19"
KEY = "zbV9QsLBHXKhgc1QxygJofAPeu"
PEM = "-----BEGIN " + "PRIVATE KEY-----\nMIIEvgIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----"
VALUES = (TOKEN, PASSWORD, CLEARED, KEY, "MIIEvgIBADANBgkqhkiG9w0BAQEFAASC")

_token = Secret(TOKEN, "github-token", "ghp_")
_password = Secret(PASSWORD, "password")
_cleared = Secret(CLEARED, "password")
_key = Secret(KEY, "api-key")
_pem = Secret(PEM, "private-key")
_SHELL = "/bin/sh -c "
_CREATED = {
    1: f"{_SHELL}#(nop) ADD file:0a1b2c3d in / ",
    2: f"RUN {_SHELL}apt-get update && apt-get install -y curl # buildkit",
    4: "ENV SESSION_PASSWORD=****",
    6: f"RUN |2 NPM_TOKEN=ghp_****K7Vi NODE_ENV=production {_SHELL}npm ci --omit=dev # buildkit",
    7: "COPY . /app # buildkit",
    8: f"RUN {_SHELL}rm -rf /app/.env /root/.npmrc && npm cache clean --force && rm -rf /tmp/* # buildkit",
    9: "COPY config/settings.yaml /app/settings.yaml # buildkit",
    11: "ENV DB_PASSWORD=****",
    12: 'LABEL support.contact="api key ****"',
}
_LINES = {4: 4, 6: 6, 7: 7, 8: 8, 9: 9, 11: 11, 12: 12}
_LAYERS = {0: 1, 1: 2, 2: 6, 3: 7, 4: 8, 5: 9, 6: None, 7: None}
_SIZES = (124_300_000, 48_910_000, 231_000_000, 1_204, 3_072, 2_100, 691_000_000, 15_000)


def digest(name: str) -> str:
    return "sha256:" + hashlib.sha256(name.encode()).hexdigest()


def entry(number: int) -> dict[str, object]:
    """What a place says of the history entry that made it."""
    line = _LINES.get(number)
    source = {"dockerfile": "app/Dockerfile", "dockerfile_line": line} if line else {}
    return {"history_index": number, "created_by": _CREATED[number], **source}


def layer(number: int, path: str, state: str = LIVE, **facts: object) -> ImagePlace:
    """A place in a file of a layer."""
    history = _LAYERS[number]
    made = {} if history is None else entry(history)
    where = {"diff_id": digest(f"diff{number}"), "digest": digest(f"blob{number}")}
    return ImagePlace(LAYER, layer_index=number, path=path, state=state, **where, **made, **facts)  # type: ignore[arg-type]


def meta_place(part: str, pointer: str, history: int | None = None, **facts: object) -> ImagePlace:
    """A place in a document of the image."""
    made = {} if history is None else entry(history)
    return ImagePlace(part, pointer=pointer, **{**made, **facts})  # type: ignore[arg-type]


def leak(
    rule: str, severity: Severity, place: ImagePlace, message: str, secret: Secret, excerpt: str = "", **more: object
) -> Finding:
    """A finding in the sample image."""
    kind = secret.kind
    group = secret.fingerprint(b"key")
    return Finding(
        rule, severity, Location.target(NAME), message, kind, secret=secret, image=place, group=group, excerpt=excerpt,
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


def findings() -> list[Finding]:
    """Every part, every state, secrets in several places, one finding that is suppressed."""
    critical, high, medium, low = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW
    made = [
        leak("known-token", critical, layer(3, "app/.env", DELETED, removed_by_layer=4, line=4, offset=61),
             "GitHub token in NPM_TOKEN (verified offline).", _token, "NPM_TOKEN=ghp_****K7Vi", verdict="valid"),
        leak("known-token", critical, layer(2, "root/.npmrc", DELETED, removed_by_layer=4, line=1, offset=30),
             "GitHub token in _authToken (verified offline).", _token, "//npm.example/:_authToken=ghp_****K7Vi"),
        leak("arg-secret", high, meta_place(HISTORY, "/history/6/created_by", 6, layer_index=2),
             "Build argument NPM_TOKEN is kept in the history of 2 instructions.", _token,
             "RUN |2 NPM_TOKEN=ghp_****K7Vi NODE_ENV=production /bin/sh -c npm ci --omit=dev # buildkit",
             related=(Related("as well", image=meta_place(HISTORY, "/history/7/created_by", 7, layer_index=3)),)),
        leak("private-key", high, layer(1, "usr/share/doc/curl/server.key", line=1, in_base=True, package="curl"),
             "Private key (RSA, 2048 bits).", _pem, "-----BEGIN PRIVATE KEY-----", confidence=Confidence.MEDIUM),
        leak("assigned-secret", high, layer(3, "app/settings.yaml", OVERWRITTEN, removed_by_layer=5, line=12),
             f"Password in spring.datasource.password, which is {PASSWORD}.", _password, "    password: ****"),
        leak("env-secret", critical, meta_place(CONFIG, "/config/Env/3", 11),
             "Password in DB_PASSWORD.", _password, "DB_PASSWORD=****"),
        leak("env-secret", high, meta_place(HISTORY, "/history/4/created_by", 4, state=OVERWRITTEN),
             "Password in SESSION_PASSWORD.", _cleared, "ENV SESSION_PASSWORD=****"),
        leak("provider-key", medium, meta_place(LABEL, "/config/Labels/support.contact", 12),
             "Maps key in support.contact.", _key, "support.contact=api key ****", confidence=Confidence.LOW),
        leak("provider-key", medium, layer(3, "app/lib/app.jar", inner_path="BOOT-INF/classes/a.properties", line=7),
             "Maps key in maps.key.", _key, "maps.key=****"),
        leak("stored-credential", high, layer(3, "app/.git", HIDDEN, inner_path="objects/pack/pack-1.pack",
             offset=4096), "Password in a git object that no branch leads to.", Secret("larch-Comet-88", "password")),
        leak("stored-credential", medium, layer(2, "", HIDDEN, offset=512),
             "Credential in the padding between two members of the layer's tar.", Secret("otter-Vivid-31", "password"),
             "token=****"),
        leak("known-token", high, meta_place(ANNOTATION, "/annotations/org.example.ci", path="manifest"),
             "Slack token in an annotation.", Secret("xoxb-" + "1-2-abcdefabcdefabcdefabcdef", "slack-token", "xoxb-")),
        leak("known-token", high, meta_place(ATTESTATION, "/predicate/buildDefinition/externalParameters/args/2", 6),
             "Token in build-arg.", Secret("npm_" + "q" * 32 + "W3rT", "npm-token", "npm_"), "npm_****W3rT"),
        leak("url-credential", medium, meta_place(CACHE, "/Description"), "Password in a URL.",
             Secret("heron-Basil-7", "password"), "mount / from exec git clone https://bot:****@git.example/x",
             verdict="expired"),
        leak("assigned-secret", low, layer(0, "etc/example.conf", in_base=True, line=3), "Password in x.",
             Secret("birch-Lemur-5", "password"), "x=****"),
        leak("assigned-secret", high, layer(5, "app/test.yaml", line=3), "Password in y.",
             Secret("maple-Quail-6", "password"), "y=****"),
    ]  # fmt: skip
    made[-1].suppressed = Suppression("baseline", "a test value")
    return sorted(made, key=lambda finding: finding.sort_key)


def image_report() -> Report:
    """One image with findings, one that could not be opened."""
    found = findings()
    number_findings(found)
    target = Target(NAME, "image", size=1_098_331_376, files=57_129)
    target.digest, target.platform = digest("manifest"), "linux/amd64"
    states = {0: CACHED, 1: CACHED, 6: FAILED, 7: SKIPPED}
    for number, size in enumerate(_SIZES):
        history = _LAYERS[number]
        made = {} if history is None else entry(history)
        state = states.get(number, SCANNED)
        ids = (digest(f"diff{number}"), digest(f"blob{number}"))
        line = LayerLine(number, *ids, size, size // 3, in_base=number < 2, state=state, **made)  # type: ignore[arg-type]
        target.layers.append(line)
    target.secrets = [finding.secret for finding in found if finding.secret is not None]
    target.errors.append(
        TargetError("sha256 of the blob does not fit; its bytes were searched all the same", "layer 6")
    )
    target.skipped += [
        Skipped("layer 3: app/a.zip", "encrypted"),
        Skipped("layer 3: app/b.zip", "encrypted"),
        Skipped("layer 7", "not a tar"),
    ]
    gone = Target("gone.tar", "image", files=0)
    gone.errors.append(TargetError("no such file", "gone.tar"))
    return Report([target, gone], found, 2.125)


def finding(place: ImagePlace, *, group: str = "", severity: Severity = Severity.HIGH, name: str = NAME) -> Finding:
    """A finding of which nothing but its place matters."""
    secret = Secret("heron-Basil-7", "password")
    return Finding(
        "env-secret", severity, Location.target(name), "It leaks.", "x", image=place, group=group, secret=secret
    )


def one_image(*found: Finding, layers: int = 3) -> Report:
    """An image of a few layers with these findings."""
    target = Target(NAME, "image", size=2_000_000)
    target.layers = [LayerLine(number, size=1000) for number in range(layers)]
    return Report([target], list(found), 0.25)
