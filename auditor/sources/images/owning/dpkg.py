"""Lists of dpkg: `info/*.md5sums`, and what `status` says of each package (deb-md5sums(5), deb-control(5)).

A package counts as public if its control fields are there and
- it has a copyright file (Debian policy 12.5), or can have it in a package of the same source, to which it then
  depends in its own version; of the 760 packages of a Debian 12 system all are so, and hand-made ones are not;
- its maintainer has a mail address at a public host: `fpm` writes `<user@build-host>`;
- it has no `Vendor` or `License` field: only `fpm` and `nfpm` write these;
- it puts no file below the places that are not for distributions (`inhouse.PLACES`).
"""

from __future__ import annotations

import re

from auditor.core.record import TYPE_CHECKING, NamedTuple
from auditor.sources.images.owning.book import stanzas
from auditor.sources.images.owning.inhouse import has_public_mail

if TYPE_CHECKING:
    from auditor.sources.images.owning.book import Book

_FOLDER = "var/lib/dpkg/"
_STATUS = _FOLDER + "status"
#: Distroless images have one file for each package instead.
_STATUS_FOLDER = _FOLDER + "status.d/"
_INFO = _FOLDER + "info/"
_SUFFIX = ".md5sums"
_LINE = re.compile(r"^\\?([0-9a-f]{32})  ?(.+)$", re.MULTILINE)
_FIELD = re.compile(
    r"^(Package|Maintainer|Source|Depends|Conffiles|Vendor|License):[ \t]*(.*(?:\n[ \t].*)*)",
    re.MULTILINE | re.IGNORECASE,
)
_CONFFILE = re.compile(r"^ /(.+) ([0-9a-f]{32})(?: obsolete)?$", re.MULTILINE)
_SAME_VERSION = re.compile(r"\(= [^()]+\)")
_FOREIGN_FIELDS = ("vendor", "license")


class _Control(NamedTuple):
    """What `status` says: nothing against the package being public; its copyright file may be another package's."""

    public: bool
    shares: bool


class Dpkg:
    """Reads the lists of one layer, which come in any order."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._controls: dict[str, _Control] = {}
        #: Whether a package has a copyright file.
        self._documented: dict[str, bool] = {}

    @staticmethod
    def wants(path: str) -> bool:
        """Whether this is one of dpkg's lists."""
        if not path.startswith(_FOLDER):
            return False
        return path == _STATUS or path.startswith(_STATUS_FOLDER) or (path.startswith(_INFO) and path.endswith(_SUFFIX))

    def add(self, path: str, data: bytes) -> None:
        """Note one list."""
        text = data.decode("utf-8", "surrogateescape")
        if path.endswith(_SUFFIX):
            self._add_sums(path.rsplit("/", 1)[-1].removesuffix(_SUFFIX).split(":")[0], text)
        else:
            for stanza in stanzas(text):
                if "Package:" in stanza:
                    self._add_control(stanza)

    def finish(self) -> None:
        """Say which packages are public."""
        for name, documented in self._documented.items():
            number = self._number(name)
            control = self._controls.get(name)
            if control is not None:
                self._book.judge(number, public=control.public and (documented or control.shares))

    def _number(self, name: str) -> int:
        return self._book.package(f"dpkg {name}", name)

    def _add_sums(self, name: str, text: str) -> None:
        number = self._number(name)
        if self._book.add(number, ((line[2], line[1]) for line in _LINE.finditer(text))):
            self._book.judge(number, public=False)
        # Packages for several architectures at once have a list for each.
        documented = f"usr/share/doc/{name}/copyright\n" in text + "\n"
        self._documented[name] = documented or self._documented.get(name, False)

    def _add_control(self, stanza: str) -> None:
        fields = {field[1].lower(): field[2] for field in _FIELD.finditer(stanza)}
        name = fields.get("package", "")
        if not name:
            return
        public = has_public_mail(fields.get("maintainer", "")) and not any(one in fields for one in _FOREIGN_FIELDS)
        shares = "source" in fields or _SAME_VERSION.search(fields.get("depends", "")) is not None
        self._controls[name] = _Control(public, shares)
        conffiles = fields.get("conffiles", "")
        if conffiles:
            number = self._number(name)
            if self._book.add(number, ((line[1], line[2]) for line in _CONFFILE.finditer(conffiles))):
                self._book.judge(number, public=False)
