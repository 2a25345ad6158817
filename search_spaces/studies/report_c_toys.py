"""The studies of report c on toy networks. CIFAR-10.

Little is stated but what is varied: how the networks are trained is our choice. All 50,000 training
images train, and the last epoch counts.
"""

from cifar_models.architectures import PlainCNN, ResNet18
from cifar_models.augmentation import HorizontalFlip, RandomCrop
from cifar_models.datasets import CIFAR10
from cifar_models.losses import CrossEntropy, LabelSmoothingOthers
from cifar_models.norms import NoNorm
from cifar_models.optimizers import SGD
from cifar_models.recipe import Phase, Recipe
from cifar_models.schedules import OneCycle
from cifar_models.splits import Split
from search_spaces.claims import Alike, Best, Diverges, Ordering
from search_spaces.designs import Factorial
from search_spaces.factors import Factor, Level, factor
from search_spaces.study import Study

CROP_AND_FLIP = (RandomCrop(mode="reflect"), HorizontalFlip())

TOY = Recipe(
    dataset=CIFAR10(),
    split=Split(validation=0),
    model=PlainCNN(channels=(32, 64), norm=NoNorm()),
    phases=(Phase(epochs=20, optimizer=SGD(lr=0.05, momentum=0.9), schedule=OneCycle()),),
    batch_size=128,
)
TOY_3 = TOY.replace({"model.channels": (32, 64, 128)})

_TOY = "Training of the toy network is not stated and our choice."


def _depth(layers: int) -> Level:
    """Return the level of a plain network of so many convolutions, pooled after every tenth."""
    changes = {"model.channels": (32,) * layers, "model.pool_every": 10}
    return Level(name=str(layers), changes=changes)


STUDIES = (
    Study(
        name="c_kernel-size",
        question="Do larger kernels help a network of two convolutions?",
        base=TOY,
        factors=(
            Factor(
                name="kernel sizes",
                levels=tuple(
                    Level(name=f"{one}, {two}", changes={"model.kernel_size": (one, two)})
                    for one, two in ((3, 3), (5, 5), (7, 7), (7, 3), (3, 7))
                ),
            ),
        ),
        claims=(
            Alike(factor="kernel sizes", levels=("7, 7", "3, 3"), within=0.01),
            Alike(factor="kernel sizes", levels=("7, 7", "5, 5"), within=0.01),
        ),
        reruns="c_kernel-size",
        note=f"The combinations stood in a figure alone: all but 3 and 7 are our choice, "
        f"and so is a point for «no steady gain». {_TOY}",
        seeds=5,
    ),
    Study(
        name="c_channels",
        question="Do more channels help a network of two convolutions?",
        base=TOY,
        factors=(
            Factor(
                name="channels",
                levels=tuple(
                    Level(name=f"{one}, {two}", changes={"model.channels": (one, two)})
                    for one, two in ((8, 16), (16, 32), (32, 64), (64, 128), (128, 256))
                ),
            ),
        ),
        claims=(
            Ordering(factor="channels", levels=("32, 64", "16, 32", "8, 16")),
            Alike(factor="channels", levels=("32, 64", "64, 128"), within=0.01),
            Ordering(factor="channels", levels=("64, 128", "128, 256")),
        ),
        reruns="c_channels",
        note="The combinations stood in a figure alone: all are our choice, and so is where the "
        f"rise stalls and the fall begins. {_TOY}",
        seeds=5,
    ),
    Study(
        name="c_depth",
        question="How deep should a plain network without batch norm be?",
        base=TOY_3,
        factors=(
            Factor(
                name="convolutions",
                levels=tuple(
                    Level(name=str(depth), changes={"model.channels": channels})
                    for depth, channels in (
                        (3, (32, 64, 128)),
                        (2, (32, 64)),
                        (5, (32, 64, 128, 128, 128)),
                        (10, (32, 64) + (128,) * 8),
                    )
                ),
            ),
        ),
        claims=(Best(factor="convolutions", level="3", others=("2", "5", "10")),),
        reruns="c_depth",
        note=f"The depths stood in a figure alone: 10 is our choice. {_TOY}",
        seeds=5,
    ),
    Study(
        name="c_loss",
        question="Does label smoothing help a toy network?",
        base=TOY_3,
        factors=(factor("loss", "loss", CrossEntropy(), LabelSmoothingOthers(smoothing=0.1)),),
        claims=(
            Alike(factor="loss", levels=("cross_entropy", "label_smoothing_others"), within=0.01),
        ),
        reruns="c_loss",
        note=f"How much is smoothed is not stated: 0.1 is our choice. {_TOY}",
        seeds=5,
    ),
    Study(
        name="c_mish-deep",
        question="Does mish diverge in deep plain networks where relu does not?",
        base=TOY.replace(
            {
                "model.norm": "batch",
                "model.channels": (32,) * 30,
                "model.pool_every": 10,
                "optimizer": SGD(lr=0.1),
                "schedule": "constant",
            }
        ),
        design=Factorial(),
        factors=(
            factor("activation", "model.activation", "relu", "mish"),
            Factor(name="convolutions", levels=tuple(map(_depth, (30, 40, 50)))),
        ),
        claims=(
            Diverges(
                factor="activation x convolutions",
                levels=("mish x 30", "mish x 40", "mish x 50"),
                others=("relu x 30", "relu x 40", "relu x 50"),
            ),
        ),
        reruns="c_mish-deep",
        note=f"That these networks have no shortcuts, and 32 channels, is our choice. {_TOY}",
        seeds=5,
    ),
    Study(
        name="c_activation",
        question="Which activation suits a shallow network?",
        base=TOY_3,
        factors=(
            factor(
                "activation",
                "model.activation",
                "relu",
                "leaky_relu",
                "prelu",
                "elu",
                "celu",
                "mish",
            ),
        ),
        claims=(
            Best(factor="activation", level="leaky_relu", others=("prelu", "mish")),
            Best(factor="activation", level="celu", others=("prelu", "mish")),
        ),
        reruns="c_activation",
        note=_TOY,
        seeds=5,
    ),
    Study(
        name="c_dropout",
        question="Does dropout before the last layer help a compact network?",
        base=TOY.replace(
            {
                "model": PlainCNN(channels=(64, 128, 256, 512)),
                "augmentation": CROP_AND_FLIP,
            }
        ),
        factors=(factor("dropout", "model.dropout", 0.0, 0.1, 0.3, 0.5),),
        claims=(Best(factor="dropout", level="0.0", others=("0.1", "0.3", "0.5")),),
        reruns="c_dropout",
        note=f"The rates stood in a figure alone: all but 0 are our choice. {_TOY}",
        seeds=5,
    ),
    Study(
        name="c_resblock",
        question="In which order should a residual block compute?",
        base=TOY.replace({"model": ResNet18(width=16), "augmentation": CROP_AND_FLIP}),
        factors=(
            factor(
                "order",
                "model.order",
                "original",
                "norm_after_addition",
                "act_before_addition",
                "act_only_preactivation",
                "full_preactivation",
            ),
        ),
        claims=(
            Best(
                factor="order",
                level="full_preactivation",
                others=("original", "act_before_addition", "act_only_preactivation"),
            ),
            Best(
                factor="order",
                level="norm_after_addition",
                others=("original", "act_before_addition", "act_only_preactivation"),
            ),
        ),
        reruns="c_resblock",
        note="The small residual network is not stated: ResNet18 of a quarter of the width, and "
        "how it is trained, are our choice.",
        seeds=5,
    ),
)
