"""What the search of one layer gives: small, picklable, and a function of the layer's bytes and the rules alone."""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from auditor.run.images.layers.pathset import PathSet
    from auditor.run.images.leak import Leak
    from auditor.sources.images.packages import Owned


class FileDigests(NamedTuple):
    """Hexadecimal digests of one file's content."""

    md5: str
    sha1: str
    sha256: str


class LayerOutcome(NamedTuple):
    """The search of one layer.

    `diff_id` and `digest` were computed from the bytes read ("sha256:..."; "" if they were not read whole). `size`
    counts bytes of the uncompressed tar, `stored` those that were read for it, `files` regular files. `leaks` have
    their place within the layer only. `removed` are the paths that whiteouts delete, `opaque` the folders whose lower
    contents are hidden, `files_here` and `folders_here` every path of the layer. `links` are hard links (path, path of
    the file that it is a link to) to files with leaks, `symlinks` symbolic links near the root that may lead to folders
    (path, path that it leads to, from the root both). `digests` are those of files with leaks; `owned` says which
    files packages brought along. `skipped` are (path or what, reason), `errors` what could not be read. `final`: a
    second look at the layer would say no more; False where there could be none.
    """

    diff_id: str
    digest: str
    size: int
    stored: int
    files: int
    leaks: tuple[Leak, ...]
    removed: tuple[str, ...]
    opaque: tuple[str, ...]
    files_here: PathSet
    folders_here: PathSet
    links: tuple[tuple[str, str], ...]
    digests: dict[str, FileDigests]
    owned: Owned
    skipped: tuple[tuple[str, str], ...]
    errors: tuple[tuple[str, str], ...]
    symlinks: tuple[tuple[str, str], ...] = ()
    final: bool = True
