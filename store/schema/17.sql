-- Step 17 of store_migrate.c: certificates that mail is sealed to.

-- uses: 1 signs (the account may post by it), 2 encrypts (what rests is sealed to it).  encrypts_until_ms: 0 never ends.
-- learnt: 1 from the administrator, 2 Autocrypt, 3 a claim, 4 the web.  state: 1 in use, 2 waits until due_ms, 3 revoked.
ALTER TABLE account_key ADD COLUMN uses INTEGER NOT NULL DEFAULT 3;
ALTER TABLE account_key ADD COLUMN encrypts_until_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account_key ADD COLUMN learnt INTEGER NOT NULL DEFAULT 1;
ALTER TABLE account_key ADD COLUMN state INTEGER NOT NULL DEFAULT 1;
ALTER TABLE account_key ADD COLUMN due_ms INTEGER NOT NULL DEFAULT 0;
UPDATE account_key SET encrypts_until_ms = expires_ms;

