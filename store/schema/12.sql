-- Step 12 of store_migrate.c: what waits here lies under the server key.

-- The body's own key, wrapped (vault/wrapped.h); `size` is that of what is stored.  NULL: as it was written.
ALTER TABLE body ADD COLUMN key BLOB;
