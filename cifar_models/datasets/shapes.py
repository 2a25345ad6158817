"""The built-in data set: ten classes of drawn shapes, rendered from a seed at run time.

The label is the outline of one shape. Position, size, angle, stretch, colours, textures, brightness
gradient, clutter behind the shape, thin strokes across it and pixel noise all vary independently of
the label, so that no single pixel tells much and a model has to learn outlines.

Every machine renders the same bytes, on which a trial's identity rests: only uniform and integer
draws, sums, products, quotients, square roots and comparisons, which IEEE 754 rounds in one way.
Sines come from a table in whole degrees; nothing is reduced, nothing goes through BLAS.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from cifar_models.datasets.dataset import Dataset, ImageData, Images

Array = NDArray[Any]  # float32 throughout; the stubs of numpy widen it beside a Python float
Outline = Callable[[Array, Array], Array]

SIDE = 32
"""Height and width of an image in pixels."""
_CHUNK = 256  # images drawn at a time: the intermediate arrays then stay in the cache


def _rounded(values: list[float]) -> Array:
    return np.array([round(value, 6) for value in values], dtype=np.float32)


_COS = _rounded([math.cos(math.radians(degree)) for degree in range(360)])
_SIN = _rounded([math.sin(math.radians(degree)) for degree in range(360)])
_X, _Y = (
    axis.astype(np.float32)[None] - (SIDE - 1) / 2 for axis in np.meshgrid(range(SIDE), range(SIDE))
)


def _length(x: Array, y: Array) -> Array:
    length: Array = np.sqrt(x * x + y * y)
    return length


def _disc(x: Array, y: Array) -> Array:
    return _length(x, y) - 0.8


def _ring(x: Array, y: Array) -> Array:
    return np.abs(_length(x, y) - 0.72) - 0.2


def _half_disc(x: Array, y: Array) -> Array:
    distance: Array = np.maximum(_length(x, y + 0.4) - 1, -0.4 - y)
    return distance


def _crescent(x: Array, y: Array) -> Array:
    bite = _length(x - 0.55, y) - 0.75
    return np.maximum(_length(x, y) - 0.95, -bite)


def _triangle(x: Array, y: Array) -> Array:
    return np.maximum(-y, np.abs(x) * 0.866 + y * 0.5) - 0.58


def _square(x: Array, y: Array) -> Array:
    return np.maximum(np.abs(x), np.abs(y)) - 0.72


def _pentagon(x: Array, y: Array) -> Array:
    side = np.abs(x)
    return np.maximum(np.maximum(-y, side * 0.951 - y * 0.309), side * 0.588 + y * 0.809) - 0.74


def _star(x: Array, y: Array) -> Array:
    x = np.abs(x)  # fold five points into one, then measure to its edge
    for across, along in ((0.809017, -0.587785), (-0.809017, -0.587785)):
        overlap = 2 * np.maximum(across * x + along * y, 0)
        x, y = x - overlap * across, y - overlap * along
    return 0.894 * np.abs(x) + 0.447 * y - 0.48


def _cross(x: Array, y: Array) -> Array:
    x, y = np.abs(x), np.abs(y)
    return np.maximum(np.maximum(x, y) - 0.95, np.minimum(x, y) - 0.27)


def _arrow(x: Array, y: Array) -> Array:
    head = np.maximum(-0.05 - y, np.abs(x) * 0.78 + y * 0.62 - 0.62)
    shaft = np.maximum(np.abs(x) - 0.24, np.abs(y + 0.45) - 0.5)
    return np.minimum(head, shaft)


OUTLINES: dict[str, Outline] = {
    "disc": _disc,
    "ring": _ring,
    "half_disc": _half_disc,
    "crescent": _crescent,
    "triangle": _triangle,
    "square": _square,
    "pentagon": _pentagon,
    "star": _star,
    "cross": _cross,
    "arrow": _arrow,
}
"""Class name -> signed distance to its outline in units of its size, negative inside."""


def _draw(rng: np.random.Generator, low: float, high: float, *shape: int) -> Array:
    """Return uniform numbers, (..., 1, 1) to broadcast over the pixels of an image."""
    return low + (high - low) * rng.random((*shape, 1, 1), dtype=np.float32)


def _direction(rng: np.random.Generator, count: int, most: int = 180) -> tuple[Array, Array]:
    """Return cosine and sine of a whole number of degrees in [-most, most], (n,1,1)."""
    degree = rng.integers(-most, most, (count, 1, 1), endpoint=True)
    return _COS[degree], _SIN[degree]


def _coverage(distance: Array) -> Array:
    """Return how much of a pixel lies inside, from its signed distance in pixels."""
    return np.clip(0.5 - distance, 0, 1)


def _paint(image: Array, coverage: Array, colour: Array) -> None:
    """Lay a colour (n,3,h,w) or (n,3,1,1) over the image (n,3,h,w) where it covers (n,h,w)."""
    image += coverage[:, None] * (colour - image)


def _texture(rng: np.random.Generator, count: int, strength: float) -> Array:
    """Return stripes of random direction, width and strength, (n,1,h,w) around 0."""
    cos, sin = _direction(rng, count)
    phase = (cos * _X + sin * _Y) * _draw(rng, 0.05, 0.35, count) + _draw(rng, 0, 1, count)
    wave: Array = 4 * np.abs(phase - np.floor(phase) - 0.5) - 1
    return (wave * _draw(rng, 0, strength, count))[:, None]


def _stroke(rng: np.random.Generator, count: int, radius: tuple[float, float]) -> Array:
    """Return the coverage of a straight stroke with round ends at a random place."""
    cos, sin = _direction(rng, count)
    x, y = _X - _draw(rng, -16, 16, count), _Y - _draw(rng, -16, 16, count)
    half = _draw(rng, 1, 8, count)
    along = cos * x + sin * y
    beyond, aside = np.maximum(np.abs(along) - half, 0), cos * y - sin * x
    return _coverage(_length(beyond, aside) - _draw(rng, *radius, count))


def _outline(rng: np.random.Generator, labels: NDArray[np.int64], rotation: int) -> Array:
    """Return the coverage of one shape an image, of its class, in a random pose."""
    count = len(labels)
    cos, sin = _direction(rng, count, rotation)
    size, stretch = _draw(rng, 8, 13, count), _draw(rng, 0.85, 1.18, count)
    x, y = _X - _draw(rng, -4, 4, count), _Y - _draw(rng, -4, 4, count)
    across, along = (cos * x + sin * y) / (size * stretch), (cos * y - sin * x) * stretch / size
    distance = np.empty_like(across)
    for label, outline in enumerate(OUTLINES.values()):
        chosen = labels == label
        distance[chosen] = outline(across[chosen], along[chosen])
    return _coverage(distance * size)


def _chunk(rng: np.random.Generator, labels: NDArray[np.int64], look: "Shapes") -> Array:
    """Draw one image (3,h,w) a label: ground, strokes behind, the shape, strokes before, noise."""
    count = len(labels)
    ground = _draw(rng, 0.1, 0.9, count, 3)
    image = ground + _texture(rng, count, 0.12) + _texture(rng, count, 0.06)
    cos, sin = _direction(rng, count)
    image += (_draw(rng, 0, 0.012, count) * (cos * _X + sin * _Y))[:, None]
    for _ in range(look.clutter):
        _paint(image, _stroke(rng, count, (1, 3.5)), _draw(rng, 0, 1, count, 3))
    away = np.where(ground < 0.5, np.float32(1), np.float32(-1))
    colour = ground + away * _draw(rng, 0.2, 0.6, count, 3)
    _paint(image, _outline(rng, labels, look.rotation), colour + _texture(rng, count, 0.12))
    for _ in range(look.clutter):
        _paint(image, _stroke(rng, count, (0.4, 0.9)), _draw(rng, 0, 1, count, 3))
    grain = rng.random(image.shape, dtype=np.float32) + rng.random(image.shape, dtype=np.float32)
    image += look.noise * (grain - 1)
    return image


def _render(seed: np.random.SeedSequence, count: int, look: "Shapes") -> Images:
    """Draw ``count`` images in random order, the classes as equal in number as can be."""
    rng = np.random.Generator(np.random.PCG64(seed))
    labels = rng.permutation(np.arange(count, dtype=np.int64) % len(OUTLINES))
    pixels = np.empty((count, SIDE, SIDE, 3), dtype=np.uint8)
    for start in range(0, count, _CHUNK):
        part = slice(start, start + _CHUNK)
        image = np.clip(_chunk(rng, labels[part], look), 0, 1)
        pixels[part] = (image * 255 + np.float32(0.5)).astype(np.uint8).transpose(0, 2, 3, 1)
    return Images(pixels, labels)


class Shapes(Dataset):
    """Ten shapes in 32x32 colour images, with random pose, colour, texture, clutter and noise.

    Needs no file and no network. A linear model gets about 14 %.

    Source: this project; outlines are signed distances after Inigo Quilez, «2D distance functions».
    """

    name: Literal["shapes"] = "shapes"
    train_size: Annotated[int, Field(ge=10)] = 8000
    """Training images."""
    test_size: Annotated[int, Field(ge=10)] = 4000
    """Test images, drawn from a stream of their own."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Another seed is another data set of the same kind."""
    rotation: Annotated[int, Field(ge=0, le=180)] = 45
    """Most that a shape is turned, in whole degrees to either side."""
    clutter: Annotated[int, Field(ge=0, le=20)] = 1
    """Thick strokes behind the shape, and as many thin ones across it."""
    noise: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Half-width of the triangular noise on each pixel, as a fraction of the full intensity."""

    def build(self, data_dir: Path | None) -> ImageData:
        """Render the data set: about 2 s on one core for 12,000 images."""
        train, test = np.random.SeedSequence(self.seed).spawn(2)
        return ImageData(
            train=_render(train, self.train_size, self),
            test=_render(test, self.test_size, self),
            classes=tuple(OUTLINES),
        )
