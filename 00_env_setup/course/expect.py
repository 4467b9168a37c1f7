"""What the checks of the exercises are written with: assertions that teach when they fail.

Each raises :class:`Lesson` with the formula, what was wanted and the first place that differs, so
that a learner reads a sentence about the subject instead of a traceback about the test.

def check(exercise: ModuleType) -> None:
    got = exercise.softmax(np.array([1.0, 2.0, 3.0]))
    expect_close(got, wanted, what="softmax([1, 2, 3])", formula="exp(x_i) / sum_j exp(x_j)")
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt


class Lesson(AssertionError):
    """A check that failed; its text is shown to the learner as it stands."""


def expect(condition: bool, message: str) -> None:
    """``condition`` holds, or the learner reads ``message``: what is wrong and where to look."""
    if not condition:
        raise Lesson(message)


def expect_equal(got: object, wanted: object, *, what: str, hint: str = "") -> None:
    """``got == wanted``; for lists and texts the first difference is shown."""
    if got == wanted:
        return
    lines = [f"{what} is not what it should be.", f"  wanted: {wanted!r}", f"  got:    {got!r}"]
    if isinstance(got, list | tuple | str) and isinstance(wanted, list | tuple | str):
        place = next(
            (i for i, (a, b) in enumerate(zip(got, wanted, strict=False)) if a != b),
            min(len(got), len(wanted)),
        )
        lines.append(f"  the first difference is at position {place}")
    raise Lesson("\n".join([*lines, hint]).rstrip())


def expect_close(
    got: Any,
    wanted: npt.ArrayLike,
    *,
    what: str,
    formula: str = "",
    tolerance: float = 1e-5,
) -> None:
    """Numbers or arrays (torch tensors too) agree within ``tolerance``, absolute and relative.

    A wrong shape is named before any value; then the first element that differs.
    """
    if got is None:
        raise Lesson(f"{what}: the function returned nothing. Does it end in `return`?")
    got = np.asarray(got.detach().cpu() if hasattr(got, "detach") else got)
    target = np.asarray(wanted)
    rule = f"\n  the rule: {formula}" if formula else ""
    if got.shape != target.shape:
        raise Lesson(f"{what}: the shape should be {target.shape}, but is {got.shape}.{rule}")
    if not np.issubdtype(got.dtype, np.number) and got.dtype != bool:
        raise Lesson(f"{what}: numbers were expected, but the type is {got.dtype}.{rule}")
    wrong = ~np.isclose(got, target, rtol=tolerance, atol=tolerance)
    if not wrong.any():
        return
    place = tuple(int(i) for i in np.argwhere(wrong)[0])
    where = f" at index {place}" if place else ""
    share = f"; {wrong.mean():.0%} of all elements differ" if target.size > 1 else ""
    raise Lesson(
        f"{what}{where} should be {target[place]:.6g}, but is {got[place]:.6g}{share}.{rule}"
    )


def expect_raises(
    kind: type[BaseException], call: Callable[[], object], *, what: str, hint: str = ""
) -> BaseException:
    """``call()`` raises ``kind``, which is returned so that its message can be looked at."""
    try:
        result = call()
    except kind as error:
        return error
    except Exception as error:
        raised = f"{type(error).__name__}: {error}"
        raise Lesson(
            f"{what} should raise {kind.__name__}, but raised {raised}\n{hint}".rstrip()
        ) from error
    raise Lesson(f"{what} should raise {kind.__name__}, but returned {result!r}.\n{hint}".rstrip())
