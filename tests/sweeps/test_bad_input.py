"""Bad input through the real command line: one sentence, exit code 2, nothing written."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cifar_models.__main__ import main as train_plainly
from tests.sweeps.commands.command_line import TINY, assert_a_sentence, refuse, tree

SCRIPT = Path(__file__).parents[2] / "sweeps" / "ablation.py"

STUDIES = {
    "tiny.py": TINY,
    "zero.py": TINY.replace('"epochs": 9', '"epochs": 0'),
    "negative.py": TINY.replace('"epochs": 9', '"optimizer.lr": -0.1'),
    "optimizer.py": TINY.replace('"epochs": 9', '"optimizer": "sdg"'),
    "key.py": TINY.replace('"epochs": 9', '"optimizer.momentun": 0.9'),
    "batch.py": TINY.replace('"batch_size": 20', '"batch_size": 2000'),
    "shrinking.py": TINY.replace('"epochs": 9', '"model.padding": "valid", "model.kernel_size": 9'),
    "level.py": TINY.replace('"relu", "tanh"', '"relu", "tanhh"'),
    "nothing.py": "A = 1\n",
    "broken.py": "def study(:\n",
    "missing.py": "import there_is_no_such_module\n",
    "failing.py": "1 / 0\n",
    "leaving.py": "raise SystemExit(0)\n",
    "binary.py": "\x00\x01",
}
RECIPES = {
    "good.yaml": "dataset: {name: shapes, train_size: 200, test_size: 100}\nmodel: plain_cnn\n"
    "epochs: 1\noptimizer: sgd\n",
}
RECIPES |= {
    "tag.yaml": RECIPES["good.yaml"] + "loss: !!python/object/apply:os.system ['touch owned']\n",
    "negative.yaml": RECIPES["good.yaml"].replace("sgd", "{name: sgd, lr: -1}"),
    "key.yaml": RECIPES["good.yaml"] + "bach_size: 3\n",
    "optimizer.yaml": RECIPES["good.yaml"].replace("sgd", "sdg"),
    "zero.yaml": RECIPES["good.yaml"].replace("epochs: 1", "epochs: 0"),
    "batch.yaml": RECIPES["good.yaml"] + "batch_size: 2000\n",
    "shrinking.yaml": RECIPES["good.yaml"].replace(
        "plain_cnn", "{name: plain_cnn, kernel_size: 9, padding: valid}"
    ),
    "list.yaml": "- 1\n",
    "torn.yaml": "model: {name: [\n",
    "missing.yaml": RECIPES["good.yaml"].replace("shapes, train_size: 200, test_size: 100",
                                                 "cifar10"),
}  # fmt: skip

pytestmark = pytest.mark.usefixtures("unloaded_studies")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder, in which the commands run."""
    folder = tmp_path / "user"
    folder.mkdir()
    for name, text in (STUDIES | RECIPES).items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "file").touch()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def silent_port() -> Iterator[str]:
    """A port where something listens and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


RUN = {
    "a study that is unknown": (
        "unknown study 'activation' ... activations", "--study", "activation"
    ),
    "a study file that is not there": ("cannot read gone.py: No such file", "--study", "gone.py"),
    "an optimizer that is unknown": ("unknown optimizer 'sdg' ... sgd", "--study", "optimizer.py"),
    "a key that is unknown": ("momentun ... momentum", "--study", "key.py"),
    "a level that is unknown": ("unknown activation 'tanhh' ... tanh", "--study", "level.py"),
    "a negative learning rate": ("optimizer.lr ... greater than 0", "--study", "negative.py"),
    "zero epochs": ("epochs ... greater than 0", "--study", "zero.py"),
    "zero epochs by option": ("epochs must be at least 1", "--study", "tiny.py", "--epochs", "0"),
    "a file without STUDY": ("nothing.py defines no study ... STUDY", "--study", "nothing.py"),
    "a file that is no Python": ("broken.py is no Python ... line 1", "--study", "broken.py"),
    "a file that needs what is missing": (
        "missing.py fails (line 1) ... there_is_no_such_module", "--study", "missing.py"
    ),
    "a file that fails": ("failing.py fails (line 1): ZeroDivisionError", "--study", "failing.py"),
    "a file that leaves": ("leaving.py fails (line 1): SystemExit", "--study", "leaving.py"),
    "a binary file": ("binary.py ", "--study", "binary.py"),
    "seeds that are none": ("--seeds wants a number", "--study", "tiny.py", "--seeds", "x"),
    "a seed twice": ("seeds must be distinct", "--study", "tiny.py", "--seeds", "3,3"),
    "trials without a search": ("has no search", "--study", "tiny.py", "--trials", "3"),
    "zero trials": ("trials ... greater than 0", "--study", "quickstart", "--trials", "0"),
    "a data set that is unknown": (
        "unknown dataset 'cifar' ... cifar10", "--study", "tiny.py", "--dataset", "cifar"
    ),
    "data that are missing": (
        "nowhere/cifar-10-batches-py is absent", "--study", "tiny.py", "--dataset", "cifar10",
        "--data-dir", "nowhere",
    ),
    "a storage that cannot be written": (
        "cannot write ... file", "--study", "tiny.py", "--storage", "file"
    ),
    "a state that cannot be written": (
        "cannot write ... file/below", "--study", "tiny.py", "--state", "file/below"
    ),
    "a remote storage without a state": (
        "is remote ... --state ... --tracking-uri", "--storage", "s3://bucket/runs"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RUN)
def test_run_refuses(folder: Path, case: str) -> None:
    said, *words = RUN[case]
    refuse(folder, said, "run", *words)


@pytest.mark.parametrize("case", [case for case in RUN if "written" not in case])
def test_plan_refuses_what_run_refuses(folder: Path, case: str) -> None:
    said, *words = RUN[case]
    refuse(folder, said, "plan", *words)


IMPOSSIBLE = {
    "a batch larger than the data": ("batch_size 2000 is larger than the 180", "batch.py"),
    "a kernel that shrinks the map below 1x1": ("needs a map of at least 9x9", "shrinking.py"),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
@pytest.mark.parametrize("command", ["run", "plan"])
def test_an_impossible_recipe_is_refused_before_anything_starts(
    folder: Path, command: str, case: str
) -> None:
    said, file = IMPOSSIBLE[case]
    refuse(folder, said, command, "--study", file)


@pytest.mark.parametrize("command", ["run", "plan"])
def test_an_address_where_no_ray_answers(folder: Path, command: str, closed_port: str) -> None:
    said = f"no Ray cluster answers at {closed_port} ... Connection refused ... ray start --head"
    refuse(folder, said, command, "--study", "tiny.py", "--address", closed_port)


def test_a_tracking_server_that_is_not_there(folder: Path, closed_port: str) -> None:
    refuse(
        folder, f"MLflow at http://{closed_port} does not answer ... --tracking-uri",
        "run", "--study", "tiny.py", "--tracking-uri", f"http://{closed_port}",
    )  # fmt: skip


@pytest.mark.parametrize("command", ["run", "table", "export"])
def test_a_tracking_server_that_is_silent(
    folder: Path, silent_port: str, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr("sweeps.record.mlflow_runs._OPENING_SECONDS", 1)
    refuse(
        folder, f"MLflow at http://{silent_port} does not answer",
        command, "--study", "tiny.py", "--tracking-uri", f"http://{silent_port}",
    )  # fmt: skip


@pytest.mark.parametrize("command", ["plan", "run"])
def test_more_than_one_device_a_trial(folder: Path, command: str) -> None:
    said = "--gpus-per-trial 3: a trial trains on one device"
    refuse(folder, said, command, "--study", "tiny.py", "--gpus-per-trial", "3")


@pytest.mark.parametrize("command", ["plan", "run"])
@pytest.mark.parametrize("share", ["x", "automatic", "-0.5", "nan", "inf", ""])
def test_a_share_of_a_gpu_that_is_none(folder: Path, command: str, share: str) -> None:
    said = f"--gpus-per-trial wants 1, a fraction such as 0.25, or auto, got {share!r}"
    refuse(folder, said, command, "--study", "tiny.py", f"--gpus-per-trial={share}")


@pytest.mark.parametrize("command", ["plan", "run"])
def test_packing_without_a_gpu(folder: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    said = "--gpus-per-trial auto ... there is no GPU; leave it out to train on CPUs"
    refuse(folder, said, command, "--study", "tiny.py", "--gpus-per-trial", "auto")


def test_more_processors_than_there_are(folder: Path) -> None:
    said = "wants 1000 CPUs ... lower --cpus-per-trial"
    refuse(folder, said, "plan", "--study", "tiny.py", "--cpus-per-trial", "1000")


READ = {
    "no results at all": ("no results in ... runs/mlflow.db", "--study", "tiny"),
    "a storage that is not there": (
        "no results in ... /gone/",
        "--study",
        "a",
        "--storage",
        "gone",
    ),
    "a remote storage": ("is remote", "--study", "a", "--storage", "s3://bucket"),
    "a study file that is not there": ("cannot read gone.py", "--study", "gone.py"),
    "a file without STUDY": ("defines no study", "--study", "nothing.py"),
}


@pytest.mark.parametrize("case", READ)
@pytest.mark.parametrize("command", ["table", "export"])
def test_reading_refuses(folder: Path, command: str, case: str) -> None:
    said, *words = READ[case]
    refuse(folder, said, command, *words)


@pytest.mark.parametrize("command", ["table", "export"])
@pytest.mark.parametrize("study", ["smal", "it's", "a' OR '1' = '1"])
def test_a_study_without_results(folder: Path, recorded: Path, command: str, study: str) -> None:
    refuse(folder, "no results of a study ... it has: small", command, "--study", study,
           "--storage", recorded)  # fmt: skip


def test_a_place_where_no_file_can_be_written(folder: Path, recorded: Path) -> None:
    where = ("--study", "small", "--storage", recorded)
    refuse(folder, "unknown format 'markdown'", "table", *where, "--format", "markdown")
    for out in ("gone/table.csv", "file/table.csv", "."):
        refuse(folder, f"cannot write {out}", "table", *where, "--format", "csv", "--out", out)
    for out in ("file/best.yaml", "."):
        refuse(folder, "cannot write", "export", *where, "--out", out)


PLAIN = {
    "a YAML with a Python tag": ("not safe YAML ... python/object", "tag.yaml"),
    "a negative learning rate": ("lr ... greater than 0", "negative.yaml"),
    "a key that is unknown": ("bach_size ... batch_size", "key.yaml"),
    "an optimizer that is unknown": ("unknown optimizer 'sdg' ... sgd", "optimizer.yaml"),
    "zero epochs": ("epochs ... greater than 0", "zero.yaml"),
    "a batch larger than the data": ("batch_size 2000 is larger than the 180", "batch.yaml"),
    "a kernel that shrinks the map below 1x1": ("needs a map of at least 9x9", "shrinking.yaml"),
    "a list": ("a recipe is a YAML mapping", "list.yaml"),
    "a torn file": ("not safe YAML", "torn.yaml"),
    "a file that is not there": ("cannot read gone.yaml", "gone.yaml"),
    "data that are missing": ("cifar-10", "missing.yaml"),
    "a negative seed": ("--seed must not be negative", "good.yaml", "--seed", "-1"),
    "a checkpoint that is not there": ("gone.pt", "good.yaml", "--resume", "gone.pt"),
    "components that are no Python": ("is no Python", "good.yaml", "--components", "broken.py"),
}


@pytest.mark.parametrize("case", PLAIN)
def test_plain_training_refuses(
    folder: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said, *words = PLAIN[case]
    before = tree(folder)
    code = train_plainly(words)
    captured = capsys.readouterr()
    assert_a_sentence(code, captured.out, captured.err, said)
    assert tree(folder) == before


PROCESSES = {
    "an impossible recipe": ("batch_size 2000", "--study", "batch.py"),
    "an unwritable storage": ("cannot write", "--study", "tiny.py", "--storage", "file"),
    "missing data": ("cifar-10", "--study", "activations"),
    "too many devices": ("--gpus-per-trial 3", "--study", "tiny.py", "--gpus-per-trial", "3"),
    "packing without a GPU": (
        "there is no GPU", "--study", "tiny.py", "--gpus-per-trial", "auto",
    ),
    "an address without Ray": ("no Ray", "--study", "tiny.py", "--address", "127.0.0.1:1"),
    "a server that is not there": (
        "does not answer", "--study", "tiny.py", "--tracking-uri", "http://127.0.0.1:1",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("case", PROCESSES)
def test_the_script_itself_refuses(folder: Path, case: str) -> None:
    said, *words = PROCESSES[case]
    before = tree(folder)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *words], capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(SCRIPT.parents[1])}, timeout=60,
    )  # fmt: skip
    assert_a_sentence(done.returncode, done.stdout, done.stderr, said)
    assert tree(folder) == before


@pytest.mark.slow
@pytest.mark.parametrize("module", ["sweeps", "cifar_models"])
def test_the_modules_themselves_refuse(folder: Path, module: str) -> None:
    words = ["run", "--study", "negative.py"] if module == "sweeps" else ["tag.yaml"]
    before = tree(folder)
    done = subprocess.run(
        [sys.executable, "-m", module, *words], capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(SCRIPT.parents[1])}, timeout=60,
    )  # fmt: skip
    assert_a_sentence(done.returncode, done.stdout, done.stderr, "not ")
    assert tree(folder) == before
    shutil.rmtree(folder)
