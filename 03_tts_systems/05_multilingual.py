"""03.5  Other languages

What you will learn: that an engine speaks a language with two things, its sounds and its rules from
    letters to sounds; and what happens when the letters are read by the rules of another language.
Needs: nothing but the installation
Writes to outputs/03_tts_systems/: languages.png, languages.html, languages.json
Look for: "Wrong rules" on the page. The voice is clear, and not a word can be understood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import atomic_write_json, lesson_parser, run_lesson
from tts_utils import Audio, Clip, EspeakEngine, write_listening_page

# voice of espeak-ng: (language, "Good morning. The train to the sea leaves at seven.")
SENTENCES = {
    "en-gb": ("English", "Good morning. The train to the sea leaves at seven."),
    "de": ("German", "Guten Morgen. Der Zug ans Meer fährt um sieben."),
    "fr-fr": ("French", "Bonjour. Le train pour la mer part à sept heures."),
    "es": ("Spanish", "Buenos días. El tren al mar sale a las siete."),
    "it": ("Italian", "Buongiorno. Il treno per il mare parte alle sette."),
    "pt-br": ("Portuguese", "Bom dia. O trem para o mar sai às sete."),
    "nl": ("Dutch", "Goedemorgen. De trein naar zee vertrekt om zeven uur."),
    "pl": ("Polish", "Dzień dobry. Pociąg nad morze odjeżdża o siódmej."),
    "tr": ("Turkish", "Günaydın. Denize giden tren saat yedide kalkıyor."),
    "ru": ("Russian", "Доброе утро. Поезд к морю отправляется в семь."),
    "el": ("Greek", "Καλημέρα. Το τρένο για τη θάλασσα φεύγει στις επτά."),
    "cmn": ("Mandarin", "早上好。去海边的火车七点出发。"),
}
SMOKE = ("en-gb", "de", "fr-fr", "ru")
WRONG_RULES = (("de", "en-gb"), ("fr-fr", "de"), ("en-gb", "es"))  # (text, who reads it)


@dataclass(frozen=True)
class Spoken:
    """A sentence in a language: its sounds in IPA, and what they sound like."""

    voice: str
    language: str
    text: str
    ipa: str
    audio: Audio


def speak(text_voice: str, voice: str) -> Spoken:
    """The sentence of ``text_voice``, read by ``voice`` (usually the same)."""
    engine = EspeakEngine()
    language, text = SENTENCES[text_voice]
    return Spoken(
        voice, language, text, engine.phonemes(text, voice), engine.synthesize(text, voice)
    )


def sounds(ipa: str) -> str:
    """IPA without spaces and without the marks of stress and length: one letter a sound, nearly."""
    return "".join(letter for letter in ipa if letter.isalpha() and letter not in "ˈˌː")


def sounds_per_second(spoken: Spoken) -> float:
    """Sounds (letters of IPA) in a second of audio, its short silences included."""
    return len(sounds(spoken.ipa)) / spoken.audio.seconds


def edits(one: str, other: str) -> int:
    """Levenshtein distance: the fewest letters to insert, delete or replace.

    The table of Wagner and Fischer (1974), of which only one row is kept at a time.
    """
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def read_by_the_wrong_rules(spoken: dict[str, Spoken]) -> tuple[list[Clip], dict[str, float]]:
    """Letters of one language under the rules of another, and how many of the sounds differ."""
    clips, shares = [], {}
    print("\nRead by the rules of another language:")
    for text_voice, voice in WRONG_RULES:
        if text_voice not in spoken:
            continue
        wrong, right = speak(text_voice, voice), spoken[text_voice]
        share = edits(sounds(wrong.ipa), sounds(right.ipa)) / len(sounds(right.ipa))
        shares[f"{text_voice} by {voice}"] = share
        print(f"  {right.language} by {voice}: /{wrong.ipa}/  ({share:.0%} edits a sound)")
        note = f"“{right.text}” /{wrong.ipa}/ instead of /{right.ipa}/"
        title = f"Wrong rules: {right.language}, read by {voice}"
        clips.append(Clip(title, wrong.audio.samples, wrong.audio.sample_rate, note))
    return clips, shares


def draw_languages(spoken: Sequence[Spoken], path: str) -> None:
    """How long the same message takes, and how many sounds a second that is."""
    figure = new_figure(9.0, 0.32 * len(spoken) + 1.4)
    left, right = figure.subplots(1, 2, sharey=True)
    place = np.arange(len(spoken))
    left.barh(place, [s.audio.seconds for s in spoken], color=COLOURS[0])
    left.set(xlabel="duration (s)", title="The same message takes …")
    left.set_yticks(place, [s.language for s in spoken])
    left.invert_yaxis()
    right.barh(place, [sounds_per_second(s) for s in spoken], color=COLOURS[1])
    right.set(xlabel="sounds per second", title="… at this tempo")
    figure.suptitle("One engine, one tempo setting: languages pack a message differently")
    save_plot(figure, path, dpi=90)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    parser = lesson_parser("03_tts_systems", __doc__)
    args = parser.parse_args(argv)
    voices = SMOKE if args.smoke else tuple(SENTENCES)

    spoken = {voice: speak(voice, voice) for voice in voices}
    for one in spoken.values():
        print(f"  {one.language:<11} {one.audio.seconds:.2f} s  {one.text}\n{'':14}/{one.ipa}/")
    wrong, shares = read_by_the_wrong_rules(spoken)

    folder = args.output_dir
    draw_languages(list(spoken.values()), str(folder / "languages.png"))
    facts = {
        voice: {
            "language": s.language,
            "ipa": s.ipa,
            "seconds": round(s.audio.seconds, 3),
            "sounds_per_second": round(sounds_per_second(s), 2),
        }
        for voice, s in spoken.items()
    }
    atomic_write_json(folder / "languages.json", facts)
    clips = [
        Clip(s.language, s.audio.samples, s.audio.sample_rate, f"“{s.text}” /{s.ipa}/")
        for s in spoken.values()
    ]
    write_listening_page(
        folder / "languages.html",
        "Other languages",
        "“Good morning. The train to the sea leaves at seven.” First every language by its own "
        "rules, then three of them by the rules of another.",
        [*clips, *wrong],
    )
    print(f"\nListen: {folder / 'languages.html'}\nLook:   {folder / 'languages.png'}")
    return {"languages": facts, "wrong_sounds": shares}


# Try this next
#  1. Add a language that you speak (EspeakEngine().voices() lists them). Is it right? Send what is
#     wrong to the people who write its rules.
#  2. Put a foreign name into the English sentence ("The train to Łódź"). What do narrators do, and
#     what would an engine need in order to do it?
#  3. Where XTTS is at hand: CoquiEngine().clone(text, reference, language="fr") keeps the voice and
#     changes the language. Which of the two does the accent belong to?

if __name__ == "__main__":
    run_lesson(main)
