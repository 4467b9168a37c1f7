"""``voiceclone speak``: a text in a voice, as a sound file."""

from __future__ import annotations

import argparse
from pathlib import Path

from voice_replication.commands._speaking import add_speaking_arguments, settings_of

EXAMPLE = 'voiceclone speak "Hello, this is my voice." --voice anna -o hello.wav'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of this command."""
    add = parser.add_argument
    add("text", metavar="TEXT", help="what to say; '-' reads standard input, '@FILE' a file")
    add(
        "-o", "--output", type=Path, required=True, metavar="FILE",
        help=".wav, .flac, .ogg or .mp3; .m4a and .m4b with FFmpeg",
    )  # fmt: skip
    add("--timestamps", type=Path, metavar="FILE", help="also write word times: .json or .srt")
    add("--title", default="", help="title in the file's tags (default: how the text begins)")
    add_speaking_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Speak and say where the file is and how fast it was made."""
    import sys

    from voice_replication.narration import formats, script, timestamps
    from voice_replication.narration.text_to_speech import Speaker

    settings = settings_of(args)
    text = read_argument(args.text)
    script.check_text(text)
    formats.check_suffix(args.output)
    if args.timestamps:
        timestamps.check_suffix(args.timestamps)
    speaker = Speaker(args.models_dir)
    voice = speaker.voice(args.voice)
    speech = speaker.speak_with(text, voice, settings, progress=True)
    title = args.title or " ".join(text.split())[:60]
    tags = formats.Tags(title=title, voice=voice.name)
    formats.write_audio(args.output, speech.audio, speech.sample_rate, tags)
    if args.timestamps:
        timestamps.write_timestamps(args.timestamps, speech.words)
    if speech.unreadable:
        print(f"note: not readable and left out: {speech.unreadable}", file=sys.stderr)
    made = sum(seconds for stage, seconds in speech.stages.items() if stage != "load")
    stages = ", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in speech.stages.items())
    print(
        f"{args.output}: {speech.seconds:.1f} s of speech, {speech.seconds / made:.0f}x real time"
    )
    print(f"  {stages}")
    return 0


def read_argument(text: str) -> str:
    """The text itself, standard input for ``-``, or the contents of ``@FILE``."""
    import sys

    from book_utils import read_text
    from env_utils import InputError

    if text.startswith("@") and len(text) > 1:
        return read_text(Path(text[1:]))
    if text != "-":
        return text
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"standard input: byte {error.start} is not UTF-8; give plain text in UTF-8."
        ) from None
