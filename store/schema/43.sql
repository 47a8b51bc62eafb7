-- Step 43 of store_migrate.c: a post that quotes another by a link (docs/reactions.md).

ALTER TABLE message ADD COLUMN quoted_id INTEGER REFERENCES message (id);
