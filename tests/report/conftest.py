"""A report with something of everything: what the golden files show."""

from __future__ import annotations

import pytest

from auditor.core.finding import (
    Confidence,
    Finding,
    Location,
    Report,
    Severity,
    Skipped,
    Step,
    Suppression,
    Target,
    TargetError,
    number_findings,
)
from auditor.core.proposal import Proposal, Replacement
from auditor.core.rule import Rule
from auditor.core.secret import Secret
from auditor.core.span import LineIndex, Span
from auditor.report.meta import Meta

TEXT = """\
FROM node:22
WORKDIR /usr/src/app
ARG NPM_TOKEN
RUN echo "//npm.registry.example/:_authToken=${NPM_TOKEN}" > .npmrc && npm ci --omit=dev --no-audit && rm .npmrc
ENV DB_PASSWORD=Tundra-42-kite API_KEY="zbV9QsLBHXKhgc1QxygJofAP"
RUN curl -u "deploy:Tundra-42-kite" https://files.example/日本語.tgz
ENV PIN=Kp7\\$x9
# audit: ignore[label-secret] not used any more
LABEL token=0123456789abcdef
ENV CACHE=1
"""

_RUN = """\
RUN --mount=type=secret,id=npm_token,required=true \\
    export NPM_TOKEN="$(cat /run/secrets/npm_token)"; \\
    npm ci --omit=dev --no-audit
"""
MOUNTED = Proposal(
    "NPM_TOKEN becomes a build secret",
    "safe",
    "only RUN instructions use it",
    "diff --git a/app/Dockerfile b/app/Dockerfile\n--- a/app/Dockerfile\n+++ b/app/Dockerfile\n@@ -2,4 +2,5 @@\n"
    " WORKDIR /usr/src/app\n-ARG NPM_TOKEN\n-RUN echo ${NPM_TOKEN}\n"
    + "".join(f"+{line}\n" for line in _RUN.splitlines())
    + " ENV DB_PASSWORD=****\n",
    ("build.sh",),
    ("docker build --secret id=npm_token,env=NPM_TOKEN .",),
    (Replacement("app/Dockerfile", 3, 5, _RUN),),
)
GUESSED = Proposal(
    "DB_PASSWORD is not set to Tundra-42-kite",
    "unsafe",
    "nothing is known of what reads it",
    "diff --git a/app/Dockerfile b/app/Dockerfile\n--- a/app/Dockerfile\n+++ b/app/Dockerfile\n@@ -10 +9,0 @@\n"
    "-ENV DB_PASSWORD=Tundra-42-kite\n",
    replacements=(Replacement("app/Dockerfile", 10, 11, "", 11),),
)


def rule(rule_id: str, title: str, family: str, severity: Severity, remedy: str) -> Rule:
    """A rule of the fixture."""
    return Rule(rule_id, title, family, "dockerfile", severity, Confidence.HIGH, "none", remedy, 798)


RULES = {
    r.id: r
    for r in (
        rule(
            "arg-secret",
            "Secret in a build argument",
            "variables",
            Severity.HIGH,
            "Mount the value as a build secret for the one command that needs it. It must not be an argument.\n\n"
            "    RUN --mount=type=secret,id=npm_token,required=true \\\n        npm ci\n\nThen replace the token.",
        ),
        rule(
            "env-secret", "Secret in the environment", "variables", Severity.HIGH, "Set it when the container starts."
        ),
        rule("label-secret", "Secret in a label", "metadata", Severity.HIGH, "Take the label out."),
        rule("literal-secret", "Literal secret", "run", Severity.MEDIUM, "Mount the value as a build secret."),
        rule("package-cache", "Package cache in a layer", "caches", Severity.LOW, "Clean up in the same command."),
    )
}


def place(text: str, *, nth: int = 0) -> Location:
    """Where `text` stands in the fixture's Dockerfile."""
    at = -1
    for _ in range(nth + 1):
        at = TEXT.index(text, at + 1)
    return Location.of("app/Dockerfile", LineIndex(TEXT), Span(at, at + len(text)))


def make_findings() -> list[Finding]:
    """One finding of every kind that the formats treat differently."""
    password = Secret("Tundra-42-kite", "password")
    key = Secret("zbV9QsLBHXKhgc1QxygJofAP", "api-key", "zb")
    pin = Secret("Kp7$x9", "password")
    label = Secret("0123456789abcdef", "token")
    flow = (
        Step("written to /usr/src/app/.npmrc, which the layer keeps", place("${NPM_TOKEN}")),
        Step("docker history shows the argument of every RUN", None),
    )
    found = [
        Finding(
            "arg-secret",
            Severity.HIGH,
            place("NPM_TOKEN"),
            "NPM_TOKEN is a secret passed as a build argument; it stays in the image history.",
            "NPM_TOKEN",
            flow=flow,
        ),
        Finding(
            "env-secret",
            Severity.CRITICAL,
            place("Tundra-42-kite"),
            "DB_PASSWORD holds Tundra-42-kite.",
            "DB_PASSWORD",
            secret=password,
        ),
        Finding(
            "env-secret",
            Severity.HIGH,
            place("zbV9QsLBHXKhgc1QxygJofAP"),
            "API_KEY holds a key.",
            "API_KEY",
            secret=key,
            confidence=Confidence.MEDIUM,
            verdict="valid",
        ),
        Finding(
            "literal-secret",
            Severity.MEDIUM,
            place("deploy:Tundra-42-kite"),
            "A user name, with a password: in 100% of\nthe layers.",
            "curl",
            secret=password,
            remedy="Mount a netrc file that holds Tundra-42-kite.",
        ),
        Finding("env-secret", Severity.HIGH, place("Kp7\\$x9"), "PIN holds a secret.", "PIN", secret=pin),
        Finding("label-secret", Severity.HIGH, place("0123456789abcdef"), "A token.", "token", secret=label),
        Finding("package-cache", Severity.LOW, place("CACHE"), "The cache stays.", "npm"),
    ]
    found[0].fixes = (MOUNTED,)
    found[1].fixes = (GUESSED,)
    found[5].suppressed = Suppression("inline", "not used any more")
    return found


@pytest.fixture
def report() -> Report:
    """The report of the golden files: one file with findings, one that cannot be read, one search."""
    found = make_findings()
    number_findings(found)
    target = Target("app/Dockerfile", "dockerfile", size=len(TEXT.encode()), text=TEXT)
    target.secrets = [f.secret for f in found if f.secret is not None]
    target.secret_spans = [(place("Kp7\\$x9").span, "****")]
    unread = Target("b/Dockerfile", "dockerfile", size=0)
    unread.errors.append(TargetError("cannot be read: permission denied", "b/Dockerfile"))
    search = Target(".", "directory", files=0)
    search.skipped.append(Skipped("node_modules", "directory of dependencies or tool data"))
    return Report([target, unread, search], found, 0.125)


@pytest.fixture
def meta() -> Meta:
    """What the golden files are made with."""
    return Meta(
        version="1.2.3",
        rules=RULES,
        rules_digest="sha256:00",
        min_severity=Severity.MEDIUM,
        key=b"key",
        time="2026-01-02T03:04:05Z",
        prose={"arg-secret": "The history keeps it."},
    )


@pytest.fixture
def image_meta(meta: Meta) -> Meta:
    """The same for images."""
    return meta._replace(command="image")
