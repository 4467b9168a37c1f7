"""One SQLite file for what must survive a restart: keys, jobs, listening tests.

Commits are on the disk when they return (``synchronous=FULL``), so that a power cut loses nothing
that was answered. Any number of threads share one connection, one statement or transaction at a
time; other processes (``voiceclone keys``) may use the file while the server runs.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from env_utils import ConfigError, InputError, StorageFullError

from voice_replication.serving.schema import MIGRATIONS

FILE_NAME = "studio.sqlite3"
BUSY_SECONDS = 10.0  # how long another process may hold the file


class Database:
    """The database ``path``, created or brought up to date when it is opened.

    Raises ``InputError`` if the file is no database, ``ConfigError`` if a newer program wrote it.
    """

    def __init__(self, path: Path, migrations: Sequence[str] = MIGRATIONS) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = path
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._connection.row_factory = sqlite3.Row
        try:
            path.chmod(0o600)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.execute("PRAGMA foreign_keys=ON")
            self._migrate(migrations)
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise InputError(
                f"{path}: this database cannot be used ({error}). Restore it from a backup, or "
                "move it away to start with an empty one."
            ) from error
        except ConfigError:
            self._connection.close()
            raise

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """All rows of a SELECT."""
        with self._lock:
            return self._connection.execute(sql, parameters).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything executed inside happens, or nothing of it does. Not for nesting.

        Raises ``StorageFullError`` when the disk is full.
        """
        with self._lock:
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException as error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if _is_full(error):
                    raise StorageFullError(f"{self.path}: the disk is full.") from error
                raise

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """One statement as a transaction of its own; returns how many rows it changed."""
        with self.transaction() as connection:
            return connection.execute(sql, parameters).rowcount

    def close(self) -> None:
        """Write the log back into the file and close it."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _migrate(self, migrations: Sequence[str]) -> None:
        """Run the steps that this file has not seen, each completely or not at all."""
        while (version := self._version()) != len(migrations):
            if version > len(migrations):
                raise ConfigError(
                    f"{self.path}: a newer version of this program wrote this database (its "
                    f"version is {version}, this program knows {len(migrations)}). Update it."
                )
            with self.transaction() as connection:
                if self._version() == version:  # no other process was faster
                    for statement in _statements(migrations[version]):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version={version + 1}")

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])


def open_database(folder: Path) -> Database:
    """The studio's database in ``folder``."""
    return Database(folder / FILE_NAME)


def _statements(script: str) -> Iterator[str]:
    """The statements of ``script``; ``executescript`` would end the transaction around them."""
    statement = ""
    for piece in re.split(r"(?<=;)", script):
        statement += piece
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        raise ValueError(f"a statement has no end: {statement.strip()[:60]}")


def _is_full(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, sqlite3.OperationalError) and code == sqlite3.SQLITE_FULL
