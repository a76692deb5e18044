"""`audit fix --prove`: build before and after, look for the values, compare the images.

What holds afterwards: the image after has none of the values, in no form that is looked for, neither has its build
log, and the two images agree in all but what the rewrite is for.
"""

from __future__ import annotations

import secrets as randomness
import time

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.run.proving.absence import Sightings, sightings
from auditor.run.proving.differences import file_changes, setting_changes
from auditor.run.proving.logs import BuildLog
from auditor.run.proving.masking import Masks
from auditor.run.proving.reasons import Noise, Reasons
from auditor.run.proving.rooms import Room
from auditor.run.proving.shapes import Check, Proof, ProofError, few
from auditor.run.proving.supply import Supply
from auditor.run.proving.trees import Reader

if TYPE_CHECKING:
    from auditor.run.proving.differences import FileChange, SettingChange
    from auditor.run.proving.docker import Docker
    from auditor.run.proving.shapes import Wish
    from auditor.run.proving.trees import Whole

BEFORE, AFTER, AGAIN = "before", "after", "again"


class Built(NamedTuple):
    """A build: the image's id ("" if it failed), and its log."""

    image: str
    log: BuildLog


def prove(wish: Wish, engine: Docker) -> Proof:
    """Build and compare. Raises ProofError if that cannot be tried; images and files are gone afterwards."""
    begun = time.monotonic()
    try:
        proving = _carried_out(wish, engine)
    except OSError as error:
        raise ProofError(f"the proof needs a private folder for its files: {error.strerror or 'no room'}") from None
    holds = all(check.ok for check in proving.checks)
    return Proof(holds, tuple(proving.checks), proving.image(BEFORE), proving.image(AFTER), time.monotonic() - begun)


def _carried_out(wish: Wish, engine: Docker) -> _Proving:
    with Room() as room:
        proving = _Proving(wish, engine, room)
        try:
            proving.run()
        finally:
            if not wish.keep_images:
                engine.remove(proving.tags)
    return proving


class _Proving:
    """One proof, check by check; it ends with the first one without which the others mean nothing."""

    def __init__(self, wish: Wish, engine: Docker, room: Room) -> None:
        self._wish = wish
        self._engine = engine
        self._room = room
        self._supply = Supply(wish)
        self._masks = Masks(self._supply.values, self._supply.both)
        self._built: dict[str, Built] = {}
        self._reader = Reader()
        self._name = f"audit-prove-{randomness.token_hex(6)}"
        self.tags: list[str] = []
        self.checks: list[Check] = []

    def image(self, side: str) -> str:
        """The id of an image; "" if it was not built."""
        built = self._built.get(side)
        return built.image if built else ""

    def run(self) -> None:
        """All checks."""
        if not self._values() or not self._builds(BEFORE) or not self._builds(AFTER):
            return
        seen = sightings(self._engine.target(self.image(BEFORE)), self._masks)
        self._absence(seen)
        self._log()
        try:
            self._agreement(seen)
        except ProofError as error:
            self._check("files", False, "The images could not be compared.", [str(error)])
        if self._wish.command:
            self._command()

    def _check(self, name: str, ok: bool, sentence: str, evidence: list[str] | tuple[str, ...] = ()) -> bool:
        self.checks.append(Check(name, ok, sentence, few([self._masks.shown(line) for line in evidence])))
        return ok

    def _values(self) -> bool:
        """Whether there is something to build with and to look for."""
        if self._supply.needs_ssh:
            return self._check("values", False, "The build after needs an ssh agent or key: give --ssh.")
        unfit = [f"{name}: {reason}" for name, reason in self._masks.unfit.items()]
        count = len(self._masks.names)
        if unfit:
            return self._check("values", False, "Some values cannot be looked for.", unfit)
        if not count:
            return self._check("values", False, "There is no value to look for: nothing can be proven.")
        made_up = self._supply.made_up
        told = [f"{name}, made up for this proof" if name in made_up else name for name in self._masks.names]
        return self._check("values", True, f"{count} value{'s are' if count > 1 else ' is'} looked for.", told)

    def _builds(self, side: str) -> bool:
        built = self._build(side)
        if built.image:
            return self._check(f"build {side}", True, f"The build {side} succeeded.", [built.image])
        return self._check(f"build {side}", False, f"The build {side} failed.", built.log.last_words())

    def _build(self, side: str) -> Built:
        wish, supply, room = self._wish, self._supply, self._room
        is_after = side == AFTER
        ignored = wish.ignore_after if is_after else wish.ignore_before
        file = room.dockerfile(side, wish.after if is_after else wish.before, ignored)
        context = room.context(wish.context, wish.new_files, ignored) if is_after and wish.new_files else wish.context
        arguments = supply.kept if is_after else supply.arguments
        options = ["--file", file]
        for name in arguments:
            options += ["--build-arg", name]
        for number, (name, content) in enumerate({**supply.both, **(supply.files if is_after else {})}.items()):
            options += ["--secret", f"id={name},src={room.secret(f'{side}-{number}', content)}"]
        for agent in supply.ssh:
            options += ["--ssh", agent]
        if supply.key and is_after:
            options += ["--ssh", f"default={room.secret('key', supply.key)}"]
        for flag, value in (("--target", wish.target), ("--platform", wish.platform), ("--network", wish.network)):
            options += [flag, value] if value else []
        log = BuildLog(self._masks)
        tag = f"{self._name}:{side}"
        self.tags.append(tag)
        image = self._engine.build(options, tag, f"{room.path}/{side}/id", context, arguments, log.feed)
        log.close()
        self._built[side] = Built(image, log)
        return self._built[side]

    def _absence(self, seen: Sightings) -> None:
        after = sightings(self._engine.target(self.image(AFTER)), self._masks)
        in_log = list(self._built[BEFORE].log.found.values())
        if after.places:
            self._check("absence", False, "The image after still holds a value.", after.places)
        elif after.errors:
            self._check("absence", False, "The image after could not be searched whole.", after.errors)
        else:
            self._check("absence", True, "The image after holds none of the values.")
        if seen.places:
            self._check("leak before", True, "The image before held values.", seen.places)
        elif seen.errors:
            self._check("leak before", True, "The image before could not be searched whole.", seen.errors)
        elif in_log:
            self._check("leak before", True, "Before, only the build log showed values, not the image.", in_log)
        else:
            self._check("leak before", True, "The image before held no value: it did not leak, or not these values.")

    def _log(self) -> None:
        found = list(self._built[AFTER].log.found.values())
        if found:
            self._check("log", False, "The log of the build after shows values.", found)
        else:
            before = ", that of the build before did" if self._built[BEFORE].log.found else ""
            self._check("log", True, f"The log of the build after shows no value{before}.")

    def _agreement(self, seen: Sightings) -> None:
        before = self._reader.image(self._engine.target(self.image(BEFORE)))
        after = self._reader.image(self._engine.target(self.image(AFTER)))
        reasons = Reasons(self._wish, self._masks, seen.paths, after.tree)
        settings = setting_changes(before.config, after.config)
        known = [reasons.of_setting(change) for change in settings]
        told = [_setting(change, reason) for change, reason in zip(settings, known, strict=True)]
        self._agree("config", "configuration", known.count(""), told)
        changes = file_changes(before, after)
        because = reasons.of_files(changes)
        if len(because) < len(changes):
            because = self._by_time(before, changes, because)
        order = sorted(changes, key=lambda change: change in because)
        told = [_file(change, because.get(change, "")) for change in order]
        self._agree("files", "files", len(changes) - len(because), told)

    def _agree(self, name: str, what: str, left: int, evidence: list[str]) -> None:
        if left:
            self._check(name, False, f"The {what} of the images differ{'s' if name == 'config' else ''}.", evidence)
        elif evidence:
            self._check(
                name, True, f"The {what} of the images agree{'s' if name == 'config' else ''} otherwise.", evidence
            )
        else:
            self._check(name, True, f"The {what} of the images {'is' if name == 'config' else 'are'} the same.")

    def _by_time(
        self, before: Whole, changes: list[FileChange], because: dict[FileChange, str]
    ) -> dict[FileChange, str]:
        """What a second build of the same Dockerfile changes as well is not due to the rewrite."""
        again = self._build(AGAIN)
        if not again.image:
            return because
        noise = Noise(file_changes(before, self._reader.image(self._engine.target(again.image))))
        timely = {change: "differs with every build" for change in changes if noise.explains(change)}
        return {**timely, **because}

    def _command(self) -> None:
        outputs = [
            self._engine.run(self.image(side), f"{self._name}-{side}", self._wish.command) for side in (BEFORE, AFTER)
        ]
        ended = [f"{side}: {_ended(output.code)}" for side, output in zip((BEFORE, AFTER), outputs, strict=True)]
        before, after = outputs
        if None in (before.code, after.code) or not (before.whole and after.whole):
            self._check("command", False, "The command took too long or wrote too much to be compared.", ended)
        elif before.code != after.code:
            self._check("command", False, "The command ended differently.", [*ended, *_said(after.data)])
        elif before.data != after.data:
            self._check("command", False, "The command wrote something else.", _lines(before.data, after.data))
        else:
            self._check("command", True, f"The command ended alike, {_ended(after.code)}, with the same output.")


def _setting(change: SettingChange, reason: str) -> str:
    name = f"{change.setting} {change.name}".strip()
    if change.before is None or change.after is None:
        told = f"{name}: only in the image {'after' if change.before is None else 'before'}"
    else:
        told = f"{name}: another value"
    return f"{told} ({reason})" if reason else told


def _file(change: FileChange, reason: str) -> str:
    told = f"/{change.path}: {change.described}"
    return f"{told} ({reason})" if reason else told


def _ended(code: int | None) -> str:
    return "stopped" if code is None else f"exit code {code}"


def _said(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").splitlines()[-10:]


def _lines(before: bytes, after: bytes) -> list[str]:
    """The first lines that differ."""
    pairs = enumerate(zip(before.split(b"\n"), after.split(b"\n"), strict=False), 1)
    for number, (one, other) in pairs:
        if one != other:
            return [
                f"line {number} before: {one.decode('utf-8', 'replace')}",
                f"after: {other.decode('utf-8', 'replace')}",
            ]
    return ["one output goes on where the other ends"]
