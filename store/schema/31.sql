-- Step 31 of store_migrate.c: the owner of an account that has an end was told that it is near.

ALTER TABLE account ADD COLUMN end_told INTEGER NOT NULL DEFAULT 0;
