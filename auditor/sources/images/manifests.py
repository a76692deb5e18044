"""Images out of content-addressed documents: OCI and Docker manifests and the indexes that list them.

What a document is, its content says; media types may lie.
"""

from __future__ import annotations

from auditor.core.record import TYPE_CHECKING
from auditor.sources.images.assembly import ManifestImage, attach_to, cache_of, image_of
from auditor.sources.images.documents import Reader
from auditor.sources.images.model import MANIFEST, Document, SourceError
from auditor.sources.images.platforms import suits
from auditor.sources.images.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.sources.images.blobs import Blobs
    from auditor.sources.images.model import Image
    from auditor.sources.images.tree import Manifest

__all__ = ["attach", "images_of"]


def images_of(
    name: str,
    blobs: Blobs,
    root: bytes,
    *,
    media_type: str = "",
    digest: str = "",
    platform: str = "",
    tag: str = "",
    sparse: bool = False,
) -> list[Image]:
    """The images that an index or a manifest leads to, at least one.

    `name` is for people, and the name of the image if it is the only one. `media_type` and `digest` are the root's,
    where known. `platform` ("linux/arm64/v8") leaves out images of others; "" and "all" leave out none. `tag` asks for
    the images that an index lists under this name, or for the manifest with this digest. With `sparse` the place keeps
    only some platforms of an index, as containerd does: a manifest that is not there is no problem. Attestations, SBOMs
    and signatures become documents of the image they are about. What cannot be read is a problem of its image, else of
    the first one. Raises SourceError if there is no image at all.
    """
    reader = Reader(blobs)
    tree = Tree(reader, platform, tag, sparse=sparse)
    tree.gather(root, digest)
    images = [cache_of(name, entry, reader) for entry in tree.caches]
    kept = [image for entry in tree.found if _suits(image := image_of(name, entry, reader), platform, tree)]
    images = kept + images
    images += _attached(name, tree, reader, {image.digest: image for image in kept})
    if not images:
        raise SourceError(f"{name}: {tree.nothing(media_type)}")
    if len(images) > 1:
        _tell_apart(images)
    images[0].problems.extend(tree.problems)
    return list(images)


def attach(image: Image, blobs: Blobs, data: bytes, digest: str) -> list[Image]:
    """Make documents of an image out of the manifest of an attestation, SBOM or signature about it.

    What is no JSON there makes an image of its own, which is given back. Raises SourceError if it is no manifest.
    """
    reader = Reader(blobs)
    tree = Tree(reader, "", "")
    tree.gather(data, digest)
    if not tree.found and not tree.attached:
        raise SourceError(f"{digest}: {tree.nothing('')}")
    image.problems.extend(tree.problems)
    about = [*tree.found, *(entry for _, entry in tree.attached)]
    return [other for entry in about for other in attach_to(image, entry, reader)]


def _suits(image: ManifestImage, platform: str, tree: Tree) -> bool:
    """Whether an image is of the platform asked for, by its config where the index says nothing."""
    if suits(platform, image.platform):
        return True
    tree.leave_out(image.digest, image.platform)
    return False


def _attached(name: str, tree: Tree, reader: Reader, images: dict[str, ManifestImage]) -> list[ManifestImage]:
    """Attach what is about an image; what is about none of this source stands as an image by itself."""
    others: list[ManifestImage] = []
    for subject, entry in tree.attachments(images):
        image = images.get(subject)
        if image is None:
            others.append(_alone(name, entry, reader))
        else:
            others.extend(attach_to(image, entry, reader))
    return others


def _alone(name: str, entry: Manifest, reader: Reader) -> ManifestImage:
    image = image_of(name, entry, reader, attached=True)
    image.documents = [_plain(document) for document in image.documents]
    return image


def _plain(document: Document) -> Document:
    return document._replace(name=f"attached {document.name}") if document.kind == MANIFEST else document


def _tell_apart(images: Iterable[ManifestImage]) -> None:
    for image in images:
        marks = ", ".join(filter(None, (image.reference, image.platform))) or image.digest[:19]
        image.name = f"{image.name} ({marks})" if marks else image.name
