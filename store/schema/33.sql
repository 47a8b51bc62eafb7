-- Step 33 of store_migrate.c: mail domains that take encrypted mail only (docs/encrypt-outgoing.md).

CREATE TABLE encrypted_only (
    host TEXT PRIMARY KEY COLLATE NOCASE,
    said_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
