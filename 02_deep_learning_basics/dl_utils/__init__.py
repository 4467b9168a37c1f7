"""Floor 02: devices, networks and their training, plots, and the first data sets."""

from dl_utils.device import get_device
from dl_utils.digit_batches import DigitLoaders, digit_loaders, lesson_digits
from dl_utils.digit_plots import plot_digits
from dl_utils.gradients import gradient_error, numerical_gradient
from dl_utils.mnist import Digits, load_mnist_data
from dl_utils.model_files import load_mlp, read_model_file, save_model
from dl_utils.models import (
    Evaluation,
    count_parameters,
    evaluate_model,
    model_info,
    print_model_info,
)
from dl_utils.networks import MLP
from dl_utils.plots import COLOURS, new_figure, plot_training_history, save_plot
from dl_utils.training import fit, train_epoch

# fmt: off
__all__ = [
    "COLOURS", "Digits", "DigitLoaders", "Evaluation", "MLP", "count_parameters", "digit_loaders",
    "evaluate_model", "fit", "get_device", "gradient_error", "lesson_digits", "load_mlp",
    "load_mnist_data", "model_info", "new_figure", "numerical_gradient", "plot_digits",
    "plot_training_history", "print_model_info", "read_model_file", "save_model", "save_plot",
    "train_epoch",
]
# fmt: on
