-- Step 44 of store_migrate.c: addresses that are to be paid for (docs/claims.md, "For a fee").

-- state: 1 waits for the word whose digest is here, 2 lapsed: then the name alone is kept, until free_ms, and who may have
-- it before, 3 is confirmed and waits to be paid, 4 was paid: then the name alone is kept, so that a payment entered again is known.
-- reference: goes with the payment, '' as long as there was none to make.  SQLite cannot change a CHECK, so the rows move.
CREATE TABLE claim_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    domain TEXT NOT NULL,
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
    fingerprint TEXT NOT NULL,
    certificate BLOB NOT NULL,
    address TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    invitation_id INTEGER NOT NULL DEFAULT 0,
    account_life_ms INTEGER NOT NULL DEFAULT 0,
    made_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    free_ms INTEGER NOT NULL,
    reference TEXT NOT NULL DEFAULT '',
    UNIQUE (name, domain)
) STRICT;
INSERT INTO claim_new (id, name, domain, state, fingerprint, certificate, address, digest, invitation_id, account_life_ms,
    made_ms, expires_ms, free_ms) SELECT id, name, domain, state, fingerprint, certificate, address, digest, invitation_id,
    account_life_ms, made_ms, expires_ms, free_ms FROM claim;
-- Numbers once given stay given: they stand in what is under way to who asked.
DELETE FROM sqlite_sequence WHERE name = 'claim_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'claim_new', seq FROM sqlite_sequence WHERE name = 'claim';
DROP TABLE claim;
ALTER TABLE claim_new RENAME TO claim;
CREATE INDEX claim_expires ON claim (expires_ms) WHERE state IN (1, 3);
CREATE INDEX claim_free ON claim (free_ms);
CREATE UNIQUE INDEX claim_reference ON claim (reference) WHERE reference <> '';
