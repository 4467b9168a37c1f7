"""``voiceclone detect``: was this recording spoken here? It looks for the inaudible watermark.

Exit code 0 if every file carries the mark, 9 if at least one does not.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voice_replication.watermark_detection import Detection

EXAMPLE = "voiceclone detect hello.wav"

NOT_MARKED = 9  # exit code


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="sound files")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")


def run(args: argparse.Namespace) -> int:
    """Look at every file, in the given order."""
    import json
    from dataclasses import asdict

    from audio_utils import DEFAULT_SPEC, load_audio

    from voice_replication.watermark_detection import detect

    all_marked = True
    for path in args.files:
        audio = load_audio(path, DEFAULT_SPEC.sample_rate)
        detection = detect(audio, DEFAULT_SPEC.sample_rate)
        seconds = len(audio) / DEFAULT_SPEC.sample_rate
        if args.json:
            print(json.dumps({"file": str(path), "seconds": seconds, **asdict(detection)}))
        else:
            print(f"{path}: {describe(detection, seconds)}")
        all_marked = all_marked and detection.marked
    return 0 if all_marked else NOT_MARKED


def describe(detection: Detection, seconds: float) -> str:
    """What was found, for people."""
    from voice_replication.watermark_detection import THRESHOLD

    heard = f"{detection.checked_seconds:.1f} of {seconds:.1f} s could be judged"
    score = f"score {detection.score:.1f}, {THRESHOLD:g} is needed; {heard}"
    if detection.marked:
        return f"synthetic speech, it carries our watermark ({score})."
    if detection.checked_seconds == 0.0:
        return f"silent, or too short to say anything ({heard})."
    return f"no watermark of ours ({score}). That alone does not prove that a person spoke."
