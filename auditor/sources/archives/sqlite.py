"""Rows of an SQLite database, as lines of `column: value`. Its tables are read; no view, trigger or function runs."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator

from auditor.sources.archives.limits import Budget, Damaged
from auditor.sources.archives.stream import Entries, Entry, Note, Store, Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditor.sources.archives.spool import Spooled

#: Instructions of SQLite's machine for every step of the budget.
_INSTRUCTIONS = 100
_HEADER = 100
_TABLES = 1000
_COLUMNS = 200
_LONGEST_VALUE = 16 << 20
_PIECE = 1 << 20
#: Calls of the progress handler between two looks at the clock.
_LOOK = 1024
#: Versions for writing and reading in the header: of a database with a journal, not with a write-ahead log, which is
#: another file that is not there (SQLite file format, 1.3.2).
_VERSIONS = slice(18, 20)
_JOURNAL = b"\1\1"
_ALLOWED = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ)
_Value = bytes | int | float | None


def tables(store: Store, budget: Budget) -> Entries:
    """One entry for each ordinary table. Raises nothing of sqlite3's own; a damaged database ends with a note."""
    if _is_cut(store.at(0, _HEADER), store.size):
        yield Note("", "truncated")
    opened = _Opened()
    try:
        connection = opened.connect(store, budget)
        _prepare(connection, budget)
        for table, columns in _schema(connection):
            rows = _Rows(connection, table, columns, budget)
            yield Entry(table, rows.stream())
            if rows.error:
                yield Note(table, rows.error)
    except (sqlite3.Error, sqlite3.Warning, MemoryError, OverflowError, ValueError) as error:
        yield Note("", _reason(error))
    finally:
        opened.close()


class _Opened:
    """A database: in memory, or a long one in a file of the spool."""

    def __init__(self) -> None:
        self._connection: sqlite3.Connection | None = None
        self._file: Spooled | None = None

    def connect(self, store: Store, budget: Budget) -> sqlite3.Connection:
        """Open it for reading only. Raises sqlite3.Error; Damaged if there is no room."""
        from urllib.parse import quote  # start-up: only for long databases

        spool = budget.limits.spool
        if store.size <= budget.limits.held or spool is None:
            data = store.at(0, store.size)
            self._connection = sqlite3.connect(":memory:", isolation_level=None)
            restrict(self._connection, data[: _VERSIONS.start] + _JOURNAL + data[_VERSIONS.stop :], _LONGEST_VALUE)
            return self._connection
        try:
            self._file, name = spool.named()
        except OSError as error:
            raise Damaged(f"larger than can be kept in the cache folder ({error.strerror}): not opened") from None
        try:
            # Without locks nobody looks at the file before the first question.
            self._connection = sqlite3.connect(f"file:{quote(name)}?mode=ro&nolock=1", uri=True, isolation_level=None)
        finally:
            os.unlink(name)
        _copy(store, self._file, budget)
        _limit(self._connection, _LONGEST_VALUE)
        _close_off(self._connection)
        return self._connection

    def close(self) -> None:
        """Let it go."""
        if self._connection is not None:
            self._connection.close()
        if self._file is not None:
            self._file.close()


def _copy(store: Store, file: Spooled, budget: Budget) -> None:
    """Write a database into a file. Raises Damaged if there is no room, Exhausted if there is no time."""
    head = store.at(0, _HEADER)
    file.write(head[: _VERSIONS.start] + _JOURNAL + head[_VERSIONS.stop :])
    for at in range(len(head), store.size, _PIECE):
        budget.look()
        if file.write(store.at(at, _PIECE)):
            raise Damaged(file.reason)


def _is_cut(data: bytes, size: int) -> bool:
    """Whether the header counts more pages than there are (SQLite file format, 1.3.7)."""
    page = int.from_bytes(data[16:18], "big")
    pages = int.from_bytes(data[28:32], "big") if data[24:28] == data[92:96] else 0
    return len(data) < _HEADER or pages * (65536 if page == 1 else page) > size


def restrict(connection: sqlite3.Connection, data: bytes, longest: int) -> None:
    """Take a hostile database into memory: for reading only, values of at most `longest` bytes, nothing of its own run.

    Raises sqlite3.Error.
    """
    _limit(connection, longest)
    connection.deserialize(data)
    _close_off(connection)


def _limit(connection: sqlite3.Connection, longest: int) -> None:
    for category, limit in (
        (sqlite3.SQLITE_LIMIT_LENGTH, longest),
        (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 50),
        (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
        (sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0),
    ):
        connection.setlimit(category, limit)
    for setting in ("trusted_schema=OFF", "cell_size_check=ON", "temp_store=MEMORY", "mmap_size=0"):
        connection.execute(f"PRAGMA {setting}")


def _close_off(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA query_only=ON")
    connection.text_factory = bytes


def _prepare(connection: sqlite3.Connection, budget: Budget) -> None:
    left = budget.steps

    def interrupt() -> int:
        nonlocal left
        left -= 1
        return int(left < 0 or (left % _LOOK == 0 and budget.is_late()))

    connection.set_progress_handler(interrupt, _INSTRUCTIONS)
    connection.set_authorizer(
        lambda action, *_: sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY,
    )


def _schema(connection: sqlite3.Connection) -> list[tuple[str, list[str]]]:
    """Names and columns of the ordinary tables; virtual ones would run the code of an extension."""
    found = []
    listing = connection.execute("SELECT name, rootpage FROM sqlite_master WHERE type = 'table' LIMIT ?", (_TABLES,))
    for raw, root in listing.fetchall():
        if not isinstance(raw, bytes) or not isinstance(root, int) or root <= 0:
            continue
        name = raw.decode("utf-8", "replace")
        try:
            cursor = connection.execute(f"SELECT * FROM {_quoted(name)} LIMIT 0")
        except sqlite3.Error:
            continue
        found.append((name, [column[0] for column in cursor.description[:_COLUMNS]]))
    return found


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""').replace("\0", "") + '"'


class _Rows:
    """Reads one table as text; `error` is why it ended early."""

    __slots__ = ("_budget", "_columns", "_connection", "_table", "error")

    def __init__(self, connection: sqlite3.Connection, table: str, columns: list[str], budget: Budget) -> None:
        self._connection = connection
        self._table = table
        self._columns = columns
        self._budget = budget
        self.error = ""

    def stream(self) -> Stream:
        """The rows as lines."""
        lines = self._lines()
        pending = b""

        def read(size: int) -> bytes:
            nonlocal pending
            while not pending:
                line = next(lines, None)
                if line is None:
                    return b""
                pending = line
            data, pending = pending[:size], pending[size:]
            return data

        return Stream(read)

    def _lines(self) -> Iterator[bytes]:
        try:
            for row in self._connection.execute(f"SELECT * FROM {_quoted(self._table)}"):
                self._budget.step()
                cells = zip(self._columns, row, strict=False)
                line = b", ".join(f"{name}: ".encode("utf-8", "replace") + _shown(cell) for name, cell in cells) + b"\n"
                self._budget.charge(len(line))
                yield line
        except (sqlite3.Error, MemoryError, OverflowError, ValueError) as error:
            self.error = _reason(error)


def _shown(cell: _Value) -> bytes:
    if cell is None:
        return b""
    return cell if isinstance(cell, bytes) else str(cell).encode()


def _reason(error: Exception) -> str:
    if "interrupted" in str(error):
        return "too much work"
    return "encrypted or damaged database" if "not a database" in str(error) else "damaged database"
