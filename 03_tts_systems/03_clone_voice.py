"""03.3  Cloning a voice

What you will learn: what a cloner is given (a few seconds of a reference, and any text), what XTTS
    does with it, and how far one gets without any training by moving pitch, tempo, formants and
    average spectrum; and why what can be measured so simply is not yet the person.
Needs: nothing but the installation (net: XTTS v2, if coqui-tts is installed, its licence agreed to
    and its weights within reach)
Writes to outputs/03_tts_systems/: reference.wav, before.wav, cloned.wav, clone.png, clone.html,
    clone.json
Look for: every distance to the reference before and after. Which fall, which barely move? (The
    tempo of two sentences differs by some per cent even in one mouth: 5 % is nothing.) Then listen:
    would you take it for the same person?

A voice belongs to somebody. With --reference the script wants to know, in --consent, who agreed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dl_utils import COLOURS, new_figure, save_plot
from env_utils import (
    ConsentError,
    VoiceReplicationError,
    atomic_write_json,
    lesson_parser,
    run_lesson,
)
from tts_utils import (
    Audio,
    Clip,
    EspeakEngine,
    adapt_voice,
    fit_adaptation,
    load_engine,
    load_wav,
    measure_voice,
    save_wav,
    voice_distances,
    write_listening_page,
)
from tts_utils.coqui import CoquiEngine

# Three texts, so that nothing can be won by copying: the reference says one, the adaptation is
# fitted while espeak-ng says the second, and what is measured and heard is the third.
REFERENCE_TEXT = (
    "Whoever reads this aloud has a voice of her own, and it stays hers when the words change.\n"
    "Bring the lamp closer, please, and let us look at the map together."
)
FITTING_TEXT = (
    "The light above the harbor went out a little after nine, and nobody on the pier could say "
    "who had seen it last. Seven slow ships came home before the storm."
)
NEW_TEXT = "A voice is a habit of the body. It can be measured, and a little of it can be borrowed."
UNITS = {  # of the distances, with a word for the picture
    "pitch_semitones": "pitch (semitones)",
    "liveliness_semitones": "melody (semitones)",
    "rate_percent": "tempo (%)",
    "formants_percent": "formants (%)",
    "spectrum_db": "spectrum (dB)",
    "spectrum_spread_db": "its movement (dB)",
}


def get_reference(path: Path | None, consent: str, text: str) -> tuple[Audio, str]:
    """The recording to clone from, and what it is; by default a voice that no person has."""
    if path is not None:
        if not consent.strip():
            raise ConsentError(
                f"{path}: a voice is used only with its owner's agreement. Say who agreed, and to "
                'what: --consent "I, ..., agree that this lesson imitates my voice."'
            )
        return load_wav(path), path.name
    try:
        audio = load_engine("voiceclone").synthesize(text, "ada")
        return audio, "the sample voice 'ada' of the capstone's engine (no person's voice)"
    except VoiceReplicationError as error:
        print(f"The capstone's voices cannot be used here: {error}")
    audio = EspeakEngine().synthesize(text, "en-gb+f4")
    return audio, "espeak-ng's voice en-gb+f4"


def clone_with_xtts(text: str, reference: Path) -> Audio | None:
    """XTTS v2 in the reference's voice, or ``None`` after one line that says why not."""
    try:
        return CoquiEngine().clone(text, reference)
    except VoiceReplicationError as error:
        print(f"XTTS v2 is not used: {error}")
        return None


def clone_by_hand(text: str, base: str, reference: Audio) -> Audio:
    """espeak-ng's ``base`` voice moved to the averages of ``reference``; fitted on other words."""
    engine = EspeakEngine()
    plan = fit_adaptation(engine.synthesize(FITTING_TEXT, base), reference)
    print(
        f"So espeak-ng's '{base}' is adapted by hand: pitch × {plan.pitch_ratio:.2f}, "
        f"melody × {plan.liveliness:.2f}, tempo × {plan.tempo:.2f}, "
        f"formants × {plan.warp:.2f}, bands by up to {abs(plan.gain_db).max():.0f} dB."
    )
    return adapt_voice(engine.synthesize(text, base), plan)


def print_distances(before: dict[str, float], after: dict[str, float]) -> None:
    """How far from the reference, thing by thing."""
    print(f"\n  {'distance to the reference':<26} {'before':>7} {'after':>7}")
    for name, label in UNITS.items():
        print(f"  {label:<26} {before[name]:7.1f} {after[name]:7.1f}")


def draw_distances(
    before: dict[str, float], after: dict[str, float], method: str, path: Path
) -> None:
    """Bars before and after; units differ from thing to thing, so each has a scale of its own."""
    figure = new_figure(9.0, 3.2)
    for axes, (name, label) in zip(figure.subplots(1, len(UNITS)), UNITS.items(), strict=True):
        axes.bar(["before", "after"], [before[name], after[name]], color=[COLOURS[6], COLOURS[0]])
        axes.set_title(label, fontsize=9)
        axes.set_ylim(0, max(before[name], after[name], 0.1) * 1.15)
        axes.tick_params(labelsize=8)
    figure.suptitle(f"Distance to the reference, before and after ({method})")
    save_plot(figure, path, dpi=90)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    parser = lesson_parser("03_tts_systems", __doc__)
    parser.add_argument("--reference", type=Path, help="a recording to clone from (WAV, FLAC ...)")
    parser.add_argument("--consent", default="", help="who agreed to it, in a sentence")
    parser.add_argument("--text", default=NEW_TEXT, help="what the clone says")
    parser.add_argument("--base", default="en-us", help="espeak-ng's voice to start from")
    args = parser.parse_args(argv)
    folder = args.output_dir

    said = REFERENCE_TEXT.partition("\n")[0] if args.smoke else REFERENCE_TEXT.replace("\n", " ")
    reference, what = get_reference(args.reference, args.consent, said)
    save_wav(folder / "reference.wav", reference)
    print(f"Reference: {reference.seconds:.1f} s of {what}")
    wanted = measure_voice(reference)
    start = EspeakEngine().synthesize(args.text, args.base)

    cloned, method = clone_with_xtts(args.text, folder / "reference.wav"), "xtts"
    if cloned is None:
        cloned, method = clone_by_hand(args.text, args.base, reference), "adaptation"
    before = voice_distances(measure_voice(start), wanted)
    after = voice_distances(measure_voice(cloned), wanted)
    print_distances(before, after)

    save_wav(folder / "before.wav", start)
    save_wav(folder / "cloned.wav", cloned)
    draw_distances(before, after, method, folder / "clone.png")
    results = {
        "method": method,
        "reference": what,
        "consent": args.consent or "not needed: no person's voice",
        "before": before,
        "after": after,
    }
    atomic_write_json(folder / "clone.json", results)
    clips = [
        Clip("Reference", reference.samples, reference.sample_rate, what),
        Clip(f"Before: espeak-ng {args.base}", start.samples, start.sample_rate, args.text),
        Clip("After", cloned.samples, cloned.sample_rate, method, folder / "clone.png"),
    ]
    intro = f"The reference is {what}. Method: {method}. The other two say words it never said."
    write_listening_page(folder / "clone.html", "Cloning a voice", intro, clips)
    print(f"\nListen: {folder / 'clone.html'}\nLook:   {folder / 'clone.png'}")
    return results


# Try this next
#  1. --base en-us+f2: a start that is nearer. Is the result better, and in which of the bars?
#  2. Your own voice: record ten seconds to me.wav, and
#     --reference me.wav --consent "I, ..., agree that this lesson imitates my voice."
#  3. In fit_adaptation set gain_db to zero before it is returned. Which distance comes back, and
#     can you hear what it was?

if __name__ == "__main__":
    run_lesson(main)
