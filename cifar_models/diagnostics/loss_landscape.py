"""How the loss changes along its gradient."""

from typing import Literal

from torch import Tensor

from cifar_models.diagnostics.along_gradient import AlongGradient
from cifar_models.diagnostics.moment import Moment


class LossLandscape(AlongGradient):
    """The loss of a batch at several step sizes along its gradient; a band of them by step.

    Step size 0 is the loss where the step begins: over trainings that differ in their learning
    rate, its band by step is the landscape's other definition, over learning rates. Columns:
    ``step`` (of the training, from 0), ``step_size``, ``loss``.

    Source: Santurkar et al. 2018 (arXiv:1805.11604), section 3.1 and figure 4a.
    """

    name: Literal["loss_landscape"] = "loss_landscape"

    def look(self, moment: Moment) -> dict[float, dict[str, Tensor]]:
        """Return the loss at each step size."""
        return {size: {"loss": moment.loss_at(size)} for size in (0.0, *self.step_sizes)}
