-- Step 27 of store_migrate.c: devices that are told of contact requests by Web Push (docs/contact-events.md).

-- event: the last they were told of.  due_ms: not before.
CREATE TABLE push (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id),
    endpoint TEXT NOT NULL,
    point BLOB NOT NULL CHECK (length(point) = 65),
    auth BLOB NOT NULL CHECK (length(auth) = 16),
    event INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    UNIQUE (account_id, endpoint)
) STRICT;
