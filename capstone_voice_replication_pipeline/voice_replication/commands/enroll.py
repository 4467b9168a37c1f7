"""``voiceclone enroll``: a voice from one or more references, adapted to them in some seconds."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = 'voiceclone enroll anna anna.wav --consent "I, Anna, agree that my voice is cloned."'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    add = parser.add_argument
    add("name", metavar="NAME", help="name of the new voice: letters, digits, - and _")
    add("files", nargs="+", type=Path, metavar="FILE", help="recordings, 3 s of speech in all")
    consent = parser.add_mutually_exclusive_group()
    consent.add_argument("--consent", metavar="STATEMENT", help="what the speaker agreed to")
    consent.add_argument(
        "--consent-file", type=Path, metavar="FILE", help="the same as text, or the record as JSON"
    )
    add("--speaker", help="who the speaker is, for the consent record (default: NAME)")
    add(
        "--quick", action="store_true", help="ready at once, but less like the speaker: no adapting"
    )
    add("--replace", action="store_true", help="put this voice in the place of an earlier one")
    add("--models-dir", type=Path, help="models of this run instead of the shipped ones")


def run(args: argparse.Namespace) -> int:
    """Enroll and print what was measured."""
    from training_utils import file_fingerprint

    from voice_replication.enrollment import (
        consent_from_file,
        consent_from_statement,
        enroll,
        load_reference,
        remarks,
    )
    from voice_replication.home import checkpoint_path
    from voice_replication.speaker_encoder.inference import SpeakerEncoder
    from voice_replication.voices import VoiceStore

    speaker = args.speaker or args.name
    consent = None
    if args.consent is not None:
        consent = consent_from_statement(args.consent, speaker)
    elif args.consent_file is not None:
        consent = consent_from_file(args.consent_file, speaker)
    if not args.quick:
        from voice_replication.voice_adaptation import adapt_stored, require_adaptable

        require_adaptable(args.models_dir)  # or say so before anything is stored
    store = VoiceStore()
    path = checkpoint_path("encoder", args.models_dir)
    voice = enroll(
        args.name,
        args.files,
        consent,
        SpeakerEncoder.load(path),
        store,
        fingerprint=file_fingerprint(path),
        replace=args.replace,
    )
    s = voice.statistics
    print(
        f"voice '{voice.name}': {s.references} reference{'s'[: s.references != 1]}, "
        f"{s.speech_seconds:.1f} s of speech, pitch {s.f0_median_hz:.0f} Hz "
        f"({s.f0_low_hz:.0f} to {s.f0_high_hz:.0f}), bandwidth {s.bandwidth_hz / 1000:.1f} kHz, "
        f"SNR {s.snr_db:.0f} dB."
    )
    for remark in remarks(voice):
        print(f"note: {remark}")
    if not args.quick:
        references = [load_reference(path) for path in args.files]
        result = adapt_stored(voice, references, store, args.models_dir)
        outcome = "adapted" if result.kept else "not adapted, which did harm"
        before, after = result.before.confidence, result.after.confidence
        print(f"{outcome}; intelligibility {before:.2f} -> {after:.2f} (aligner, 0 is best).")
    print(f'next: voiceclone speak "Hello, this is me." --voice {voice.name} -o hello.wav')
    return 0
