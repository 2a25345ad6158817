"""Data sets: importing this package fills the registry with every family."""

from cifar_models.datasets.cifar import CIFAR10, CIFAR100
from cifar_models.datasets.dataset import Dataset, ImageData, Images, as_tensor
from cifar_models.datasets.shapes import Shapes

__all__ = ["CIFAR10", "CIFAR100", "Dataset", "ImageData", "Images", "Shapes", "as_tensor"]
