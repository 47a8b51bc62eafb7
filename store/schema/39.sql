-- Step 39 of store_migrate.c: who deletes a mailbox stays subscribed to its name (RFC 9051 6.3.7), and one that is made
-- at once under the same name has another UIDVALIDITY.

CREATE TABLE left_name (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id),
    name TEXT NOT NULL,
    UNIQUE (account_id, name)
) STRICT;
-- The highest that a mailbox had which was deleted.
ALTER TABLE account ADD COLUMN uid_validity INTEGER NOT NULL DEFAULT 0;
