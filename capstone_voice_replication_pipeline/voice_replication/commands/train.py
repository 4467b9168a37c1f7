"""``voiceclone train``: encoder, synthesizer, vocoder, or everything in order."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "voiceclone train all data/speech24 --preset tiny --run-id first"
STAGES = ("encoder", "synthesizer", "vocoder", "all")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command; the long options are those users of SV2TTS know."""
    add = parser.add_argument
    add("stage", choices=STAGES, help="what to train; 'all' also aligns and computes features")
    add("data", type=Path, metavar="DATA", help="a preprocessed data folder")
    add("--run-id", required=True, metavar="R", help="name of the run; the same name resumes it")
    add("--models-dir", type=Path, help="where runs are kept (default: VOICECLONE_HOME/runs)")
    recipe = parser.add_mutually_exclusive_group()
    recipe.add_argument(
        "--config",
        type=Path,
        help="a YAML file, or the name of one that ships: tacotron.yaml, "
        "hifigan.yaml (default: the one that made the shipped model)",
    )
    recipe.add_argument(
        "--preset",
        default="",
        choices=("tiny",),
        help="small models of one voice, in minutes on two cores, with the shipped encoder",
    )
    add("--save-every", type=int, metavar="N", help="steps between saves of the training state")
    add("--backup-every", type=int, metavar="N", help="steps between kept copies (0: never)")
    add("--vis-every", type=int, metavar="N", help="steps between samples, mels and plots")
    add("--force-restart", action="store_true", help="begin at step 0, dropping saved progress")
    add("--hparams", default="", metavar="a=1,b=2", help="values of the config's training section")
    add(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="any value of the config; STAGE:KEY=VALUE for one stage of 'all'",
    )
    add("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    add("--tracker", default="none", choices=("none", "mlflow", "wandb"), help="also log there")
    add("--minutes", type=float, help="save and stop after this time; the next call goes on")
    add(
        "--start-from",
        type=Path,
        metavar="CKPT",
        help="synthesizer, vocoder: begin with these weights",
    )
    add(
        "--mels",
        type=Path,
        metavar="DIR",
        help="vocoder: every second mel is one of these predicted ones",
    )


def run(args: argparse.Namespace) -> int:
    """Train; print where the checkpoint is."""
    from voice_replication.training_runs import TrainingRun

    overrides = [f"training.{p}" if "." not in p else p for p in args.hparams.split(",") if p]
    for name in ("save_every", "backup_every", "vis_every"):
        if getattr(args, name) is not None:
            overrides.append(f"training.{name}={getattr(args, name)}")
    training = TrainingRun(
        data=args.data,
        run_id=args.run_id,
        models_dir=args.models_dir,
        config=args.config,
        overrides=overrides + args.set,
        device=args.device,
        restart=args.force_restart,
        tracker=args.tracker,
        max_minutes=args.minutes,
        start_from=args.start_from,
        mels=args.mels,
        preset=args.preset,
    )
    for path in training.run(args.stage):
        print(path)
    return 0
