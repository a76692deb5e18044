"""What to do about one very case: the replacement text with the case's own names filled in.

The forms are those of the rewrite facts (section 4): they work on every engine since 20.10 and were built and scanned.
"""

from __future__ import annotations

from auditor.flow.facts import LayerFile, Use, Variable

_ORIGINAL = "<the original command>"
#: Kinds of files that a program reads while it runs, not while it is built.
_RUN_TIME = frozenset({"private-key", "key-store", "htpasswd", "dotenv", "database-password", "shadow", "ovpn"})


def secret_id(name: str) -> str:
    """The id under which a secret would be mounted."""
    return name.lower()


def mount_variable(name: str, command: str = _ORIGINAL) -> str:
    """The secret mount that takes the place of a build argument."""
    mounted = secret_id(name)
    return (
        "Mount it for the one command that needs it:\n"
        f"RUN --mount=type=secret,id={mounted},required=true \\\n"
        f'    export {name}="$(cat /run/secrets/{mounted})"; \\\n'
        f"    {command}\n"
        f"Build with: docker build --secret id={mounted},env={name} ."
    )


def first_command(variable: Variable) -> str:
    """The first RUN that uses a variable, if it is short enough to be repeated."""
    for where, _span in variable.used:
        node = where.instruction
        if node.keyword == "RUN" and not node.json and not node.heredocs:
            text = " ".join(node.body.text.split())
            return text if len(text) <= 60 else _ORIGINAL
    return _ORIGINAL


def set_at_run_time(name: str) -> str:
    """For a value in ENV."""
    mounted = secret_id(name)
    return (
        "Take it out of the image and set it when the container starts:\n"
        f"docker run --env {name} IMAGE\n"
        "If only the build needs it, mount it there:\n"
        f"RUN --mount=type=secret,id={mounted},required=true \\\n"
        f'    export {name}="$(cat /run/secrets/{mounted})"; \\\n'
        f"    {_ORIGINAL}"
    )


def instead_of_copy(file: LayerFile) -> str:
    """For a copied or written credential file: an ssh mount, a secret at run time, or a secret mount in its place."""
    kind = file.kind
    if kind is not None and kind.ssh:
        return (
            "Drop the key and lend the build your ssh agent for the one command that needs it:\n"
            f"RUN --mount=type=ssh {_ORIGINAL}\n"
            "Build with: docker build --ssh default ."
        )
    name = file.path.rpartition("/")[2] or "credentials"
    mounted = "".join(c if c.isalnum() else "_" for c in name.strip(".")).lower()
    if kind is not None and kind.id in _RUN_TIME:
        return (
            "Keep it out of the image and mount it when the container starts:\n"
            f"docker run --mount type=bind,source=./{name},target={file.path},readonly IMAGE"
        )
    return (
        "Mount the file for the one command that reads it, instead of putting it into a layer:\n"
        f"RUN --mount=type=secret,id={mounted},target={file.path},required=true {_ORIGINAL}\n"
        f"Build with: docker build --secret id={mounted},src={name} ."
    )


def instead_of_url(use: Use) -> str:
    """For credentials in a URL, by the program that is given it."""
    if use.detail == "git":
        return (
            "Give git the credential without storing it:\n"
            "RUN --mount=type=secret,id=git_token,required=true \\\n"
            "    git -c credential.helper='!f() { echo username=USER; \\\n"
            '      echo "password=$(cat /run/secrets/git_token)"; }; f\' clone URL-WITHOUT-CREDENTIALS'
        )
    if use.detail in ("pip", "pip3"):
        return (
            "Give pip the index in a configuration file that is only mounted:\n"
            "RUN --mount=type=secret,id=pip_conf,target=/etc/pip.conf,required=true pip install ..."
        )
    if use.detail in ("curl", "wget"):
        return (
            "Let the program read the credential from a mounted netrc:\n"
            "RUN --mount=type=secret,id=netrc,target=/root/.netrc,required=true \\\n"
            f"    {use.detail}{' --netrc' if use.detail == 'curl' else ''} URL-WITHOUT-CREDENTIALS"
        )
    return ""
