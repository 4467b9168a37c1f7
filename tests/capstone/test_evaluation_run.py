"""The whole evaluation on small inputs: rows, caching, bars, report and listening page."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from audio_utils import DEFAULT_SPEC, load_audio, save_audio
from data_utils import Utterance, write_manifest
from env_utils import InputError
from voice_replication.cli import main
from voice_replication.evaluation import summary, systems
from voice_replication.evaluation.hard_inputs import HARD_INPUTS, try_hard_inputs
from voice_replication.evaluation.judging import Case, judge_cached
from voice_replication.evaluation.recordings import anchor_utterances, heard_speakers
from voice_replication.evaluation.report import write_report
from voice_replication.evaluation.run import default_sentences, evaluate
from voice_replication.evaluation.speaking import Plan
from voice_replication.evaluation.systems import Espeak, Pipeline, Spoken, heard_voice
from voice_replication.narration.text_to_speech import Speaker
from voice_replication.voices import Voice

pytest.importorskip("pocketsphinx")
pytest.importorskip("resemblyzer")

ACCENTS = {"amy": "en-us", "ben": "en-gb-scotland"}


class TwoAccents:
    """espeak-ng as the system under test, in two 'voices'; counts what it speaks."""

    name, fingerprint, voices = "two accents", "1", tuple(ACCENTS)

    def __init__(self) -> None:
        self.spoken = 0
        self._engine = Espeak()

    def speak(self, text: str, voice: str) -> Spoken:
        self.spoken += 1
        return self._engine.speak(text, ACCENTS[voice])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two 'speakers': three training recordings and one held-out each."""
    folder = tmp_path_factory.mktemp("data")
    texts = default_sentences()[16:20]
    utterances = []
    for name, accent in ACCENTS.items():
        for i, text in enumerate(texts):
            path = folder / "audio" / name / f"{i}.flac"
            save_audio(path, Espeak().speak(text, accent).audio)
            split = "dev" if i == 3 else "train"
            utterances.append(
                Utterance(f"{name}-{i}", path, text, name, 4.0, "own", split, 22_050, "", "CC0")
            )
    write_manifest(folder / "manifest.csv", utterances)
    return folder


@pytest.fixture(scope="module")
def evaluated(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan, object]:
    out = tmp_path_factory.mktemp("evaluation")
    speakers = heard_speakers(data, list(ACCENTS))
    plan = Plan(TwoAccents(), default_sentences()[12:15], speakers, Espeak(), hard_inputs=False)
    return out, plan, evaluate(plan, out)


def test_sentences_are_many_new_varied_and_spread() -> None:
    sentences = default_sentences()
    lengths = [len(s.split()) for s in sentences]
    assert len(set(sentences)) == 120
    assert (min(lengths), max(lengths)) == (3, 25)
    assert sum(s.endswith("?") for s in sentences) >= 10
    few = [len(s.split()) for s in default_sentences(5)]
    assert few[0] < 6 < 15 < few[-1]
    with pytest.raises(InputError, match="1 to 120"):
        default_sentences(121)


def test_every_row_is_measured_and_the_anchor_is_the_same_voice(
    evaluated: tuple[Path, Plan, object],
) -> None:
    _, _, evaluation = evaluated
    rows = evaluation.summaries
    assert list(rows) == ["system", "same-text", "real", "espeak"]
    assert [rows[r]["sentences"] for r in rows] == [3, 2, 2, 3]
    # The "system" speaks exactly like the "recordings", so nothing may differ but rounding.
    assert rows["same-text"]["mcd_db"] < 0.2
    assert rows["same-text"]["f0_rmse_hz"] < 1.0
    assert rows["same-text"]["word_error_rate"] == rows["real"]["word_error_rate"]
    assert rows["same-text"]["smoothness"].mel_std == pytest.approx([1.0] * 5, abs=0.02)
    assert rows["same-text"]["smoothness"].global_variance == pytest.approx(1.0, abs=0.02)
    assert rows["same-text"]["stripes_db"] < 0.1
    assert rows["system"]["stripes_db"] is None
    assert 0.8 < np.mean([v["f0_range_ratio"] for v in evaluation.voices]) < 1.25
    assert rows["same-text"]["similarity"] == pytest.approx(rows["real"]["similarity"], abs=0.01)
    assert rows["real"]["similarity"] > rows["real"]["similarity_to_others"]
    assert rows["espeak"]["similarity"] is None
    assert rows["real"]["times_real_time"] is None
    assert rows["system"]["times_real_time"] > 1


def test_nothing_is_spoken_or_judged_twice(evaluated: tuple[Path, Plan, object]) -> None:
    out, plan, first = evaluated
    before = plan.system.spoken
    verdicts = {p: p.stat().st_mtime_ns for p in (out / "verdicts").iterdir()}
    again = evaluate(plan, out)
    assert plan.system.spoken == before
    assert {p: p.stat().st_mtime_ns for p in (out / "verdicts").iterdir()} == verdicts
    assert again.summaries == first.summaries


def test_interrupted_work_goes_on_and_damage_is_repaired(
    evaluated: tuple[Path, Plan, object], tmp_path: Path
) -> None:
    _, plan, _ = evaluated
    small = replace(plan, speakers=(), sentences=plan.sentences[:2], anchor=None)
    evaluate(small, tmp_path)
    sounds = sorted((tmp_path / "audio" / "system").glob("*.flac"))
    sounds[0].unlink()
    (tmp_path / "verdicts" / sorted((tmp_path / "verdicts").iterdir())[0].name).write_text("{")
    before = plan.system.spoken
    repaired = evaluate(small, tmp_path)
    assert plan.system.spoken == before + 1
    assert repaired.summaries["system"]["sentences"] == 2


class Mimic(TwoAccents):
    """Clones a voice by finding out whose it is: what a perfect zero-shot system would reach."""

    def clone(self, references: dict[str, tuple[Path, str]]) -> Mimic:
        assert all(path.is_file() for path, _ in references.values())
        assert {licence for _, licence in references.values()} == {"CC0"}
        cloned = Mimic()
        cloned.voices = tuple(references)
        return cloned

    def speak(self, text: str, voice: str) -> Spoken:
        return self._engine.speak(text, {**ACCENTS, **STRANGERS}[voice])


STRANGERS = {"cat": "en-gb-x-rp", "dan": "en-us"}


def test_strangers_are_cloned_from_one_reference_and_judged(tmp_path: Path) -> None:
    utterances = []
    texts = [" ".join(default_sentences()[i : i + 3]) for i in (40, 50, 60)]
    for name, accent in {**STRANGERS, **ACCENTS}.items():
        for i, text in enumerate(texts):
            audio = Espeak().speak(text, accent).audio[: 9 * DEFAULT_SPEC.sample_rate]
            path = tmp_path / "audio" / name / f"{i}.flac"
            save_audio(path, audio)
            split = "unseen" if name in STRANGERS else "train"
            seconds = len(audio) / DEFAULT_SPEC.sample_rate
            utterances.append(
                Utterance(f"{name}-{i}", path, text, name, seconds, "own", split, 16_000, "", "CC0")
            )
    write_manifest(tmp_path / "manifest.csv", utterances)
    speakers = heard_speakers(tmp_path, ["ben"])
    plan = Plan(Mimic(), default_sentences()[12:14], speakers, recordings=2, hard_inputs=False)
    evaluation = evaluate(plan, tmp_path / "out")
    assert evaluation.summaries["zero-shot"]["sentences"] == 2
    assert evaluation.summaries["real-unseen"]["sentences"] == 2
    spoken, references = evaluation.trials
    assert (spoken.trials, spoken.speakers, references.trials) == (2, 2, 2)
    assert (spoken.training_speakers, spoken.heard_speakers) == (2, 1)
    assert spoken.similarity > 0.75
    assert references.similarity > 0.75
    text = write_report(evaluation, tmp_path / "report").read_text(encoding="utf-8")
    assert "## Voices never heard" in text
    assert "zero-shot: verification EER" in text


def test_the_report_is_complete_and_the_page_needs_no_internet(
    evaluated: tuple[Path, Plan, object], tmp_path: Path
) -> None:
    _, _, evaluation = evaluated
    path = write_report(evaluation, tmp_path)
    text = path.read_text(encoding="utf-8")
    for heading in ("What has to be reached", "Words and voices", "Failures", "Voice by voice"):
        assert f"## {heading}" in text
    for heading in ("Over-smoothing", "Treble", "Against the recording that is repeated"):
        assert f"### {heading}" in text
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", text):
        assert (tmp_path / picture).stat().st_size > 5_000
    report = json.loads((tmp_path / "report.json").read_text(), parse_constant=pytest.fail)
    assert len(report["sentences"]) == 10
    assert not {"embedding", "f0_hz", "spectrum_db"} & set(report["sentences"][0])
    assert report["rows"]["same-text"]["smoothness"]["mel_std"]
    page = (tmp_path / "listen.html").read_text(encoding="utf-8")
    assert page.count("<audio") >= 8
    assert not re.search(r"(src|href)=\"(?!data:)", page)


def test_the_interval_holds_the_rate_and_shrinks_with_sentences() -> None:
    def interval(count: int) -> tuple[float, float]:
        wrong = np.tile([0, 1, 2, 5], count // 4)
        return summary.bootstrap(lambda i: float(wrong[i].sum() / (10 * len(i))), count)

    wide, narrow = interval(20), interval(200)
    for low, high in (wide, narrow):
        assert low < 0.2 < high
    assert narrow[1] - narrow[0] < 0.6 * (wide[1] - wide[0])


def test_only_speakers_a_model_can_have_learnt_from_are_heard(tmp_path: Path) -> None:
    def utterance(speaker: str, i: int, split: str, rate: int = 24_000, seconds: float = 10.0):
        return Utterance(f"{speaker}{i}", tmp_path / f"{speaker}{i}.flac", "text", speaker,
                         seconds, "own", split, rate)  # fmt: skip

    rows = [utterance("long", i, "train") for i in range(20)] + [utterance("long", 20, "dev")]
    rows += [utterance("muffled", i, "train", rate=11_600) for i in range(20)]
    rows += [utterance("short", i, "train") for i in range(3)]
    rows += [utterance("stranger", i, "unseen") for i in range(20)]
    write_manifest(tmp_path / "manifest.csv", rows)
    (speaker,) = heard_speakers(tmp_path)
    assert speaker.name == "long"
    assert len(speaker.references) == 10
    assert {u.split for u in speaker.references} == {"train"}
    assert [u.split for u in anchor_utterances([speaker], 60)] == ["dev"]
    assert [s.name for s in heard_speakers(tmp_path, ["short"])] == ["short"]
    with pytest.raises(InputError, match="stranger"):
        heard_speakers(tmp_path, ["stranger"])


def test_espeak_handles_the_hard_inputs_that_have_words() -> None:
    names = ("one word", "all capitals", "digits only", "empty", "no punctuation")
    inputs = {name: HARD_INPUTS[name] for name in names}
    results = try_hard_inputs(Espeak(), "en-us", inputs)
    assert [(r.name, r.handled) for r in results] == [(name, True) for name in names], results


def test_a_system_that_fails_on_hard_inputs_is_told_on() -> None:
    class Broken(TwoAccents):
        def speak(self, text: str, voice: str) -> Spoken:
            if text == "A":
                raise ZeroDivisionError(voice)
            return Spoken(np.zeros(24_000, np.float32), 0.1)

    inputs = {"one letter": ("A", True), "one word": ("Yes.", True)}
    crashed, silent = try_hard_inputs(Broken(), "amy", inputs)
    assert not crashed.handled
    assert "ZeroDivisionError" in crashed.what
    assert not silent.handled
    assert "silence" in silent.what


def test_the_long_hard_input_has_five_hundred_words() -> None:
    assert len(HARD_INPUTS["500 words"][0].split()) >= 500


def test_our_pipeline_is_evaluated_like_any_system(
    tiny_models: Path, made_up_voice: Voice, data: Path, tmp_path: Path
) -> None:
    speakers = heard_speakers(data, ["amy"])
    engine = Speaker(tiny_models)
    voice = heard_voice(speakers[0], engine, tiny_models)
    assert voice.consent is not None
    assert "CC0" in voice.consent.statement
    system = Pipeline(engine, {"amy": voice}, seed=1)
    other = Pipeline(engine, {"amy": made_up_voice}, seed=1)
    assert system.fingerprint != other.fingerprint
    assert system.fingerprint != Pipeline(engine, {"amy": voice}, seed=2).fingerprint
    spoken = system.speak("The answer was simple.", "amy")
    save_audio(tmp_path / "noise.flac", spoken.audio, DEFAULT_SPEC.sample_rate)
    case = Case("system", "amy", "The answer was simple.", tmp_path / "noise.flac")
    verdict = judge_cached(case, tmp_path)
    assert verdict["wrong_words"] > 0  # random weights say nothing
    assert verdict["failures"]
    json.dumps(verdict, allow_nan=False)


def test_a_change_of_the_code_changes_the_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "vocoder"
    package.mkdir()
    (package / "model.py").write_text("GAIN = 1.0\n", encoding="utf-8")
    monkeypatch.setattr(systems, "files", lambda _: tmp_path)

    def fingerprint(*packages: str) -> str:
        systems.code_fingerprint.cache_clear()
        return systems.code_fingerprint(*packages)

    before = fingerprint("vocoder")
    assert fingerprint("vocoder") == before
    (package / "notes.txt").write_text("no code", encoding="utf-8")
    assert fingerprint("vocoder") == before
    (package / "model.py").write_text("GAIN = 2.0\n", encoding="utf-8")
    assert fingerprint("vocoder") != before
    assert fingerprint("narration") not in (before, fingerprint("vocoder"))
    systems.code_fingerprint.cache_clear()


def test_the_command_works_without_models_and_recordings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("Every child in the room started to sing.\n\n", encoding="utf-8")
    out = tmp_path / "out"
    assert main(["evaluate", "--anchors-only", "--text-file", str(texts), "-o", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "no real recordings here" in printed
    assert "| espeak | 1 |" in printed
    assert load_audio(next((out / "audio" / "espeak").glob("*.flac"))).size > 24_000
    assert main(["evaluate", "--anchors-only", "--text-file", "no.txt", "-o", str(out)]) == 2
    assert main(["evaluate", "--data", str(tmp_path), "-o", str(out)]) == 2
