"""Floor 02: devices, looking at models, plots and the first data set of deep learning."""

from dl_utils.device import get_device
from dl_utils.mnist import Digits, load_mnist_data
from dl_utils.models import (
    Evaluation,
    count_parameters,
    evaluate_model,
    model_info,
    print_model_info,
)
from dl_utils.plots import COLOURS, new_figure, plot_training_history, save_plot

# fmt: off
__all__ = [
    "COLOURS", "Digits", "Evaluation", "count_parameters", "evaluate_model", "get_device",
    "load_mnist_data", "model_info", "new_figure", "plot_training_history", "print_model_info",
    "save_plot",
]
# fmt: on
