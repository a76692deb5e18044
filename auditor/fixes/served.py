"""Whether a key that a server's configuration names may leave the image: who else may need it at its place."""

from __future__ import annotations

from auditor.core.edit import Applicability
from auditor.core.imagenames import repository
from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.fixes import deeds
from auditor.fixes.generated import says_generated
from auditor.fixes.leaving import starts_with
from auditor.fixes.neighbours import user_of
from auditor.fixes.plan import Refused
from auditor.fixes.runtime import started
from auditor.fixes.script import acting
from auditor.fixes.starters import HANDING_OVER, script_of, start, words_of
from auditor.flow.configurations import configurations, naming, naming_folder, places
from auditor.flow.paths import absolute, covers
from auditor.flow.placements import is_cut, placements
from auditor.sources.files import is_dockerfile_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.core.ruledata import ConfigurationEntry
    from auditor.fixes.retire import Lifetime
    from auditor.flow.build import Build
    from auditor.flow.configurations import Configuration, Naming
    from auditor.flow.facts import LayerFile, Run
    from auditor.lang.dockerfile.nodes import Instruction

#: Images of distributions: what their servers come with names no key of ours.
_DISTRIBUTIONS = frozenset(
    "scratch debian ubuntu alpine busybox fedora centos rockylinux almalinux amazonlinux oraclelinux archlinux "
    "opensuse/leap photon".split()
)
#: But for these, which configuration that comes with the servers names.
_NAMED_BY_BASES = ("snakeoil", "/usr/local/apache2/conf/server.", "/etc/pki/tls/private/localhost.key")
#: With these a server only tells about itself.
_TELLING = frozenset({"-v", "-V", "-h", "-?", "--version", "--help", "-vv"})
#: Endings of files that name others without reading them.
_SILENT = (
    ".md", ".rst", ".adoc", ".dockerignore", ".gitignore", ".lock", "package-lock.json", ".svg", ".png", ".jpg", ".map",
    "license", "dockerfile", ".dockerfile", ".crt", ".key", ".pem", ".css",
)  # fmt: skip
#: Endings of files that set something: one that cannot be read may name the key.
_SETTINGS = (".conf", ".cfg", ".cnf", ".ini", ".toml", ".yml", ".yaml", ".template", ".tmpl", ".vhost", ".inc", ".sh")
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tar.zst")
_MOST_BYTES, _LIMIT = 32 * 1024 * 1024, 512 * 1024
#: Deeds that leave a configuration as it is.
_HARMLESS = frozenset({"adjust", "parent", "sweep", "test", "read"})


class Doubt(NamedTuple):
    """What had to be guessed."""

    applicability: Applicability
    reason: str


class Served:
    """One key of the build context; `found` are the settings that name it, at the `paths` of the final image."""

    def __init__(self, build: Build, file: LayerFile, path: str) -> None:
        self.build = build
        self.source = file.content.removeprefix("./").lstrip("/")
        self.paths = places(build, file.content, path)
        self.found: list[tuple[Configuration, Naming]] = [each for p in self.paths for each in naming(build, p)]
        self.how = start(build)

    @property
    def entry(self) -> ConfigurationEntry:
        """The server whose configuration names it."""
        return self.found[0][1].server

    def check_folders(self) -> None:
        """Raises Refused where a folder of keys is named."""
        for path in self.paths:
            for one, each in naming_folder(self.build, path):
                raise Refused(f"{one.shown} names the whole folder {each.word}")

    def check_build(self) -> None:
        """Raises Refused where the build itself has the server read the key, or writes what names it."""
        for one, each in self.found:
            if one.step.instruction.keyword == "RUN":
                line = one.step.instruction.line
                raise Refused(f"the RUN in line {line} writes the configuration that names it ({each.directive})")
        for run in self.build.facts.runs:
            line = run.step.instruction.line
            for words, name in _calls(run):
                if name in self.entry["programs"] and not _TELLING.intersection(words[1:]):
                    raise Refused(f"the RUN in line {line} starts {name}, which reads the key")

    def check(self, lives: Sequence[Lifetime]) -> None:
        """Raises Refused where something else than the settings may need the key at its place."""
        for one, _each in self.found:
            self._check_configuration(one)
        self._check_plain()
        for run in self.build.facts.runs:
            self._check_changed(run)
        if any(life.consumers for life in lives):
            raise Refused("a RUN may read the key")
        for path in self.paths:
            if keyword := starts_with(self.build, path, environment=True):
                raise Refused(f"{keyword} names it")
        self._check_mentions()
        sources = list(dict.fromkeys([self.source, *(one.source for one, _each in self.found if one.source)]))
        if where := user_of(self.build, sources, self.entry["programs"]):
            raise Refused(f"{where} uses {' or '.join(sources)}, too")

    def doubt(self) -> Doubt | None:
        """What cannot be seen of the container's start; None where all of it is."""
        base = repository(self.how.base)
        if any(mark in path for mark in _NAMED_BY_BASES for path in self.paths):
            return Doubt(Applicability.UNSAFE, "configuration that comes with the server may name it, too")
        own = base in self.entry.get("repositories", ())
        if not own and base not in _DISTRIBUTIONS:
            return Doubt(Applicability.UNSAFE, f"what {self.how.base or 'the base image'} starts may read the key, too")
        starting = [node for node in started(self.build) if node.keyword != "HEALTHCHECK"]
        if not starting and not own:
            return Doubt(Applicability.UNSAFE, "what starts in the container is not seen, and may read the key, too")
        sources = (word.text for node in self._instructions("ADD") for word in node.words[:-1])
        archive = next((text for text in sources if text.lower().endswith(_ARCHIVES)), "")
        if archive:
            return Doubt(Applicability.UNSAFE, f"what {archive} holds is not seen, and may name the key, too")
        other = next((word for node in starting if (word := self._other_program(node))), "")
        if other:
            return Doubt(Applicability.UNSAFE, f"{other} starts in the container, and may read the key, too")
        return None

    # -- parts of it ---------------------------------------------------------------------------------------------

    def _check_configuration(self, one: Configuration) -> None:
        if not one.sure:
            raise Refused(f"{one.shown} names it, and could not be read whole")
        if says_generated(one.text):
            raise Refused(f"{one.shown} names it, and says that it is generated")
        for volume in self._instructions("VOLUME"):
            if one.target and any(covers(absolute(word, "/", "/"), one.target) for word in volume.args):
                raise Refused(f"{one.shown} lies in a VOLUME, which keeps an older one")

    def _check_plain(self) -> None:
        """Raises Refused where another setting may name the key in a way that cannot be followed."""
        servers = {each.server["id"] for _one, each in self.found}
        for one in configurations(self.build):
            for each in one.namings:
                if each.is_key and not each.paths and each.server["id"] in servers:
                    raise Refused(f"{one.shown}, line {one.line(each)}, does not say plainly which key it names")

    def _check_changed(self, run: Run) -> None:
        """Raises Refused where a RUN changes the configuration."""
        for one in {id(one): one for one, _each in self.found}.values():
            for deed in deeds.deeds(run, one.target, frozenset()) if one.target else ():
                if deed.kind not in _HARMLESS or (deed.kind == "read" and deeds.names_file(run, one.target)):
                    raise Refused(f"the RUN in line {run.step.instruction.line} does something with {one.shown}")

    def _instructions(self, keyword: str) -> Iterator[Instruction]:
        for stage in self.build.stages:
            if stage.index in self.build.ships:
                yield from (node for node in stage.instructions if node.keyword == keyword)

    def _check_mentions(self) -> None:
        """Raises Refused where another text of the build names the key, or may do so and cannot be searched."""
        known = {one.source: one for one, _each in self.found}
        room = _MOST_BYTES if not is_cut(self.build) else -1
        texts = [(one.shown, self._rest(one)) for one in configurations(self.build) if one.heredoc is not None]
        if any(self._is_named(text) for _name, text in texts):
            raise Refused(f"{next(name for name, text in texts if self._is_named(text))} names it, too")
        for source in dict.fromkeys(each.source for each in placements(self.build)):
            if source == self.source or source.lower().endswith(_SILENT) or is_dockerfile_name(source):
                continue
            data = self._data(source)
            room -= len(data)
            if room < 0:
                raise Refused("there are more files than can be searched for its name")
            read = known.get(source)
            if self._is_named(self._rest(read) if read is not None else data.decode("utf-8", "replace")):
                raise Refused(f"{source} names it, too")

    def _data(self, source: str) -> bytes:
        """What is in a file of the context; nothing for programs and pictures.

        Raises Refused for settings that cannot be read.
        """
        data = self.build.context.read(source, _LIMIT) if self.build.context is not None else None
        if data is not None and b"\0" not in data:
            return data
        if source.lower().endswith(_SETTINGS):
            raise Refused(f"{source} cannot be searched for its name")
        return b""

    def _rest(self, one: Configuration) -> str:
        """The text of a configuration without comments and the settings that name the key, or plainly another one."""
        here = {*self.paths, *(each.target for each in placements(self.build))}
        plain = [each for each in one.namings if each.word.startswith("/") or here.intersection(each.paths)]
        spans = [*one.comments, *(each.span for each in plain)]
        pieces, at = [], 0
        for span in sorted(spans):
            pieces.append(one.text[at : max(span.start, at)])
            at = max(at, span.end)
        return " ".join([*pieces, one.text[at:]])

    def _is_named(self, text: str) -> bool:
        return any(deeds.names(text, path, "/") for path in self.paths)

    def _other_program(self, node: Instruction) -> str:
        """What an ENTRYPOINT or CMD starts besides the server and scripts that are seen; "" for nothing."""
        if script_of(self.build, node):
            return ""
        for word in words_of(node):
            name = word.strip("\"';").rpartition("/")[2]
            if name in self.entry["programs"]:
                return ""
            if name not in HANDING_OVER and not word.startswith("-"):
                return name
        return ""


def _calls(run: Run) -> Iterator[tuple[list[str], str]]:
    """The commands of a RUN: their words, and the program's name."""
    node = run.step.instruction
    if node.json and node.words:
        yield [word.text for word in node.words], node.words[0].text.rpartition("/")[2]
    for each in acting(run):
        yield [word.rendered for word in each.words], each.name
