-- Step 19 of store_migrate.c: OpenPGP keys of addresses that this server itself writes from (docs/at-rest.md).

-- secret: armored, under the server key.
CREATE TABLE own_key (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    address TEXT NOT NULL UNIQUE COLLATE NOCASE,
    fingerprint TEXT NOT NULL,
    certificate BLOB NOT NULL,
    secret TEXT NOT NULL,
    made_ms INTEGER NOT NULL
) STRICT;
