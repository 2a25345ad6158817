"""Network families, one a file; importing this package fills their registry."""

from cifar_models.architectures.airbench import Airbench
from cifar_models.architectures.architecture import Architecture, ImageShape
from cifar_models.architectures.densenet import DenseNet
from cifar_models.architectures.lenet import LeNet5
from cifar_models.architectures.plain_cnn import PlainCNN
from cifar_models.architectures.resnet import NewResNet, ResNet12Cut, ResNet15, ResNet18
from cifar_models.architectures.resnet9 import ResNet9, ResNet12Pairs
from cifar_models.architectures.vgg import VGG08, VGG38, VGGA

__all__ = [
    "VGG08",
    "VGG38",
    "VGGA",
    "Airbench",
    "Architecture",
    "DenseNet",
    "ImageShape",
    "LeNet5",
    "NewResNet",
    "PlainCNN",
    "ResNet9",
    "ResNet12Cut",
    "ResNet12Pairs",
    "ResNet15",
    "ResNet18",
]
