"""A run of `audit fix` with something of everything, made by hand."""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.finding import Finding, Location, Severity, Target, TargetError, number_findings
from auditor.core.proposal import Proposal, Replacement
from auditor.core.secret import Secret
from auditor.core.span import LineIndex, Span
from auditor.fixes.plan import BuildSecret, Burnt
from auditor.report.fix_shapes import FIXED, PLANNED, REFUSED, UNCHANGED, Fixed, FixReport
from auditor.run.rewrite.outcome import Applied, FileChange, FixRun, Left, Rewrite

PASSWORD = "Tundra-42-kite"
BEFORE = f"""\
FROM node:22
WORKDIR /app
ARG NPM_TOKEN
COPY package.json ./
RUN echo "//npm.example/:_authToken=$NPM_TOKEN" > .npmrc && npm ci && rm .npmrc
COPY netrc /root/.netrc
RUN curl -u "deploy:{PASSWORD}" https://files.example/a.tgz
ENV DB_PASSWORD={PASSWORD}
CMD ["node", "server.js"]
"""
AFTER = BEFORE.replace("ARG NPM_TOKEN\n", "").replace(
    "RUN echo",
    "RUN --mount=type=secret,id=npm_token,required=true \\\n"
    '    export NPM_TOKEN="$(cat /run/secrets/npm_token)"; \\\n    echo',
)
SCRIPT = f"#!/bin/sh\nset -e\ndocker build --build-arg NPM_TOKEN={'npm_' + 'Zq8vT1xK4m'} .\n"
NEW_SCRIPT = SCRIPT.split("docker")[0] + "docker build --secret id=npm_token,env=NPM_TOKEN .\n"


def finding(rule: str, text: str, message: str, severity: Severity = Severity.HIGH, path: str = "") -> Finding:
    at = BEFORE.index(text)
    place = Location.of(path or "app/Dockerfile", LineIndex(BEFORE), Span(at, at + len(text)))
    return Finding(rule, severity, place, message, text)


def rewrite(path: str = "app/Dockerfile") -> Rewrite:
    """One Dockerfile with a safe and an unsafe fix, a caller, an ignore file, and findings that stay."""
    target = Target(path, "dockerfile", size=len(BEFORE), text=BEFORE)
    target.secrets = [Secret(PASSWORD, "password")]
    made = Rewrite(path, target)
    folder = path.rpartition("/")[0]
    made.changes = [
        FileChange(path, "dockerfile", BEFORE, AFTER),
        FileChange(f"{folder}/build.sh" if folder else "build.sh", "script", SCRIPT, NEW_SCRIPT),
        FileChange(f"{folder}/.dockerignore" if folder else ".dockerignore", "ignore", None, "netrc\n"),
    ]
    argument = finding("arg-secret", "NPM_TOKEN", "NPM_TOKEN is a build argument.", path=path)
    echoed = finding("echoed-secret", "echo", "echo prints NPM_TOKEN.", Severity.MEDIUM, path)
    copied = finding("copied-credential-file", "netrc", "netrc is copied.", path=path)
    made.applied = [
        Applied("NPM_TOKEN becomes a build secret", Applicability.SAFE, "only this RUN reads it", (argument, echoed)),
        Applied(
            "netrc is mounted instead of copied",
            Applicability.UNSAFE,
            "Whether something reads it when the container runs cannot be told.",
            (copied,),
        ),
    ]
    literal = finding("literal-secret", "deploy:", f"curl gets {PASSWORD}.", Severity.MEDIUM, path)
    variable = finding("env-secret", PASSWORD + "\n", "DB_PASSWORD is in the image.", Severity.HIGH, path)
    variable.subject, variable.secret = "DB_PASSWORD", target.secrets[0]
    literal.subject = "curl"
    cache = finding("package-cache", "npm ci", "The cache of npm stays.", Severity.LOW, path)
    made.left = [
        Left(literal, "The address is assembled elsewhere.", unsafe=True),
        Left(variable, f"server.js may read DB_PASSWORD ({PASSWORD}) when the container runs."),
        Left(cache, "there is no automatic fix for it"),
    ]
    number_findings([argument, echoed, copied, literal, variable, cache])
    made.secrets = [
        BuildSecret("npm_token", "variable", "NPM_TOKEN", argument=True),
        BuildSecret("netrc", "file", source="netrc", required=False),
    ]
    at = BEFORE.index("ARG NPM_TOKEN")
    made.burnt = [
        Burnt("NPM_TOKEN", "history of every image built so far, and build logs", Span(at, at + 13)),
        Burnt("password of deploy", "history", Span(BEFORE.index("RUN curl"), BEFORE.index("ENV"))),
    ]
    made.commands = ["docker build --secret id=npm_token,env=NPM_TOKEN --secret id=netrc,src=netrc app"]
    made.notes = ["A new value of a secret does not run a step again: pass --no-cache-filter, or change the line."]
    return made


def untouched(path: str = "web/Dockerfile") -> Rewrite:
    """A Dockerfile without anything to do."""
    return Rewrite(path, Target(path, "dockerfile", size=5))


def unread(path: str = "old/Dockerfile") -> Rewrite:
    """A Dockerfile that could not be read."""
    made = untouched(path)
    made.target.errors.append(TargetError("cannot be read: permission denied", path))
    return made


def run(*rewrites: Rewrite) -> FixRun:
    made = FixRun()
    made.rewrites = list(rewrites)
    return made


def reports() -> dict[str, FixReport]:
    """By name of the golden file: written, planned, refused, nothing."""
    refused = Fixed(rewrite(), REFUSED, "app/build.sh: is read-only")
    return {
        "written": FixReport([Fixed(rewrite(), FIXED), Fixed(untouched(), UNCHANGED)], seconds=0.125),
        "planned": FixReport([Fixed(rewrite(), PLANNED), Fixed(unread(), UNCHANGED)], seconds=0.125),
        "refused": FixReport([refused, Fixed(untouched(), UNCHANGED)], seconds=0.125),
        "nothing": FixReport([Fixed(untouched(), UNCHANGED)], seconds=0.125),
    }


def hostile_fix(text: str) -> Proposal:
    """A fix of which everything is this text."""
    diff = f"diff --git a/{text} b/{text}\n--- a/{text}\n+++ b/{text}\n@@ -1 +1 @@\n-{text}\n+{text}\n"
    return Proposal(text, "safe", text, diff, (text,), (text,), (Replacement(text, 1, 2, text, 3),))
