-- Step 41 of store_migrate.c: addresses that somebody asked for by signed mail (docs/claims.md).

-- state: 1 waits for the word whose digest is here, 2 lapsed: then the name alone is kept, until free_ms, and who may have
-- it before.  A row goes when its account is made.
CREATE TABLE claim (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    domain TEXT NOT NULL,
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 2),
    fingerprint TEXT NOT NULL,
    certificate BLOB NOT NULL,
    address TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    invitation_id INTEGER NOT NULL DEFAULT 0,
    account_life_ms INTEGER NOT NULL DEFAULT 0,
    made_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    free_ms INTEGER NOT NULL,
    UNIQUE (name, domain)
) STRICT;
CREATE INDEX claim_expires ON claim (expires_ms) WHERE state = 1;
CREATE INDEX claim_free ON claim (free_ms);
