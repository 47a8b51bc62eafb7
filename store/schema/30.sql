-- Step 30 of store_migrate.c: mail that goes out encrypted (docs/encrypt-outgoing.md).

-- enum encrypt_outgoing.
ALTER TABLE account ADD COLUMN encrypt_outgoing INTEGER NOT NULL DEFAULT 0;
-- enum cipher.
ALTER TABLE delivery ADD COLUMN cipher INTEGER NOT NULL DEFAULT 0;

-- Keys of those whom an account writes to.  source: enum peer_source.  certificate: base64, wrapped; NULL: none was found.
-- told_ms: of the field that told it.  seen_ms: of the last mail, or when it was found.  again_ms: looked for again.
CREATE TABLE peer_key (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id),
    address TEXT NOT NULL COLLATE NOCASE,
    source INTEGER NOT NULL CHECK (source IN (1, 2)),
    certificate TEXT,
    fingerprint TEXT NOT NULL,
    encrypts_until_ms INTEGER NOT NULL,
    mutual INTEGER NOT NULL,
    told_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL,
    again_ms INTEGER NOT NULL,
    UNIQUE (account_id, address, source)
) STRICT;
CREATE INDEX peer_key_seen ON peer_key (seen_ms);
