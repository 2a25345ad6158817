"""Running trials: Ray Tune, Optuna, ASHA, and the order in which a study's phases follow."""
