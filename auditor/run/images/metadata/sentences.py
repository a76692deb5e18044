"""What is said of a secret in an image's metadata, by where it stands. `{what}` is the secret, `{count}` its places."""

from __future__ import annotations

ARGUMENT = "Build argument {name} is kept in the history of {count}"
CLEARED = "{name} was changed later, and the image history still shows {what} in it"
COMMAND = "The image history keeps a command that holds {what}"
INSTRUCTION = "The image history keeps an instruction, {name}, that holds {what}"
TRIGGER = "An ONBUILD trigger holds {what}; every build on this image repeats it"
VARIABLE = "{name} in the image's environment holds {what}; every container gets it"
LABEL = "Label {name} holds {what}; the image's configuration shows it"
FIELD = "{name} in the image's configuration holds {what}"
SAID = "The {key} in history entry {number} holds {what}"
ANNOTATION = "Annotation {name} of the image {document} holds {what}"
ATTESTED = "An attestation of the image holds {what} in {name}"
CACHED = "The cache metadata of the image holds {what} in {name}"
TEXT = "The {document} document of the image, searched as text, holds {what}"
#: Instruction of a history entry -> kind of cause, rule, sentence.
DECLARED = {
    "ENV": ("variable", "env-secret", VARIABLE),
    "LABEL": ("label", "label-secret", LABEL),
    "ARG": ("argument", "arg-secret", ARGUMENT),
}
COMMANDS = {
    "CMD": ("command", "command-secret", "The command that the container starts holds {what}"),
    "ENTRYPOINT": ("command", "command-secret", "The entrypoint of the container holds {what}"),
    "HEALTHCHECK": ("healthcheck", "healthcheck-secret", "The health check holds {what}"),
    "SHELL": ("shell", "command-secret", "The shell of the image holds {what}"),
}
#: The same for the fields of the configuration.
FIELDS = {"Cmd": "CMD", "Entrypoint": "ENTRYPOINT", "Shell": "SHELL"}
#: Instructions whose argument is a field of the configuration.
SAME_FIELD = {"USER": "User", "WORKDIR": "WorkingDir", "STOPSIGNAL": "StopSignal"}
