"""Voices: nothing without consent, nothing half stored, nothing believed that a stranger sent."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from audio_utils import DEFAULT_SPEC
from env_utils import CheckpointError, ConsentError, InputError
from hypothesis import given
from hypothesis import strategies as st
from voice_replication.voices import Consent, Statistics, Voice, VoiceStore

ENCODER = "0123456789ab"
CONSENT = Consent("Anna Example", "I agree that my voice is cloned.", "2025-03-01", "signed form")


def make_voice(name: str = "anna", seed: int = 0, **changes: object) -> Voice:
    vector = np.random.default_rng(seed).standard_normal(96).astype(np.float32)
    values: dict[str, object] = {
        "name": name,
        "embedding": vector / np.linalg.norm(vector),
        "encoder": ENCODER,
        "audio": DEFAULT_SPEC.to_dict(),
        "consent": CONSENT,
        "statistics": Statistics(2, 9.5, 201.0, 150.0, 290.0, 11_000.0, -21.5, 38.0),
    }
    return Voice(**{**values, **changes})  # type: ignore[arg-type]


def with_delta(voice: Voice, folder: Path) -> Voice:
    path = folder / "made_by_finetune.safetensors"
    path.write_bytes(safetensors.numpy.save({"w": np.ones((3, 3), np.float16)}))
    return replace(voice, delta=path)


@pytest.fixture()
def store(tmp_path: Path) -> VoiceStore:
    return VoiceStore(tmp_path / "home", samples=tmp_path / "samples")


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_a_stored_voice_comes_back_as_it_was(store: VoiceStore, tmp_path: Path) -> None:
    voice = with_delta(make_voice(), tmp_path)
    store.add(voice)
    again = VoiceStore(store.home, store.samples).get("anna")
    assert np.array_equal(again.embedding, voice.embedding)
    assert (again.consent, again.statistics, again.created) == (
        CONSENT,
        voice.statistics,
        voice.created,
    )
    assert again.delta is not None and again.delta.read_bytes() == voice.delta.read_bytes()  # type: ignore[union-attr]
    assert again.delta.parent == store.folder / "anna"


def test_a_real_voice_needs_consent_a_synthetic_one_says_what_it_is(store: VoiceStore) -> None:
    with pytest.raises(ConsentError, match="needs a consent record"):
        make_voice(consent=None)
    robot = store.add(make_voice("robot", consent=None, synthetic=True))
    assert store.get("robot").kind == robot.kind == "synthetic"


def test_a_stored_voice_whose_consent_was_removed_cannot_be_used(store: VoiceStore) -> None:
    store.add(make_voice())
    path = store.folder / "anna" / "voice.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "consent": None}))
    with pytest.raises(ConsentError, match="needs a consent record"):
        store.get("anna")


@pytest.mark.parametrize("field", ["speaker", "statement", "given", "how"])
def test_an_empty_consent_field_is_named(field: str) -> None:
    with pytest.raises(ConsentError, match=field):
        replace(CONSENT, **{field: "  "})


def test_consent_is_dated_and_not_in_the_future() -> None:
    with pytest.raises(ConsentError, match="not a date"):
        replace(CONSENT, given="yesterday")
    with pytest.raises(ConsentError, match="future"):
        replace(CONSENT, given=(date.today() + timedelta(days=9)).isoformat())


@given(st.text(max_size=60))
def test_no_name_leads_out_of_the_store(name: str) -> None:
    root = Path("/srv/voices")
    try:
        make_voice(name)
    except InputError as error:
        assert "A-Z a-z 0-9" in str(error)
    else:
        assert (root / name).parent == root and name.isascii() and not name.startswith(".")


@pytest.mark.parametrize("name", ["../x", "a/b", "..", ".hidden", "", "con", "a" * 49, "ä", "a\n"])
def test_dangerous_names_are_refused(store: VoiceStore, name: str) -> None:
    with pytest.raises(InputError, match="characters A-Z"):
        store.get(name)


def test_an_unknown_voice_gives_the_known_ones_and_a_guess(store: VoiceStore) -> None:
    store.add(make_voice("anna"))
    with pytest.raises(InputError, match=r"no voice 'ana'. Did you mean 'anna'\? Voices: anna"):
        store.get("ana")


def test_a_name_is_given_once(store: VoiceStore) -> None:
    store.add(make_voice())
    with pytest.raises(InputError, match="already a voice 'anna'"):
        store.add(make_voice(seed=1))
    with pytest.raises(InputError, match="only in capitals"):
        store.add(make_voice("Anna"))
    store.add(make_voice(seed=1), replace=True)
    assert np.array_equal(store.get("anna").embedding, make_voice(seed=1).embedding)
    assert [p.name for p in store.folder.iterdir()] == ["anna"]


def test_replacing_a_fine_tuned_voice_drops_its_weights(store: VoiceStore, tmp_path: Path) -> None:
    store.add(with_delta(make_voice(), tmp_path))
    store.add(make_voice(seed=1), replace=True)
    assert store.get("anna").delta is None


def test_delete_leaves_nothing(store: VoiceStore, tmp_path: Path) -> None:
    store.add(with_delta(make_voice(), tmp_path))
    store.delete("anna")
    assert list(store.folder.iterdir()) == [] and list(store.names()) == []
    with pytest.raises(InputError, match="no voice 'anna'"):
        store.delete("anna")


def test_samples_are_listed_and_read_only(tmp_path: Path) -> None:
    VoiceStore(tmp_path).add(make_voice("nemo", consent=None, synthetic=True))
    store = VoiceStore(tmp_path / "home", samples=tmp_path / "voices")
    store.add(make_voice())
    assert [(v.name, v.kind) for v in store.list()] == [("anna", "enrolled"), ("nemo", "sample")]
    for action in (
        lambda: store.delete("nemo"),
        lambda: store.add(make_voice("nemo"), replace=True),
    ):
        with pytest.raises(InputError, match="sample voice"):
            action()


def test_a_kill_while_replacing_loses_no_voice(store: VoiceStore) -> None:
    store.add(make_voice())
    script = f"""
import os, shutil
from pathlib import Path
from voice_replication import voices
class Killed(voices.VoiceStore):
    def _move_into_place(self, staged, target):
        target.rename(target.with_name(f".{{target.name}}.old"))
        os._exit(9)  # as kill -9 between the two renames
store = Killed(Path({str(store.home)!r}))
store.add(store.get("anna"), replace=True)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 9
    assert not (store.folder / "anna").exists()
    assert np.array_equal(store.get("anna").embedding, make_voice().embedding)


def test_what_a_killed_process_left_behind_is_removed_in_time(store: VoiceStore) -> None:
    store.add(make_voice())
    old, young = store.folder / ".anna.abc.part", store.folder / ".ben.def.part"
    for leftover in (old, young):
        (leftover / "embedding.safetensors").parent.mkdir()
    os.utime(old, (0, 0))
    assert list(store.names()) == ["anna"]
    assert not old.exists() and young.exists()  # the young one may still be being written


def test_a_full_disk_keeps_the_old_voice(
    store: VoiceStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(make_voice())

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="disk is full"):
        store.add(make_voice(seed=1), replace=True)
    monkeypatch.undo()
    assert np.array_equal(store.get("anna").embedding, make_voice().embedding)
    assert [p.name for p in store.folder.iterdir()] == ["anna"]


def test_export_and_import_move_a_voice_between_machines(store: VoiceStore, tmp_path: Path) -> None:
    store.add(with_delta(make_voice(), tmp_path))
    path = store.export("anna", tmp_path / "gift")
    assert path.name == "gift.voice"
    other = VoiceStore(tmp_path / "other", store.samples)
    voice = other.import_voice(path, ENCODER, name="anna2")
    assert np.array_equal(voice.embedding, make_voice().embedding)
    assert voice.delta is not None and voice.consent == CONSENT
    with pytest.raises(InputError, match="already a voice"):
        other.import_voice(path, ENCODER, name="anna2")


def test_an_embedding_of_another_encoder_is_refused(store: VoiceStore, tmp_path: Path) -> None:
    store.add(make_voice())
    path = store.export("anna", tmp_path / "a.voice")
    with pytest.raises(CheckpointError, match="Enroll again"):
        store.import_voice(path, "ffffffffffff", name="b")


def test_a_voice_of_another_audio_spec_names_the_field(store: VoiceStore, tmp_path: Path) -> None:
    store.add(make_voice(audio={**DEFAULT_SPEC.to_dict(), "hop_length": 240}))
    path = store.export("anna", tmp_path / "a.voice")
    with pytest.raises(CheckpointError, match="hop_length = 240"):
        store.import_voice(path, ENCODER, name="b")


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, ("/nonexistent/exploded",))


def embedding_bytes(vector: np.ndarray) -> bytes:
    return safetensors.numpy.save({"embedding": vector})


def unit(size: int = 96) -> np.ndarray:
    return np.full(size, 1 / np.sqrt(size), np.float32)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"../../evil.txt": b"x"}, "evil"),
        ({"/etc/passwd": b"x"}, "passwd"),
        ({"notes.txt": b"x"}, "holds only"),
        ({"embedding.safetensors": pickle.dumps(Bomb())}, "not a readable safetensors"),
        ({"embedding.safetensors": embedding_bytes(unit() * 2)}, "must have length 1"),
        ({"embedding.safetensors": embedding_bytes(unit() * np.nan)}, "NaN"),
        ({"embedding.safetensors": embedding_bytes(unit().reshape(2, 48))}, r"shape \(2, 48\)"),
        ({"embedding.safetensors": b"\0" * 70_000}, "larger than"),
        ({"embedding.safetensors": None}, "missing"),
        ({"voice.json": b"{"}, "not readable JSON"),
        ({"voice.json": b"[" * 60_000}, "not readable JSON"),
        ({"voice.json": b"[]"}, "field"),
        ({"delta.safetensors": b"garbage"}, "not a readable safetensors"),
        (
            {"delta.safetensors": safetensors.numpy.save({"w": np.full(3, np.inf, np.float32)})},
            "NaN or infinite",
        ),
    ],
)
def test_a_doctored_voice_file_is_refused_with_the_reason(
    store: VoiceStore, tmp_path: Path, change: dict[str, bytes | None], reason: str
) -> None:
    store.add(make_voice())
    members = {**members_of(store.export("anna", tmp_path / "a.voice")), **change}
    path = write_zip(tmp_path / "b.voice", {k: v for k, v in members.items() if v is not None})
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match=reason):
        store.import_voice(path, ENCODER, name="b")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("change", "error", "reason"),
    [
        ({"consent": None}, ConsentError, "needs a consent record"),
        ({"consent": {"speaker": "x"}}, ConsentError, "exactly the fields"),
        ({"name": "../up"}, InputError, "A-Z a-z 0-9"),
        ({"synthetic": "yes"}, InputError, "synthetic"),
        ({"surprise": 1}, InputError, "surprise"),
        ({"format": 2}, InputError, "format 2"),
        ({"audio": {"sample_rate": 24000}}, CheckpointError, "field"),
        ({"statistics": {"references": "many"}}, InputError, "statistics"),
    ],
)
def test_wrong_values_in_voice_json_are_named(
    store: VoiceStore, tmp_path: Path, change: dict[str, object], error: type, reason: str
) -> None:
    store.add(make_voice())
    members = members_of(store.export("anna", tmp_path / "a.voice"))
    values = {**json.loads(members["voice.json"]), **change}
    members["voice.json"] = json.dumps(values).encode()
    with pytest.raises(error, match=reason):
        store.import_voice(write_zip(tmp_path / "b.voice", members), ENCODER)


def test_a_truncated_or_foreign_file_is_refused(store: VoiceStore, tmp_path: Path) -> None:
    store.add(make_voice())
    data = store.export("anna", tmp_path / "a.voice").read_bytes()
    for number, damaged in enumerate((b"", data[:-40], data[: len(data) // 2], b"RIFF" + data[4:])):
        path = tmp_path / f"{number}.voice"
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="not a complete voice file"):
            store.import_voice(path, ENCODER, name="b")
    with pytest.raises(InputError, match="no such file"):
        store.import_voice(tmp_path / "none.voice", ENCODER)


def test_a_flipped_bit_is_noticed(store: VoiceStore, tmp_path: Path) -> None:
    store.add(make_voice())
    path = store.export("anna", tmp_path / "a.voice")
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("embedding.safetensors")
    data = bytearray(path.read_bytes())
    data[entry.header_offset + 30 + len(entry.filename) + entry.compress_size // 2] ^= 0x10
    path.write_bytes(data)
    with pytest.raises(InputError):
        store.import_voice(path, ENCODER, name="b")


def test_a_zip_bomb_is_not_unpacked(store: VoiceStore, tmp_path: Path) -> None:
    store.add(make_voice())
    members = members_of(store.export("anna", tmp_path / "a.voice"))
    path = tmp_path / "bomb.voice"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("voice.json", io.BytesIO(b" " * 2**24).getvalue())
        archive.writestr("embedding.safetensors", members["embedding.safetensors"])
    assert path.stat().st_size < 2**17
    with pytest.raises(InputError, match="larger than"):
        store.import_voice(path, ENCODER)
