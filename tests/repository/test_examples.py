"""Every example of `voiceclone COMMAND --help` runs, one after the other, as a user would do it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from audio_utils import DEFAULT_SPEC, f0_contour, load_audio, resample, save_audio
from tts_utils import EspeakEngine
from voice_replication.cli import COMMANDS
from voice_replication.home import sample_voices_folder
from voice_replication.voices import VoiceStore

# What makes an example short enough for a test; everything else is the example as it stands.
SHORTER = {
    "serve": ["--port", "0"],
    "train": ["--set", "training.steps=2"],
    "finetune": ["--steps", "2", "--force"],
}
# A command may need what an earlier one made: `speak` a voice, `features` a data folder.
ORDER = ["preprocess", "augment", "align", "features", "train", "enroll", "finetune", "speak"]
SENTENCES = [
    f"{subject} {verb} the {thing} before noon."
    for subject in ("The captain", "Our neighbour", "A small dog")
    for verb in ("noticed", "carried")
    for thing in ("yellow lamp", "heavy basket")
]
BOOK = "# Chapter 1\n\nIt rained. Nobody minded.\n\n# Chapter 2\n\nThe sun came back.\n"


def prepare(folder: Path) -> None:
    """What the examples mention: recordings with transcripts, a reference, a book."""
    engine = EspeakEngine()
    recordings = folder / "recordings" / "anna"
    recordings.mkdir(parents=True)
    for number, sentence in enumerate(SENTENCES):
        samples, rate = engine.synthesize(sentence)
        save_audio(recordings / f"{number:02}.wav", resample(samples, rate, 24_000), 24_000)
        (recordings / f"{number:02}.txt").write_text(sentence)
    references = sorted(sample_voices_folder().glob("*/reference.flac"))
    if not references:
        pytest.skip(f"no sample voice in {sample_voices_folder()}")
    save_audio(folder / "anna.wav", load_audio(references[0]), 24_000)
    (folder / "book.txt").write_text(BOOK)


def serve_and_stop(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    """A server says where it is, and ends when it is told to."""
    with (folder / "serve.log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        )
    assert server.stdout is not None
    line = server.stdout.readline()
    server.terminate()
    code = server.wait(60)
    assert line.startswith("studio: http://127.0.0.1:"), (folder / "serve.log").read_text()
    assert code == 0


@pytest.mark.slow
def test_every_example_runs(
    tmp_path: Path,
    home: Path,
    shipped_checkpoints: Path,
    subtests: pytest.Subtests,
) -> None:
    assert shipped_checkpoints.is_dir()
    prepare(tmp_path)
    program = str(Path(sys.executable).with_name("voiceclone"))
    environment = {**os.environ, "VOICECLONE_HOME": str(home)}
    names = [*ORDER, *(name for name in COMMANDS if name not in ORDER)]
    for name in names:
        example = import_module(f"voice_replication.commands.{name}").EXAMPLE
        if name == "align":  # the examples call a data folder by two names
            shutil.copytree(tmp_path / "data" / "anna", tmp_path / "data" / "speech24")
        with subtests.test(name):
            words = [*shlex.split(example)[1:], *SHORTER.get(name, [])]
            if name == "serve":
                serve_and_stop([program, *words], tmp_path, environment)
                continue
            run = subprocess.run(
                [program, *words], cwd=tmp_path, env=environment, capture_output=True, text=True
            )
            assert run.returncode == 0, f"{example}\n{run.stdout}\n{run.stderr}"
            assert "Traceback" not in run.stderr
    with subtests.test("the voice is that of its recordings"):
        paths = sorted((tmp_path / "recordings" / "anna").glob("*.wav"))
        pitch = np.concatenate([f0_contour(load_audio(path), DEFAULT_SPEC) for path in paths])
        found = VoiceStore(home).get("anna")
        assert found.delta is not None
        measured = (found.statistics.f0_low_hz, found.statistics.f0_high_hz)
        assert measured == pytest.approx(np.percentile(pitch[pitch > 0], [5, 95]), rel=0.1)
