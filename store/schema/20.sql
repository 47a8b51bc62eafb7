-- Step 20 of store_migrate.c: owners who are signed in (docs/signed-in.md).

-- kind: 1 a link in a mail, good for one sign-in, 2 a browser that is signed in.  The word itself is not here.
CREATE TABLE pass (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id),
    kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 2),
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    made_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX pass_account ON pass (account_id, kind, id);
CREATE INDEX pass_expires ON pass (expires_ms);

-- Requests and decisions by what they are, the newest first; those who wait their turn silently are in no list.
CREATE INDEX contact_state ON contact (account_id, state, last_ms) WHERE state > 1;
