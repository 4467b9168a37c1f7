"""00.2  Verify the accelerator

What you will learn: which device torch computes on, how much memory it has, how to time it without
  fooling yourself, and what bfloat16 gives and takes.
Needs: nothing but the installation (gpu: CUDA or MPS is measured where there is one)
Writes to outputs/00_env_setup/: accelerator.json, matrix_products.png
Look for: the rate rises with the size of the matrices until it levels off; bfloat16 is off by
  about 0.3 percent where float32 is off by 0.3 millionths. Which is faster depends on the chip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from env_utils import (
    InputError,
    atomic_path,
    atomic_write_json,
    best_seconds,
    describe_machine,
    lesson_parser,
    matmul_flops,
    run_lesson,
    seed_everything,
)
from matplotlib.figure import Figure

SIZES = (32, 64, 128, 256, 512, 1024, 2048)
SMOKE_SIZES = (32, 64, 128, 256)
COLOURS = {"float32": "#0072B2", "bfloat16": "#D55E00", "float16": "#009E73"}


def choose_device(wanted: str) -> torch.device:
    """The device by name, or the best there is for ``auto``; a missing one is an error."""
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if wanted == "auto":
        wanted = next(name for name, there in available.items() if there)
    if not available[wanted]:
        raise InputError(f"--device {wanted}: torch finds none here. Leave the option out.")
    return torch.device(wanted)


def synchronizer(device: torch.device) -> Callable[[], object] | None:
    """What waits until ``device`` has done its work.

    A GPU works in the background: ``a @ b`` returns as soon as the order is placed. Whoever stops
    the clock then has timed the ordering, and finds a GPU a thousand times too fast.
    """
    if device.type == "cuda":
        return torch.cuda.synchronize
    if device.type == "mps":
        return torch.mps.synchronize
    return None  # a CPU has finished when the call returns


def device_memory(device: torch.device) -> dict[str, float]:
    """Total and free memory in GiB, as far as the device tells."""
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info()
        return {"total_gib": total / 2**30, "free_gib": free / 2**30}
    if device.type == "mps":
        return {"total_gib": torch.mps.recommended_max_memory() / 2**30}
    memory = describe_machine().memory_bytes
    return {"total_gib": memory / 2**30} if memory else {}


def precisions(device: torch.device) -> list[torch.dtype]:
    """The number formats worth timing; float16 only on GPUs: few processors compute with it."""
    formats = [torch.float32]
    if device.type != "cuda" or torch.cuda.is_bf16_supported():
        formats.append(torch.bfloat16)
    if device.type != "cpu":
        formats.append(torch.float16)
    return formats


def gflops_by_size(
    device: torch.device, dtype: torch.dtype, sizes: Sequence[int], generator: torch.Generator
) -> list[float]:
    """The rate of square matrix products, in GFLOP/s (10^9 operations a second)."""
    rates = []
    for size in sizes:
        left, right = (
            torch.randn(size, size, generator=generator).to(device, dtype) for _ in range(2)
        )

        def product(a: torch.Tensor = left, b: torch.Tensor = right) -> torch.Tensor:
            return a @ b

        seconds = best_seconds(product, repeat=5, wait=synchronizer(device))
        rates.append(matmul_flops(size, size, size) / seconds / 1e9)
    return rates


def relative_error(
    device: torch.device, dtype: torch.dtype, size: int, generator: torch.Generator
) -> float:
    """How far a product in ``dtype`` is from the same product in float64 on the CPU.

    The root-mean-square difference, divided by the root-mean-square of the right answer. This is
    the check that matters more than the speed: a device can be fast and wrong.
    """
    left, right = (torch.randn(size, size, generator=generator) for _ in range(2))
    truth = left.double() @ right.double()
    got = (left.to(device, dtype) @ right.to(device, dtype)).cpu().double()
    return float((got - truth).pow(2).mean().sqrt() / truth.pow(2).mean().sqrt())


def describe(dtype: torch.dtype) -> dict[str, float]:
    """What a number format can hold: its spacing at 1, and its largest number."""
    limits = torch.finfo(dtype)
    return {"bits": limits.bits, "spacing_at_one": limits.eps, "largest": limits.max}


def draw(rates: dict[str, list[float]], sizes: Sequence[int], title: str, path: Path) -> None:
    """The rate against the size of the matrices, both on logarithmic axes."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    for name, values in rates.items():
        axes.loglog(sizes, values, "o-", color=COLOURS[name], label=name)
    axes.set_xticks(sizes, [str(size) for size in sizes], minor=False)
    axes.minorticks_off()
    axes.set_xlabel("rows and columns of the matrices")
    axes.set_ylabel("rate (GFLOP/s)")
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=100)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Find the device, check its arithmetic, time it, and write both down."""
    parser = lesson_parser("00_env_setup", __doc__)
    parser.add_argument("--device", choices=["auto", "cuda", "mps", "cpu"], default="auto")
    args = parser.parse_args(argv)
    seed_everything(args.seed)
    generator = torch.Generator().manual_seed(args.seed)  # on the CPU: the same numbers everywhere
    device = choose_device(args.device)
    memory = device_memory(device)
    print(
        f"torch {torch.__version__} computes on: {device.type}, {torch.get_num_threads()} threads"
    )
    print("memory: " + (", ".join(f"{k} {v:.1f}" for k, v in memory.items()) or "not told"))

    sizes = SMOKE_SIZES if args.smoke else SIZES
    rates: dict[str, list[float]] = {}
    errors: dict[str, float] = {}
    for dtype in precisions(device):
        name = str(dtype).removeprefix("torch.")
        rates[name] = gflops_by_size(device, dtype, sizes, generator)
        errors[name] = relative_error(device, dtype, 256, generator)
        print(
            f"{name:9} {max(rates[name]):8.0f} GFLOP/s at best, {rates[name][0]:6.1f} at {sizes[0]}"
            f" x {sizes[0]}; relative error {errors[name]:.1e},"
            f" spacing at one {torch.finfo(dtype).eps:.1e}"
        )
    speedup = max(rates.get("bfloat16", [0.0])) / max(rates["float32"])
    print(f"bfloat16 is {speedup:.1f} times as fast as float32 here.")
    if 0 < speedup < 1:
        print("So this chip has no bfloat16 arithmetic: numbers are converted on the way.")
    if errors["float32"] > 1e-4 or errors.get("bfloat16", 0.0) > 2e-2:
        print("WARNING: the products are further off than their format explains. Do not trust it.")

    measured: dict[str, object] = {
        "device": device.type,
        "memory": memory,
        "sizes": list(sizes),
        "gflops": rates,
        "relative_error": errors,
        "bfloat16_speedup": speedup,
    }
    formats = {name: describe(getattr(torch, name)) for name in rates}
    atomic_write_json(args.output_dir / "accelerator.json", {**measured, "formats": formats})
    title = f"Small products waste the device ({device.type}): the rate grows with the size"
    draw(rates, sizes, title, args.output_dir / "matrix_products.png")
    print(f"The table and the plot are in {args.output_dir}.")
    return measured


# Try this next
#  1. OMP_NUM_THREADS=1 python 00_env_setup/02_verify_accelerator.py: what does a second core give?
#  2. Time the products of one size that is no power of two (1000, 1023, 1025). Is 1024 special?
#  3. With a GPU: let synchronizer() return None, and explain the rates that come out.

if __name__ == "__main__":
    run_lesson(main)
