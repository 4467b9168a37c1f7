"""Listening tests over HTTP: made, heard blind, resumed, answered once, and summed up."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from scipy import stats
from voice_replication.serving.app import create_app
from voice_replication.serving.database import open_database
from voice_replication.serving.listening import ListeningStore
from voice_replication.serving.problems import Problem
from voice_replication.serving.settings import ServerSettings

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, shipped_checkpoints: Path) -> Iterator[OpenAPI]:
    """One application for all tests here; each makes a listening test of its own."""
    assert shipped_checkpoints.is_dir()
    made = create_app(ServerSettings(home=tmp_path_factory.mktemp("listening")))
    yield made
    made.extensions["studio"].close()


@pytest.fixture()
def api(app: OpenAPI) -> FlaskClient:
    return app.test_client()


def sound(
    frequency_hz: float, rate: int = 24_000, channels: int = 1, container: str = "WAV"
) -> bytes:
    """A quarter of a second of a tone."""
    tone = 0.3 * np.sin(2 * np.pi * frequency_hz * np.arange(rate // 4) / rate)
    stream = io.BytesIO()
    soundfile.write(stream, np.stack([tone] * channels, axis=1), rate, format=container)
    return stream.getvalue()


def grid(systems: str = "ab", clips: int = 2) -> Files:
    """One tone of its own for every system and clip."""
    return {
        f"{system}/clip{number}.wav": sound(300 + 400 * place + 50 * number)
        for place, system in enumerate(systems)
        for number in range(clips)
    }


def post_test(api: FlaskClient, kind: str, files: Files, title: str = "A test") -> Any:
    sent = [(io.BytesIO(data), name) for name, data in files.items()]
    return api.post(
        "/v1/listening/tests",
        data={"kind": kind, "title": title, "files": sent},
        content_type="multipart/form-data",
    )


def quick_test(app: OpenAPI, kind: Any, systems: list[str], clips: int) -> str:
    """A test made past the decoder; every sample is its own name."""
    samples = {
        (system, f"clip{number}"): lambda path, text=f"{system} clip{number}": path.write_bytes(
            text.encode()
        )
        for system in systems
        for number in range(clips)
    }
    return str(app.extensions["studio"].listening.create(kind, "Quick", samples).id)


def begin(api: FlaskClient, test_id: str, listener: str = "") -> dict[str, Any]:
    answer = api.post(f"/v1/listening/tests/{test_id}/sessions", json={"listener": listener})
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json)


def reply(api: FlaskClient, session: dict[str, Any], trial: int, answer: Any) -> Any:
    body = {"trial": trial, "answer": answer}
    return api.post(f"/v1/listening/sessions/{session['id']}/answers", json=body)


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_uploads_become_samples_of_one_format_without_names(app: OpenAPI, api: FlaskClient) -> None:
    files = {
        "top/ours/one.wav": sound(440, 48_000, channels=2),
        "top/ours/two.flac": sound(550, 16_000, container="FLAC"),
        "top/theirs/one.ogg": sound(660, container="OGG"),
        "top/theirs/two.wav": sound(770, 8_000),
    }
    made = post_test(api, "mos", files, title="  Two systems ")
    assert made.status_code == 201, made.text
    test = made.json
    assert (test["title"], test["systems"], test["clips"]) == (
        "Two systems", ["ours", "theirs"], ["one", "two"],
    )  # fmt: skip
    stored = list((app.extensions["studio"].listening.folder / test["id"]).iterdir())
    assert sorted(path.name for path in stored) == ["0-0.wav", "0-1.wav", "1-0.wav", "1-1.wav"]
    expected = {"0-0.wav": 440, "0-1.wav": 550, "1-0.wav": 660, "1-1.wav": 770}
    for path in stored:
        info = soundfile.info(path)
        assert (info.samplerate, info.channels, info.subtype) == (24_000, 1, "PCM_16")
        audio, _ = soundfile.read(path)
        assert 0.24 < len(audio) / 24_000 < 0.26
        peak_hz = np.argmax(np.abs(np.fft.rfft(audio))) * 24_000 / len(audio)
        assert peak_hz == pytest.approx(expected[path.name], abs=4)


def test_what_a_listener_receives_names_no_system(app: OpenAPI, api: FlaskClient) -> None:
    test_id = quick_test(app, "mushra", ["reference", "secret_ours", "secret_theirs"], 3)
    session = begin(api, test_id, "Ada")
    sent = [json.dumps(session)]
    for trial in session["trials"]:
        assert [s["label"] for s in trial["stimuli"]] == ["Reference", "A", "B", "C"]
        sounds = []
        for stimulus in trial["stimuli"]:
            heard = api.get(stimulus["url"])
            assert heard.status_code == 200
            sent.append(str(heard.headers))
            sounds.append(heard.data)
        assert sorted(sounds[1:]) == sorted(set(sounds))  # the reference is hidden among them
        assert sounds[0] in sounds[1:]
    rated = {label: 50 for label in "ABC"}
    sent.append(reply(api, session, 1, rated).text)
    sent.append(api.get(f"/v1/listening/sessions/{session['id']}").text)
    assert all("secret" not in text and "clip" not in text for text in sent)
    headers = api.get(session["trials"][0]["stimuli"][0]["url"]).headers
    assert "ETag" not in headers and "Last-Modified" not in headers
    assert headers["Content-Disposition"] == "inline; filename=trial1Reference.wav"


def test_a_session_goes_on_after_a_reload_and_nobody_hears_a_clip_twice(
    app: OpenAPI, api: FlaskClient
) -> None:
    test_id = quick_test(app, "mos", ["ours", "theirs"], 4)
    first = begin(api, test_id, "Ada Lovelace")
    assert reply(api, first, 1, 4).json["answered"] == 1
    again = begin(api, test_id, " ada  lovelace ")
    assert again["id"] == first["id"] and again["trials"][0]["answer"] == 4
    assert [t["stimuli"] for t in again["trials"]] == [t["stimuli"] for t in first["trials"]]
    heard = [api.get(t["stimuli"][0]["url"]).text.split()[1] for t in first["trials"]]
    assert sorted(heard) == ["clip0", "clip1", "clip2", "clip3"]
    somebody, new = begin(api, test_id), begin(api, test_id)
    assert somebody["listener"] != new["listener"] and somebody["id"] != new["id"]


def test_two_listeners_in_a_row_hear_every_clip_from_both_systems(
    app: OpenAPI, api: FlaskClient
) -> None:
    test_id = quick_test(app, "mos", ["ours", "theirs"], 5)
    heard: Counter[str] = Counter()
    for _ in range(4):
        session = begin(api, test_id)
        heard.update(api.get(trial["stimuli"][0]["url"]).text for trial in session["trials"])
    assert heard == {f"{system} clip{n}": 2 for system in ("ours", "theirs") for n in range(5)}


def test_sessions_that_begin_at_once_get_rows_of_their_own(app: OpenAPI) -> None:
    store = app.extensions["studio"].listening
    test_id = quick_test(app, "mos", ["p", "q"], 2)
    threads = [threading.Thread(target=store.begin, args=(test_id,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sessions = store.sessions(test_id)
    assert len({session.listener for session in sessions}) == 8
    heard = Counter((t.clip, t.stimuli[0].system) for s in sessions for t in s.trials)
    assert set(heard.values()) == {4}


def test_an_answer_stays(app: OpenAPI, api: FlaskClient) -> None:
    session = begin(api, quick_test(app, "abx", ["p", "q"], 2))
    assert reply(api, session, 1, "A").status_code == 200
    assert reply(api, session, 1, "A").status_code == 200  # a retry after a lost connection
    changed = reply(api, session, 1, "B")
    assert (changed.status_code, changed.json["code"]) == (409, "already_answered")
    assert api.get(f"/v1/listening/sessions/{session['id']}").json["trials"][0]["answer"] == "A"


@pytest.mark.parametrize(
    ("kind", "systems", "trial", "answer"),
    [
        ("mos", ["p"], 1, 0), ("mos", ["p"], 1, 6), ("mos", ["p"], 1, 3.5), ("mos", ["p"], 1, True),
        ("mos", ["p"], 1, "4"), ("mos", ["p"], 1, {"A": 3}), ("mos", ["p"], 1, None),
        ("mos", ["p"], 0, 3), ("mos", ["p"], 3, 3), ("mos", ["p"], "1", 3),
        ("abx", ["p", "q"], 1, "X"), ("abx", ["p", "q"], 1, "a"), ("abx", ["p", "q"], 1, 1),
        ("mushra", ["reference", "p"], 1, {"A": 50}),
        ("mushra", ["reference", "p"], 1, {"A": 50, "B": 101}),
        ("mushra", ["reference", "p"], 1, {"A": 50, "B": 50, "Reference": 100}),
        ("mushra", ["reference", "p"], 1, 50),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_refused_and_not_kept(
    app: OpenAPI, api: FlaskClient, kind: str, systems: list[str], trial: Any, answer: Any
) -> None:
    session = begin(api, quick_test(app, kind, systems, 2))
    refused = reply(api, session, trial, answer)
    assert (refused.status_code, refused.json["code"]) == (422, "invalid_request")
    assert refused.json["field"].split(".")[0] in ("answer", "trial")
    assert api.get(f"/v1/listening/sessions/{session['id']}").json["answered"] == 0


def test_abx_results_are_those_of_the_binomial_test(app: OpenAPI, api: FlaskClient) -> None:
    test_id = quick_test(app, "abx", ["p", "q"], 8)
    for listener, mistakes in (("keen", 1), ("fair", 3)):
        session = begin(api, test_id, listener)
        for place, trial in enumerate(session["trials"]):
            heard = {s["label"]: api.get(s["url"]).data for s in trial["stimuli"]}
            right = "A" if heard["A"] == heard["X"] else "B"
            wrong = "B" if right == "A" else "A"
            reply(api, session, trial["trial"], wrong if place < mistakes else right)
    found = api.get(f"/v1/listening/tests/{test_id}/results").json["abx"]
    assert (found["right"], found["answers"]) == (12, 16)
    known = stats.binomtest(12, 16)
    ends = known.proportion_ci(method="exact")
    assert (found["low"], found["high"]) == pytest.approx((ends.low, ends.high))
    assert found["p_value"] == pytest.approx(stats.binomtest(12, 16, alternative="greater").pvalue)
    assert found["listeners"] == [
        {"listener": "keen", "right": 7, "answers": 8},
        {"listener": "fair", "right": 5, "answers": 8},
    ]
    url = f"/v1/listening/tests/{test_id}/results.csv"
    answers = table(api.get(f"{url}?table=answers").text)
    assert answers[0] == ["listener", "trial", "clip", "a", "b", "x", "answer", "right"]
    assert len(answers) == 17 and sum(int(row[-1]) for row in answers[1:]) == 12
    for _, _, _, a, b, x, answer, right in answers[1:]:
        assert (x == {"A": a, "B": b}[answer]) == bool(int(right))
    assert table(api.get(url).text)[1][:3] == ["all", "12", "16"]


def test_mos_results_and_their_tables_say_the_same(app: OpenAPI, api: FlaskClient) -> None:
    test_id = quick_test(app, "mos", ["good", "poor"], 4)
    for listener in ("=1+1", "Bo"):
        session = begin(api, test_id, listener)
        for trial in session["trials"]:
            system, clip = api.get(trial["stimuli"][0]["url"]).text.split()
            vote = (5 if system == "good" else 2) - (clip == "clip0")
            assert reply(api, session, trial["trial"], vote).status_code == 200
    found = api.get(f"/v1/listening/tests/{test_id}/results").json
    good, poor = found["systems"]
    assert (good["system"], good["mean"], good["votes"], good["listeners"]) == ("good", 4.75, 4, 2)
    assert (poor["mean"], poor["median"], poor["clips"]) == (1.75, 2.0, 4)
    assert good["low"] <= good["mean"] <= good["high"] <= 5.0
    assert found["differences"][0]["difference"] == pytest.approx(3.0)
    shown = api.get(f"/v1/listening/tests/{test_id}").json
    assert (shown["sessions"], shown["finished"]) == (2, 2)
    export = api.get(f"/v1/listening/tests/{test_id}/results.csv")
    assert export.mimetype == "text/csv"
    rows = table(export.text)
    assert [row[0] for row in rows] == ["system", "good", "poor"] and float(rows[1][1]) == 4.75
    answers = table(api.get(f"/v1/listening/tests/{test_id}/results.csv?table=answers").text)
    assert {row[0] for row in answers[1:]} == {"'=1+1", "Bo"}  # no spreadsheet computes it
    assert np.mean([float(row[-1]) for row in answers[1:] if row[4] == "good"]) == 4.75


def test_mushra_leaves_out_a_listener_who_misses_the_reference(
    app: OpenAPI, api: FlaskClient
) -> None:
    test_id = quick_test(app, "mushra", ["reference", "ours"], 3)
    for listener, for_reference in (("keen", 95), ("also keen", 100), ("asleep", 40)):
        session = begin(api, test_id, listener)
        for trial in session["trials"]:
            heard = {s["label"]: api.get(s["url"]).text for s in trial["stimuli"][1:]}
            rating = {
                label: for_reference if text.startswith("reference") else 62.5
                for label, text in heard.items()
            }
            assert reply(api, session, trial["trial"], rating).status_code == 200
    found = api.get(f"/v1/listening/tests/{test_id}/results").json
    assert found["excluded"] == [{"listener": "asleep", "share": 1.0}]
    means = {row["system"]: (row["mean"], row["listeners"]) for row in found["systems"]}
    assert means == {"reference": (97.5, 2), "ours": (62.5, 2)}


@pytest.mark.parametrize(
    ("kind", "files", "sentence"),
    [
        ("mos", {"alone.wav": sound(300)}, "SYSTEM/CLIP.wav"),
        ("mos", {"a/1.wav": sound(300), "b/2.wav": sound(300)}, "missing: a/2, b/1"),
        ("mos", {"x/a/1.wav": sound(300), "y/a/1.flac": sound(300)}, "a/1 is there more than once"),
        ("mos", {"a/1.wav": sound(300), "b/1.wav": sound(300)}, "at least 2 clips"),
        ("abx", {"a/1.wav": sound(300)}, "exactly two systems"),
        ("mushra", {"a/1.wav": sound(300), "b/1.wav": sound(300)}, "'reference'"),
        ("mos", {"a/1.wav": b"RIFF but no sound at all"}, "a/1"),
        ("guess", {"a/1.wav": sound(300)}, "mos"),
    ],
)
def test_what_makes_no_test_is_refused_and_leaves_nothing(
    app: OpenAPI, api: FlaskClient, kind: str, files: Files, sentence: str
) -> None:
    folder = app.extensions["studio"].listening.folder
    before = sorted(folder.iterdir())
    refused = post_test(api, kind, files)
    assert refused.status_code == 422 and sentence in refused.json["detail"]
    assert sorted(folder.iterdir()) == before


def test_names_are_labels_and_never_paths(app: OpenAPI, api: FlaskClient) -> None:
    made = post_test(
        api, "mos", {"../../../etc/passwd.wav": sound(300), "etc/\u202ex.wav": sound(400)}
    )
    assert made.status_code == 201, made.text
    assert made.json["systems"] == ["etc"] and made.json["clips"] == ["passwd", "x"]
    store = app.extensions["studio"].listening
    assert sorted(p.name for p in (store.folder / made.json["id"]).iterdir()) == [
        "0-0.wav", "0-1.wav",
    ]  # fmt: skip


def test_a_deleted_test_takes_everything_with_it(app: OpenAPI, api: FlaskClient) -> None:
    test_id = quick_test(app, "abx", ["p", "q"], 1)
    session = begin(api, test_id)
    reply(api, session, 1, "A")
    deleted = api.delete(f"/v1/listening/tests/{test_id}")
    assert deleted.json == {
        "id": test_id, "object": "listening.test.deleted", "deleted": True,
    }  # fmt: skip
    assert not (app.extensions["studio"].listening.folder / test_id).exists()
    for url in (f"tests/{test_id}", f"tests/{test_id}/results", f"tests/{test_id}/results.csv"):
        assert api.get(f"/v1/listening/{url}").json["code"] == "test_not_found"
    assert api.get(f"/v1/listening/sessions/{session['id']}").json["code"] == "session_not_found"
    assert api.get(session["trials"][0]["stimuli"][0]["url"]).status_code == 404
    assert reply(api, session, 1, "A").status_code == 404
    assert api.delete(f"/v1/listening/tests/{test_id}").status_code == 404
    database = app.extensions["studio"].database
    assert not database.query("SELECT * FROM listening_answers WHERE session = ?", (session["id"],))


def test_a_restart_keeps_tests_and_clears_half_made_ones(tmp_path: Path) -> None:
    with open_database(tmp_path) as database:
        store = ListeningStore(database, tmp_path / "listening")
        samples = {("p", "c"): lambda path: path.write_bytes(b"sound"),
                   ("p", "d"): lambda path: path.write_bytes(b"sound")}  # fmt: skip
        kept = store.create("mos", "Kept", samples)
        session, _ = store.begin(kept.id, "Ada")
        store.answer(session.id, 1, 5)
        (tmp_path / "listening" / "lt_killed").mkdir()
    with open_database(tmp_path) as database:
        store = ListeningStore(database, tmp_path / "listening")
        assert [test.id for test in store.all()] == [kept.id]
        assert [path.name for path in (tmp_path / "listening").iterdir()] == [kept.id]
        again, new = store.begin(kept.id, "Ada")
        assert not new and again.answers == {1: 5} and again.trials == session.trials


def test_a_disk_that_fills_up_leaves_no_half_test(tmp_path: Path) -> None:
    def fail(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    with open_database(tmp_path) as database:
        store = ListeningStore(database, tmp_path / "listening")
        with pytest.raises(OSError, match="No space"):
            store.create(
                "mos", "Full", {("p", "c"): lambda p: p.write_bytes(b"x"), ("p", "d"): fail}
            )
        assert store.all() == [] and list((tmp_path / "listening").iterdir()) == []
        with pytest.raises(Problem, match="no listening test"):
            store.begin("lt_0000000000000000")
