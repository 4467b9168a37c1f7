"""``voiceclone narrate``: a whole book, chapter by chapter; interrupted, it goes on."""

from __future__ import annotations

import argparse
from pathlib import Path

from voice_replication.commands._speaking import add_speaking_arguments, settings_of

EXAMPLE = "voiceclone narrate book.txt --voice anna -o audiobook --format flac"
FORMATS = ("wav", "flac", "mp3", "m4b")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    add = parser.add_argument
    add("book", type=Path, metavar="BOOK", help="a .txt, .md or .epub file")
    add("-o", "--output", type=Path, required=True, metavar="DIR", help="folder of the audiobook")
    add("--format", choices=FORMATS, default="wav", help="one file a chapter, or book.m4b")
    add("--dialogue-voice", metavar="NAME", help="a second voice, for what is in quotation marks")
    add("--title", default="", help="title of the book (default: the file's name)")
    add("--timestamps", choices=("json", "srt"), default="", help="also write word times")
    add_speaking_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Narrate and print a summary."""
    import sys

    from voice_replication.narration.audiobook import BookOptions, narrate
    from voice_replication.narration.text_to_speech import Speaker

    settings = settings_of(args)
    speaker = Speaker(args.models_dir)
    options = BookOptions(
        voice=speaker.voice(args.voice),
        dialogue=speaker.voice(args.dialogue_voice) if args.dialogue_voice else None,
        settings=settings,
        format=args.format,
        title=args.title,
        timestamps=args.timestamps,
    )
    result = narrate(args.book, args.output, speaker, options)
    if result.unreadable:
        print(f"note: not readable and left out: {result.unreadable[:80]}", file=sys.stderr)
    minutes, seconds = divmod(round(result.audio_seconds), 60)
    print(
        f"{args.output}: {result.chapters} chapters, {minutes} min {seconds:02d} s; "
        f"{result.written} of {len(result.files)} files written."
    )
    fresh = f"{result.spoken_lines} of {result.lines} sentences spoken"
    if result.spoken_lines:
        print(
            f"{fresh} in {result.wall_seconds:.1f} s ({result.real_time_factor:.0f}x real time), "
            "the others were there already."
        )
    else:
        print(f"{fresh}: everything was there already.")
    return 0
