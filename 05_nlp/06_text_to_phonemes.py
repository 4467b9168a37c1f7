"""05.6  Text to phonemes

What you will learn: the three steps from letters to sounds: what is spoken (numbers, dates, money,
    abbreviations), how a word sounds (dictionary, neighbours), and how a word sounds that no
    dictionary holds (a model trained here).
Needs: nothing but the installation
Writes to outputs/05_nlp/: pronunciation_table.tsv, g2p_learning_curve.png, normalization.html
Look for: the learning curve. Spelling rules written by hand stay far behind a model that has seen a
    few thousand words, and four times as many words help it again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from book_utils import count_words, read_text, sample_book_path
from dl_utils import COLOURS, new_figure, save_plot
from env_utils import atomic_write_text, lesson_parser, run_lesson
from text_utils import Symbols, normalize_text, phonemize, pronounce
from text_utils.g2p import GraphoneModel, guess
from text_utils.lexicon import all_words, lookup
from text_utils.train_g2p import edit_distance, evaluate, is_held_out, train
from tts_utils import Clip, EspeakEngine, write_listening_page

WRITTEN = (
    "Dr. Lindqvist lives at 17 Chandler St.",
    "On May 1, 1986, she paid $3.35 and 2¢.",
    "It weighs 22 lbs., i.e. about 10 kg.",
    "At 4 a.m. the glass stood at 28.6 in.",
    "Chapter IV, pp. 12-15, costs €1,200.",
    "King Henry VIII. called 555-0142 at 9:15.",
)
HETERONYMS = (  # sentence, the word, and how it is said
    ("They record the voice.", "record", "R AH0 K AO1 R D"),
    ("They broke the record.", "record", "R EH1 K ER0 D"),
    ("A gust of wind shut the door.", "wind", "W IH1 N D"),
    ("Please wind the clock.", "wind", "W AY1 N D"),
    ("She read it aloud yesterday.", "read", "R EH1 D"),
    ("I want to read it.", "read", "R IY1 D"),
    ("The pipes are made of lead.", "lead", "L EH1 D"),
    ("You lead and we follow.", "lead", "L IY1 D"),
    ("They live on an island.", "live", "L IH1 V"),
    ("It was a live broadcast.", "live", "L AY1 V"),
    ("Stay close to me.", "close", "K L OW1 S"),
    ("Please close the door.", "close", "K L OW1 Z"),
    ("A tear ran down her cheek.", "tear", "T IH1 R"),
    ("Do not tear the paper.", "tear", "T EH1 R"),
    ("The use of her voice is free.", "use", "Y UW1 S"),
    ("You may use her voice.", "use", "Y UW1 Z"),
    ("The contract was signed.", "contract", "K AA1 N T R AE2 K T"),
    ("Metals contract in the cold.", "contract", "K AH0 N T R AE1 K T"),
    ("She took a bow on the stage.", "bow", "B AW1"),
    ("He shot an arrow with his bow.", "bow", "B OW1"),
)
LETTERS = {
    "a": "AE1", "b": "B", "c": "K", "d": "D", "e": "EH1", "f": "F", "g": "G", "h": "HH",
    "i": "IH1", "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N", "o": "AA1", "p": "P",
    "q": "K", "r": "R", "s": "S", "t": "T", "u": "AH1", "v": "V", "w": "W", "x": "K S",
    "y": "IY0", "z": "Z", "sh": "SH", "ch": "CH", "th": "TH", "ph": "F", "ck": "K",
    "ee": "IY1", "oo": "UW1", "ea": "IY1", "ou": "AW1", "ai": "EY1", "ng": "NG", "qu": "K W",
}  # fmt: skip
ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


# --- Step 1: what is spoken ---------------------------------------------------------------------


def spell_number(value: int) -> str:
    """A number below a million in words, by recursion: the large part, its name, the rest."""
    if value < 20:
        return ONES[value]
    if value < 100:
        tens, ones = divmod(value, 10)
        return TENS[tens] + (f"-{ONES[ones]}" if ones else "")
    size, name = (100, "hundred") if value < 1000 else (1000, "thousand")
    head, rest = divmod(value, size)
    return f"{spell_number(head)} {name}" + (f" {spell_number(rest)}" if rest else "")


def show_normalization() -> list[str]:
    """Print what is written, what is spoken, and its phones; the rows of the table."""
    rows = ["written\tspoken\tphones"]
    for text in WRITTEN:
        spoken, phones = normalize_text(text), " ".join(phonemize(text))
        print(f"  {text}\n    {spoken}\n    {phones}")
        rows.append(f"{text}\t{spoken}\t{phones}")
    return rows


# --- Step 2: how a word sounds ------------------------------------------------------------------


def heteronym_accuracy() -> tuple[float, float]:
    """Shares of right readings: the dictionary's first entry, and ``pronounce`` with context."""
    first = context = 0
    for sentence, word, phones in HETERONYMS:
        wanted = tuple(phones.split())
        found = next(w.phones for w in pronounce(sentence) if w.text.lower() == word)
        first += lookup(word)[0] == wanted
        context += found == wanted
        if found != wanted:
            print(f"  wrong: {sentence} {word} -> {' '.join(found)}, not {phones}")
    return first / len(HETERONYMS), context / len(HETERONYMS)


# --- Step 3: words that no dictionary holds -----------------------------------------------------


def by_rules(word: str) -> tuple[str, ...]:
    """A letter, a sound; pairs such as "sh" before single letters; a last "e" is silent."""
    phones: list[str] = []
    letters = word[:-1] if len(word) > 3 and word.endswith("e") else word
    place = 0
    while place < len(letters):
        length = 2 if letters[place : place + 2] in LETTERS else 1
        phones += LETTERS[letters[place : place + length]].split()
        place += length
    return tuple(phones)


def rules_error_rate(words: Sequence[str]) -> float:
    """Phone error rate of the rules, without stress, against the nearest of the dictionary's."""
    errors = total = 0
    for word in words:
        answer = [phone.rstrip("012") for phone in by_rules(word)]
        references = [[phone.rstrip("012") for phone in phones] for phones in lookup(word)]
        distance, length = min((edit_distance(answer, r), len(r)) for r in references)
        errors, total = errors + distance, total + length
    return errors / total


def learning_curve(sizes: Sequence[int], held_out: Sequence[str]) -> list[float]:
    """Phone error rates (without stress) of models trained on more and more words."""
    words = [w for w in all_words() if w.isascii() and w.isalpha() and len(w) > 1]
    training = [w for w in words if not is_held_out(w)]
    rates: list[float] = []
    for size in sizes:
        step = len(training) / size  # evenly over the alphabet, always the same words
        chosen = [training[int(i * step)] for i in range(size)]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.npz"
            train(chosen, path)
            rate = evaluate(GraphoneModel(path), held_out)["phone_error_rate_without_stress"]
        print(f"  {size:6} words: {rate:.1%} of the phones wrong")
        rates.append(rate)
    return rates


def draw(sizes: Sequence[int], rates: Sequence[float], rules: float, path: Path) -> None:
    """Phone error rate over the number of training words."""
    figure = new_figure(7.3, 3.6)
    axes = figure.subplots()
    axes.plot(sizes, [100 * r for r in rates], "o-", color=COLOURS[0], label="trained model")
    axes.axhline(100 * rules, color=COLOURS[1], linestyle="--", label="rules written by hand")
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.set_ylim(0, None)
    axes.set_xlabel("words of the dictionary that the model was trained on")
    axes.set_ylabel("phone error rate (%)")
    axes.set_title("Pronouncing unknown words: examples beat rules")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    save_plot(figure, path)


def speak(path: Path) -> None:
    """Each hard line twice: as espeak-ng reads what is written, and what we say is spoken."""
    engine, clips = EspeakEngine(), []
    for text in WRITTEN:
        for name, said in (("as written", text), ("normalized", normalize_text(text))):
            audio = engine.synthesize(said)
            clips.append(Clip(f"{name}: {said}", audio.samples, audio.sample_rate))
    intro = "The engine has rules of its own. Listen for where they and ours part."
    write_listening_page(path, "Written and spoken", intro, clips)


def main(argv: Sequence[str] | None = None) -> dict[str, object]:
    args = lesson_parser("05_nlp", __doc__).parse_args(argv)
    print("1. From written to spoken")
    rows = show_normalization()
    print(f"  by hand: 48,500 -> {spell_number(48500)}")

    print("\n2. Words that are written alike")
    first, context = heteronym_accuracy()
    print(f"  the dictionary's first entry is right in {first:.0%} of {len(HETERONYMS)} sentences,")
    print(f"  with a look at the neighbours {context:.0%}")

    print("\n3. Words that no dictionary holds")
    spoken = count_words(normalize_text(read_text(sample_book_path())))
    plain = [word for word in spoken if word.isalpha()]
    unknown = sorted(word for word in plain if not lookup(word))
    print(f"  {len(unknown)} of {len(plain)} words of the sample book are not in the dictionary:")
    for word in unknown:
        print(f"    {word:<12} {' '.join(guess(word))}")
    held_out = [w for w in all_words() if w.isascii() and w.isalpha() and is_held_out(w)]
    held_out = held_out[:: 40 if args.smoke else 6]
    rules = rules_error_rate(held_out)
    print(f"  rules by hand: {rules:.1%} of the phones of {len(held_out)} held-out words wrong")
    sizes = [500, 1000] if args.smoke else [1000, 2000, 4000, 8000, 16000]
    rates = learning_curve(sizes, held_out)

    words = pronounce("At the tone, the time will be nine fifteen.")
    print("\nWhat the voice's model gets: phones, and a pause after every word")
    print(f"  {' '.join(f'{p}' for w in words for p in (*w.phones, repr(w.pause)))}")
    print(f"  {Symbols().encode(words)}")
    atomic_write_text(args.output_dir / "pronunciation_table.tsv", "\n".join(rows) + "\n")
    draw(sizes, rates, rules, args.output_dir / "g2p_learning_curve.png")
    speak(args.output_dir / "normalization.html")
    print(f"\nWritten to {args.output_dir}: pronunciation_table.tsv, g2p_learning_curve.png,")
    print("normalization.html")
    return {
        "first_entry_accuracy": first,
        "context_accuracy": context,
        "unknown_words": len(unknown),
        "rules_error_rate": rules,
        "model_error_rates": rates,
    }


# Try this next
#  1. Find a line that normalize_text gets wrong (an address, a score, a chemical formula). Which
#     rule spoke too early?
#  2. Add five letter pairs to LETTERS. How far down does the error rate of the rules go?
#  3. Write a sentence with a heteronym that pronounce reads wrongly. Which neighbour misled it?

if __name__ == "__main__":
    run_lesson(main)
