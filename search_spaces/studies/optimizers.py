"""Optimizers of a small plain network on CIFAR-10, each at its own learning rate and decay."""

from cifar_models.optimizers import SGD, Adagrad, Adam, AdamW, Muon, NAdam, RMSprop
from search_spaces import Study, TunedOneFactor, factor, tuned
from search_spaces.bases import SMALL_CNN

_NESTEROV = SGD(lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
_SEARCHED = ("lr", "weight_decay")

STUDY = Study(
    name="optimizers",
    question="Which optimizer trains a small network best, when each is tuned as much?",
    base=SMALL_CNN.replace({"optimizer": _NESTEROV}),
    factors=(
        factor(
            "optimizer",
            "optimizer",
            nesterov=tuned(_NESTEROV, *_SEARCHED),
            sgd=tuned(SGD(lr=0.1, momentum=0.0), *_SEARCHED),
            adam=tuned(Adam(), *_SEARCHED),
            adamw=tuned(AdamW(), *_SEARCHED),
            nadam=tuned(NAdam(), *_SEARCHED),
            rmsprop=tuned(RMSprop(), *_SEARCHED),
            adagrad=tuned(Adagrad(), *_SEARCHED),
            muon=tuned(Muon(), "lr", "momentum"),
        ),
    ),
    design=TunedOneFactor(trials=8),
    seeds=5,
)
