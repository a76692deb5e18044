"""Outcomes of layers that were searched before, in a database of the user's cache folder. No value is ever stored.

A folder or file that other users can write to is not used. A database that is locked, full or broken means that there
is no cache; it is never an error.
"""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from stat import S_ISDIR, S_ISREG

from auditor import __version__
from auditor.core.pattern import Pattern
from auditor.core.record import TYPE_CHECKING
from auditor.run.images.layers.stored import Stored, pack, unpack

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from typing import TypeVar

    from auditor.run.images.layers.outcome import LayerOutcome

    _T = TypeVar("_T")

#: Bytes of outcomes that are kept; those that were not used for longest go first.
LIMIT = 256 << 20
_FILE = "layers.sqlite"
#: Of the tables; another one's are dropped.
_SCHEMA = 2
_KEY_BYTES = 32
_DIGEST = Pattern(r"sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})")
_SECONDS_TO_WAIT = 2.0
#: Seconds between attempts to open the database.
_PAUSES = (0.02, 0.05, 0.1, 0.2, 0.0)
_TABLES = """
CREATE TABLE IF NOT EXISTS keys (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS layers (
    diff_id TEXT NOT NULL, rules TEXT NOT NULL, used INTEGER NOT NULL, bytes INTEGER NOT NULL,
    body BLOB NOT NULL, files BLOB NOT NULL, folders BLOB NOT NULL, owned BLOB NOT NULL,
    PRIMARY KEY (diff_id, rules));
CREATE INDEX IF NOT EXISTS layers_used ON layers (used, bytes);
"""
_GET = "SELECT body, files, folders, owned FROM layers WHERE diff_id = ? AND rules = ? AND bytes <= ?"
_PUT = "INSERT OR REPLACE INTO layers VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_USED = "UPDATE layers SET used = ? WHERE diff_id = ? AND rules = ? AND used < ?"
#: What was used in the last hour, in nanoseconds, is not noted again: a write would be flushed to the disk.
_RECENT = 3600 * 10**9


class LayerCache:
    """Outcomes by diff_id and rules. For one process: a forked child of it finds nothing, and stores nothing.

    `folder`: as `detect.prefiltering.store.folder` gives it; "" for none. `rules` everywhere: a text that names the
    rules and every setting that an outcome depends on; this version's number is added. `key` is that of fingerprints
    where they must have a certain one; `rules` names it then.
    """

    def __init__(self, folder: str, *, limit: int = LIMIT, key: bytes = b"") -> None:
        import threading  # start-up: only where images are read

        self._limit = limit
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._path = os.path.join(folder, _FILE)
        self._key = key
        self._used: set[tuple[str, str]] = set()
        self._database = _opened(folder, self._path) if folder else None

    @property
    def usable(self) -> bool:
        """Whether there is a database that has not failed yet."""
        return self._database is not None and os.getpid() == self._process

    def key(self) -> bytes:
        """Key of the fingerprints in this cache, 32 bytes; one for this run only if there is no cache."""
        if not self._key:
            self._key = self._do(self._stored_key) or os.urandom(_KEY_BYTES)
        return self._key

    def get(self, diff_id: str, rules: str) -> LayerOutcome | None:
        """The outcome of a layer; its secrets are `Remembered` under `key`. None if not known.

        `digest` and `stored` are those of the blob that was read then: one diff_id may be compressed in several ways.
        """
        if not _DIGEST.fullmatch(diff_id):
            return None
        name = _name(rules)
        row = self._do(lambda database: database.execute(_GET, (diff_id, name, self._limit)).fetchone())
        if row is None or not all(isinstance(part, bytes) for part in row):
            return None
        try:
            outcome = unpack(Stored(*row))
        except ValueError:
            return None
        if outcome.diff_id != diff_id:
            return None
        self._used.add((diff_id, name))
        return outcome

    def put(self, diff_id: str, rules: str, outcome: LayerOutcome) -> bool:
        """Store an outcome; whether that was done: not for a layer that was not read whole, nor a huge one."""
        if not _DIGEST.fullmatch(diff_id) or outcome.diff_id != diff_id or not self.usable:
            return False
        stored = pack(outcome, self.key())
        if stored is None or stored.size > self._limit // 4:
            return False
        return bool(self._do(lambda database: self._write(database, (diff_id, _name(rules)), stored)))

    def close(self) -> None:
        """Note what was used, and give the database back."""
        if not self.usable:
            return
        self._do(self._note_used)
        if self._database is not None:
            self._database.close()
            self._database = None

    def _write(self, database: sqlite3.Connection, name: tuple[str, str], stored: Stored) -> bool:
        with database:
            database.execute("BEGIN IMMEDIATE")
            database.execute(_PUT, (*name, _now(), stored.size, *stored))
            total = database.execute("SELECT sum(bytes) FROM layers").fetchone()[0]
            if total > self._limit:
                _evict(database, total - self._limit * 7 // 8)
        return True

    def _note_used(self, database: sqlite3.Connection) -> None:
        if self._used:
            with database:
                database.execute("BEGIN IMMEDIATE")
                now = _now()
                database.executemany(_USED, [(now, *name, now - _RECENT) for name in self._used])

    def _stored_key(self, database: sqlite3.Connection) -> bytes:
        with database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("INSERT OR IGNORE INTO keys VALUES ('fingerprints', ?)", (os.urandom(_KEY_BYTES),))
            row = database.execute("SELECT value FROM keys WHERE name = 'fingerprints'").fetchone()
        if not isinstance(row[0], bytes) or len(row[0]) != _KEY_BYTES:
            raise ValueError("not a key")
        return row[0]

    def _do(self, task: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """The task's result; None where there is no database, or none any more after this."""
        if not self.usable:
            return None
        import sqlite3  # start-up: only where there is a cache

        with self._lock:
            if self._database is None:
                return None
            try:
                return task(self._database)
            except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError, MemoryError) as error:
                self._database.close()
                self._database = None
                if _is_broken(error):
                    _remove(self._path)
                return None


def _evict(database: sqlite3.Connection, excess: int) -> None:
    """Remove the outcomes that were not used for longest."""
    going = []
    for diff_id, rules, size in database.execute("SELECT diff_id, rules, bytes FROM layers ORDER BY used"):
        if excess <= 0:
            break
        going.append((diff_id, rules))
        excess -= size
    database.executemany("DELETE FROM layers WHERE diff_id = ? AND rules = ?", going)


def _opened(folder: str, path: str) -> sqlite3.Connection | None:
    """The database, made if there is none; None if that is impossible or not safe. A broken one is replaced."""
    try:
        import sqlite3  # start-up: only where there is a cache
    except ImportError:
        return None  # Python can be built without it.
    import time  # start-up: as above

    for pause in _PAUSES:
        if not _is_ready(folder, path):
            return None
        try:
            return _connected(path)
        except (sqlite3.Error, ValueError) as error:
            if _is_broken(error):
                _remove(path)
            elif getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                return None
        # Another run may be making the file; for that SQLite does not wait.
        time.sleep(pause)
    return None


def _is_broken(error: BaseException) -> bool:
    """Whether the file is no database, or a damaged one: of all errors only these are of the base class itself."""
    import sqlite3  # start-up: as above

    return type(error) is sqlite3.DatabaseError


def _connected(path: str) -> sqlite3.Connection:
    import sqlite3  # start-up: as above

    database = sqlite3.connect(path, timeout=_SECONDS_TO_WAIT, isolation_level=None, check_same_thread=False)
    try:
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LIMIT)
        # What a schema of somebody else's might call (SQLite, "Defense Against The Dark Arts").
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        if not _has_tables(database):
            with database:
                database.execute("BEGIN IMMEDIATE")
                if not _has_tables(database):  # Another run may have been first.
                    database.execute("DROP TABLE IF EXISTS layers")
                    for statement in _TABLES.split(";"):
                        database.execute(statement)
                    database.execute(f"PRAGMA user_version = {_SCHEMA}")
        database.execute("SELECT diff_id, rules, used, bytes, body, files, folders, owned FROM layers LIMIT 1")
    except BaseException:
        database.close()
        raise
    return database


def _has_tables(database: sqlite3.Connection) -> bool:
    return bool(database.execute("PRAGMA user_version").fetchone()[0] == _SCHEMA)


def _is_ready(folder: str, path: str) -> bool:
    """Whether the folder and the file are there, and only this user can write to them (and read the file)."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        status = os.lstat(folder)
        if not S_ISDIR(status.st_mode) or not _is_private(status):
            return False
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        handle = os.open(path, flags, 0o600)
    except (OSError, ValueError):
        return False
    try:
        status = os.fstat(handle)
        if not S_ISREG(status.st_mode) or not _is_private(status):
            return False
        if hasattr(os, "fchmod") and status.st_mode & 0o077:
            os.fchmod(handle, 0o600)
        return True
    except OSError:
        return False
    finally:
        os.close(handle)


def _is_private(status: os.stat_result) -> bool:
    if not hasattr(os, "geteuid"):
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _remove(path: str) -> None:
    for ending in ("", "-wal", "-shm"):
        try:
            os.unlink(path + ending)
        except OSError:
            continue


def _name(rules: str) -> str:
    text = f"{__version__}\0{sys.byteorder}\0{rules}"
    return sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def _now() -> int:
    import time  # start-up: as above

    return time.time_ns()
