"""00.3  Measure the machine

What you will learn: the rates that decide how long work with sound takes (matrix products, memory,
  Fourier transforms, convolutions), why most work does not reach the machine's peak (the roofline),
  and how to predict a training time before starting it: count operations, divide by a rate.
Needs: nothing but the installation
Writes to outputs/00_env_setup/: machine.json, roofline.png, capstone_times.png
Look for: adding and the depthwise convolution lie under the sloping part of the roof, the matrix
  product under the flat part. The slope is that of main memory: work on few megabytes stays in the
  cache and may lie above it. Which model's training does more than the count knows?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from env_utils import (
    atomic_path,
    atomic_write_json,
    best_seconds,
    conv1d_flops,
    describe_machine,
    lesson_parser,
    linear_flops,
    matmul_flops,
    read_json,
    repo_root,
    rfft_flops,
    run_lesson,
    seed_everything,
)
from env_utils.flops import TRAINING_FACTOR, network_flops, weights_by_part
from matplotlib.figure import Figure
from torch import Tensor, nn

BLUE, ORANGE = "#0072B2", "#D55E00"
FRAMES_PER_SECOND = 24_000 / 256  # mel frames: 24 kHz audio, one frame every 256 samples
SYMBOLS_PER_SECOND = 13  # of speech, about: phonemes and the spaces between words
CHECKPOINTS = repo_root() / "capstone_voice_replication_pipeline" / "checkpoints"


@dataclass(frozen=True)
class Kernel:
    """One measured piece of work: operations, bytes that it must move, and seconds."""

    name: str
    flops: float
    bytes_moved: float
    seconds: float

    @property
    def gflops(self) -> float:
        """10^9 operations a second."""
        return self.flops / self.seconds / 1e9

    @property
    def intensity(self) -> float:
        """Operations for each byte that comes from memory or goes there."""
        return self.flops / self.bytes_moved


class Block(nn.Module):
    """A ConvNeXt block: what the capstone's synthesizer and vocoder are mostly made of."""

    def __init__(self, channels: int = 256, hidden: int = 768, kernel: int = 7) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(channels, channels, kernel, padding=kernel // 2, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.widen, self.narrow = nn.Linear(channels, hidden), nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, C, F)`` -> ``(B, C, F)``."""
        y = self.norm(self.depthwise(x).transpose(1, 2))
        return x + self.narrow(nn.functional.gelu(self.widen(y))).transpose(1, 2)


def measure(smoke: bool) -> list[Kernel]:
    """Every kernel in float32. Bytes: each array read once, each result written once."""
    repeat = 3 if smoke else 15
    size, frames, numbers = (256, 128, 2**22) if smoke else (1024, 512, 2**25)
    a, b = torch.randn(size, size), torch.randn(size, size)
    x, y = torch.randn(numbers), torch.randn(numbers)  # larger than the caches
    total = torch.empty_like(x)
    windows, sound = torch.randn(frames, 1024), torch.randn(1, 256, frames)
    full, thin, block = torch.randn(256, 256, 7), torch.randn(256, 1, 7), Block()
    conv1d = nn.functional.conv1d

    def training_step() -> None:
        block.zero_grad()
        block(sound).square().mean().backward()

    with torch.no_grad():
        times = [
            best_seconds(call, repeat=repeat)
            for call in (
                lambda: a @ b,
                lambda: torch.add(x, y, out=total),
                lambda: torch.fft.rfft(windows),
                lambda: conv1d(sound, full, padding=3),
                lambda: conv1d(sound, thin, padding=3, groups=256),
                lambda: block(sound),
            )
        ]
    times.append(best_seconds(training_step, repeat=repeat))
    depthwise = conv1d_flops(frames, 256, 256, 7, groups=256)
    forward = depthwise + 2 * linear_flops(frames, 256, 768)
    between = frames * (2 * 256 + 3 * 256 + 4 * 768 + 3 * 256) + 2 * 256 * 768  # arrays, weights
    work = [
        ("matrix product", matmul_flops(size, size, size), 3 * size**2),
        ("adding two arrays", numbers, 3 * numbers),
        ("FFT of 1024 samples", frames * rfft_flops(1024), frames * (1024 + 2 * 513)),
        ("convolution", conv1d_flops(frames, 256, 256, 7), 2 * sound.numel() + full.numel()),
        ("depthwise convolution", depthwise, 2 * sound.numel() + thin.numel()),
        ("ConvNeXt block", forward, between),
        ("ConvNeXt block, training", TRAINING_FACTOR * forward, TRAINING_FACTOR * between),
    ]
    return [Kernel(n, f, 4.0 * count, s) for (n, f, count), s in zip(work, times, strict=True)]


# --- predicting the capstone --------------------------------------------------------------------


def forward_flops(name: str) -> float:
    """Operations for one second of speech through a shipped model: two for each weight it uses.

    Most weights are used once per mel frame, those before the synthesizer's decoder once per
    symbol; the speaker encoder looks at every second frame.
    """
    parts = weights_by_part(CHECKPOINTS / f"{name}.safetensors")
    weights = sum(parts.values())
    if name == "encoder":
        return network_flops(weights, FRAMES_PER_SECOND / 2)
    if name == "vocoder":
        return network_flops(weights, FRAMES_PER_SECOND)
    framewise = parts.get("decoder", 0) + parts.get("to_mel", 0)
    return network_flops(framewise, FRAMES_PER_SECOND) + network_flops(
        weights - framewise, SYMBOLS_PER_SECOND
    )


def audio_seconds(name: str, config: dict[str, dict[str, float]]) -> float:
    """Seconds of speech that a model saw in training, repetitions counted: steps x batch."""
    steps = config["training"]["steps"]
    if name == "encoder":
        crops = config["sampling"]
        length = (crops["min_crop_seconds"] + crops["max_crop_seconds"]) / 2
        return steps * crops["speakers_per_batch"] * crops["utterances_per_speaker"] * length
    flat = {key: value for key, value in config.items() if isinstance(value, int)}
    frames = flat.get("frames_per_batch") or flat["batch_size"] * flat["crop_frames"]
    return steps * frames / FRAMES_PER_SECOND


def predict_training(rate_gflops: float) -> dict[str, dict[str, float]]:
    """For each model: what is counted, how long that takes here, and how long it really took.

    The count knows the network. It knows no loss functions, no second network that judges, no
    augmentation and no reading of data, so it is a lower bound for the machine it is made for. The
    model card's seconds come from another machine; counted operations by its seconds is the rate
    that it reached.
    """
    stages: dict[str, dict[str, float]] = {}
    for name in ("encoder", "synthesizer", "vocoder"):
        card = read_json(CHECKPOINTS / f"{name}.json")
        flops = TRAINING_FACTOR * forward_flops(name) * audio_seconds(name, card["config"])
        stages[name] = {
            "tflop": flops / 1e12,
            "counted_seconds_here": flops / rate_gflops / 1e9,
        }
        seconds = float(card["metrics"].get("training_seconds", 0))
        if seconds:  # a model that was trained in several runs may not have recorded them
            stages[name]["model_card_seconds"] = seconds
            stages[name]["model_card_gflops"] = flops / seconds / 1e9
    return stages


def draw_roofline(kernels: Sequence[Kernel], bandwidth: float, path: Path) -> None:
    """The roof: no work is faster than the arithmetic peak, or than memory feeds it."""
    peak = max(kernel.gflops for kernel in kernels)
    figure = Figure(figsize=(8, 4.4), layout="constrained")
    axes = figure.subplots()
    intensity = np.geomspace(0.05, 500, 200)
    axes.loglog(intensity, np.minimum(peak, bandwidth * intensity), color="black", label="the roof")
    for kernel in kernels:
        axes.plot(kernel.intensity, kernel.gflops, "o", color=ORANGE)
        crowded = kernel.name in ("convolution", "ConvNeXt block")  # another point is close to it
        axes.annotate(kernel.name, (kernel.intensity, kernel.gflops),
                      (-6, -3) if crowded else (5, -11), ha="right" if crowded else "left",
                      fontsize=8, textcoords="offset points")  # fmt: skip
    axes.set_xlabel("intensity (operations per byte moved)")
    axes.set_ylabel("rate (GFLOP/s)")
    axes.set_title("Work that does little with each number waits for memory")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=100)


def draw_stages(stages: dict[str, dict[str, float]], path: Path) -> None:
    """Counted against real training times, in minutes."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axes = figure.subplots()
    for key, label, color, shift in (
        ("counted_seconds_here", "this machine: counted operations only", BLUE, -0.2),
        ("model_card_seconds", "the model card's machine: measured", ORANGE, 0.2),
    ):
        minutes = [stage.get(key, 0.0) / 60 for stage in stages.values()]
        places = [row + shift for row in range(len(stages))]
        axes.barh(places, minutes, 0.4, color=color, label=label)
    axes.set_yticks(range(len(stages)), list(stages))
    axes.invert_yaxis()
    axes.set_xlabel("training time (minutes)")
    axes.set_title("Training: what counting promises here, and what it took elsewhere")
    axes.legend(frameon=False)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=100)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    """Measure the kernels, draw the roof, predict the capstone."""
    args = lesson_parser("00_env_setup", __doc__).parse_args(argv)
    seed_everything(args.seed)
    print(describe_machine().summary())
    kernels = measure(args.smoke)
    rates = {kernel.name: kernel.gflops for kernel in kernels}
    adding = next(kernel for kernel in kernels if kernel.name == "adding two arrays")
    bandwidth = adding.bytes_moved / adding.seconds / 1e9
    print(f"{'':26}{'GFLOP/s':>9}{'operations per byte':>22}")
    for kernel in kernels:
        print(f"{kernel.name:26}{kernel.gflops:9.1f}{kernel.intensity:22.1f}")
    print(f"memory: {bandwidth:.1f} GB/s read and written")
    draw_roofline(kernels, bandwidth, args.output_dir / "roofline.png")

    stages = predict_training(rates["ConvNeXt block, training"])
    for name, stage in stages.items():
        took = "how long it took elsewhere was not recorded"
        if "model_card_seconds" in stage:
            minutes, rate = stage["model_card_seconds"] / 60, stage["model_card_gflops"]
            took = f"the model card's machine took {minutes:.0f} min: {rate:.0f} GFLOP/s"
        print(
            f"training the {name:12}{stage['tflop']:5.0f} TFLOP, at least"
            f" {stage['counted_seconds_here'] / 60:4.0f} min here; {took}"
        )
    speech = forward_flops("synthesizer") + forward_flops("vocoder")
    realtime = rates["ConvNeXt block"] * 1e9 / speech
    print(f"speaking: {speech / 1e9:.2f} GFLOP for a second of audio, at most {realtime:.0f} x")
    draw_stages(stages, args.output_dir / "capstone_times.png")
    measured: dict[str, object] = {
        "gflops": rates,
        "bandwidth_gb_per_s": bandwidth,
        "training": stages,
        "times_real_time": realtime,
    }
    atomic_write_json(args.output_dir / "machine.json", measured)
    print(f"The numbers and two plots are in {args.output_dir}.")
    return measured


# Try this next
#  1. Give the block 64 channels instead of 256. Its rate changes: where does it move in the plot?
#  2. Run the block under torch.autocast("cpu", torch.bfloat16). Does lesson 00.2 explain the rate?
#  3. Add two lists of a million numbers in pure Python and time it. How far below the roof is it?

if __name__ == "__main__":
    run_lesson(main)
