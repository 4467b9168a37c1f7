"""``voiceclone finetune``: a more faithful voice from ten or more transcribed recordings."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "voiceclone finetune anna recordings/anna"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    add = parser.add_argument
    add("name", metavar="NAME", help="an enrolled voice (see `voiceclone enroll`)")
    add("recordings", type=Path, metavar="RECORDINGS", help="folder of recordings + transcripts")
    add("--steps", type=int, default=800, help="most training steps (default 800)")
    add("--seed", type=int, default=0, help="of batches and dropout (default 0)")
    add("--models-dir", type=Path, help="models of this run instead of the shipped ones")
    add("--force", action="store_true", help="keep the result even if it measures worse")


def run(args: argparse.Namespace) -> int:
    """Fine-tune and print the measurements before and after."""
    import time

    from voice_replication.synthesizer.finetune import FinetuneConfig
    from voice_replication.voice_finetuning import finetune_voice
    from voice_replication.voices import VoiceStore

    started = time.monotonic()
    store = VoiceStore()
    report = finetune_voice(
        store.get(args.name),
        args.recordings,
        store,
        FinetuneConfig(steps=args.steps, seed=args.seed),
        models_dir=args.models_dir,
        force=args.force,
    )
    before, after = report.before, report.after
    print(f"fine-tuned '{args.name}' on {report.recordings} recordings, {report.steps} steps,")
    print(f"in {time.monotonic() - started:.0f} s. On sentences not trained on:")
    rows = (
        ("speaker similarity (our encoder)", before.similarity, after.similarity),
        ("intelligibility (aligner, 0 is best)", before.confidence, after.confidence),
        ("loss", report.loss_before, report.loss_after),
    )
    for name, old, new in rows:
        print(f"  {name:<38}{old:.3f} -> {new:.3f}")
    return 0
