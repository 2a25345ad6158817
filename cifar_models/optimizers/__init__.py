"""How gradients become steps, one idea a file; importing this package fills the registry."""

from cifar_models.optimizers.adagrad import Adadelta, Adagrad
from cifar_models.optimizers.adam import Adam, AdamW, NAdam, RAdam
from cifar_models.optimizers.lookahead import Lookahead
from cifar_models.optimizers.muon import Muon
from cifar_models.optimizers.optimizer import GradientRule, Optimizer, Settled
from cifar_models.optimizers.ranger import Ranger, Ranger21
from cifar_models.optimizers.rmsprop import RMSprop
from cifar_models.optimizers.schedule_free import ScheduleFreeAdamW, ScheduleFreeSGD
from cifar_models.optimizers.sgd import SGD

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "GradientRule",
    "Lookahead",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Ranger",
    "Ranger21",
    "ScheduleFreeAdamW",
    "ScheduleFreeSGD",
    "Settled",
]
