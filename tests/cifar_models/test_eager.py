import subprocess
import sys

TRAINED = """
import copy, sys
from cifar_models.component import registry
from tests.cifar_models.small import ONE_PHASE, measured, start
rules = sorted(registry("optimizer"))
for rule in rules:
    training = start(ONE_PHASE.replace({"phases.0.optimizer": rule, "averaging": "ema"}))
    next(training)
    saved = copy.deepcopy(training.checkpoint())
    next(training)
    again = start(training.recipe, checkpoint=saved)
    next(again)
    assert measured(again) == measured(training), rule
print("torch._dynamo" in sys.modules)
"""


def test_no_training_loads_the_compiler() -> None:
    command = [sys.executable, "-c", TRAINED]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "False\n", done.stderr
