"""The bench measures what it says; how fast this machine is, is nobody's assertion."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from voice_replication.cli import main
from voice_replication.commands.bench import as_table
from voice_replication.evaluation import peers, speed, timing
from voice_replication.evaluation.timing import Measurement


def test_calls_take_turns_after_one_warm_up_each() -> None:
    order: list[str] = []
    best = timing.best_of({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 3)
    assert "".join(order) == "abababab"
    assert 0 <= best["a"] < float("inf")


def test_the_best_run_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 5.0, 10.0, 11.0, 20.0, 23.0])
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
    assert timing.best_of({"x": lambda: None}, 3) == {"x": 1.0}


def test_threads_are_set_and_restored_even_after_an_error() -> None:
    before = torch.get_num_threads()
    with pytest.raises(ValueError, match="stop"), timing.torch_threads(before + 1):
        assert torch.get_num_threads() == before + 1
        raise ValueError("stop")
    assert torch.get_num_threads() == before


def test_bars_work_in_both_directions() -> None:
    assert Measurement("speed", 61, "×", 60).met is True
    assert Measurement("speed", 59, "×", 60).met is False
    assert Measurement("time", 3.9, "s", 4, at_least=False).met is True
    assert Measurement("time", None, "s", 4, at_least=False, note="no model").met is None
    text = as_table([Measurement("speed", 59, "×", 60), Measurement("x", None, "s", note="why")])
    assert "**no**" in text
    assert "≥ 60" in text
    assert "why" in text


def test_hifigan_is_the_one_of_the_paper() -> None:
    """13.92 M parameters with the paper's 80 mel bins, 256 samples a frame."""
    generator = peers.load_peer("hifigan_v1").HifiGanV1(n_mels=80)
    assert sum(p.numel() for p in generator.parameters()) == pytest.approx(13.92e6, rel=0.002)
    with torch.inference_mode():
        audio = generator(torch.zeros(1, 80, 3))
    assert audio.shape == (1, 3 * 256)
    assert audio.abs().max() <= 1


def test_a_peer_that_is_not_there_is_named() -> None:
    with pytest.raises(Exception, match="nothing_like_this"):
        peers.load_peer("nothing_like_this")


def test_a_measured_process_reports_its_own_peak_and_exit_code() -> None:
    command = [sys.executable, "-m", "voice_replication.evaluation.measured_process"]
    result = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    peak = int(result.stdout.split("peak-bytes")[1])
    assert 5e6 < peak < 150e6  # a bare interpreter: not what this test process holds
    assert subprocess.run([*command, "nonsense"], capture_output=True, check=False).returncode == 2


def test_generated_speech_has_the_length_asked_for() -> None:
    audio = speed.espeak_speech(5.0)
    assert audio.shape == (120_000,)
    assert abs(audio[-24_000:]).max() > 0.01


@pytest.mark.slow
def test_the_command_measures_everything(
    tiny_models: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "bench.json"
    assert main(["bench", "--quick", "--models-dir", str(tiny_models), "-o", str(out)]) == 0
    report = json.loads(out.read_text())
    names = [m["what"] for m in report["measurements"]]
    assert names == [
        "text to audio", "… against VITS", "vocoder alone", "… against HiFi-GAN V1",
        "first audio, warm", "start to finished WAV", "peak memory of that",
        "enrolling five seconds", "preprocessing, one core",
    ]  # fmt: skip
    for measurement in report["measurements"]:
        assert measurement["value"] is None or measurement["value"] > 0
        assert measurement["value"] is not None or measurement["note"]
    assert report["machine"]["cores"] >= 1
    assert "text to audio" in capsys.readouterr().out
    assert not home.exists()  # the user's voices are not touched
