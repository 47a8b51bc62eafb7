-- Step 35 of store_migrate.c: an index that nothing asked, and that each mail paid for.  Entries of a mailbox are found by their UID.

DROP INDEX entry_mailbox;
