-- Step 34 of store_migrate.c: who has moved to another account (docs/moving.md).

-- to_id NULL: taken back.  open: there are still accounts, in order of their id, or followers, in order of their follow's,
-- to whom it was not carried.
CREATE TABLE move (
    person_id INTEGER PRIMARY KEY REFERENCES person (id),
    to_id INTEGER REFERENCES person (id),
    at_ms INTEGER NOT NULL,
    open INTEGER NOT NULL,
    account_after INTEGER NOT NULL,
    follow_after INTEGER NOT NULL
) STRICT;
CREATE INDEX move_open ON move (at_ms) WHERE open = 1;

-- Who an account here says it is too.
CREATE TABLE alias (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id),
    actor_id TEXT NOT NULL,
    UNIQUE (account_id, actor_id)
) STRICT;
