"""The layers of the one image that a target names, read as often as files turn out to be needed."""

from __future__ import annotations

from auditor.core.errors import UsageError
from auditor.core.record import TYPE_CHECKING
from auditor.run.wrapping.filesystem import FileSystem, Needed
from auditor.run.wrapping.layertree import LayerTree
from auditor.sources.images.model import PassingSource, SourceError
from auditor.sources.images.target import STDIN, open_source, parse_target

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from auditor.fixes.overriding.facts import ImageFacts
    from auditor.sources.images.model import Image, Source

    Look = Callable[[Image, FileSystem], ImageFacts]

#: Times that layers are read: links and `#!` lines lead from one file to the next.
_MOST_PASSES = 12
#: Names of files that nearly every look needs.
_USUAL = frozenset("sh bash dash ash busybox env passwd group os-release docker-entrypoint.sh entrypoint.sh".split())


class ImageReader:
    """The one image of a target. Raises UsageError for targets that cannot be meant, SourceError for the unreadable."""

    def __init__(self, text: str, *, platform: str = "", insecure: Collection[str] = ()) -> None:
        self.target = parse_target(text)
        if self.target.kind == STDIN:
            raise UsageError("-: layers are read more than once, which standard input cannot be; save it as a file")
        self._platform = platform
        self._insecure = insecure
        self._names = set(_USUAL)
        self._paths: set[str] = set()

    def read(self, look: Look, words: Callable[[Image], Sequence[str]]) -> ImageFacts:
        """What `look` makes of the image and its files. `words` are names of files that it is going to look at."""
        trees: dict[str, LayerTree] = {}
        for _ in range(_MOST_PASSES):
            image = self._pass(trees, words)
            files = FileSystem([trees[layer.key] for layer in image.layers])
            try:
                return look(image, files)
            except Needed as needed:
                key = image.layers[needed.place.layer].key
                self._paths.add(needed.place.path)
                trees.pop(key)
        raise SourceError(f"{self.target.name}: what starts it leads from file to file without an end")

    def _pass(self, trees: dict[str, LayerTree], words: Callable[[Image], Sequence[str]]) -> Image:
        """Read the layers that are not in `trees`."""
        target = self.target
        with open_source(target, platform=self._platform, insecure=self._insecure) as source:
            if isinstance(source, PassingSource):
                for image in source.described():
                    self._names.update(words(image))
                for key, stream in source.passing():
                    trees[key] = LayerTree(self._names, self._paths).read(stream, part=key)
            image = self._only(source)
            self._names.update(words(image))
            for layer in image.layers:
                if layer.key not in trees:
                    tree = LayerTree(self._names, self._paths)
                    part = f"{target.name}: layer {layer.number}"
                    trees[layer.key] = tree.read(image.open(layer), diff_id=layer.diff_id, part=part)
        return image

    def _only(self, source: Source) -> Image:
        listed = source.images()
        images = [image for image in listed if image.config] or listed[:1]
        if len(images) > 1:
            names = ", ".join(dict.fromkeys(image.name for image in images))
            raise UsageError(f"{self.target.name}: holds {len(images)} images ({names[:300]}); name one by its tag")
        image = images[0]
        if not image.config and image.problems:
            raise SourceError(f"{self.target.name}: {image.problems[0].part}: {image.problems[0].message}")
        return image
