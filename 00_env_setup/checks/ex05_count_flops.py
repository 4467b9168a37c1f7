"""Checks 00.e5: the count of a convolution, with groups, and the time that follows from it."""

from types import ModuleType

from course.expect import expect_close, expect_equal

RULE = "2 x length_out x channels_out x (channels_in / groups) x kernel"


def check(exercise: ModuleType) -> None:
    """Sizes that tell channels in from channels out, groups, and the factor of training."""
    cases = [(100, 256, 256, 7, 1), (1, 3, 5, 1, 1), (64, 128, 32, 3, 1), (100, 256, 256, 7, 256)]
    for sizes in [*cases, (10, 8, 16, 5, 4)]:
        length, inside, outside, kernel, groups = sizes
        expect_equal(
            exercise.conv1d_flops(length, inside, outside, kernel, groups=groups),
            2 * length * outside * inside // groups * kernel,
            what=f"conv1d_flops{sizes}",
            hint=f"  the rule: {RULE}",
        )
    expect_close(
        exercise.training_hours(1e9, 1000, 50),
        3 * 1e9 * 1000 / 50e9 / 3600,
        what="training_hours(1e9, steps=1000, gflops=50)",
        formula="3 x forward operations x steps / (gflops x 10^9) / 3600",
    )
    expect_close(exercise.training_hours(4.2e10, 13_700, 60), 7.99166667, what="a vocoder's hours")
