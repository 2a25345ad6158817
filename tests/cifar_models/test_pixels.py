import pytest
import torch
from torch import Tensor

from cifar_models.pixels import confined, pack, take

FAR = 2**20


def random_pixels(count: int, height: int, width: int, channels: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    size = (count, height, width, channels)
    return torch.randint(1, 256, size, generator=generator, dtype=torch.uint8)


def places(count: int, size: int) -> Tensor:
    return torch.arange(size, dtype=torch.int32).expand(count, size)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_what_is_packed_comes_out_again(channels: int) -> None:
    pixels = random_pixels(5, 4, 6, channels)
    index = torch.tensor([3, 0, 3])
    images = take(pack(pixels), index, places(3, 4), places(3, 6), channels)
    assert torch.equal(images.permute(0, 2, 3, 1), pixels[index])
    assert images.is_contiguous(memory_format=torch.channels_last)


def test_each_image_has_places_of_its_own_and_outside_is_black() -> None:
    pixels = random_pixels(2, 4, 6, 3)
    generator = torch.Generator().manual_seed(1)
    rows = torch.randint(-5, 9, (2, 4), generator=generator, dtype=torch.int32)
    columns = torch.randint(-7, 13, (2, 6), generator=generator, dtype=torch.int32)
    rows[0, 0] = columns[0, 0] = FAR
    rows[1, 0] = columns[1, 0] = -FAR
    images = take(pack(pixels), torch.tensor([0, 1]), rows, columns, 3)
    for image in range(2):
        for i, row in enumerate(rows[image].tolist()):
            for j, column in enumerate(columns[image].tolist()):
                inside = 0 <= row < 4 and 0 <= column < 6
                expected = pixels[image, row, column] if inside else torch.zeros(3)
                assert images[image, :, i, j].tolist() == expected.tolist()


def test_what_left_the_image_never_comes_back() -> None:
    left = confined(torch.tensor([-1, 0, 5, 6], dtype=torch.int32), 6)
    assert left[1:3].tolist() == [0, 5]
    assert ((left + 1000)[[0, 3]] < 0).all()
    assert (confined(left, 6) == left).all()


def test_a_pixel_is_at_most_four_bytes() -> None:
    with pytest.raises(ValueError, match="at most 4 channels"):
        pack(torch.zeros((1, 2, 2, 5), dtype=torch.uint8))
