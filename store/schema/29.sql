-- Step 29 of store_migrate.c: where a device is told, and the secret it shares with us, lie under the server key.
-- Devices that were registered register again.

DROP TABLE push;
-- endpoint and auth (base64): wrapped.  event: the last they were told of.  due_ms: not before.
CREATE TABLE push (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id),
    endpoint TEXT NOT NULL,
    point BLOB NOT NULL CHECK (length(point) = 65),
    auth TEXT NOT NULL,
    event INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    due_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX push_account ON push (account_id);
