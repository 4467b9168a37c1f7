"""02.e6  Backpropagation through two layers

Task: fill in `gradients` for this network and loss, with numpy and without any library of
derivatives:

    a = X W1 + b1          (N, H)   sums of the hidden units
    h = max(a, 0)          (N, H)   ReLU
    z = h W2 + b2          (N, K)   scores
    loss = mean over the samples of -log softmax(z)_label

Work from the end to the beginning; every line is the chain rule once:

    dz  = (softmax(z) - one_hot(labels)) / N
    dW2 = h^T dz,           db2 = dz summed over the samples
    dh  = dz W2^T
    da  = dh where a > 0, else 0
    dW1 = X^T da,           db1 = da summed over the samples

Shapes: X ``(N, D)``, labels ``(N,)``, W1 ``(D, H)``, b1 ``(H,)``, W2 ``(H, K)``, b2 ``(K,)``.
Return (dW1, db1, dW2, db2), each in the shape of its parameter.

Check yourself with your measured gradient of 02.e2 before you run the check.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def gradients(
    x: Array, labels: npt.NDArray[np.int64], w1: Array, b1: Array, w2: Array, b2: Array
) -> tuple[Array, Array, Array, Array]:
    """Derivatives of the mean cross-entropy by w1, b1, w2 and b2."""
    raise NotImplementedError("gradients: forward once, then the chain rule from the loss back")
