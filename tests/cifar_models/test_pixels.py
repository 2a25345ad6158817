import numpy as np
import pytest
import torch

from cifar_models.pixels import Canvas, Margin, Windows

COUNT, HEIGHT, WIDTH = 5, 4, 6


def random_pixels(channels: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    size = (COUNT, HEIGHT, WIDTH, channels)
    return torch.randint(1, 256, size, generator=generator, dtype=torch.uint8)


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
@pytest.mark.parametrize("margin", [Margin(), Margin(2), Margin(3, reflects=True)])
@pytest.mark.parametrize("mirrors", [False, True])
def test_whole_windows_are_the_images(channels: int, margin: Margin, mirrors: bool) -> None:
    pixels = random_pixels(channels)
    canvas, index = Canvas(pixels, margin, mirrors), torch.tensor([3, 0, 3, 4])
    images = canvas.cut(canvas.corners(index, Windows.whole(4, "cpu")))
    assert torch.equal(images.permute(0, 2, 3, 1), pixels[index])
    assert images.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("margin", [Margin(3), Margin(3, reflects=True)])
def test_each_window_shows_its_part_of_the_padded_image(margin: Margin) -> None:
    pixels = random_pixels()
    generator = torch.Generator().manual_seed(1)
    down, right = torch.randint(-3, 4, (2, COUNT), generator=generator)
    mirrored = torch.tensor([False, True, False, True, True])
    canvas = Canvas(pixels, margin, mirrors=True)
    found = canvas.cut(canvas.corners(torch.arange(COUNT), Windows(down, right, mirrored)))
    padding = ((0, 0), (3, 3), (3, 3), (0, 0))
    padded = np.pad(pixels.numpy(), padding, mode="reflect" if margin.reflects else "constant")
    for image, y, x, turned in zip(padded, down + 3, right + 3, mirrored, strict=True):
        shown = (image[:, ::-1] if turned else image)[y : y + HEIGHT, x : x + WIDTH]
        assert (found[0].permute(1, 2, 0).numpy() == shown).all()
        found = found[1:]


def test_a_window_remembers_what_was_done_to_it_in_turn() -> None:
    one = torch.tensor([1])
    windows = Windows.whole(1, "cpu").shifted(one, 2 * one).flipped(torch.tensor([True]))
    assert (windows.down.item(), windows.right.item(), windows.mirrored.item()) == (1, -2, True)
    windows = windows.shifted(0 * one, one).flipped(torch.tensor([True]))
    assert (windows.down.item(), windows.right.item(), windows.mirrored.item()) == (1, 1, False)
