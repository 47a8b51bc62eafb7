-- Step 2 of store_migrate.c: subscribers by mail.

-- A follow may wait for its own confirmation, or rest because mail cannot be delivered; refused_ms is when the
-- first of its mails was refused since one was taken.  SQLite cannot change a CHECK, so the rows move.
CREATE TABLE follow_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    follower_id INTEGER NOT NULL REFERENCES person (id),
    followed_id INTEGER NOT NULL REFERENCES person (id),
    follower_kind INTEGER NOT NULL,
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 6),
    activity_id TEXT,
    since_ms INTEGER NOT NULL,
    refused_ms INTEGER NOT NULL DEFAULT 0,
    UNIQUE (follower_id, followed_id)
) STRICT;
INSERT INTO follow_new (id, follower_id, followed_id, follower_kind, state, activity_id, since_ms)
    SELECT id, follower_id, followed_id, follower_kind, state, activity_id, since_ms FROM follow;
-- Numbers once given stay given, those of rows that are gone too.
DELETE FROM sqlite_sequence WHERE name = 'follow_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'follow_new', seq FROM sqlite_sequence WHERE name = 'follow';
DROP TABLE follow;
ALTER TABLE follow_new RENAME TO follow;
CREATE INDEX follow_followed ON follow (followed_id, id, state);
CREATE INDEX follow_follower ON follow (follower_id, id, state);
CREATE INDEX follow_count ON follow (followed_id, state, follower_kind);

-- One-use words in links and addresses.  The word itself is not here: the bridge makes it of `seed` under the
-- server key, and finds it again by its digest.  person_id is empty once nobody stands behind it any more.
-- expires_ms 0: never.
CREATE TABLE token (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    purpose INTEGER NOT NULL CHECK (purpose BETWEEN 1 AND 3),
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    seed BLOB NOT NULL CHECK (length(seed) = 16),
    account_id INTEGER NOT NULL REFERENCES account (id),
    person_id INTEGER REFERENCES person (id),
    expires_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX token_person ON token (person_id, account_id) WHERE person_id IS NOT NULL;
CREATE INDEX token_expires ON token (expires_ms) WHERE expires_ms > 0;

-- What strangers asked for, counted against limits: by address and network under keyed digests.
CREATE TABLE asked (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    what INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX asked_digest ON asked (what, digest, at_ms);
CREATE INDEX asked_at ON asked (at_ms);

-- Whether anything still needs a person is asked before one is forgotten.
CREATE INDEX message_author ON message (author_id);
CREATE INDEX audience_person ON audience (person_id);
CREATE INDEX reaction_person ON reaction (person_id);
