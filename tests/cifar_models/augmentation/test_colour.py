import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as reference

from cifar_models.augmentation import ColourJitter
from tests.cifar_models.augmentation.loops import FILL, LAST, batch, draws

STRENGTHS = ("brightness", "contrast", "saturation", "hue")


def only(**strengths: float) -> ColourJitter:
    """Return a jitter of nothing else."""
    return ColourJitter.model_validate(dict.fromkeys(STRENGTHS, 0.0) | strengths)


def photographs(count: int = 40) -> Tensor:
    """Return noise over smooth colours, with black, white and grey images among them."""
    noise = batch(count, 24, 16).float()
    smooth = torch.nn.functional.interpolate(noise[:, :, :3, :3], (24, 16), mode="bilinear")
    images = (0.8 * smooth + 0.2 * noise).to(torch.uint8)
    images[0], images[1], images[2] = 0, 255, 77
    return images


def expected(image: Tensor, jitter: ColourJitter, draw: Tensor) -> Tensor:
    """Return what torchvision makes of one image with the factors of these draws (4,)."""
    lows = [max(0.0, 1 - s) for s in (jitter.brightness, jitter.contrast, jitter.saturation)]
    highs = [1 + s for s in (jitter.brightness, jitter.contrast, jitter.saturation)]
    ends = zip([*lows, -jitter.hue], [*highs, jitter.hue], draw, strict=True)
    factors = [float(u * (high - low) + low) for low, high, u in ends]  # float32 as drawn
    image = reference.adjust_brightness(image, factors[0])
    image = reference.adjust_contrast(image, factors[1])
    image = reference.adjust_saturation(image, factors[2])
    return reference.adjust_hue(image, factors[3])


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(
    "jitter",
    [
        only(brightness=0.4),
        only(brightness=1.5),
        only(contrast=0.4),
        only(contrast=1.0),
        only(saturation=0.4),
        only(saturation=2.0),
        only(hue=0.1),
        only(hue=0.5),
        ColourJitter(),
    ],
    ids=[
        "darker",
        "brightest",
        "contrast",
        "most contrast",
        "saturation",
        "most saturation",
        "hue",
        "any hue",
        "all",
    ],
)
def test_equals_torchvision_image_by_image(
    jitter: ColourJitter, layout: torch.memory_format
) -> None:
    images, numbers = photographs(), draws(40, 4)
    numbers[3], numbers[4], numbers[5] = 0.0, LAST, 0.5
    changed = jitter.build(24, 16, FILL)(images.contiguous(memory_format=layout), numbers)
    pairs = zip(images, numbers, strict=True)
    wanted = torch.stack([expected(image, jitter, draw) for image, draw in pairs])
    apart = (changed.int() - wanted.int()).abs()
    assert (apart > 0).float().mean() < 0.005, "sums are rounded otherwise here and there"
    assert apart.max() <= 2


def test_no_strength_changes_nothing() -> None:
    images = photographs()
    assert torch.equal(only().build(24, 16, FILL)(images, draws(40, 4)), images)


@pytest.mark.parametrize("changed", STRENGTHS)
def test_each_change_has_a_draw_of_its_own(changed: str) -> None:
    images, low, high = photographs(), torch.full((40, 4), 0.5), torch.full((40, 4), 0.5)
    place = STRENGTHS.index(changed)
    low[:, place], high[:, place] = 0.0, 0.9
    alone = only(**{changed: 0.3}).build(24, 16, FILL)
    assert not torch.equal(alone(images, low), alone(images, high))
    others = only(**{name: 0.3 for name in STRENGTHS if name != changed}).build(24, 16, FILL)
    assert torch.equal(others(images, low), others(images, high))


def test_grey_images_have_neither_saturation_nor_hue() -> None:
    images, numbers = photographs()[:, :1], draws(40, 4)
    changed = ColourJitter().build(24, 16, FILL[:1])(images, numbers)
    pairs = zip(images, numbers, strict=True)
    wanted = torch.stack([expected(image, ColourJitter(), draw) for image, draw in pairs])
    assert (changed.int() - wanted.int()).abs().max() <= 1
    turned = only(saturation=1.0, hue=0.5).build(24, 16, FILL[:1])
    assert torch.equal(turned(images, numbers), images)


def test_other_channels_are_a_sentence() -> None:
    with pytest.raises(ValueError, match="images of 1 or 3 channels, not of 4"):
        ColourJitter().build(8, 8, torch.zeros(4, dtype=torch.uint8))
