"""``python -m cifar_models RECIPE.yaml``: train one recipe, without Ray and without a record.

Imports that cost seconds stand inside the functions, so that ``--help`` answers at once.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cifar_models.datasets import Images
    from cifar_models.numerics import Numerics
    from cifar_models.provenance import Provenance
    from cifar_models.recipe import Recipe
    from cifar_models.training import EpochResult, Training

_SHOWN = ("train/loss", "validation/loss", "validation/accuracy", "seconds")
_COSTS = {"seconds", "images_per_second", "peak_memory"}
"""Metrics that no second training gives again."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Returns:
        0 trained to the end; 1 the loss was not finite; 2 bad input, told in one sentence, or
        too little memory; 130 interrupted.
    """
    arguments = _parser().parse_args(argv)
    try:
        return _run(arguments)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (MemoryError, RuntimeError) as error:
        from cifar_models.memory import want_of_memory

        why = want_of_memory(error)
        if why is None:
            raise
        print(f"error: not enough memory for this recipe: {why}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        kept = f"; go on with --resume {arguments.checkpoint}" if arguments.checkpoint else ""
        print(f"interrupted{kept}", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cifar_models",
        description="Train one recipe. A file with a provenance block (from `sweeps export`) is "
        "trained with its seed and numerics, and the result is compared with the recorded one.",
    )
    parser.add_argument("recipe", type=Path, metavar="RECIPE.yaml")
    parser.add_argument("--seed", type=int, metavar="N", help="default: as recorded, else 0")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="default: ./data")
    parser.add_argument("--resume", metavar="CHECKPOINT", help="go on from here, path or URL")
    parser.add_argument(
        "--checkpoint", metavar="OUT", help="written after every epoch, path or URL"
    )
    parser.add_argument(
        "--threads", type=int, metavar="N", help="of the CPU; default: as recorded, else all cores"
    )
    parser.add_argument(
        "--device", choices=("cpu", "cuda", "mps"), help="default: as recorded, else the fastest"
    )
    parser.add_argument(
        "--components", type=Path, metavar="FILE.py", help="a file that defines own components"
    )
    parser.add_argument("--test", action="store_true", help="measure on the test images at the end")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    from cifar_models.checkpoint import load, save
    from cifar_models.splits import partition
    from cifar_models.training import train

    recipe, provenance = _read(arguments)
    seed = provenance.seed if arguments.seed is None else arguments.seed
    if seed < 0:
        raise ValueError(f"--seed must not be negative, got {seed}")
    numerics = _numerics(recipe, provenance, arguments)
    checkpoint = load(arguments.resume) if arguments.resume else None
    data = recipe.dataset.build(arguments.data_dir)
    if provenance.data not in (None, data.fingerprint):
        raise ValueError(
            f"the data are not those of the recorded training: fingerprint {data.fingerprint}, "
            f"recorded {provenance.data}; give the same data, or take provenance.data out"
        )
    parts = partition(data, recipe.split.of(seed))
    training = train(
        recipe, seed, parts.train, parts.validation, numerics, len(data.classes), checkpoint
    )
    settings = ", ".join(f"{name} {value}" for name, value in numerics.model_dump().items())
    print(f"recipe {recipe.signature}, seed {seed}, {settings}")
    if arguments.checkpoint:
        save(training.checkpoint(), arguments.checkpoint)  # a place that fails, fails before work
    for _ in _shown(training):
        if arguments.checkpoint:
            save(training.checkpoint(), arguments.checkpoint)
    if training.history[-1].status == "diverged":
        print(f"diverged in epoch {len(training.history)}: the loss is not finite", file=sys.stderr)
        return 1
    epoch, metrics = _selected(training, provenance, parts.test if arguments.test else None)
    print(f"epoch {epoch} of {recipe.epochs}")
    for name, value in metrics.items():
        print(f"{name:<30}{value:.6g}")
    _compare(metrics, provenance.metrics)
    return 0


def _read(arguments: argparse.Namespace) -> "tuple[Recipe, Provenance]":
    """Return what the recipe file says, after its own components are registered."""
    from cifar_models.provenance import read_recipe
    from cifar_models.recipe import read_text
    from cifar_models.source_file import SourceFile, load_source

    if arguments.components:
        load_source(SourceFile(arguments.components.name, read_text(arguments.components)))
    return read_recipe(arguments.recipe)


def _numerics(
    recipe: "Recipe", provenance: "Provenance", arguments: argparse.Namespace
) -> "Numerics":
    """Return the recorded numerics unless options override them; another device resolves anew."""
    import torch

    from cifar_models.numerics import best_device, require, resolve

    recorded = provenance.numerics
    threads = arguments.threads
    if threads is None:
        threads = recorded.threads if recorded else torch.get_num_threads()
    if threads < 1:
        raise ValueError(f"--threads must be at least 1, got {threads}")
    device = arguments.device or (recorded.device if recorded else best_device())
    require(device)
    if recorded is None or device != recorded.device:
        return resolve(recipe, device, threads)
    return recorded.model_copy(update={"threads": threads})


def _shown(training: "Training") -> Iterator["EpochResult"]:
    """Yield every epoch; show a bar in a terminal, or one line an epoch elsewhere, on stderr."""
    from tqdm import tqdm

    quiet = not sys.stderr.isatty()
    total = training.recipe.epochs
    with tqdm(total=total, initial=len(training.history), unit="epoch", disable=quiet) as bar:
        for result in training:
            line = _line(result)
            bar.set_postfix_str(line)
            bar.update()
            if quiet:
                print(f"epoch {result.epoch}/{total}: {line}", file=sys.stderr, flush=True)
            yield result


def _line(result: "EpochResult") -> str:
    shown = {name: f"{value:.4g}" for name, value in result.metrics.items()}
    return ", ".join(f"{name} {shown[name]}" for name in _SHOWN if name in shown)


def _selected(
    training: "Training", provenance: "Provenance", test: "Images | None"
) -> tuple[int, dict[str, float]]:
    """Return the epoch that counts and its metrics, those on test images included if given."""
    from cifar_models.classifier import evaluate

    epoch, weights = training.checkpoint().selected(provenance.selection)
    metrics = dict(training.history[epoch - 1].metrics)
    if test is not None:
        training.classifier.load_state_dict(weights)
        measured = evaluate(training.classifier, test, training.loss, training.numerics)
        metrics |= {f"test/{name}": value for name, value in measured.items()}
    return epoch, metrics


def _compare(metrics: dict[str, float], recorded: dict[str, float]) -> None:
    """Say whether the recorded metrics are reproduced exactly."""
    compared = [name for name in recorded if name in metrics and name not in _COSTS]
    other = [name for name in compared if metrics[name] != recorded[name]]
    for name in other:
        print(f"not reproduced: {name} is {metrics[name]!r}, recorded {recorded[name]!r}")
    if compared and not other:
        print(f"reproduced exactly: {', '.join(compared)}")


if __name__ == "__main__":
    sys.exit(main())
