-- Step 25 of store_migrate.c: notes of mail programs lie under the server key, and so each has a number.

CREATE TABLE annotation_25 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id),
    mailbox_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (account_id, mailbox_id, name)
) STRICT;
INSERT INTO annotation_25 (account_id, mailbox_id, name, value) SELECT account_id, mailbox_id, name, value FROM annotation;
DROP TABLE annotation;
ALTER TABLE annotation_25 RENAME TO annotation;
CREATE INDEX annotation_mailbox ON annotation (mailbox_id);
