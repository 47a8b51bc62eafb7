-- Step 13 of store_migrate.c: notes of mail programs on mailboxes and on the server (RFC 5464).

-- mailbox_id 0: on the server.
CREATE TABLE annotation (
    account_id INTEGER NOT NULL REFERENCES account (id),
    mailbox_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (account_id, mailbox_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX annotation_mailbox ON annotation (mailbox_id);
