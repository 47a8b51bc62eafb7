-- Step 37 of store_migrate.c: an audience that could not be expanded waits, and those behind it go on.

ALTER TABLE broadcast ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE broadcast ADD COLUMN due_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX broadcast_due ON broadcast (due_ms);
