"""What to do about one very case: the replacement text with the case's own names filled in.

The forms are those of the rewrite facts (section 4): they work on every engine since 20.10 and were built and scanned.
"""

from __future__ import annotations

import re

from auditor.core.pattern import Pattern
from auditor.core.resources import load_rules
from auditor.core.secretnames import secret_id
from auditor.flow.facts import LayerFile, Literal, Variable

#: The variable that the example of a rule's advice is about.
EXAMPLES = {
    "arg-default-secret": "DB_PASSWORD",
    "arg-secret": "NPM_TOKEN",
    "assigned-secret": "DB_PASSWORD",
    "attestation-secret": "NPM_TOKEN",
    "build-arg-secret": "NPM_TOKEN",
    "compose-build-arg-secret": "NPM_TOKEN",
    "container-env-secret": "DB_PASSWORD",
    "echoed-secret": "API_TOKEN",
    "env-secret": "API_TOKEN",
    "known-token": "GITHUB_TOKEN",
    "onbuild-secret": "NPM_TOKEN",
    "provider-key": "ALGOLIA_ADMIN_KEY",
    "step-name-secret": "API_TOKEN",
}
#: What the examples run, which is theirs alone.
_SAMPLES = Pattern(r"npm ci|\./(?:migrate|fetch-assets)\.sh")
_VARIABLE = Pattern(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_PLAIN_PATH = Pattern(r"/[\w.@+/-]{1,200}")
_ORIGINAL = "<the original command>"
#: Kinds of files that a program reads while it runs, not while it is built.
_RUN_TIME = frozenset(
    {"private-key", "key-store", "htpasswd", "dotenv", "database-password", "shadow", "ovpn", "pem", "tls-folder"}
)


def named(rule: str, name: str, text: str = "") -> str:
    """A rule's advice (or a `text` made of it) with the case's variable instead of the example's; "" for no change."""
    example = EXAMPLES.get(rule)
    if example is None or not _VARIABLE.fullmatch(name) or name == example:
        return ""
    text = text or str(load_rules()["rules"][rule]["remedy"])
    text = re.sub(rf"\b{example}\b", name, text)
    text = re.sub(rf"\b{secret_id(example)}\b", secret_id(name), text)
    return _SAMPLES.compiled.sub(_ORIGINAL, text)


def mount_variable(variable: Variable) -> str:
    """The secret mount that takes the place of a build argument."""
    return mount_named(variable.name, _mounted(variable))


def mount_named(name: str, command: str = "") -> str:
    """The same for a build argument of which only the name is known."""
    return (
        "Drop the ARG and mount the secret for the one command that needs it:\n"
        f"{command or _mounted_for(name)}\n"
        f"Build with: docker build --secret id={secret_id(name)},env={name} ."
    )


def _mounted(variable: Variable) -> str:
    """The RUN with its mount, in the language of its shell; a mount is root's alone unless it says otherwise."""
    if variable.step.dialect not in ("posix", ""):
        return f"RUN --mount=type=secret,id={secret_id(variable.name)},env={variable.name} {_ORIGINAL}"
    return _mounted_for(variable.name, variable.step.user)


def _mounted_for(name: str, user: str = "") -> str:
    mounted = secret_id(name)
    mode = "" if not user else f",uid={user}" if user.isdigit() else ",mode=0444"
    return (
        f"RUN --mount=type=secret,id={mounted},required=true{mode} \\\n"
        f'    export {name}="$(cat /run/secrets/{mounted})"; \\\n'
        f"    {_ORIGINAL}"
    )


def set_at_run_time(variable: Variable, *, building: bool) -> str:
    """For a value in ENV; `building`: a RUN uses it as well."""
    return set_named(variable.name, _mounted(variable) if building else "")


def set_named(name: str, command: str = "", *, building: bool = False) -> str:
    """The same for a variable of which only the name is known."""
    text = f"Take it out of the image and set it when the container starts:\ndocker run --env {name} IMAGE"
    if command or building:
        text += f"\n\nWhere the build needs it, mount it there:\n{command or _mounted_for(name)}"
    return text


def instead_of_written(file: LayerFile) -> str:
    """For a file that a RUN writes, where its path can be told."""
    return instead_of_copy(file) if _PLAIN_PATH.fullmatch(file.path) else ""


def instead_of_copy(file: LayerFile) -> str:
    """For a copied or written credential file: an ssh mount, a secret at run time, or a secret mount in its place."""
    kind = file.kind
    if file.how == "context":
        return f"Keep it out of the build: add to .dockerignore\n{file.content}"
    if kind is not None and kind.ssh:
        return (
            "Drop the key and lend the build your ssh agent for the one command that needs it:\n"
            f"RUN --mount=type=ssh {_ORIGINAL}\n"
            "Build with: docker build --ssh default ."
        )
    name = file.path.rpartition("/")[2] or "credentials"
    mounted = secret_id(name)
    source = file.content if file.how == "copied" and file.content else name
    if kind is not None and kind.id in _RUN_TIME:
        return (
            "Keep it out of the image and mount it when the container starts:\n"
            f'docker run --mount "type=bind,source=$PWD/{source},target={file.path},readonly" IMAGE'
        )
    return (
        "Mount the file for the one command that reads it, instead of putting it into a layer:\n"
        f"RUN --mount=type=secret,id={mounted},target={file.path},required=true {_ORIGINAL}\n"
        f"Build with: docker build --secret id={mounted},src={source} ."
    )


def given_at_start(file: LayerFile, place: str, directive: str, *, ignored: bool) -> str:
    """For a key that a server's configuration names, at `place`: mounted where secrets are, and named there."""
    name = (file.path.rpartition("/")[2] if not ignored else file.content.rpartition("/")[2]) or "key"
    kept = f"Add {file.content} to .dockerignore, and mount" if ignored else "Keep it out of the image, and mount"
    return (
        f"{kept} it when the container starts; {place}, says where:\n"
        f"{directive} /run/secrets/{name}\n"
        f'docker run -v "$PWD/{file.content}:/run/secrets/{name}:ro" IMAGE'
    )


def made_at_start(file: LayerFile) -> str:
    """For a key that the build makes."""
    name = file.path.rpartition("/")[2] or "key"
    return (
        "Make it when the container starts, where there is none yet, or mount one:\n"
        f'docker run -v "$PWD/{name}:{file.path}:ro" IMAGE'
    )


def instead_of_url(detail: str) -> str:
    """For credentials in a URL, by the program that is given it."""
    if detail == "git":
        return (
            "Give git the credential without storing it:\n"
            "RUN --mount=type=secret,id=git_token,required=true \\\n"
            "    git -c credential.helper='!f() { echo username=USER; \\\n"
            '      echo "password=$(cat /run/secrets/git_token)"; }; f\' clone URL-WITHOUT-CREDENTIALS'
        )
    if detail in ("pip", "pip3"):
        return (
            "Give pip the index in a configuration file that is only mounted:\n"
            "RUN --mount=type=secret,id=pip_conf,target=/etc/pip.conf,required=true pip install ..."
        )
    if detail in ("curl", "wget"):
        return (
            "Let the program read the credential from a mounted netrc:\n"
            "RUN --mount=type=secret,id=netrc,target=/root/.netrc,required=true \\\n"
            f"    {detail}{' --netrc' if detail == 'curl' else ''} URL-WITHOUT-CREDENTIALS"
        )
    return ""


def instead_of_literal(literal: Literal, name: str) -> str:
    """For a value written into a command."""
    mounted = secret_id(name or literal.secret.kind)
    return (
        "Issue a new one, and have the command read it from a build secret:\n"
        f"RUN --mount=type=secret,id={mounted},required=true \\\n"
        f'    <the command, with "$(cat /run/secrets/{mounted})" in place of the value>\n'
        f"Build with: docker build --secret id={mounted},src=FILE ."
    )
