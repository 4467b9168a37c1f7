"""One readable training loop for every model of the house.

Resume is exact: the batch order, crops, noise and dropout of step ``s`` are functions of
``(seed, s)`` alone, so restoring weights, optimizers and the step restores everything. The test
interrupts a run and compares its loss curve with an uninterrupted one, digit by digit.

Several devices: start it with ``accelerate launch`` or ``torchrun``; each process takes its own
batch and gradients are averaged.
"""

from __future__ import annotations

import signal
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from env_utils import TrainingError, atomic_write_json, folder_lock
from torch import Tensor
from tqdm import tqdm

from training_utils.checkpoint import load_state, save_state
from training_utils.config import TrainConfig
from training_utils.distributed import Processes
from training_utils.history import History
from training_utils.schedule import Ema, learning_rate
from training_utils.task import Task

# Also when a shell started the training in the background, where Ctrl-C is ignored by default.
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class MetricSink(Protocol):
    """Where metrics go besides the run folder (the trackers of floor 10 are such sinks)."""

    def log_metrics(self, metrics: dict[str, float], step: int) -> None: ...


def uses_bf16(precision: str, device: torch.device) -> bool:
    """Whether to autocast to bfloat16: asked for, or 'auto' on hardware that computes it."""
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    check = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return device.type == "cpu" and check is not None and bool(check())


class Trainer:
    """Runs a :class:`Task` for ``config.steps`` steps inside ``folder``.

    The folder holds ``state.pt`` (to resume), ``metrics.csv``, ``loss.png``, ``samples/``,
    ``backups/`` and what the task exports. ``sink`` receives the metrics too.
    """

    def __init__(
        self,
        task: Task,
        config: TrainConfig,
        folder: Path,
        *,
        device: torch.device | str = "cpu",
        resume: bool = True,
        sink: MetricSink | None = None,
        max_minutes: float | None = None,
    ) -> None:
        self.processes = Processes.from_environment()
        self.device = self.processes.device(torch.device(device))
        self.task, self.config, self.folder, self.sink = task, config, Path(folder), sink
        self.deadline = None if max_minutes is None else time.monotonic() + 60 * max_minutes
        self.folder.mkdir(parents=True, exist_ok=True)
        for module in task.modules.values():
            module.to(self.device)
            self.processes.broadcast(module)
        self.ema = Ema(task.modules[task.main], config.ema_decay)
        self.history = History(self.folder)
        self.bf16 = uses_bf16(config.precision, self.device)
        self.step, self.micro, self.seconds = 0, 0, 0.0
        if resume and (self.folder / "state.pt").is_file():
            self._restore()
        else:
            self.history.clear()

    def run(self) -> Path:
        """Train to the end (or ``max_minutes``, or Ctrl-C, both of which save first); export.

        A second process that wants to train in the same folder is refused (``InputError``).
        """
        with folder_lock(self.folder) if self.processes.is_main else nullcontext():
            return self._run()

    def _run(self) -> Path:
        previous = {s: signal.signal(s, signal.default_int_handler) for s in STOP_SIGNALS}
        started, seconds_before = time.monotonic(), self.seconds
        bar = tqdm(
            total=self.config.steps,
            initial=self.step,
            desc=self.task.name,
            unit="step",
            disable=None if self.processes.is_main else True,
        )
        try:
            while self.step < self.config.steps:
                metrics = self._one_step()
                self.seconds = seconds_before + time.monotonic() - started
                bar.update()
                bar.set_postfix(loss=f"{metrics.get('loss', float('nan')):.4f}", refresh=False)
                self._periodic(metrics)
                if self.deadline is not None and time.monotonic() > self.deadline:
                    break
        except KeyboardInterrupt:
            self._save()
            raise
        finally:
            bar.close()
            for number, handler in previous.items():
                signal.signal(number, handler)
        self._save()
        return self._finish()

    def _one_step(self) -> dict[str, float]:
        lr = learning_rate(self.step, self.config)
        for optimizer in self.task.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = lr * group.get("lr_scale", 1.0)
        for module in self.task.modules.values():
            module.train()
        self.task.step = self.step
        sums: dict[str, float] = {}
        for micro in range(self.config.accumulate):
            self.micro = micro
            key = [self.config.seed, self.step, self.processes.rank, self.micro]
            rng = np.random.default_rng(key)
            torch.manual_seed(int(rng.integers(2**62)))
            index = (self.step * self.config.accumulate + micro) * self.processes.world
            self._batch = self.task.batch(index + self.processes.rank, rng)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
                values = self.task.optimize(self._batch, self._update)
            for name, value in values.items():
                sums[name] = sums.get(name, 0.0) + value / self.config.accumulate
        self.ema.update()
        self.step += 1
        return {**sums, "learning_rate": lr}

    def _update(self, name: str, loss: Tensor) -> float:
        if not bool(torch.isfinite(loss)):
            self._stop_on_nan(f"the loss of '{name}' is {float(loss.detach())}")
        (loss / self.config.accumulate).backward()  # type: ignore[no-untyped-call]
        if self.micro < self.config.accumulate - 1:
            return 0.0
        optimizer = self.task.optimizers[name]
        parameters = [p for g in optimizer.param_groups for p in g["params"] if p.grad is not None]
        self.processes.average_gradients(parameters)
        norm = float(torch.nn.utils.clip_grad_norm_(parameters, self.config.gradient_clip))
        if not np.isfinite(norm):
            self._stop_on_nan(f"the gradient norm of '{name}' is {norm}")
        optimizer.step()
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = None
        return norm

    def _stop_on_nan(self, what: str) -> None:
        batch = self.task.describe(self._batch)
        atomic_write_json(self.folder / "failure.json", {"step": self.step, "batch": batch})
        raise TrainingError(
            f"{self.task.name}: {what} at step {self.step}, batch: {batch}. The last good state is "
            f"{self.folder / 'state.pt'}; try a lower learning rate (--set training.learning_rate)."
        )

    def _periodic(self, metrics: dict[str, float]) -> None:
        config = self.config
        if not self.processes.is_main:
            return
        if self.step % config.log_every == 0 or self.step == 1:
            self._log(metrics)
        if self.step % config.validate_every == 0:
            held_out = self._validate()
            self._log({f"validation_{k}": v for k, v in held_out.items()})
            if not sys.stderr.isatty():  # no progress bar: a log file shall not be silent for hours
                said = ", ".join(f"{name} {value:.4g}" for name, value in held_out.items())
                line = f"{time.strftime('%H:%M')} {self.task.name}, step {self.step:,}: {said}"
                print(line, file=sys.stderr, flush=True)
        if self.step % config.vis_every == 0:
            with self.ema.applied(), torch.no_grad():
                self.task.modules[self.task.main].eval()
                self.task.visualize(self.folder / "samples", self.step)
            self.history.plot()
        if self.step % config.save_every == 0:
            self._save()
        if config.backup_every and self.step % config.backup_every == 0:
            save_state(self.folder / "backups" / f"state_{self.step:07d}.pt", self._state())

    def _log(self, metrics: dict[str, float]) -> None:
        self.history.append(self.step, {**metrics, "seconds": self.seconds})
        if self.sink is not None:
            self.sink.log_metrics(metrics, self.step)

    def _validate(self) -> dict[str, float]:
        for module in self.task.modules.values():
            module.eval()
        with self.ema.applied(), torch.no_grad():
            return self.task.validate()

    def _finish(self) -> Path:
        metrics = self._validate() if self.processes.is_main else {}
        metrics["training_seconds"] = round(self.seconds, 1)
        with self.ema.applied():
            path = self.task.export(self.folder, self.step, metrics)
        if self.processes.is_main:
            self.history.plot()
        return path

    def _state(self) -> dict[str, Any]:
        task = self.task
        return {
            "step": self.step,
            "seconds": self.seconds,
            "modules": {n: m.state_dict() for n, m in task.modules.items()},
            "optimizers": {n: o.state_dict() for n, o in task.optimizers.items()},
            "ema": self.ema.state_dict(),
        }

    def _save(self) -> None:
        if self.processes.is_main:
            save_state(self.folder / "state.pt", self._state())

    def _restore(self) -> None:
        state = load_state(self.folder / "state.pt")
        for name, module in self.task.modules.items():
            module.load_state_dict(state["modules"][name])
        for name, optimizer in self.task.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        self.ema.load_state_dict(state["ema"])
        self.step, self.seconds = int(state["step"]), float(state["seconds"])
        self.history.truncate(self.step)
