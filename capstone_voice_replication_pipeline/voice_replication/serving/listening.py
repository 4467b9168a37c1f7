"""Listening tests on the server: samples, sessions that can be resumed, and their answers.

    home/server/listening/lt_0123456789abcdef/SYSTEM-CLIP.wav   numbers, no names: 24 kHz, 16 bit
    home/server/studio.sqlite3, tables listening_*              tests, sessions, answers

A session's trials are drawn once, when it begins, and kept: a reload, or a later version of this
program, changes nothing for a listener who has begun.
"""

from __future__ import annotations

import json
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from env_utils import utc_now

from voice_replication.evaluation.subjective import Kind, Stimulus, Trial, check_design, trials
from voice_replication.serving.database import Database
from voice_replication.serving.problems import Problem

LISTENER_LIMIT = 60  # characters of a name


@dataclass(frozen=True)
class ListeningTest:
    """A test: every clip exists from every system."""

    id: str
    kind: Kind
    title: str
    systems: tuple[str, ...]
    clips: tuple[str, ...]
    created: str
    sessions: int = 0
    finished: int = 0  # sessions whose every trial is answered

    @property
    def trials(self) -> int:
        """Questions that each listener gets."""
        return len(self.clips)


@dataclass(frozen=True)
class Session:
    """One listener's way through a test; ``answers`` by the number of the trial, from 1."""

    id: str
    test: ListeningTest
    listener: str
    trials: tuple[Trial, ...]
    answers: Mapping[int, Any]


class ListeningStore:
    """All listening tests of a data folder. Its threads share it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        known = {row["id"] for row in database.query("SELECT id FROM listening_tests")}
        for left_over in set(folder.iterdir()) - {folder / name for name in known}:
            shutil.rmtree(left_over, ignore_errors=True)  # a server was killed while it was made

    def create(
        self, kind: Kind, title: str, samples: Mapping[tuple[str, str], Callable[[Path], None]]
    ) -> ListeningTest:
        """Make a test of ``samples``: (system, clip) -> a function that writes its WAV file.

        Raises ``InputError`` if they cannot make a test of this kind, ``OSError`` on a full disk.
        """
        systems = tuple(sorted({system for system, _ in samples}))
        clips = tuple(sorted({clip for _, clip in samples}))
        check_design(kind, systems, clips)
        test_id = f"lt_{secrets.token_hex(8)}"
        test = ListeningTest(test_id, kind, title, systems, clips, utc_now())
        folder = self.folder / test_id
        folder.mkdir(mode=0o700)
        try:
            for (system, clip), write in samples.items():
                write(self.sample(test, system, clip))
            self._database.execute(
                "INSERT INTO listening_tests VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    *(test_id, kind, title, json.dumps(systems), json.dumps(clips)),
                    *(str(secrets.randbits(63)), test.created),
                ),
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return test

    def sample(self, test: ListeningTest, system: str, clip: str) -> Path:
        """The file of a sample."""
        name = f"{test.systems.index(system)}-{test.clips.index(clip)}.wav"
        return self.folder / test.id / name

    def all(self) -> list[ListeningTest]:
        """Every test, newest first."""
        return [_test(row) for row in self._database.query(f"{_TESTS} ORDER BY t.rowid DESC")]

    def get(self, test_id: str) -> ListeningTest:
        """The test; ``Problem`` (``test_not_found``) if there is none."""
        rows = self._database.query(f"{_TESTS} WHERE t.id = ?", (test_id,))
        if not rows:
            raise Problem("test_not_found", "There is no listening test of this id.")
        return _test(rows[0])

    def delete(self, test_id: str) -> None:
        """Remove a test with its samples, sessions and answers."""
        if not self._database.execute("DELETE FROM listening_tests WHERE id = ?", (test_id,)):
            raise Problem("test_not_found", "There is no listening test of this id.")
        shutil.rmtree(self.folder / test_id, ignore_errors=True)

    def begin(self, test_id: str, listener: str = "") -> tuple[Session, bool]:
        """The session of ``listener`` (empty: somebody new), and whether it was made just now.

        A name that has begun goes on where it stopped, so that nobody hears a clip in two sessions.
        """
        test = self.get(test_id)
        listener = " ".join(listener.split())
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT id, listener FROM listening_sessions WHERE test = ?", (test_id,)
            ).fetchall()
            names = {row["listener"].casefold(): row["id"] for row in rows}
            session_id = names.get(listener.casefold())
            if new := session_id is None:
                session_id = f"ls_{secrets.token_hex(8)}"
                _insert_session(connection, test, session_id, listener or _free_name(names))
        return self.session(session_id), new

    def session(self, session_id: str) -> Session:
        """The session; ``Problem`` (``session_not_found``) if there is none."""
        rows = self._database.query("SELECT * FROM listening_sessions WHERE id = ?", (session_id,))
        if not rows:
            raise Problem("session_not_found", "There is no listening session of this id.")
        row = rows[0]
        answers = self._database.query(
            "SELECT trial, answer FROM listening_answers WHERE session = ? ORDER BY trial",
            (session_id,),
        )
        return Session(
            id=session_id,
            test=self.get(row["test"]),
            listener=row["listener"],
            trials=_trials_from_json(row["trials"]),
            answers={answer["trial"]: json.loads(answer["answer"]) for answer in answers},
        )

    def sessions(self, test_id: str) -> list[Session]:
        """All sessions of a test, oldest first."""
        rows = self._database.query(
            "SELECT id FROM listening_sessions WHERE test = ? ORDER BY number", (test_id,)
        )
        return [self.session(row["id"]) for row in rows]

    def answer(self, session_id: str, trial: int, answer: Any) -> Session:
        """Keep a checked answer; the same one again changes nothing.

        Raises ``Problem``: ``already_answered`` if this trial has another answer.
        """
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO listening_answers VALUES (?, ?, ?, ?)",
                (session_id, trial, json.dumps(answer), utc_now()),
            )
        session = self.session(session_id)
        if session.answers[trial] != answer:
            raise Problem(
                "already_answered", f"Trial {trial} has an answer already; it stays.", field="trial"
            )
        return session


_TESTS = """
    SELECT t.*,
        (SELECT count(*) FROM listening_sessions AS s WHERE s.test = t.id) AS sessions,
        (SELECT count(*) FROM listening_sessions AS s WHERE s.test = t.id AND
            (SELECT count(*) FROM listening_answers AS a WHERE a.session = s.id)
            = json_array_length(t.clips)) AS finished
    FROM listening_tests AS t
"""


def _test(row: sqlite3.Row) -> ListeningTest:
    return ListeningTest(
        id=row["id"],
        kind=row["kind"],
        title=row["title"],
        systems=tuple(json.loads(row["systems"])),
        clips=tuple(json.loads(row["clips"])),
        created=row["created"],
        sessions=row["sessions"],
        finished=row["finished"],
    )


def _insert_session(
    connection: sqlite3.Connection, test: ListeningTest, session_id: str, listener: str
) -> None:
    sql = "SELECT count(*) FROM listening_sessions WHERE test = ?"
    number = connection.execute(sql, (test.id,)).fetchone()[0]
    sql = "SELECT seed FROM listening_tests WHERE id = ?"
    seed = int(connection.execute(sql, (test.id,)).fetchone()["seed"])
    drawn = trials(test.kind, test.systems, test.clips, number, seed)
    connection.execute(
        "INSERT INTO listening_sessions VALUES (?, ?, ?, ?, ?, ?)",
        (session_id, test.id, listener, number, _trials_to_json(drawn), utc_now()),
    )


def _free_name(taken: Mapping[str, str]) -> str:
    number = len(taken) + 1
    while f"listener {number}" in taken:
        number += 1
    return f"Listener {number}"


def _trials_to_json(drawn: list[Trial]) -> str:
    return json.dumps(
        [[trial.clip, [[s.label, s.system] for s in trial.stimuli]] for trial in drawn]
    )


def _trials_from_json(text: str) -> tuple[Trial, ...]:
    return tuple(
        Trial(clip, tuple(Stimulus(label, system) for label, system in stimuli))
        for clip, stimuli in json.loads(text)
    )
