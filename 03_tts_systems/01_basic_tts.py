"""03.1  First speech

What you will learn: what a speech engine is (text in, samples and a rate out), how fast one is, and
    what of a text changes its sound: punctuation, numbers, tempo, pitch.
Needs: nothing but the installation (espeak-ng comes in a wheel; other engines if they are there)
Writes to outputs/03_tts_systems/: first_speech.wav, first_speech.png, first_speech.html
Look for: the stripes in the spectrogram. Their distance is the pitch; where they fade out and only
    a cloud is left, a sound without voice (s, f, t) is spoken.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from env_utils import lesson_parser, run_lesson
from tts_utils import (
    Audio,
    Clip,
    EspeakEngine,
    EspeakOptions,
    TTSEngine,
    list_engines,
    load_engine,
    save_wav,
    write_listening_page,
)
from tts_utils.pictures import picture_of_speech

TEXT = "Six ships sailed at half past seven. Nobody asked where they were going."
SHORT = "Six ships sailed at half past seven."


def show_engines() -> int:
    """Print every engine that installed packages offer, and why one cannot be used."""
    statuses = list_engines()
    print("Engines on this machine:")
    for status in statuses:
        mark = "ready" if status.available else "not here"
        print(f"  {status.name:<11} {mark:<9} {status.reason}")
    return sum(status.available for status in statuses)


def speak_and_time(engine: TTSEngine, text: str, voice: str | None) -> tuple[Audio, float]:
    """Audio, and how many seconds of speech one second of computing makes."""
    engine.synthesize("Ready.", voice)  # the first call loads things; it is not what we time
    started = time.perf_counter()
    audio = engine.synthesize(text, voice)
    return audio, audio.seconds / (time.perf_counter() - started)


def listen_to_the_text() -> list[Clip]:
    """The same words, written differently: the text is a score, and marks are part of it."""
    engine = EspeakEngine()
    versions = {
        "a full stop": "You came back.",
        "a question": "You came back?",
        "commas": "You, came, back.",
        "numbers": "It cost $3.50 in 1987.",
        "the same in words": "It cost three dollars and fifty cents in nineteen eighty-seven.",
    }
    clips = []
    print("\nThe same words, written differently:")
    for name, text in versions.items():
        audio = engine.synthesize(text)
        note = f"“{text}”  /{engine.phonemes(text)}/"
        print(f"  {name:<18} {audio.seconds:.2f} s  {note}")
        clips.append(Clip(f"Text: {name}", audio.samples, audio.sample_rate, note))
    return clips


def turn_the_knobs(text: str) -> tuple[list[Clip], dict[str, float]]:
    """espeak-ng's own parameters: tempo, height and melody of the voice are numbers to it."""
    settings = {
        "slow": EspeakOptions(words_per_minute=110),
        "fast": EspeakOptions(words_per_minute=280),
        "high": EspeakOptions(pitch=85),
        "monotone": EspeakOptions(pitch_range=0),
    }
    clips, seconds = [], {}
    print("\nThe same text with other options:")
    for name, options in settings.items():
        audio = EspeakEngine(options).synthesize(text)
        seconds[name] = audio.seconds
        print(f"  {name:<9} {audio.seconds:.2f} s  {options}")
        clips.append(Clip(f"Option: {name}", audio.samples, audio.sample_rate, str(options)))
    return clips, seconds


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    parser = lesson_parser("03_tts_systems", __doc__)
    parser.add_argument("--text", help="what to say (default: two sentences about ships)")
    parser.add_argument("--engine", default="espeak-ng", help="see the list that this prints")
    parser.add_argument("--voice", help="one of the engine's voices (default: its first)")
    args = parser.parse_args(argv)
    text = args.text or (SHORT if args.smoke else TEXT)

    usable = show_engines()
    engine = load_engine(args.engine)
    audio, speed = speak_and_time(engine, text, args.voice)
    again = engine.synthesize(text, args.voice)
    same = bool(np.array_equal(audio.samples, again.samples))
    print(f"\n{engine.name} says: “{text}”")
    print(f"  {len(audio.samples)} samples at {audio.sample_rate} Hz = {audio.seconds:.2f} s")
    print(f"  {speed:.0f} times as fast as it takes to listen")
    print(f"  said twice, the samples are {'the same' if same else 'not the same'}")

    folder = args.output_dir
    save_wav(folder / "first_speech.wav", audio)
    picture = folder / "first_speech.png"
    picture_of_speech(audio, picture, f"{engine.name}: stripes are voice, clouds are s, f and t")
    first = Clip(engine.name, audio.samples, audio.sample_rate, text, picture)
    knobs, seconds = turn_the_knobs(SHORT)
    write_listening_page(
        folder / "first_speech.html",
        "First speech",
        "One engine, one text, and what changes when the text or the options change.",
        [first, *knobs, *listen_to_the_text()],
    )
    print(f"\nListen: {folder / 'first_speech.html'}\nLook:   {picture}")
    return {
        "engine": engine.name,
        "engines_usable": usable,
        "seconds": audio.seconds,
        "times_real_time": speed,
        "same_samples_twice": same,
        "peak": float(np.abs(audio.samples).max()),
        "slow_seconds": seconds["slow"],
        "fast_seconds": seconds["fast"],
    }


# Try this next
#  1. --text with your own name, a date, "Dr. Read read St. John's No. 5". Which words come out
#     wrong? Each needs a rule or a dictionary entry; floor 05 writes them.
#  2. --engine voiceclone (if the capstone is installed): a model that was trained, not written.
#     Compare the spectrograms above 4 kHz, and the speed.
#  3. Set pitch_range=99 in turn_the_knobs. More melody, but is it the melody of somebody who
#     understands the sentence?

if __name__ == "__main__":
    run_lesson(main)
