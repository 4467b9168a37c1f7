"""03.2  The same sentence in several voices

What you will learn: what makes a voice that voice, as far as it can be put into numbers: height and
    melody of the pitch, tempo, formants, average spectrum; and what these numbers leave out.
Needs: nothing but the installation (voices of other engines if they are there)
Writes to outputs/03_tts_systems/: voices.png, voices.html, voices.json
Look for: f2 is nearly an octave above en-us, with formants only about a tenth higher. The voices of
    espeak-ng share the shape of their pitch curve: one set of rules makes it for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from env_utils import (
    InputError,
    VoiceReplicationError,
    atomic_write_json,
    lesson_parser,
    run_lesson,
)
from tts_utils import (
    Audio,
    Clip,
    TTSEngine,
    VoicePortrait,
    load_engine,
    measure_voice,
    voice_distances,
    write_listening_page,
)
from tts_utils.pictures import picture_of_speech, picture_of_voices

SENTENCE = "When the sunlight strikes the sea, every window on the hill looks yellow."
SHORT = "Every window on the hill looks yellow."
VOICES = (  # engine:voice
    "espeak-ng:en-us",
    "espeak-ng:en-us+f2",
    "espeak-ng:en-gb+m7",
    "espeak-ng:en-us+klatt",
    "voiceclone:ada",
    "voiceclone:basil",
    "speecht5:slt",
    "speecht5:bdl",
)


def speak_all(choices: Sequence[str], sentence: str) -> dict[str, Audio]:
    """``sentence`` by every voice that can be had here; the others are named with the reason."""
    spoken: dict[str, Audio] = {}
    engines: dict[str, TTSEngine] = {}
    for choice in choices:
        name, _, voice = choice.partition(":")
        try:
            if name not in engines:
                engines[name] = load_engine(name)
            spoken[choice] = engines[name].synthesize(sentence, voice or None)
        except VoiceReplicationError as error:
            print(f"  without {choice}: {error}")
    if not spoken:
        raise InputError("none of the voices can speak here; `01_basic_tts.py` lists the engines.")
    return spoken


def print_table(portraits: dict[str, VoicePortrait]) -> None:
    """One row a voice, with the numbers that the picture shows."""
    print(f"\n  {'voice':<22} {'F0 Hz':>6} {'melody st':>10} {'syll/s':>7}   F1   F2   F3 Hz")
    for name, p in portraits.items():
        formants = " ".join(f"{hertz:4.0f}" for hertz in p.formants_hz)
        print(
            f"  {name:<22} {p.median_f0_hz:6.0f} {p.f0_spread_semitones:10.1f} "
            f"{p.syllables_per_second:7.1f}  {formants}"
        )


def facts(portrait: VoicePortrait) -> dict[str, object]:
    """What of a portrait goes into the JSON file."""
    return {
        "median_f0_hz": round(portrait.median_f0_hz, 1),
        "f0_spread_semitones": round(portrait.f0_spread_semitones, 2),
        "syllables_per_second": round(portrait.syllables_per_second, 2),
        "formants_hz": [round(float(hertz)) for hertz in portrait.formants_hz],
    }


def describe(portrait: VoicePortrait, first: VoicePortrait) -> str:
    """A line under the sound: the voice in numbers, and how far it is from the first one."""
    apart = voice_distances(portrait, first)
    return (
        f"Pitch {portrait.median_f0_hz:.0f} Hz, {portrait.syllables_per_second:.1f} syllables a "
        f"second. From the first voice: {apart['pitch_semitones']:.1f} semitones, formants "
        f"{apart['formants_percent']:.0f} %, spectrum {apart['spectrum_db']:.1f} dB."
    )


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    parser = lesson_parser("03_tts_systems", __doc__)
    parser.add_argument("--text", help="what all of them say")
    parser.add_argument(
        "--voices", nargs="+", default=list(VOICES), metavar="ENGINE:VOICE", help="who speaks"
    )
    args = parser.parse_args(argv)
    sentence = args.text or (SHORT if args.smoke else SENTENCE)
    choices = args.voices[:3] if args.smoke else args.voices

    print(f"“{sentence}”")
    spoken = speak_all(choices, sentence)
    portraits = {name: measure_voice(audio) for name, audio in spoken.items()}
    print_table(portraits)

    folder = args.output_dir
    atomic_write_json(folder / "voices.json", {name: facts(p) for name, p in portraits.items()})
    picture_of_voices(portraits, folder / "voices.png", "One sentence, different voices")
    first = next(iter(portraits.values()))
    clips = []
    for index, (name, audio) in enumerate(spoken.items(), 1):
        picture = folder / f"voice_{index}.png"
        picture_of_speech(audio, picture, name)
        note = describe(portraits[name], first)
        clips.append(Clip(name, audio.samples, audio.sample_rate, note, picture))
    write_listening_page(
        folder / "voices.html",
        "The same sentence in several voices",
        f"All of them say: “{sentence}” Listen first, with your eyes closed: which two are most "
        "alike? Then look whether the numbers agree with you.",
        clips,
    )
    print(f"\nListen: {folder / 'voices.html'}\nLook:   {folder / 'voices.png'}")
    return {
        "voices": {name: facts(portrait) for name, portrait in portraits.items()},
        "distance_to_first": {
            name: voice_distances(portrait, first) for name, portrait in portraits.items()
        },
    }


# Try this next
#  1. --voices espeak-ng:en-us espeak-ng:en-us+croak espeak-ng:en-us+whisper. A whisper has no
#     pitch at all. What does measure_voice say about it, and is it right to?
#  2. Let one voice say two different sentences (--text). How far is it from itself? Differences
#     between voices that are smaller than that mean nothing.
#  3. Swap the microphone instead of the voice: save a sound, filter everything above 3 kHz away,
#     measure again. Which of the numbers are about the throat, and which about the recording?

if __name__ == "__main__":
    run_lesson(main)
