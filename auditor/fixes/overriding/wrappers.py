"""`audit wrap --with NAME`: a compose override that starts an image through an exec wrapper of a secret store."""

from __future__ import annotations

from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.core.wrappers import EXEC, SHIM, is_reference, own_variables, resolving, usual_form
from auditor.fixes.overriding import scripts
from auditor.fixes.overriding.bringing import asked_for, bring
from auditor.fixes.overriding.choices import check_names
from auditor.fixes.overriding.credentials import credential_of
from auditor.fixes.overriding.override import Override, head
from auditor.fixes.overriding.plan import BY_REFERENCE, BY_WRAPPER, COMPOSE, Generated, Given
from auditor.fixes.overriding.starting import (
    check_telling,
    command_of,
    doubled,
    entrypoint_of,
    health_of,
    needs,
    words_of,
)
from auditor.fixes.overriding.telling import compose_steps, file_step, health_note, kept_notes
from auditor.fixes.plan import Refused

if TYPE_CHECKING:
    from auditor.core.wrapperdata import WrapperEntry
    from auditor.fixes.overriding.plan import Request

_REFERENCES, _CONFIGURATION = "references", "configuration"


def with_wrapper(request: Request, entry: WrapperEntry) -> Generated:
    """The override. Raises UsageError, Refused."""
    return _Wrapping(request, entry).generated()


class _Wrapping:
    def __init__(self, request: Request, entry: WrapperEntry) -> None:
        self.request = request
        self.entry = entry
        self.made = Override(request)
        self.form = _form(request, entry)
        self.references = dict(request.maps)
        self.blank = _check_maps(request, entry, self.form)
        self.credential = credential_of(entry)
        self.words = words_of(request.image, request.service)

    def generated(self) -> Generated:
        request, entry = self.request, self.entry
        if not self.words:
            raise Refused("neither the image nor the service says what to start")
        check_telling(request, "entrypoint")
        check_telling(request, "command")
        self.program = bring(request, entry, self.made)
        begin = self._begin()
        entrypoint, command = (part(request.image, request.service) for part in (entrypoint_of, command_of))
        if entry["passes"] == "shell" and self.form == EXEC:
            entrypoint, command = [f"exec {doubled(scripts.quoted(self._plain()))}"], []
        self.made.start([*begin, *entrypoint], command)
        self._set()
        notes = [*self._health(begin), *self._notes(), *kept_notes(request)]
        return Generated(
            COMPOSE, self.made.text(head(request, self._how())), self.form, request.service.name,
            tuple(self._given()), tuple(notes), tuple(self._steps()),
        )  # fmt: skip

    # -- the start -----------------------------------------------------------------------------------------------

    def _begin(self) -> list[str]:
        """The words that stand before those of the image."""
        exported = self.credential.exported
        if self.form == SHIM or exported:
            scripts.check_shell(self.request.image, self.request.service, self.words, self._why())
        if self.form == SHIM:
            references = [self._resolved(name, reference) for name, reference in self.references.items()]
            hidden = dict.fromkeys([*own_variables(self.entry), *self.credential.leading])
            text = scripts.script(references=references, credentials=exported, unset=list(hidden))
            return scripts.started(doubled(text))
        argv = [self.program, *_filled(self.request, self.entry["argv"][1:], self.entry.get("fill", []))]
        if not exported:
            return list(map(doubled, argv))
        return list(map(doubled, [*scripts.started(scripts.script(credentials=exported)), *argv]))

    def _why(self) -> str:
        return f"{self.entry['id']} in this form"

    def _resolved(self, name: str, reference: str) -> scripts.FromReference:
        try:
            words = [self.program, *resolving(self.entry, reference)[1:]]
        except ValueError:  # its message has the reference, in the place of which a secret may have been given
            raise _no_reference(name, self.entry) from None
        prefixes = tuple(f"{scripts.quoted([one])}*" for one in self.entry.get("prefixes", ()))
        if self.entry["takes"] != _REFERENCES:
            return scripts.FromReference(name, scripts.quoted(words), prefixes)
        # The reference is the variable's value, as for the wrapper itself: the script is the same for all of them.
        shell = [f'"${name}"' if word == reference else scripts.quoted([word]) for word in words]
        return scripts.FromReference(name, " ".join(shell), prefixes)

    def _plain(self) -> list[str]:
        """The words of the start for a wrapper that takes a text for a shell."""
        if not self.request.image.sh:
            raise Refused(f"{self.entry['id']} starts programs through a shell, and the image has no /bin/sh")
        if any("$" in word.replace("$$", "") for word in self.words):
            raise Refused("what starts the service has variables of compose in it, which cannot be quoted safely")
        return [word.replace("$$", "$") for word in self.words]

    def _set(self) -> None:
        for name, reference in self.references.items():
            if self.entry["takes"] == _REFERENCES:
                self.made.set(name, reference)
            elif name in self.request.leaking:
                self.made.set(name, "")
        for name in self.blank:
            self.made.set(name, "")
        for pair in self.entry.get("environment", ()):
            name, _, value = pair.partition("=")
            self.made.set(name, value)
        self.credential.give(self.made)

    def _health(self, begin: list[str]) -> list[str]:
        image, service = self.request.image, self.request.service
        words = health_of(image, service)
        names = [*self.references, *self.blank]
        if not words or not needs(image, words, names):
            return health_note(words)
        check_telling(self.request, "health check")
        if self.entry["passes"] == "shell" and self.form == EXEC:
            words = [f"exec {doubled(scripts.quoted([word.replace('$$', '$') for word in words]))}"]
        self.made.check([*begin, *words])
        return ["the health check names a variable, so it is wrapped, too: each one asks the secret store"]

    # -- what is said --------------------------------------------------------------------------------------------

    def _given(self) -> list[Given]:
        secret = self.credential.secret
        title = self.entry["title"]
        pairs = self.references.items()
        made = [Given(name, BY_REFERENCE, reference, secret, f"{title} resolves it") for name, reference in pairs]
        return [*made, *(Given(name, BY_WRAPPER, "", secret, f"{title} has to give it") for name in self.blank)]

    def _how(self) -> list[str]:
        title, name = self.entry["title"], self.entry["id"]
        if self.form == SHIM:
            return [
                f"{title}: a shell asks it for each value, takes its credential out of the environment, and becomes",
                f"the image's own program, which stays process 1. --form exec is the plain `{name}` form.",
            ]
        return [f"{title}: starts the image's own program (signals: {self.entry['signals']})."]

    def _notes(self) -> list[str]:
        entry = self.entry
        notes = [f"--with {entry['id']}: {trap}" for trap in entry["traps"]] if self.form == EXEC else []
        if self.form == EXEC and entry["process"] == "fork" and entry.get("resolve"):
            notes.append("--form shim keeps the program process 1, with its signals and exit code")
        settings = self.credential.settings
        if settings:
            notes.append(f"set what it needs to reach its store: {', '.join(settings)}")
        if self.credential.secret:
            notes.append("the program can read the credential's file as well, if its user can")
        notes.append("`docker exec` gets the references, not the values")
        notes.append("it is for compose: `docker stack deploy` has no depends_on and no volumes_from")
        return notes

    def _steps(self) -> list[str]:
        request, credential = self.request, self.credential
        files = [file_step(request, credential.secret, *one, by_script=True) for one in credential.files]
        return [*asked_for(request, self.entry), *files, *compose_steps(request)]


def _form(request: Request, entry: WrapperEntry) -> str:
    form = request.form or usual_form(entry)
    has_shim = bool(entry.get("resolve"))
    if request.form == SHIM and not has_shim:
        raise UsageError(f"--form shim: {entry['id']} has no command that prints one value")
    if entry["passes"] == "none" and (form == EXEC or not has_shim):
        raise Refused(f"{entry['id']} starts no program: it gives values, which something else has to hand on")
    return form


def _check_maps(request: Request, entry: WrapperEntry, form: str) -> list[str]:
    """Variables that the wrapper has to give without a reference, and that are emptied. Raises UsageError, Refused."""
    mapped = dict(request.maps)
    check_names(list(mapped))
    takes_all = form == EXEC and entry["takes"] != _REFERENCES
    if takes_all and mapped:
        raise UsageError(
            f"--map: in this form {entry['id']} gives all variables of its configuration by their own names"
            + ("; --form shim takes references" if entry.get("resolve") else "")
        )
    for name, reference in mapped.items():
        if not reference or (entry["takes"] == _REFERENCES and not is_reference(entry, reference)):
            raise _no_reference(name, entry)
    left = [name for name in request.leaking if name not in mapped]
    if takes_all:
        check_names(left)
        return left
    if left:
        raise UsageError(
            f"these variables hold secrets, and --map does not say where they come from: {', '.join(left)};"
            f" --map {left[0]}={entry['reference']}, or --keep {left[0]} if it is none"
        )
    if not mapped:
        raise UsageError(f"say which variables {entry['id']} gives: --map VAR={entry['reference']}")
    return []


def _no_reference(name: str, entry: WrapperEntry) -> UsageError:
    return UsageError(f"--map {name}: {entry['id']} takes references such as {entry['reference']}")


def _filled(request: Request, words: list[str], fill: list[str]) -> list[str]:
    given = dict(request.fill)
    missing = [word for word in fill if not given.get(word)]
    if missing:
        raise UsageError(f"{request.method} needs " + ", ".join(f"--fill {word}=VALUE" for word in missing))
    for word in fill:
        words = [each.replace(word, given[word]) if word in each else each for each in words]
    return words
