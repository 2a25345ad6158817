"""Network families, one a file; importing this package fills their registry."""

from cifar_models.architectures.airbench import Airbench
from cifar_models.architectures.architecture import Architecture, ImageShape
from cifar_models.architectures.lenet import LeNet5
from cifar_models.architectures.plain_cnn import PlainCNN
from cifar_models.architectures.resnet import ResNet18
from cifar_models.architectures.resnet9 import ResNet9

__all__ = ["Airbench", "Architecture", "ImageShape", "LeNet5", "PlainCNN", "ResNet9", "ResNet18"]
