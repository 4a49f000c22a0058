"""The SQLite file of a journal: opened for one process, written in synced transactions, errors as sentences."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from simulacra.core.atomic import explain
from simulacra.core.errors import DataError, OutputError

APPLICATION = 0x53696D75
VERSION = 1

_TABLE = """
create table if not exists answers (
    key text primary key,
    text text not null,
    value text,
    model text not null,
    tokens_in integer not null,
    tokens_out integer not null,
    cost real not null,
    finish text not null
)
"""
_READ = "select key, text, value, model, tokens_in, tokens_out, cost, finish from answers where key in ({})"
_WRITE = "insert or ignore into answers values (?, ?, ?, ?, ?, ?, ?, ?)"


class JournalFile:
    """One open file. Reading and writing use connections of their own, so that a read never waits for a sync."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = _held(path)
        try:
            self._write = self._open()
            self._read = self._open()
        except BaseException:
            self.close()
            raise

    def read(self, keys: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of the keys that are there."""
        try:
            yield from self._read.execute(_READ.format(",".join("?" * len(keys))), keys)
        except sqlite3.Error as error:
            self._fail(error)

    def all(self) -> Iterator[tuple[Any, ...]]:
        """Yield every row."""
        try:
            yield from self._read.execute(_READ.partition(" where ")[0])
        except sqlite3.Error as error:
            self._fail(error)

    def count(self) -> int:
        """Return the number of answers."""
        return int(self._read.execute("select count(*) from answers").fetchone()[0])

    def write(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Write rows in one transaction, synced to the disk. Raises OutputError; then none of them is there."""
        try:
            self._write.execute("begin immediate")
            self._write.executemany(_WRITE, rows)
            self._write.execute("commit")
        except sqlite3.Error as error:
            if self._write.in_transaction:
                self._write.execute("rollback")
            self._fail(error)

    def close(self) -> None:
        """Fold the log into the file, and let another process have it."""
        for name in ("_read", "_write"):
            connection = self.__dict__.pop(name, None)
            if connection is not None:
                connection.close()
        if self._lock >= 0:
            lock, self._lock = self._lock, -1
            _lock_path(self.path).unlink(missing_ok=True)
            os.close(lock)

    def _open(self) -> sqlite3.Connection:
        connection = None
        try:
            # Transactions are begun and ended by hand; threads are kept apart by the journal.
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            self._check(connection)
            connection.execute("pragma journal_mode=wal")
            # In this mode a commit returns when the log is on the disk.
            connection.execute("pragma synchronous=full")
            connection.execute(_TABLE)
            connection.execute(f"pragma application_id={APPLICATION}")
            connection.execute(f"pragma user_version={VERSION}")
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, sqlite3.Error):
                self._fail(error)
            raise
        return connection

    def _check(self, connection: sqlite3.Connection) -> None:
        [[tables]] = connection.execute("select count(*) from sqlite_master")
        [[application]] = connection.execute("pragma application_id")
        [[version]] = connection.execute("pragma user_version")
        if tables and application != APPLICATION:
            raise DataError(f"{self.path} is another program's database, not a journal; give the journal another name")
        if version > VERSION:
            raise DataError(f"{self.path} was written by a newer Simulacra (journal {version}); upgrade simulacra")

    def _fail(self, error: sqlite3.Error) -> NoReturn:
        code = getattr(error, "sqlite_errorname", "") or ""
        if code.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
            raise DataError(
                f"{self.path} is damaged or no journal ({error}); move it away, and what it held is asked again"
            ) from error
        reason = {
            "SQLITE_FULL": "the disk is full; free some space and run the same command again",
            "SQLITE_READONLY": "no permission to write there; choose another place or change the permission",
            "SQLITE_CANTOPEN": "no file can be opened or made there; choose another place or change the permission",
        }.get("_".join(code.split("_")[:2]), f"{error} ({code}); free some space or choose another place")
        raise OutputError(
            f"cannot write the journal {self.path}: {reason}. What was answered before is kept in it"
        ) from error


def _lock_path(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _held(path: Path) -> int:
    """Return the handle of a lock that ends with this process, however it ends. Raises OutputError."""
    lock = _lock_path(path)
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise explain(error, path) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(handle, 32).decode("ascii", "replace").strip()
            os.close(handle)
            raise OutputError(
                f"the journal {path} is in use by another run{f' (process {holder})' if holder else ''}; wait until it "
                "ends, or give this run a journal of its own"
            ) from None
        # Whoever held it before may have removed the file between our opening and our locking.
        if lock.exists() and os.fstat(handle).st_ino == lock.stat().st_ino:
            os.truncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
            return handle
        os.close(handle)
