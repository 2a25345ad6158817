"""What images become on their way through a trained network."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from torch import Tensor

from cifar_models.datasets import Images
from cifar_models.diagnostics.diagnostic import Diagnostic, Row
from cifar_models.diagnostics.trained import AT_ONCE, Trained

Places = Annotated[
    tuple[Annotated[int, Field(ge=0)], ...],
    Field(min_length=1, max_length=AT_ONCE),
    AfterValidator(lambda places: tuple(sorted(set(places)))),
]
"""Which images of a split, from 0."""


class FeatureMaps(Diagnostic):
    """What activations make of the first or of chosen images, at the training's end.

    Of validation images, or of training images where there are none: the first ``images``, or
    those at these places from 0, as in ``(3, 14)`` or ``(3,)``. So many layers are chosen evenly by
    depth, the first and the last among them, and the first channels of each. Columns: ``image``
    (place in the split), ``split``, ``layer``, ``depth`` (from 1 at the input, among all
    activations; 0 is the image itself), ``channel``, ``height``, ``width``, ``values`` (height x
    width, row by row).

    Source: Zeiler and Fergus 2014 (arXiv:1311.2901), section 4, for looking at them by depth.
    """

    name: Literal["feature_maps"] = "feature_maps"
    images: Annotated[int, Field(gt=0, le=AT_ONCE)] | Places = 2
    layers: Annotated[int, Field(gt=0)] = 6
    channels: Annotated[int, Field(gt=0)] = 8

    def analyse(self, trained: Trained) -> Iterable[Row]:
        """Return a row a picture.

        Raises:
            ValueError: After the first epoch, if a chosen image is not there.
        """
        split, known = trained.measured
        places = self._places(len(known))
        if not trained.last:
            return
        images = Images(known.pixels[places], known.labels[places])
        maps: dict[str, Tensor] = {}

        def look(path: str, outputs: Tensor) -> None:
            if outputs.ndim == 4:
                maps.setdefault(path, outputs.cpu())

        trained.outputs(images, look)
        pixels = trained.answers(images, _as_they_are) / 255
        shown = {"image": (0, pixels)} | {
            path: (depth, maps[path]) for depth, path in _evenly(list(maps), self.layers)
        }
        for layer, (depth, found) in shown.items():
            for image, channels in zip(places, found, strict=True):
                for channel, picture in enumerate(channels[: self.channels]):
                    yield {
                        "image": image,
                        "split": split,
                        "layer": layer,
                        "depth": depth,
                        "channel": channel,
                        "height": picture.shape[0],
                        "width": picture.shape[1],
                        "values": picture.flatten().tolist(),
                    }

    def _places(self, known: int) -> list[int]:
        """Return which images of so many are looked at."""
        if isinstance(self.images, int):
            return list(range(min(self.images, known)))
        if max(self.images) >= known:
            raise ValueError(f"image {max(self.images)} is chosen, the last is {known - 1}")
        return list(self.images)


def _as_they_are(images: Tensor) -> Tensor:
    return images


def _evenly(paths: list[str], number: int) -> list[tuple[int, str]]:
    """Return so many paths with their places from 1, the first and the last among them."""
    if len(paths) <= number:
        return list(enumerate(paths, start=1))
    gaps = max(number - 1, 1)
    places = [round(place * (len(paths) - 1) / gaps) for place in range(number)]
    return [(place + 1, paths[place]) for place in places]
