-- Step 23 of store_migrate.c: how a key changes.

-- seen_ms: the newest date at which its owner's program told it.  notice: the REF of the letter that asks its owner about
-- it.  told: bits of what the owner was told of it (bridge/key/key_letter.h).  A state more: 4 refused by its owner.
ALTER TABLE account_key ADD COLUMN seen_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account_key ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account_key ADD COLUMN notice TEXT;
CREATE INDEX account_key_notice ON account_key (notice) WHERE notice IS NOT NULL;
CREATE INDEX account_key_due ON account_key (state, due_ms);
