"""From the options of a command to a resolved study."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cifar_models.source_file import SourceFile
    from search_spaces.study import Study


def resolve_study(
    name_or_file: str,
    dataset: str | None = None,
    epochs: int | None = None,
    trials: int | None = None,
    seeds: str | None = None,
) -> "tuple[Study, tuple[SourceFile, ...]]":
    """Load a study and apply what the options change.

    Raises:
        ValueError: There is no such study, or an option does not go with it.
    """
    from search_spaces.loading import load_study

    study, sources = load_study(name_or_file)
    base = study.base
    if dataset is not None:
        base = base.replace({"dataset": dataset})
    if epochs is not None:
        base = base.with_epochs(epochs)
    if base != study.base:
        study = study.replace(base=base)
    if trials is not None:
        if study.search is None:
            raise ValueError(f"--trials: study {study.name} has no search")
        study = study.replace(search=study.search.model_dump() | {"trials": trials})
    if seeds is not None:
        study = study.replace(seeds=parse_seeds(seeds))
    return study, sources


def parse_seeds(text: str) -> int | tuple[int, ...] | str:
    """Read ``5`` as a number of seeds and ``0,10,20`` as a list of them.

    What begins with ``auto`` is left as it is: a study reads it.

    Raises:
        ValueError: It is neither.
    """
    from search_spaces.looks import FORMS

    if text.startswith("auto"):
        return text
    try:
        numbers = tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        numbers = ()
    if not numbers:
        raise ValueError(f"--seeds wants {FORMS}; got {text!r}")
    return numbers[0] if len(numbers) == 1 and "," not in text else numbers


def study_name(name_or_file: str) -> str:
    """Return the name under which a study is recorded.

    A name is taken as it is: results outlive the file of a study.

    Raises:
        ValueError: A file defines no study.
    """
    if not name_or_file.endswith(".py"):
        return name_or_file
    from search_spaces.loading import load_study  # imports torch

    return load_study(name_or_file)[0].name
