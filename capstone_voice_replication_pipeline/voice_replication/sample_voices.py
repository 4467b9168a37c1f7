"""Makes the sample voices that ship: mixtures of speakers, so that they belong to no real person.

    python -m voice_replication.sample_voices DATA OUT [--models-dir DIR]

Each voice is a weighted mean of the embeddings of four speakers of one gender, brought back to unit
length; its pitch is the one the synthesizer guesses for that embedding. Its reference recording is
spoken by the models themselves.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from audio_utils import DEFAULT_SPEC, save_audio
from data_utils import read_manifest
from training_utils import file_fingerprint

from voice_replication import voice_files
from voice_replication.data_processing.features import read_embeddings
from voice_replication.home import checkpoint_path
from voice_replication.narration.text_to_speech import Speaker
from voice_replication.synthesizer.inference import Synthesizer
from voice_replication.synthesizer.model import LOG_F0_CENTER
from voice_replication.voice import Statistics, Voice
from voice_replication.voices import VoiceStore

REFERENCE_TEXT = (
    "The harbour was quiet that morning, and a thin fog lay over the boats. "
    "Somebody had left a lantern burning at the end of the pier."
)
VOICES = {"ada": "F", "clara": "F", "basil": "M", "dorian": "M"}
SPEAKERS_PER_VOICE = 4
MINIMUM_UTTERANCES = 8  # a speaker with fewer has an uncertain embedding


def mixtures(data: Path, seed: int) -> dict[str, npt.NDArray[np.float32]]:
    """``voice name -> (D,)`` unit embedding, each mixed from other speakers than the rest."""
    embeddings, _ = read_embeddings(data)
    by_speaker: dict[tuple[str, str], list[npt.NDArray[np.float32]]] = defaultdict(list)
    for utterance in read_manifest(data / "manifest.csv"):
        if utterance.split == "train" and utterance.corpus.startswith("librispeech-train"):
            vector = embeddings[utterance.id].numpy()
            by_speaker[utterance.gender, utterance.speaker].append(vector)
    rng = np.random.default_rng(seed)
    pools = {
        gender: list(
            rng.permutation(
                [
                    s
                    for (g, s), v in sorted(by_speaker.items())
                    if g == gender and len(v) >= MINIMUM_UTTERANCES
                ]
            )
        )
        for gender in sorted(set(VOICES.values()))
    }
    made = {}
    for name, gender in VOICES.items():
        chosen = [pools[gender].pop() for _ in range(SPEAKERS_PER_VOICE)]
        weights = rng.dirichlet(np.full(len(chosen), 4.0))
        means = [np.mean(by_speaker[gender, s], axis=0) for s in chosen]
        mixed = sum(w * m for w, m in zip(weights, means, strict=True))
        made[name] = np.asarray(mixed / np.linalg.norm(mixed), dtype=np.float32)
    return made


def main() -> None:
    """Write the sample voices and their references."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the data folder the models were trained on")
    parser.add_argument("out", type=Path)
    parser.add_argument("--models-dir", type=Path)
    parser.add_argument("--seed", type=int, default=5)
    args = parser.parse_args()
    encoder = file_fingerprint(checkpoint_path("encoder", args.models_dir))
    synthesizer = Synthesizer.load(checkpoint_path("synthesizer", args.models_dir))
    speaker = Speaker(store=VoiceStore(samples=args.out), models_dir=args.models_dir)
    for name, embedding in mixtures(args.data, args.seed).items():
        with torch.no_grad():
            guess = synthesizer.model.speaker_f0(torch.from_numpy(embedding)[None])
        f0_median = float(torch.exp(guess[0, 0] + LOG_F0_CENTER))
        voice = Voice(
            name=name,
            embedding=embedding,
            encoder=encoder,
            audio=DEFAULT_SPEC.to_dict(),
            synthetic=True,
            statistics=Statistics(f0_median_hz=round(f0_median, 1)),
        )
        voice_files.write_folder(args.out / name, voice)
        speech = speaker.speak(REFERENCE_TEXT, voice)
        save_audio(args.out / name / "reference.flac", speech.audio, subtype="PCM_16")
        print(f"{name}: median F0 {f0_median:.0f} Hz, reference {len(speech.audio) / 24_000:.1f} s")


if __name__ == "__main__":
    main()
