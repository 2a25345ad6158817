from pathlib import Path

import pytest

from sweeps.cluster.checks.services import Tracking, check_data, check_tracking, shown
from tests.sweeps.cluster.healthy import DRIVER

SERVER = "http://127.0.0.1:5077"


@pytest.mark.parametrize(
    ("tracking", "said", "mend"),
    [
        (Tracking(SERVER, served=True, problem="MLflow does not answer"), "MLflow does not answer",
         "sweeps serve --port 5077 --folder ~/mlflow"),
        (Tracking("http://10.0.0.1:5000", served=True, problem="MLflow does not answer"),
         "MLflow does not answer", "curl -sS http://10.0.0.1:5000/health  # "),
        (Tracking("https://me:secret@mlflow.company.com/", served=True, problem="it is away"),
         "it is away", "curl -sS 'https://me:***@mlflow.company.com/health'  # "),
        (Tracking("http://10.0.0.1:5000", served=True, problem="failed with error code 401 != 200"),
         "failed with error code 401 != 200",
         "echo 'export MLFLOW_TRACKING_USERNAME=admin MLFLOW_TRACKING_PASSWORD=$(cat "),
        (Tracking("sqlite:////s/mlflow.db", served=False, age="older"),
         "the database sqlite:////s/mlflow.db was made by an MLflow that is older than this",
         "mlflow db upgrade sqlite:////s/mlflow.db"),
        (Tracking("sqlite:////s/mlflow.db", served=False, age="newer"),
         "the database sqlite:////s/mlflow.db was made by an MLflow that is newer than this",
         "pip install --upgrade mlflow"),
        (Tracking("sqlite:////s/mlflow.db", served=False, problem="file is not a database",
                  file=Path("/s/mlflow.db")),
         "file is not a database", "mv /s/mlflow.db /s/mlflow.db.damaged"),
        (Tracking("sqlite:////s/mlflow.db", served=False, problem="unable to open database file",
                  file=Path("/s/mlflow.db")),
         "unable to open database file", 'sudo chown "$USER" /s/mlflow.db'),
        (Tracking("postgresql://10.0.0.1/runs", served=False, problem="Connection refused"),
         "Connection refused", "ssh 10.0.0.1 'sudo systemctl start postgresql'"),
        (Tracking("mysql+pymysql://me@localhost/runs", served=False, problem="Connection refused"),
         "Connection refused", "sudo systemctl start mysql"),
        (Tracking("postgresql://10.0.0.1/runs", served=False,
                  problem="No module named 'psycopg'"),
         "No module named 'psycopg'", "pip install 'psycopg[binary]'"),
        (Tracking(SERVER, served=True, version="2.9.1"),
         "its MLflow is 2.9.1, and 3.10 is the oldest that will do",
         "pip install --upgrade 'mlflow>=3.10'"),
    ],
)  # fmt: skip
def test_a_record_that_cannot_be_kept(tracking: Tracking, said: str, mend: str) -> None:
    found = check_tracking(DRIVER, tracking)
    assert (found.state, found.said) == ("problem", said)
    assert found.mend.startswith(mend)


@pytest.mark.parametrize(
    "tracking",
    [Tracking(SERVER, served=True, version="3.17.2"), Tracking(SERVER, served=True),
     Tracking("sqlite:////s/mlflow.db", served=False, age="new")],
)  # fmt: skip
def test_one_that_can(tracking: Tracking) -> None:
    assert check_tracking(DRIVER, tracking).state == "ok"


def test_a_password_is_never_shown() -> None:
    uri = "postgresql://mlflow:secret@10.0.0.1:5432/runs"
    assert shown(uri) == "postgresql://mlflow:***@10.0.0.1:5432/runs"
    behind = check_tracking(DRIVER, Tracking(uri, served=False, age="older"))
    assert "secret" not in f"{behind}"
    opens = "mlflow db upgrade 'postgresql://mlflow:***@10.0.0.1:5432/runs'  # its password in"
    assert behind.mend.startswith(opens)


def test_data_that_is_not_whole(tmp_path: Path) -> None:
    broken = tmp_path / "data_batch_1"
    broken.write_bytes(b"")
    absent = check_data(DRIVER, "cifar10", tmp_path, ["/no/file"], "FETCH")
    corrupt = check_data(DRIVER, "cifar10", tmp_path, [str(broken)], "FETCH")
    assert (absent.state, absent.mend) == ("problem", "FETCH")
    assert absent.said == f"1 files of cifar10 are absent from {tmp_path}"
    assert (corrupt.said, corrupt.mend) == (f"{broken} is corrupt", f"rm {broken}; FETCH")
    assert check_data(DRIVER, "cifar10", tmp_path, [], "FETCH").state == "ok"
