-- Step 38 of store_migrate.c: who is still to hear of a reader that was suspended is found without looking at all readers.

DROP INDEX follow_untold;
CREATE INDEX follow_untold ON follow (followed_id, id) WHERE untold = 1;
