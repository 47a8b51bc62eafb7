-- Step 10 of store_migrate.c: hosts that say nothing.

-- How often in a row a host of inboxes gave no answer, and before when it is not asked again.
ALTER TABLE host ADD COLUMN silences INTEGER NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN next_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX host_next ON host (next_ms) WHERE next_ms > 0;
