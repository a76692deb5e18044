"""Places in images as SARIF has them: logical locations, and addresses below an image as if it were a folder."""

from __future__ import annotations

from urllib.parse import quote

from auditor.core.image import LAYER
from auditor.core.record import TYPE_CHECKING
from auditor.report.images import file
from auditor.report.plain import clean

if TYPE_CHECKING:
    from auditor.core.image import ImagePlace
    from auditor.report.masking import FileMasker


def physical(place: ImagePlace) -> dict[str, object]:
    """`layer-3/app/.env`, `config/Env/3`: relative, so that it names no folder of this machine."""
    found: dict[str, object] = {"artifactLocation": {"uri": _uri(place)}}
    if place.line is not None and place.line > 0:
        found["region"] = {"startLine": place.line}
    elif place.offset is not None and place.offset >= 0:
        found["region"] = {"byteOffset": place.offset}
    return found


def logical(name: str, place: ImagePlace) -> dict[str, object]:
    """`image:NAME/layer:3/app/.env`."""
    parts = [f"image:{name}", *_way(place, ":")]
    return {
        "name": clean(file(place) or place.pointer or parts[-1]),
        "fullyQualifiedName": clean("/".join(parts)),
        "kind": "resource" if place.part == LAYER else "property",
    }


def properties(place: ImagePlace, masker: FileMasker) -> dict[str, object]:
    """What there is no field for; only what is known."""
    facts: dict[str, object] = {
        "part": place.part,
        "layer": place.layer_index,
        "diffId": clean(place.diff_id) or None,
        "digest": clean(place.digest) or None,
        "path": clean(file(place)) or None,
        "pointer": clean(place.pointer) or None,
        "state": place.state,
        "removedByLayer": place.removed_by_layer,
        "historyIndex": place.history_index,
        "createdBy": clean(masker.mask(place.created_by)) or None,
        "inBase": place.in_base,
        "package": clean(place.package) or None,
    }
    return {key: value for key, value in facts.items() if value is not None}


def folded(place: ImagePlace) -> str:
    """`layer-3/app/.env`: the place as a path below an image that is a folder."""
    return "/".join(_parts(place))


def _uri(place: ImagePlace) -> str:
    holder, *rest = _parts(place)
    return "/".join([holder, *map(_segment, rest)])


def _parts(place: ImagePlace) -> list[str]:
    holder, *rest = _way(place, "-")
    # Steps up would lead out of the image.
    return [holder, *(part for part in "/".join(rest).split("/") if part not in ("", ".", ".."))]


def _way(place: ImagePlace, sign: str) -> list[str]:
    """What holds the place, the file, and what leads to it within."""
    holder = f"layer{sign}{place.layer_index}" if place.part == LAYER else place.part
    pointer = place.pointer.removeprefix(f"/{holder}/").lstrip("/")
    return [part for part in (holder, file(place), pointer) if part]


def _segment(text: str) -> str:
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = text.encode("utf-8", "surrogatepass")
    return quote(data, safe="!")
