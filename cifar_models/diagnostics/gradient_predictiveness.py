"""How far a gradient still holds after a step along it."""

from typing import Literal

from torch import Tensor

from cifar_models.diagnostics.along_gradient import AlongGradient
from cifar_models.diagnostics.moment import Moment, distance, norm


class GradientPredictiveness(AlongGradient):
    """Distance of a batch's gradient to what it becomes at several step sizes along it.

    Columns: ``step`` (of the training, from 0), ``step_size``, ``distance`` (l2, over all weights),
    ``norm`` (of the gradient where the step begins), the same in every row of a step.

    Source: Santurkar et al. 2018 (arXiv:1805.11604), section 3.1 and figure 4b.
    """

    name: Literal["gradient_predictiveness"] = "gradient_predictiveness"

    def look(self, moment: Moment) -> dict[float, dict[str, Tensor]]:
        """Return the distance at each step size."""
        here = moment.gradient_at(0.0)
        length = norm(here)
        return {
            size: {"distance": distance(moment.gradient_at(size), here), "norm": length}
            for size in self.step_sizes
        }
