#!/usr/bin/env python3
"""plans.py BUILD — no statement of store/ walks over all rows of a table that grows.

Every SQL text is taken from the sources as the compiler sees them, and SQLite is asked how it would be answered.  Walking over a
partial index is fine: it holds what waits, and nothing else.
"""
import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
TEXTS = re.compile(r'(?:"(?:[^"\\]|\\.)*"\s*)+')
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
SCAN = re.compile(r"^SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?$")

# As many rows as people live here, as devices that are told, or as there is work to do at this moment.
SMALL = {"domain", "account", "credential", "push", "broadcast", "delivery_change", "body_garbage",
         "sqlite_schema", "sqlite_master", "sqlite_sequence"}

# Not for each mail, request or delivery.
SELDOM = {
    "SELECT file, size FROM body WHERE file IS NOT NULL": "backup and restore",
    "UPDATE mailbox SET uid_": "restore",
    "SELECT form, count(*) FROM copy": "nestbox status",
    "SELECT count(*) FROM copy WHERE account_id = ?": "nestbox seal",
    "SELECT account_id, count(*) FROM contact WHERE state = 1": "the chore of each ten minutes",
    "DELETE FROM own_key WHERE id IN": "the chore of each ten minutes",
    "SELECT DISTINCT c.id FROM held": "the chore of each ten minutes",
    "SELECT count(*) FROM person": "when a thousand people came",
    "DELETE FROM host WHERE id IN": "each 256th new host, of a bounded number",
    "DELETE FROM encrypted_only WHERE": "a thousand rows at most",
    "DELETE FROM portrait WHERE": "a bounded number",
    "DELETE FROM sts_policy WHERE": "a bounded number",
    "DELETE FROM tls_heard WHERE": "a bounded number",
    "SELECT count(*) FROM claim WHERE state IN (2, 4)": "the chore of each ten minutes",
    "SELECT day, domain, judge, result": "the report of a day",
}


def database():
    db = sqlite3.connect(":memory:")
    step = 1
    while os.path.exists(path := f"{ROOT}/store/schema/{step}.sql"):
        with open(path, encoding="utf-8") as script:
            db.executescript(script.read())
        step += 1
    return db


def sources(build):
    """Each file of store/ behind the preprocessor."""
    with open(f"{build}/compile_commands.json", encoding="utf-8") as listing:
        commands = json.load(listing)
    for entry in commands:
        if os.path.dirname(entry["file"]) != f"{ROOT}/store":
            continue
        words = shlex.split(entry["command"])
        words = [word for word in words if word not in ("-c", entry["file"])]
        at = words.index("-o")
        del words[at:at + 2]
        if os.path.basename(words[0]) == "ccache":
            del words[0]
        done = subprocess.run(words + ["-E", "-P", entry["file"]], cwd=entry["directory"],
                              capture_output=True, text=True, check=True)
        yield os.path.basename(entry["file"]), done.stdout


def statements(build):
    seen = set()
    for name, source in sources(build):
        for found in TEXTS.finditer(source):
            text = "".join(TEXT.findall(found.group())).encode().decode("unicode_escape")
            if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", text) and text not in seen:
                seen.add(text)
                yield name, re.sub(r"\s+", " ", text.strip())


def plan(db, text):
    for count in range(100):
        try:
            return [row[3] for row in db.execute("EXPLAIN QUERY PLAN " + text, (1,) * count)]
        except sqlite3.ProgrammingError:  # not so many values
            continue
    raise ValueError("too many values")


def main():
    db = database()
    partial = {name for (name,) in db.execute(
        "SELECT l.name FROM sqlite_schema t, pragma_index_list(t.name) l"
        " WHERE t.type = 'table' AND l.partial")}
    aliases = re.compile(r"\b(?:FROM|JOIN) (\w+) (?:AS )?(\w+)")
    count, bad = 0, 0
    for name, text in statements(sys.argv[1]):
        count += 1
        if any(text.startswith(start) for start in SELDOM):
            continue
        known = {alias: table for table, alias in aliases.findall(text)}
        for line in plan(db, text):
            scan = SCAN.match(line)
            if not scan or scan.group(2) in partial:
                continue
            table = known.get(scan.group(1), scan.group(1))
            if table not in SMALL and "left_out" not in table and not table.startswith("pragma"):
                bad += 1
                print(f"{name}: {line} ({table})\n    {text}")
    print(f"{count} statements, {bad} walk over what grows")
    return 1 if bad or count < 300 else 0


if __name__ == "__main__":
    sys.exit(main())
