"""The studies of report c: a fast ResNet9, the most accurate ResNet18, a light DenseNet. CIFAR-10.

All 50,000 training images train, and the last epoch counts.
"""

from cifar_models.activations import LeakyReLU, Mish
from cifar_models.architectures import DenseNet, ResNet9, ResNet12Pairs, ResNet15, ResNet18
from cifar_models.augmentation import ColourJitter, Cutout, HorizontalFlip, RandomCrop, Rotation
from cifar_models.datasets import CIFAR10
from cifar_models.diagnostics import FirstKernels
from cifar_models.losses import LabelSmoothingOthers
from cifar_models.optimizers import SGD, Adadelta, Adam, Ranger, Ranger21
from cifar_models.recipe import Phase, Recipe
from cifar_models.schedules import Cosine, CosineRestarts, Exponential, Linear, OneCycle
from cifar_models.splits import Split
from search_spaces.claims import Alike, Best, Ordering, Reaches
from search_spaces.designs import Factorial
from search_spaces.factors import Factor, Level, factor
from search_spaces.study import Study

CROP_AND_FLIP = (RandomCrop(mode="reflect"), HorizontalFlip())
WITH_CUTOUT = (*CROP_AND_FLIP, Cutout())

FAST = Recipe(
    dataset=CIFAR10(),
    split=Split(validation=0),
    model=ResNet9(order="conv_pool_norm_act", activation=LeakyReLU()),
    phases=(Phase(epochs=12, optimizer=Adam(lr=1e-2), schedule=OneCycle()),),
    batch_size=512,
    augmentation=CROP_AND_FLIP,
)

FINAL = Recipe(
    dataset=CIFAR10(),
    split=Split(validation=0),
    model=ResNet18(order="full_preactivation", downsampling="max_pool", activation=Mish()),
    loss=LabelSmoothingOthers(smoothing=0.1),
    phases=(
        Phase(
            epochs=75,
            optimizer=Adam(lr=1e-2),
            schedule=CosineRestarts(first_epochs=5, growth=2, floor=0.01),
        ),
        Phase(
            epochs=75,
            optimizer=SGD(lr=1e-2, momentum=0.9, nesterov=True, weight_decay=5e-4),
            schedule=Cosine(floor=0.1),
        ),
    ),
    batch_size=256,
    augmentation=WITH_CUTOUT,
)
RANGER_ALONE = (Phase(epochs=150, optimizer=Ranger(lr=1e-3), schedule=Cosine()),)

TWELVE = FINAL.replace(
    {
        "model": ResNet12Pairs(activation=LeakyReLU()),
        "phases": ({"epochs": 80, "optimizer": Ranger21(lr=1e-3)},),
    }
)
DENSE = FAST.replace({"model": DenseNet(), "epochs": 80, "batch_size": 256})

_FAST = (
    "Not stated, but taken from public code of these networks: batches of 512, a leaky relu, Adam "
    "at 0.01, cross entropy and crops that reflect."
)
_FINAL = (
    "Not stated, but taken from public code of these networks: batches of 256, smoothing by 0.1, "
    "crops that reflect, rates, momentum, decay and restarts; that the second cosine falls once is "
    "our choice."
)
_DENSE = (
    "How the DenseNet is trained is not stated: optimizer, schedule and crops of ResNet9 and "
    "batches of 256 are our choice."
)

HEADLINES = (
    Study(
        name="c_headline_fast",
        question="How accurate is ResNet9 after 12 epochs of one cycle?",
        base=FAST,
        claims=(Reaches(factor="recipe", level="as published", at_least=0.92),),
        reruns="c_headline_fast",
        note=_FAST,
        seeds=3,
    ),
    Study(
        name="c_headline_best",
        question="How accurate is ResNet18 with all that helped?",
        base=FINAL,
        claims=(Reaches(factor="recipe", level="as published", at_least=0.9565),),
        reruns="c_headline_best",
        note=f"The warm-up named beside the first cosine is taken for warm restarts. {_FINAL}",
        seeds=3,
    ),
    Study(
        name="c_headline_12",
        question="How accurate is the residual network of 12 convolutions?",
        base=TWELVE,
        claims=(Reaches(factor="recipe", level="as published", at_least=0.9489),),
        reruns="c_headline_12",
        note="Not stated, but taken from public code of these networks: Ranger21 at 0.001, batches "
        "of 256, a leaky relu, smoothing by 0.1 and crops that reflect.",
        seeds=3,
    ),
    Study(
        name="c_headline_dense",
        question="How accurate is a light DenseNet?",
        base=DENSE,
        claims=(Reaches(factor="recipe", level="as published", at_least=0.9127),),
        reruns="c_headline_dense",
        note=_DENSE,
        seeds=3,
    ),
)

COMPARISONS = (
    Study(
        name="c_activation-final",
        question="Is mish better than relu in the final network?",
        base=FINAL,
        factors=(factor("activation", "model.activation", "mish", "relu"),),
        claims=(Ordering(factor="activation", levels=("mish", "relu")),),
        reruns="c_activation-final",
        note=_FINAL,
        seeds=3,
    ),
    Study(
        name="c_optimizer",
        question="Which optimizer trains a small residual network best?",
        base=FAST.replace({"epochs": 20, "optimizer": Adam(lr=1e-3), "schedule": "constant"}),
        factors=(
            factor(
                "optimizer",
                "optimizer",
                adam=Adam(lr=1e-3),
                sgd=SGD(lr=0.1, momentum=0.9),
                adadelta=Adadelta(weight_decay=5e-4, decay="weights"),
                ranger21=Ranger21(lr=1e-3),
            ),
        ),
        claims=(
            Ordering(factor="optimizer", levels=("sgd", "adam")),
            Alike(factor="optimizer", levels=("ranger21", "sgd"), within=0.01),
        ),
        reruns="c_optimizer",
        note="Network and rates are not stated and our choice. Said of curves alone: Adam is fast "
        "early and SGD late, Ranger catches up; of the end of a training that is read as here.",
        seeds=3,
    ),
    Study(
        name="c_lr-annealing",
        question="How should the learning rate fall?",
        base=FAST.replace({"schedule": Cosine()}),
        factors=(
            factor(
                "schedule",
                "schedule",
                cosine=Cosine(),
                linear=Linear(),
                exponential=Exponential(),
                constant="constant",
                warm_up=Cosine(warmup_epochs=2),
            ),
        ),
        claims=(Best(factor="schedule", level="cosine", others=("linear", "exponential")),),
        reruns="c_lr-annealing",
        note="Discussed without a measurement: network and training are our choice.",
        seeds=3,
    ),
    Study(
        name="c_augmentation",
        question="Which augmentation helps, and which harms?",
        base=FAST.replace({"augmentation": ()}),
        factors=(
            factor(
                "augmentation",
                "augmentation",
                none=(),
                crop=(RandomCrop(mode="reflect"),),
                flip=(HorizontalFlip(),),
                colour_jitter=(ColourJitter(),),
                rotation=(Rotation(),),
            ),
        ),
        claims=(
            Ordering(factor="augmentation", levels=("crop", "none")),
            Ordering(factor="augmentation", levels=("flip", "none")),
            Ordering(factor="augmentation", levels=("none", "colour_jitter")),
            Ordering(factor="augmentation", levels=("none", "rotation")),
        ),
        reruns="c_augmentation",
        note="Told without numbers: network and training, how strong the jitter is and how far "
        "images turn are our choice. Each image has draws of its own; the published code drew once "
        "a batch.",
        seeds=3,
    ),
    Study(
        name="c_cutout",
        question="Does cutout help?",
        base=TWELVE,
        factors=(factor("cutout", "augmentation", on=WITH_CUTOUT, off=CROP_AND_FLIP),),
        claims=(Ordering(factor="cutout", levels=("on", "off")),),
        diagnostics=(FirstKernels(),),
        reruns="c_cutout",
        note="Network and epochs are not stated: ours are those of the 12 convolutions.",
        seeds=3,
    ),
    Study(
        name="c_maxpool-order",
        question="Does it matter whether a network pools before or after norm and activation?",
        base=FAST.replace({"epochs": 10}),
        factors=(factor("order", "model.order", "conv_pool_norm_act", "conv_norm_act_pool"),),
        claims=(
            Alike(factor="order", levels=("conv_pool_norm_act", "conv_norm_act_pool"), within=0.01),
            Ordering(
                factor="order",
                levels=("conv_pool_norm_act", "conv_norm_act_pool"),
                measure="seconds",
            ),
        ),
        reruns="c_maxpool-order",
        note=f"The network is not stated, and relu is named: ResNet9 is our choice. {_FAST}",
        seeds=3,
    ),
    Study(
        name="c_one-cycle",
        question="What are two more epochs of one cycle worth?",
        base=FAST,
        factors=(factor("epochs", "epochs", 12, 10),),
        equal_budget=False,
        claims=(Ordering(factor="epochs", levels=("12", "10")),),
        reruns="c_one-cycle",
        note=_FAST,
        seeds=3,
    ),
    Study(
        name="c_pool-downsampling",
        question="Should a residual block downsample by max pooling or by a stride?",
        base=FINAL,
        design=Factorial(),
        factors=(
            factor(
                "architecture",
                "model",
                resnet18=FINAL.model,
                resnet15=ResNet15(order="full_preactivation", activation=Mish()),
            ),
            factor("downsampling", "model.downsampling", "max_pool", "stride"),
        ),
        claims=(
            Ordering(
                factor="architecture x downsampling",
                levels=("resnet18 x max_pool", "resnet18 x stride"),
            ),
            Ordering(
                factor="architecture x downsampling",
                levels=("resnet15 x max_pool", "resnet15 x stride"),
            ),
        ),
        reruns="c_pool-downsampling",
        note="That 15 layers are seven blocks, trained like ResNet18, is our choice. " + _FINAL,
        seeds=3,
    ),
    Study(
        name="c_mixed-optimizer",
        question="Is Adam followed by SGD better than Ranger alone?",
        base=FINAL,
        factors=(factor("phases", "phases", mixed=FINAL.phases, ranger=RANGER_ALONE),),
        claims=(Ordering(factor="phases", levels=("mixed", "ranger")),),
        reruns="c_mixed-optimizer",
        note="Ranger ran for at most 200 epochs: the 150 of both, its rate and schedule are our "
        f"choice. {_FINAL}",
        seeds=3,
    ),
    Study(
        name="c_densenet",
        question="Is a light DenseNet as accurate as ResNet9 with a tenth of its parameters?",
        base=DENSE,
        factors=(
            Factor(
                name="architecture",
                levels=(
                    Level(name="densenet", changes={}),
                    Level(
                        name="resnet9",
                        changes={"model": FAST.model, "phases.0.epochs": 12, "batch_size": 512},
                    ),
                ),
            ),
        ),
        equal_budget=False,
        claims=(Alike(factor="architecture", levels=("densenet", "resnet9"), within=0.01),),
        reruns="c_densenet",
        note=f"{_DENSE} {_FAST}",
        seeds=3,
    ),
)

STUDIES = (*HEADLINES, *COMPARISONS)
