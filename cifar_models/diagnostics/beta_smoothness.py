"""How fast the gradient changes along itself."""

from typing import Literal

from torch import Tensor

from cifar_models.diagnostics.along_gradient import AlongGradient
from cifar_models.diagnostics.moment import Moment, distance, norm


class BetaSmoothness(AlongGradient):
    """Change of a batch's gradient along it, divided by the distance moved.

    Its maximum over the step sizes is the effective beta-smoothness of the step; of a quadratic
    loss it is the curvature along the gradient. Columns: ``step`` (of the training, from 0),
    ``step_size``, ``beta``.

    Source: Santurkar et al. 2018 (arXiv:1805.11604), section 3.1 and figure 4c.
    """

    name: Literal["beta_smoothness"] = "beta_smoothness"

    def look(self, moment: Moment) -> dict[float, dict[str, Tensor]]:
        """Return the ratio at each step size."""
        here = moment.gradient_at(0.0)
        length = norm(here)
        return {
            size: {"beta": distance(moment.gradient_at(size), here) / (size * length)}
            for size in self.step_sizes
        }
