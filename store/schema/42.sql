-- Step 42 of store_migrate.c: votes by accounts here (docs/reactions.md).

-- A poll of somebody elsewhere, as it was last brought: what one can vote for.
CREATE TABLE poll (
    message_id INTEGER PRIMARY KEY REFERENCES message (id),
    many INTEGER NOT NULL CHECK (many BETWEEN 0 AND 1),
    closes_ms INTEGER NOT NULL,
    told INTEGER NOT NULL CHECK (told BETWEEN 0 AND 1)
) STRICT;

CREATE TABLE poll_choice (
    id INTEGER PRIMARY KEY,
    message_id INTEGER NOT NULL REFERENCES poll (message_id),
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (message_id, number)
) STRICT;

-- A vote for the choice n is a reaction of kind 2 + n.  SQLite cannot change a CHECK, so the rows move.
CREATE TABLE reaction_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id INTEGER NOT NULL REFERENCES message (id),
    kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 22),
    person_id INTEGER NOT NULL REFERENCES person (id),
    activity_id TEXT,
    version INTEGER NOT NULL DEFAULT 1,
    at_ms INTEGER NOT NULL DEFAULT 0,
    UNIQUE (message_id, kind, person_id)
) STRICT;
INSERT INTO reaction_new (id, message_id, kind, person_id, activity_id, version, at_ms)
    SELECT id, message_id, kind, person_id, activity_id, version, at_ms FROM reaction;
-- Numbers once given stay given: they stand in the names of activities.
DELETE FROM sqlite_sequence WHERE name = 'reaction_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'reaction_new', seq FROM sqlite_sequence WHERE name = 'reaction';
DROP TABLE reaction;
ALTER TABLE reaction_new RENAME TO reaction;
CREATE INDEX reaction_person ON reaction (person_id, kind, id);
