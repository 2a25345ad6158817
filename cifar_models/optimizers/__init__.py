"""How gradients become steps, one idea a file; importing this package fills the registry."""

from cifar_models.optimizers.adam import Adam, AdamW
from cifar_models.optimizers.lookahead import Lookahead
from cifar_models.optimizers.muon import Muon
from cifar_models.optimizers.optimizer import GradientRule, Optimizer
from cifar_models.optimizers.rmsprop import RMSprop
from cifar_models.optimizers.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "GradientRule", "Lookahead", "Muon", "Optimizer", "RMSprop"]
