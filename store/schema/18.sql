-- Step 18 of store_migrate.c: who may write to whom (docs/contact-requests.md).

-- One row for what an account decided, or has to decide, about a person with mail proved that well; or about a whole
-- domain.  states: 1 waits for its turn to be asked about, 2 asked, 3 welcome, 4 refused, 5 ignored.  expires_ms 0: never.
CREATE TABLE contact (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id),
    person_id INTEGER REFERENCES person (id),
    domain TEXT COLLATE NOCASE,
    evidence INTEGER NOT NULL,
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 5),
    origin INTEGER NOT NULL,
    notice_id INTEGER REFERENCES message (id),
    words TEXT,
    tries INTEGER NOT NULL,
    held INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    decided_ms INTEGER NOT NULL,
    arrived_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    CHECK ((person_id IS NULL) <> (domain IS NULL))
) STRICT;
CREATE UNIQUE INDEX contact_person ON contact (person_id, account_id, evidence) WHERE person_id IS NOT NULL;
CREATE UNIQUE INDEX contact_domain ON contact (account_id, domain) WHERE domain IS NOT NULL;
CREATE INDEX contact_account ON contact (account_id, id);
CREATE INDEX contact_notice ON contact (notice_id) WHERE notice_id IS NOT NULL;
CREATE INDEX contact_expires ON contact (expires_ms) WHERE expires_ms > 0;

-- Copies that wait, sealed and in no mailbox, for the answer.
CREATE TABLE held (
    copy_id INTEGER PRIMARY KEY REFERENCES copy (id),
    contact_id INTEGER NOT NULL REFERENCES contact (id)
) STRICT;
CREATE INDEX held_contact ON held (contact_id, copy_id);

-- Until when strangers pass, since the owner expects mail.
CREATE TABLE expecting (
    account_id INTEGER PRIMARY KEY REFERENCES account (id),
    until_ms INTEGER NOT NULL
) STRICT;
