-- Step 26 of store_migrate.c: later tries, and what is told of follows (docs/contact-requests.md).

-- A keyed digest of the sender and the address it came from, of a try that was proven; or NULL.
ALTER TABLE contact ADD COLUMN envelope BLOB CHECK (envelope IS NULL OR length(envelope) = 32);

-- What its actor document said last of follows: whether they wait for the owner.
ALTER TABLE account ADD COLUMN approves INTEGER NOT NULL DEFAULT 0;
