"""The trainer resumes exactly, checkpoints survive trouble, configs catch typos."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from env_utils import CheckpointError, ConfigError, InputError, TrainingError, folder_lock
from torch import Tensor, nn
from training_utils import (
    Ema,
    History,
    Task,
    TrainConfig,
    Trainer,
    Update,
    learning_rate,
    load_checkpoint,
    load_config,
    load_into,
    save_checkpoint,
)


class Regression(Task):
    """Learns a random linear map with dropout: cheap, but every source of randomness is in use."""

    name, main = "regression", "net"

    def __init__(self, config: TrainConfig, stop_at: int | None = None, poison: int = -1) -> None:
        torch.manual_seed(config.seed)
        self.net = nn.Sequential(nn.Linear(8, 32), nn.Dropout(0.2), nn.GELU(), nn.Linear(32, 4))
        self.target = torch.randn(8, 4)
        self.modules = {"net": self.net}
        self.optimizers = {"net": torch.optim.AdamW(self.net.parameters())}
        self.stop_at, self.poison = stop_at, poison

    def batch(self, index: int, rng: np.random.Generator) -> Tensor:
        if index == self.stop_at:
            raise KeyboardInterrupt
        return torch.from_numpy(rng.normal(size=(16, 8)).astype(np.float32))

    def optimize(self, batch: Tensor, update: Update) -> dict[str, float]:
        loss = (self.net(batch) - batch @ self.target).square().mean()
        if self.step == self.poison:
            loss = loss * float("nan")
        norm = update("net", loss)
        return {"loss": float(loss.detach()), "norm": norm}

    def validate(self) -> dict[str, float]:
        batch = torch.linspace(-1, 1, 64).reshape(8, 8)
        return {"loss": float((self.net(batch) - batch @ self.target).square().mean())}

    def export(self, folder: Path, step: int, metrics: dict[str, float]) -> Path:
        return save_checkpoint(
            folder / "net.safetensors", self.net.state_dict(), {"step": step, "metrics": metrics}
        )


CONFIG = TrainConfig(
    steps=60,
    warmup_steps=5,
    learning_rate=1e-2,
    log_every=1,
    validate_every=20,
    save_every=10,
    vis_every=30,
    precision="fp32",
    accumulate=2,
)


def losses(folder: Path) -> list[tuple[int, str, float]]:
    """All logged values except wall-clock times."""
    return [row for row in History(folder).rows() if row[1] != "seconds"]


def test_interrupted_run_equals_uninterrupted(tmp_path: Path) -> None:
    Trainer(Regression(CONFIG), CONFIG, tmp_path / "whole").run()
    for stop_at in (37, 81):  # micro-batch indices: in the middle of steps 18 and 40
        with pytest.raises(KeyboardInterrupt):
            Trainer(Regression(CONFIG, stop_at), CONFIG, tmp_path / "parts").run()
    Trainer(Regression(CONFIG), CONFIG, tmp_path / "parts").run()
    assert losses(tmp_path / "parts") == losses(tmp_path / "whole")
    whole, _ = load_checkpoint(tmp_path / "whole" / "net.safetensors")
    parts, _ = load_checkpoint(tmp_path / "parts" / "net.safetensors")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    curve = [v for _, n, v in losses(tmp_path / "whole") if n == "loss"]
    assert np.mean(curve[-5:]) < 0.5 * curve[0], "it did not learn"


def test_a_log_file_says_how_held_out_data_are_doing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Trainer(Regression(CONFIG), CONFIG, tmp_path).run()
    lines = capsys.readouterr().err.splitlines()
    values = [v for _, name, v in losses(tmp_path) if name == "validation_loss"]
    assert [line.split(" ", 1)[1] for line in lines] == [
        f"regression, step {step}: loss {value:.4g}"
        for step, value in zip((20, 40, 60), values, strict=True)
    ]


def test_restart_forgets(tmp_path: Path) -> None:
    Trainer(Regression(CONFIG), CONFIG, tmp_path).run()
    trainer = Trainer(Regression(CONFIG), CONFIG, tmp_path, resume=False)
    assert trainer.step == 0
    assert losses(tmp_path) == []


def test_time_limit_saves_and_continues(tmp_path: Path) -> None:
    Trainer(Regression(CONFIG), CONFIG, tmp_path, max_minutes=0.0).run()
    trainer = Trainer(Regression(CONFIG), CONFIG, tmp_path)
    assert trainer.step == 1, "at least one step is done and kept"


def test_two_trainings_cannot_share_a_folder(tmp_path: Path) -> None:
    trainer = Trainer(Regression(CONFIG), CONFIG, tmp_path)
    with folder_lock(tmp_path), pytest.raises(InputError, match="another process"):
        trainer.run()
    trainer.run()


def test_nan_names_step_and_keeps_last_good_state(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"step 25.*Tensor.*learning_rate"):
        Trainer(Regression(CONFIG, poison=25), CONFIG, tmp_path).run()
    assert Trainer(Regression(CONFIG), CONFIG, tmp_path).step == 20


def test_kill_minus_nine_while_saving_leaves_a_good_state(tmp_path: Path) -> None:
    script = f"""
import sys; sys.path[:] = {sys.path!r}
from pathlib import Path
import torch
from training_utils import save_state
folder = Path({str(tmp_path)!r})
step = 0
while True:
    step += 1
    save_state(folder / "state.pt", {{"step": step, "x": torch.full((300_000,), float(step))}})
    if step == 3:
        print("saving", flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert state["step"] >= 3
    assert bool((state["x"] == state["step"]).all())


def test_checkpoint_round_trip_in_16_bits(tmp_path: Path) -> None:
    tensors = {"w": torch.randn(5, 3), "n": torch.arange(4)}
    path = save_checkpoint(tmp_path / "m.safetensors", tensors, {"step": 7}, bits=16)
    read, meta = load_checkpoint(path)
    assert meta == {"step": 7}
    assert read["w"].dtype == torch.float32
    assert torch.allclose(read["w"], tensors["w"], atol=2e-3)
    assert torch.equal(read["n"], tensors["n"])


@pytest.mark.parametrize(("bits", "least_db", "compressed"), [(8, 38, 0.25), (6, 25, 0.19)])
def test_few_bits_are_a_quarter_of_the_size_and_little_noise(
    tmp_path: Path, bits: Literal[6, 8], least_db: float, compressed: float
) -> None:
    generator = torch.Generator().manual_seed(0)
    tensors = {
        "conv": torch.randn(64, 32, 7, generator=generator)
        * torch.logspace(-3, 1, 64)[:, None, None],
        "dead": torch.zeros(64, 64),
        "bias": torch.randn(64, generator=generator),
    }
    whole = save_checkpoint(tmp_path / "32.safetensors", tensors, {})
    small = save_checkpoint(tmp_path / "few.safetensors", tensors, {}, bits=bits)
    assert small.stat().st_size < 0.3 * whole.stat().st_size
    assert len(zlib.compress(small.read_bytes())) < compressed * whole.stat().st_size
    read, _ = load_checkpoint(small)
    assert set(read) == set(tensors)
    assert all(read[name].shape == tensors[name].shape for name in tensors)
    noise = (read["conv"] - tensors["conv"]).square().mean(dim=(1, 2))
    power = tensors["conv"].square().mean(dim=(1, 2))
    assert 10 * torch.log10(power / noise).min() > least_db, "in every row, however small"
    assert not read["dead"].any()
    again = load_checkpoint(save_checkpoint(tmp_path / "again.safetensors", read, {}, bits=bits))[0]
    assert torch.allclose(again["conv"], read["conv"], rtol=1e-3), "rounding twice is rounding once"


def test_exact_matrices_are_not_rounded_to_few_bits(tmp_path: Path) -> None:
    tensors = {name: torch.randn(64, 32) for name in ("weight", "filter")}
    path = save_checkpoint(tmp_path / "m.safetensors", tensors, {}, bits=6, exact=["filter"])
    read, _ = load_checkpoint(path)
    assert torch.equal(read["filter"], tensors["filter"].half().float())
    assert not torch.allclose(read["weight"], tensors["weight"], atol=5e-3)


def test_bad_checkpoints_are_refused_with_a_sentence(tmp_path: Path) -> None:
    good = save_checkpoint(tmp_path / "m.safetensors", {"w": torch.randn(100)}, {"step": 1})
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(good.read_bytes()[:-40])
    with pytest.raises(CheckpointError, match=r"cut\.safetensors.*truncated"):
        load_checkpoint(cut)
    pickle = tmp_path / "p.safetensors"
    torch.save({"w": torch.randn(3)}, pickle)
    with pytest.raises(CheckpointError, match="pickle"):
        load_checkpoint(pickle)
    with pytest.raises(CheckpointError, match="no such"):
        load_checkpoint(tmp_path / "missing.safetensors")
    tensors, _ = load_checkpoint(good)
    with pytest.raises(CheckpointError, match="'weight' is missing"):
        load_into(nn.Linear(10, 10), tensors, good)


def test_full_disk_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    """A file size limit stands in for a full disk: the write fails in the middle."""
    script = f"""
import sys; sys.path[:] = {sys.path!r}
import resource, signal, torch
from pathlib import Path
from training_utils import save_state
path = Path({str(tmp_path)!r}) / "state.pt"
save_state(path, {{"step": 1}})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    save_state(path, {{"step": 2, "x": torch.randn(1_000_000)}})
except Exception as error:
    print("failed", type(error).__name__)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "failed" in result.stdout, result.stderr
    assert torch.load(tmp_path / "state.pt", weights_only=True) == {"step": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["state.pt"], "no half file is left behind"


def test_config_typo_names_the_key(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("learning_rte: 1.0e-4\n")
    with pytest.raises(ConfigError, match="learning_rte"):
        load_config(TrainConfig, path)
    path.write_text("steps: 10\n")
    config = load_config(TrainConfig, path, ["learning_rate=1e-4", "betas=[0.5, 0.9]"])
    assert config.learning_rate == 1e-4
    assert config.betas == (0.5, 0.9)
    with pytest.raises(ConfigError, match=r"key\.sub=value"):
        load_config(TrainConfig, path, ["oops"])
    with pytest.raises(ConfigError, match="steps"):
        load_config(TrainConfig, path, ["steps=0"])


def test_learning_rate_schedule() -> None:
    config = TrainConfig(steps=1000, warmup_steps=100, learning_rate=1.0, final_learning_rate=0.1)
    rates = [learning_rate(s, config) for s in range(1001)]
    assert rates[0] == pytest.approx(0.01)
    assert max(rates) == pytest.approx(1.0)
    assert rates[-1] == pytest.approx(0.1)
    assert np.argmax(rates) in (99, 100)
    assert all(a >= b for a, b in itertools.pairwise(rates[100:]))


def test_ema_of_constant_weights_is_the_weights() -> None:
    layer = nn.Linear(3, 3)
    ema = Ema(layer, 0.99)
    before = layer.weight.detach().clone()
    with torch.no_grad():
        layer.weight.add_(1.0)
    for _ in range(3000):
        ema.update()
    with ema.applied():
        assert torch.allclose(layer.weight, before + 1.0, atol=1e-4)
    state = ema.state_dict()
    other = Ema(nn.Linear(3, 3), 0.99)
    other.load_state_dict(state)
    assert other.updates == 3000


def test_two_processes_share_their_gradients(tmp_path: Path) -> None:
    """``torchrun`` (which ``accelerate launch`` uses too) on the CPU, with two processes."""
    script = tmp_path / "job.py"
    script.write_text(
        f"import sys; sys.path[:0] = {[str(Path(__file__).parent)]!r}\n"
        "from pathlib import Path\n"
        "from test_training_utils import CONFIG, Regression, Trainer\n"
        "import torch, os\n"
        "config = CONFIG.model_copy(update={'steps': 8})\n"
        f"trainer = Trainer(Regression(config), config, Path({str(tmp_path)!r}) / 'run')\n"
        "trainer.run()\n"
        "total = sum(float(p.sum()) for p in trainer.task.net.parameters())\n"
        "print('RANK', os.environ['RANK'], repr(total), flush=True)\n"
    )
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone"]
    result = subprocess.run([*command, str(script)], capture_output=True, text=True, timeout=240)
    sums = {line.split()[2] for line in result.stdout.splitlines() if line.startswith("RANK")}
    assert len(sums) == 1, f"both processes hold the same weights\n{result.stdout}{result.stderr}"
    assert (tmp_path / "run" / "net.safetensors").is_file()
    rows = History(tmp_path / "run").rows()
    assert len([r for r in rows if r[1] == "loss"]) == 8, "one process logs"
