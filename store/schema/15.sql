-- Step 15 of store_migrate.c: accounts that people make themselves, and invitations to make one.

-- Made by its owner, and not by the administrator; when it was last logged in to (to a day; 0 never); when it ends (0
-- never); whether a chat program reads it: 0 nobody knows, 1 yes, 2 its owner says no.
ALTER TABLE account ADD COLUMN self_made INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN used_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN ends_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN chat INTEGER NOT NULL DEFAULT 0;
CREATE INDEX account_ends ON account (ends_ms) WHERE ends_ms > 0;
CREATE INDEX account_used ON account (used_ms) WHERE self_made = 1;

-- The word itself is not here: the bridge makes it of `seed` under the server key.  uses_max 0: any number; expires_ms 0:
-- never; account_life_ms 0: accounts made by it last.
CREATE TABLE invitation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    seed BLOB NOT NULL CHECK (length(seed) = 16),
    uses INTEGER NOT NULL,
    uses_max INTEGER NOT NULL,
    made_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    account_life_ms INTEGER NOT NULL
) STRICT;
