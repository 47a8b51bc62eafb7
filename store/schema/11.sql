-- Step 11 of store_migrate.c: an edit or a withdrawal that has to reach many deliveries goes in slices; this is how far it
-- has come.  version 0: withdrawn.
CREATE TABLE delivery_change (
    subject INTEGER NOT NULL,
    subject_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    at_target INTEGER NOT NULL,
    at_place INTEGER NOT NULL,
    PRIMARY KEY (subject, subject_id)
) STRICT, WITHOUT ROWID;
