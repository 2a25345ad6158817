import pytest
import torch
from torchvision.transforms.v2 import functional as reference

from cifar_models.augmentation import Rotation
from tests.cifar_models.augmentation.loops import FILL, LAST, batch, draws


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("height", "width"), [(32, 32), (17, 24)])
@pytest.mark.parametrize("degrees", [1.0, 15.0, 60.0, 180.0])
def test_equals_torchvision_image_by_image(
    degrees: float, height: int, width: int, layout: torch.memory_format
) -> None:
    images, numbers = batch(40, height, width), draws(40, 1)
    numbers[0] = LAST
    rotate = Rotation(degrees=degrees).build(height, width, FILL)
    changed = rotate(images.contiguous(memory_format=layout), numbers)
    angles = [(2 * u - 1) * degrees for u in numbers.flatten().tolist()]
    pairs = zip(images, angles, strict=True)
    wanted = torch.stack([reference.rotate(image, angle) for image, angle in pairs])
    same = (changed == wanted).all(1).float().mean()
    assert same > 0.9995, "only half-way between two pixels may rounding decide"


def test_corners_are_black_and_no_other_colour_comes_in() -> None:
    images = torch.full((2, 3, 32, 32), 200, dtype=torch.uint8)
    changed = Rotation(degrees=45).build(32, 32, FILL)(images, torch.tensor([[0.0], [LAST]]))
    assert set(changed.flatten().tolist()) == {0, 200}
    assert not changed[:, :, 0, 0].any()
    assert not changed[:, :, -1, -1].any()
    assert (changed[:, :, 8:24, 8:24] == 200).all()


def test_the_middle_draw_leaves_the_image_and_the_upper_half_turns_counter_clockwise() -> None:
    images = batch(3, 21, 21)
    rotate = Rotation(degrees=180).build(21, 21, FILL)
    changed = rotate(images, torch.tensor([[0.5], [0.75], [0.25]]))
    assert torch.equal(changed[0], images[0])
    assert torch.equal(changed[1], images[1].rot90(1, (1, 2)))
    assert torch.equal(changed[2], images[2].rot90(-1, (1, 2)))
