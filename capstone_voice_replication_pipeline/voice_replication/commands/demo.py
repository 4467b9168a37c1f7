"""``voiceclone demo``: hear a cloned voice a minute after installing."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = 'voiceclone demo --text "Nobody has ever said this sentence before."'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument(
        "--voice",
        type=Path,
        metavar="FILE",
        help="a recording of your own voice, 3 s or more; by using it you agree to a temporary "
        "voice on this machine (default: the reference of a sample voice)",
    )
    parser.add_argument(
        "--text", metavar="TEXT", help="what to say, at most 600 characters (default: a sentence)"
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("outputs/demo"),
        metavar="DIR",
        help="folder for the page and the sound files (default: outputs/demo)",
    )
    parser.add_argument(
        "--keep", metavar="NAME", help="keep the voice as NAME, to be used by every command"
    )
    parser.add_argument(
        "--consent",
        metavar="STATEMENT",
        help="with --keep: the speaker's agreement in their words, stored with the voice",
    )
    parser.add_argument("--seed", type=int, default=0, help="another seed is another reading")
    parser.add_argument(
        "--models-dir",
        type=Path,
        metavar="DIR",
        help="folder with encoder, synthesizer and vocoder (default: the models that ship)",
    )


def run(args: argparse.Namespace) -> int:
    """Make the page and say where it is."""
    from voice_replication.demo import TEXT, DemoRequest, make_demo

    made = make_demo(
        DemoRequest(
            output=args.output,
            recording=args.voice,
            text=TEXT if args.text is None else args.text,
            keep=args.keep,
            consent=args.consent,
            seed=args.seed,
            models_dir=args.models_dir,
        )
    )
    demo = made.demo
    similarity = demo.clone.similarity
    print(f"spoke {demo.clone.seconds:.1f} s at {demo.real_time_factor:.3g} times real time")
    if similarity is not None:
        print(f"similarity to the reference {similarity:.2f}, by {demo.encoder}")
    for remark in made.remarks:
        print(f"note: {remark}")
    if args.keep:
        print(f'kept: voiceclone speak "Hello." --voice {args.keep} -o hello.wav')
    print(f"hear: {demo.clone.path}")
    print(f"see:  {made.page.resolve()}")
    return 0
