"""Train ONE image classifier from a recipe: data, network, loss, optimisation, measurement.

Knows torch, torchvision and pydantic; never Ray, Optuna or MLflow, and never a study.
"""
