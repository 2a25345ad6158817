"""How to run many trainings: Ray Tune, Optuna and MLflow, and the tables that come of it."""
