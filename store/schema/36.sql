-- Step 36 of store_migrate.c: whether somebody moved there is asked when people are forgotten (store_strangers.c).

CREATE INDEX move_to ON move (to_id) WHERE to_id IS NOT NULL;
