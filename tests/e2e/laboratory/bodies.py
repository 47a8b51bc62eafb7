"""The judge of a data directory: the database is sound, and it and the files beside it know of one another."""
import contextlib
import sqlite3


def look(data_dir):
    return contextlib.closing(sqlite3.connect(f"file:{data_dir}/nestbox.db?mode=ro", uri=True))


def check_database(data_dir):
    with look(data_dir) as store:
        assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert store.execute("PRAGMA foreign_key_check").fetchall() == []


def check_files(data_dir):
    """No file that no row names, no row whose file is missing or cut.  The server is stopped, or takes nothing in."""
    with look(data_dir) as store:
        kept = dict(store.execute("SELECT file, size FROM body WHERE file IS NOT NULL"))
        leaving = {name for name, in store.execute("SELECT file FROM body_garbage")}
    bodies = data_dir / "bodies"
    there = {path.name: path.stat().st_size for path in bodies.glob("??/*")}
    assert kept.items() <= there.items(), f"rows without their file: {kept.items() - there.items()}"
    assert there.keys() <= kept.keys() | leaving, f"files without a row: {there.keys() - kept.keys() - leaving}"
    assert list((bodies / "incoming").iterdir()) == []
