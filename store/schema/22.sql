-- Step 22 of store_migrate.c: a chain of ARC that came with a post, to be carried on (docs/dkim.md).  chain: its fields as
-- they stood, where arc is a pass.
ALTER TABLE evidence ADD COLUMN arc INTEGER NOT NULL DEFAULT 0 CHECK (arc BETWEEN 0 AND 7);
ALTER TABLE evidence ADD COLUMN chain BLOB;
