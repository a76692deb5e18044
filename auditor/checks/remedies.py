"""What to do about one very case: the replacement text with the case's own names filled in.

The forms are those of the rewrite facts (section 4): they work on every engine since 20.10 and were built and scanned.
"""

from __future__ import annotations

from auditor.core.secretnames import secret_id
from auditor.flow.facts import LayerFile, Literal, Variable

_ORIGINAL = "<the original command>"
#: Kinds of files that a program reads while it runs, not while it is built.
_RUN_TIME = frozenset(
    {"private-key", "key-store", "htpasswd", "dotenv", "database-password", "shadow", "ovpn", "pem", "tls-folder"}
)


def mount_variable(variable: Variable) -> str:
    """The secret mount that takes the place of a build argument."""
    name, mounted = variable.name, secret_id(variable.name)
    return (
        f"Drop the ARG and mount the secret for the one command that needs it:\n{_mounted(variable)}\n"
        f"Build with: docker build --secret id={mounted},env={name} ."
    )


def _mounted(variable: Variable) -> str:
    """The RUN with its mount, in the language of its shell; a mount is root's alone unless it says otherwise."""
    name, mounted = variable.name, secret_id(variable.name)
    if variable.step.dialect not in ("posix", ""):
        return f"RUN --mount=type=secret,id={mounted},env={name} {_ORIGINAL}"
    user = variable.step.user
    mode = "" if not user else f",uid={user}" if user.isdigit() else ",mode=0444"
    return (
        f"RUN --mount=type=secret,id={mounted},required=true{mode} \\\n"
        f'    export {name}="$(cat /run/secrets/{mounted})"; \\\n'
        f"    {_ORIGINAL}"
    )


def set_at_run_time(variable: Variable) -> str:
    """For a value in ENV."""
    return (
        "Take it out of the image and set it when the container starts:\n"
        f"docker run --env {variable.name} IMAGE\n"
        "If only the build needs it, mount it there:\n"
        f"{_mounted(variable)}"
    )


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
