-- Step 32 of store_migrate.c: the picture of somebody who asks, as it came: theirs, public, and cleaned.

CREATE TABLE portrait (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person_id INTEGER NOT NULL UNIQUE REFERENCES person (id),
    type TEXT NOT NULL,
    content BLOB NOT NULL
) STRICT;
