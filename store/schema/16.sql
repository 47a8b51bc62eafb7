-- Step 16 of store_migrate.c: what proves a password lies under the server key.

-- Both keys, wrapped (store_sql.h, "secrets"); stored_key and server_key are zeros then.  NULL: not wrapped yet.
ALTER TABLE credential ADD COLUMN wrapped TEXT;
