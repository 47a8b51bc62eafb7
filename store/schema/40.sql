-- Step 40 of store_migrate.c: likes and boosts by accounts here (docs/reactions.md).

-- Of somebody here.  Odd: it is there; even: it was taken back.  at_ms: since when.
ALTER TABLE reaction ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE reaction ADD COLUMN at_ms INTEGER NOT NULL DEFAULT 0;
DROP INDEX reaction_person;
CREATE INDEX reaction_person ON reaction (person_id, kind, id);

-- The boost that goes to the followers of account_id; 0: the message itself does.
ALTER TABLE broadcast ADD COLUMN reaction_id INTEGER NOT NULL DEFAULT 0;

-- A delivery may have subject 6, a reaction.  SQLite cannot change a CHECK, so the rows move, as in step 9.
CREATE TABLE delivery_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subject INTEGER NOT NULL CHECK (subject BETWEEN 1 AND 6),
    subject_id INTEGER NOT NULL,
    account_id INTEGER REFERENCES account (id),
    target INTEGER NOT NULL CHECK (target BETWEEN 1 AND 3),
    inbox_id INTEGER REFERENCES inbox (id),
    person_id INTEGER REFERENCES person (id),
    place INTEGER NOT NULL GENERATED ALWAYS AS (CASE target WHEN 1 THEN inbox_id ELSE person_id END) STORED,
    host TEXT,
    wanted INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    withdrawn_ms INTEGER,
    tries INTEGER NOT NULL,
    due_ms INTEGER,
    first_ms INTEGER NOT NULL,
    last_reply TEXT,
    body_id INTEGER REFERENCES body (id),
    mail_from TEXT,
    rcpt_to TEXT,
    envid TEXT,
    dsn_return INTEGER NOT NULL DEFAULT 0,
    notify INTEGER NOT NULL DEFAULT 0,
    orcpt TEXT,
    require_tls INTEGER NOT NULL DEFAULT 0,
    tell INTEGER NOT NULL DEFAULT 0 CHECK (tell BETWEEN 0 AND 2),
    cipher INTEGER NOT NULL DEFAULT 0,
    UNIQUE (subject, subject_id, target, place)
) STRICT;
INSERT INTO delivery_new (id, subject, subject_id, account_id, target, inbox_id, person_id, host, wanted, delivered,
                          withdrawn_ms, tries, due_ms, first_ms, last_reply, body_id, mail_from, rcpt_to, envid,
                          dsn_return, notify, orcpt, require_tls, tell, cipher)
    SELECT id, subject, subject_id, account_id, target, inbox_id, person_id, host, wanted, delivered,
           withdrawn_ms, tries, due_ms, first_ms, last_reply, body_id, mail_from, rcpt_to, envid,
           dsn_return, notify, orcpt, require_tls, tell, cipher FROM delivery;
-- Numbers once given stay given, those of rows that are gone too.
DELETE FROM sqlite_sequence WHERE name = 'delivery_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'delivery_new', seq FROM sqlite_sequence WHERE name = 'delivery';
DROP TABLE delivery;
ALTER TABLE delivery_new RENAME TO delivery;
CREATE INDEX delivery_due ON delivery (target, due_ms, host) WHERE due_ms IS NOT NULL;
CREATE INDEX delivery_open ON delivery (id) WHERE due_ms IS NOT NULL;
CREATE INDEX delivery_silent ON delivery (withdrawn_ms) WHERE withdrawn_ms IS NOT NULL AND due_ms IS NULL;
CREATE INDEX delivery_inbox ON delivery (inbox_id) WHERE inbox_id IS NOT NULL;
CREATE INDEX delivery_person ON delivery (person_id) WHERE person_id IS NOT NULL;
CREATE INDEX delivery_body ON delivery (body_id) WHERE body_id IS NOT NULL;
