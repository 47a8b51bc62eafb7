-- Step 24 of store_migrate.c: what owners' devices hear of contact requests (docs/contact-events.md).

-- Each change of state, and each arrival, takes the account's next number.  0: nothing that is told.
ALTER TABLE contact ADD COLUMN event INTEGER NOT NULL DEFAULT 0;
CREATE INDEX contact_event ON contact (account_id, event) WHERE event > 0;
CREATE TABLE contact_feed (
    account_id INTEGER PRIMARY KEY REFERENCES account (id),
    event INTEGER NOT NULL
) STRICT;
