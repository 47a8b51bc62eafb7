-- Step 8 of store_migrate.c: mailboxes as IMAP shows them.

-- What a mailbox is for (RFC 6154): 1 Sent, 2 Drafts, 3 Trash, 4 Junk, 5 Archive.
ALTER TABLE mailbox ADD COLUMN special INTEGER NOT NULL DEFAULT 0 CHECK (special BETWEEN 0 AND 5);
ALTER TABLE mailbox ADD COLUMN subscribed INTEGER NOT NULL DEFAULT 1;
UPDATE mailbox SET special = CASE name WHEN 'Sent' THEN 1 WHEN 'Drafts' THEN 2 WHEN 'Trash' THEN 3
    WHEN 'Junk' THEN 4 WHEN 'Archive' THEN 5 ELSE 0 END;

-- "$Forwarded Work", sorted, or NULL.
ALTER TABLE entry ADD COLUMN keywords TEXT;
CREATE INDEX entry_modseq ON entry (mailbox_id, modseq);
CREATE INDEX expunged_modseq ON expunged (mailbox_id, modseq);

-- What is told of a mail without reading it (mime/structure.h).  NULL in copies from before.
ALTER TABLE copy ADD COLUMN envelope TEXT;
ALTER TABLE copy ADD COLUMN structure TEXT;
ALTER TABLE copy ADD COLUMN parts TEXT;

-- What every mail program expects.
INSERT INTO mailbox (account_id, name, uid_validity, uid_next, modseq, expunged_floor, bytes, special)
    SELECT a.id, n.column1, (SELECT max(uid_validity) + 1 FROM mailbox WHERE account_id = a.id), 1, 1, 0, 0, n.column2
    FROM account a, (VALUES ('Sent', 1), ('Drafts', 2), ('Trash', 3), ('Junk', 4), ('Archive', 5)) n
    WHERE NOT EXISTS (SELECT 1 FROM mailbox b WHERE b.account_id = a.id AND b.name = n.column1);
