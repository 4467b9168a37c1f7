"""Text becomes the right phones: dictionary, heteronyms, parts, guesses, pauses, weak forms."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from text_utils import PAUSES, PHONES, Word, normalize_text, phonemize, pronounce
from text_utils.g2p import guess


def _said(text: str, word: str, occurrence: int = 0) -> str:
    found = [w for w in pronounce(text) if w.text.lower() == word]
    return " ".join(found[occurrence].phones)


def test_a_sentence_in_full() -> None:
    assert pronounce("The cat, no: it sat!") == [
        Word("The", ("DH", "AH0"), " "),
        Word("cat", ("K", "AE1", "T"), ","),
        Word("no", ("N", "OW1"), ":"),
        Word("it", ("IH0", "T"), " "),
        Word("sat", ("S", "AE1", "T"), "!"),
    ]


@pytest.mark.parametrize(
    ("text", "pauses"),
    [
        ("one two", " ."),
        ("one, two; three: four - five. six? seven!", ",;:-.?!"),
        ("one… two", "-."),
        ("one—two", "-."),
        ("well-known man", "  ."),
        ("one (two) three", ",,."),
        ('"one," he said', ", ."),
        ("really?!", "?"),
        ("one...", "."),
        ("title\n\ntext", ".."),
        ("one,", "."),
        ("two- and three-fold", "   ."),
    ],
)
def test_pauses(text: str, pauses: str) -> None:
    assert "".join(word.pause for word in pronounce(text)) == pauses


@pytest.mark.parametrize("text", ["", "😀", "...", "你好", "*** --- ***", "\n\n"])
def test_nothing_speakable_gives_no_words(text: str) -> None:
    assert pronounce(text) == []
    assert phonemize(text) == []


@pytest.mark.parametrize(
    ("text", "word", "phones"),
    [
        ("They record it", "record", "R AH0 K AO1 R D"),
        ("a record", "record", "R EH1 K ER0 D"),
        ("he broke the record", "record", "R EH1 K ER0 D"),
        ("to record the song", "record", "R AH0 K AO1 R D"),
        ("she records songs", "records", "R AH0 K AO1 R D Z"),
        ("his records are old", "records", "R EH1 K ER0 D Z"),
        ("I object", "object", "AH0 B JH EH1 K T"),
        ("an object", "object", "AA1 B JH EH0 K T"),
        ("a present for you", "present", "P R EH1 Z AH0 N T"),
        ("I will present him", "present", "P R IY0 Z EH1 N T"),
        ("at present", "present", "P R EH1 Z AH0 N T"),
        ("the desert wind", "desert", "D EH1 Z ER0 T"),
        ("do not desert me", "desert", "D IH0 Z ER1 T"),
        ("they refuse to go", "refuse", "R AH0 F Y UW1 Z"),
        ("the refuse of the town", "refuse", "R EH1 F Y UW2 Z"),
        ("permit me to say", "permit", "P ER0 M IH1 T"),
        ("a permit", "permit", "P ER1 M IH2 T"),
    ],
)
def test_nouns_and_verbs_differ_in_stress(text: str, word: str, phones: str) -> None:
    assert _said(text, word) == phones


@pytest.mark.parametrize(
    ("text", "word", "phones"),
    [
        ("I will read it", "read", "R IY1 D"),
        ("I have read it", "read", "R EH1 D"),
        ("He read the book", "read", "R EH1 D"),
        ("I read it yesterday", "read", "R EH1 D"),
        ("I read every day", "read", "R IY1 D"),
        ("Read the book", "read", "R IY1 D"),
        ("a lead pipe", "lead", "L EH1 D"),
        ("made of lead", "lead", "L EH1 D"),
        ("lead the way", "lead", "L IY1 D"),
        ("we live here", "live", "L IH1 V"),
        ("a live broadcast", "live", "L AY1 V"),
        ("live music", "live", "L AY1 V"),
        ("she lives in Rome", "lives", "L IH1 V Z"),
        ("their lives", "lives", "L AY1 V Z"),
        ("the wind blew", "wind", "W IH1 N D"),
        ("to wind the clock", "wind", "W AY1 N D"),
        ("the wound healed", "wound", "W UW1 N D"),
        ("it wound around the hill", "wound", "W AW1 N D"),
        ("a tear fell", "tear", "T IH1 R"),
        ("a tear in the cloth", "tear", "T EH1 R"),
        ("do not tear it", "tear", "T EH1 R"),
        ("bow and arrow", "bow", "B OW1"),
        ("he made a bow", "bow", "B AW1"),
        ("the bow of the ship", "bow", "B AW1"),
        ("close the door", "close", "K L OW1 Z"),
        ("close to me", "close", "K L OW1 S"),
        ("to close the shop", "close", "K L OW1 Z"),
        ("it is close by", "close", "K L OW1 S"),
        ("the use of it", "use", "Y UW1 S"),
        ("I use it", "use", "Y UW1 Z"),
        ("no use at all", "use", "Y UW1 S"),
        ("he used it", "used", "Y UW1 Z D"),
        ("he used to go", "used", "Y UW1 S T"),
        ("wait a minute", "minute", "M IH1 N AH0 T"),
        ("in minute detail", "minute", "M AY0 N UW1 T"),
        ("a house", "house", "HH AW1 S"),
        ("to house them", "house", "HH AW1 Z"),
        ("a poor excuse", "excuse", "IH0 K S K Y UW1 S"),
        ("excuse me", "excuse", "IH0 K S K Y UW1 Z"),
        ("a separate room", "separate", "S EH1 P ER0 IH0 T"),
        ("to separate them", "separate", "S EH1 P ER0 EY2 T"),
        ("an estimate", "estimate", "EH1 S T AH0 M AH0 T"),
        ("we estimate it", "estimate", "EH1 S T AH0 M EY2 T"),
        ("the Polish flag", "polish", "P OW1 L IH0 SH"),
        ("the shoe polish", "polish", "P AA1 L IH0 SH"),
        ("he was content", "content", "K AH0 N T EH1 N T"),
        ("the content of the box", "content", "K AA1 N T EH0 N T"),
        ("the dove cooed", "dove", "D AH1 V"),
        ("he dove into the lake", "dove", "D OW1 V"),
        ("he caught a bass in the lake", "bass", "B AE1 S"),
        ("the bass line", "bass", "B EY1 S"),
        ("she was upset", "upset", "AH0 P S EH1 T"),
        ("an upset in the final", "upset", "AH1 P S EH2 T"),
        ("a learned man", "learned", "L ER1 N AH0 D"),
        ("he learned it", "learned", "L ER1 N D"),
    ],
)
def test_heteronyms(text: str, word: str, phones: str) -> None:
    assert _said(text, word) == phones


@pytest.mark.parametrize(
    ("text", "word", "phones"),
    [
        ("the apple", "the", "DH IY0"),
        ("the dog", "the", "DH AH0"),
        ("the hour", "the", "DH IY0"),
        ("to eat", "to", "T UW0"),
        ("to go", "to", "T AH0"),
        ("where to?", "to", "T UW1"),
        ("a man of old", "of", "AH0 V"),
        ("what it was made of.", "of", "AH1 V"),
        ("a man", "a", "AH0"),
        ("vitamin A is good", "a", "EY1"),
        ("Once Upon A Time", "a", "AH0"),
        ("the U.S.A. team", "a", "EY1"),
    ],
)
def test_small_words_are_weak_before_others_and_full_before_a_pause(
    text: str, word: str, phones: str
) -> None:
    assert _said(text, word) == phones


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("steward's", "S T UW1 ER0 D Z"),
        ("factor's", "F AE1 K T ER0 Z"),
        ("provocateurs", "P R OW0 V AA1 K AH0 T ER0 Z"),
        ("unready", "AH0 N R EH1 D IY0"),
        ("favourable", "F EY1 V ER0 AH0 B AH0 L"),
        ("moulded", "M OW1 L D AH0 D"),
        ("marvelling", "M AA1 R V AH0 L IH0 NG"),
        ("sidelong", "S AY1 D L AO2 NG"),
        ("tearless", "T EH1 R L AH0 S"),
        ("goin'", "G OW1 AH0 N"),
        ("there'll", "DH EH1 R AH0 L"),
        ("'tis", "T IH1 Z"),
        ("résumé", "R EH1 Z AH0 M EY2"),
        ("café", "K AH0 F EY1"),
        ("Voldemort", "V OW1 L D AH0 M AO2 R T"),
        ("xkcd", "EH1 K S K EY1 S IY1 D IY1"),
    ],
)
def test_words_outside_the_dictionary(word: str, phones: str) -> None:
    assert " ".join(phonemize(word)) == phones


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("HE TOLD US IT IS SO", "He told us it is so"),
        ("the US and IT", "the U S and I T"),
        ("'quoted' dogs' tails", "quoted dogs tails"),
        ("12 men", "twelve men"),
        ("twenty-one", "twenty one"),
    ],
)
def test_which_words_are_spoken(text: str, words: str) -> None:
    assert " ".join(word.text for word in pronounce(text)) == words


def test_capital_transcripts_sound_like_the_same_text_in_small_letters() -> None:
    text = "It gave us a record of the people who read it to us all"
    assert phonemize(text.upper()) == phonemize(text)


@pytest.mark.real_data
def test_every_transcript_of_the_real_recordings_is_spoken(speech_data: Path) -> None:
    with (speech_data / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        texts = [row["text"] for row in csv.DictReader(stream)]
    for text in texts[::7]:
        spoken = [word.text for word in pronounce(text)]
        written = text.replace("-", " ").split()
        assert len(spoken) >= 0.9 * len(written)


_ANY = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@_ANY
@given(st.one_of(st.text(), st.text(alphabet="abcdefghijklmnopqrstuvwxyz' -.,AZ")))
def test_any_text_gives_words_of_the_alphabet(text: str) -> None:
    words = pronounce(text)
    for word in words:
        assert word.phones and set(word.phones) <= set(PHONES)
        assert word.pause in PAUSES
        assert word.text
    assert not words or words[-1].pause in (".", "?", "!")
    assert bool(words) == bool(normalize_text(text))
    assert pronounce(normalize_text(text)) == words


@_ANY
@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=30))
def test_any_letters_have_a_pronunciation_with_at_most_one_primary_stress_per_guess(
    word: str,
) -> None:
    phones = guess(word)
    assert phones and set(phones) <= set(PHONES)
    assert sum(phone.endswith("1") for phone in phones) <= 1


def test_a_word_of_five_thousand_letters_does_not_hang() -> None:
    started = time.process_time()
    (word,) = pronounce("abcdefghij" * 500)
    assert len(word.phones) > 2000
    assert time.process_time() - started < 5


def test_the_import_and_the_first_word_need_nothing_slow() -> None:
    code = (
        "import sys, text_utils; text_utils.pronounce('Hello zorblax');"
        "print(*{name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    others = {name for name in run.stdout.split() if not name.startswith("_")}
    assert others <= {"text_utils", "book_utils", "env_utils", "numpy", "platformdirs"}


def test_a_warm_sentence_takes_a_few_milliseconds() -> None:
    text = "The old man walked slowly down the road, and the wind blew softly through the trees."
    pronounce(text)
    started = time.process_time()
    for _ in range(50):
        pronounce(text)
    assert (time.process_time() - started) / 50 < 0.01
