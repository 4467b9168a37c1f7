"""The database keeps what it said it keeps; one server has a data folder, a second refuses."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from env_utils import ConfigError, InputError, StorageFullError
from voice_replication.serving.database import Database
from voice_replication.serving.schema import MIGRATIONS

TABLE = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;"


def count(database: Database) -> int:
    return int(database.query("SELECT count(*) FROM notes")[0][0])


@pytest.fixture()
def path(tmp_path: Path) -> Path:
    return tmp_path / "server" / "test.sqlite3"


def test_a_transaction_happens_as_a_whole_or_not_at_all(path: Path) -> None:
    with Database(path, (TABLE,)) as database:
        with pytest.raises(RuntimeError, match="half way"), database.transaction() as connection:
            connection.execute("INSERT INTO notes (text) VALUES ('one')")
            raise RuntimeError("half way")
        assert count(database) == 0
        with database.transaction() as connection:
            connection.execute("INSERT INTO notes (text) VALUES ('one')")
            connection.execute("INSERT INTO notes (text) VALUES ('two')")
        assert count(database) == 2


def test_threads_and_processes_write_at_the_same_time_and_nothing_is_lost(path: Path) -> None:
    other = (
        "import sys; from pathlib import Path; from voice_replication.serving.database import "
        "Database\nwith Database(Path(sys.argv[1]), (sys.argv[2],)) as database:\n"
        "    for _ in range(40): database.execute(\"INSERT INTO notes (text) VALUES ('p')\")\n"
    )
    with Database(path, (TABLE,)) as database:
        process = subprocess.Popen([sys.executable, "-c", other, str(path), TABLE])

        def write() -> None:
            for _ in range(10):
                database.execute("INSERT INTO notes (text) VALUES ('t')")

        threads = [threading.Thread(target=write) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert process.wait(60) == 0
        assert count(database) == 8 * 10 + 40


def test_what_was_answered_survives_kill_9(path: Path) -> None:
    writer = (
        "import sys; from pathlib import Path; from voice_replication.serving.database import "
        "Database\ndatabase = Database(Path(sys.argv[1]), (sys.argv[2],))\nnumber = 0\n"
        "while True:\n    number += 1\n"
        "    database.execute('INSERT INTO notes (id, text) VALUES (?, ?)', (number, 'x'))\n"
        "    print(number, flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", writer, str(path), TABLE], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    answered = [int(process.stdout.readline()) for _ in range(25)]
    process.kill()
    answered += [int(line) for line in process.stdout if line.endswith("\n")]
    process.wait()
    with Database(path, (TABLE,)) as database:
        kept = {int(row["id"]) for row in database.query("SELECT id FROM notes")}
    assert set(answered) <= kept


def test_old_files_are_brought_up_to_date_and_newer_ones_refused(path: Path) -> None:
    second = "ALTER TABLE notes ADD COLUMN mood TEXT; CREATE INDEX moods ON notes (mood);"
    with Database(path, (TABLE,)) as database:
        database.execute("INSERT INTO notes (text) VALUES ('old')")
    with Database(path, (TABLE, second)) as database:
        (row,) = database.query("SELECT * FROM notes")
        assert (row["text"], row["mood"]) == ("old", None)
    with pytest.raises(ConfigError, match="newer version"):
        Database(path, (TABLE,))


def test_a_step_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    with Database(path, (TABLE,)) as database:
        database.execute("INSERT INTO notes (text) VALUES ('old')")
    wrong = "CREATE TABLE more (id INTEGER) STRICT; CREATE TABLE notes (id INTEGER);"
    with pytest.raises(InputError, match="already exists"):
        Database(path, (TABLE, wrong))
    with Database(path, (TABLE,)) as database:
        assert count(database) == 1
        names = database.query("SELECT name FROM sqlite_master WHERE type = 'table'")
        assert "more" not in [row["name"] for row in names]


def test_the_shipped_steps_run_on_an_empty_file_one_by_one(path: Path) -> None:
    for steps in range(1, len(MIGRATIONS) + 1):
        Database(path, MIGRATIONS[:steps]).close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database, but long enough to look like one" * 40)
    with pytest.raises(InputError, match=r"test\.sqlite3: this database cannot be used"):
        Database(path, (TABLE,))


def test_a_full_disk_is_said_as_such_and_nothing_is_half_there(path: Path) -> None:
    with Database(path, (TABLE,)) as database:
        database.execute("INSERT INTO notes (text) VALUES ('kept')")
        pages = database.query("PRAGMA page_count")[0][0]
        database.query(f"PRAGMA max_page_count={pages + 2}")
        with pytest.raises(StorageFullError, match="disk is full"):
            database.execute("INSERT INTO notes (text) VALUES (?)", ("x" * 100_000,))
        assert count(database) == 1
        database.query("PRAGMA max_page_count=100000")
        database.execute("INSERT INTO notes (text) VALUES (?)", ("x" * 100_000,))
        assert count(database) == 2


def test_a_second_server_on_the_data_folder_refuses(serve: Callable[..., Any]) -> None:
    first = serve()
    program = str(Path(sys.executable).with_name("voiceclone"))
    command = [program, "serve", "--port", "0", "--home", str(first.home)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    second = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert second.returncode == 2
    assert "another server is using this data folder" in second.stderr
    assert "Traceback" not in second.stderr
    keys = [program, "keys", "--home", str(first.home), "create", "while it runs"]
    assert subprocess.run(keys, capture_output=True, timeout=300).returncode == 0
    first.kill()  # frees the folder at once
    third = serve(home=first.home)
    assert third.stop() == 0


def test_a_stop_while_models_are_loaded_ends_it_in_order(tmp_path: Path) -> None:
    program = str(Path(sys.executable).with_name("voiceclone"))
    command = [program, "serve", "--port", "0", "--home", str(tmp_path / "home")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while not (tmp_path / "home").exists() and process.poll() is None:  # made before it loads
        time.sleep(0.01)
    process.terminate()
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors.decode()
