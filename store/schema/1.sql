-- The tables of nestbox.db (docs/store.md walks through them).  This is step 1 of store_migrate.c: once it
-- was released it is never edited, later changes are steps of their own.
--
-- Times are ms since 1970 UTC.  Ids are never used twice (AUTOINCREMENT).  Numbers in CHECKs are those of the
-- enums in store_*.h.

-- Who lives here

CREATE TABLE domain (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    actor_public_pem TEXT,
    actor_key BLOB
) STRICT;

-- Everybody: local, mail, Fediverse.  A handle may stand twice: an actor that was made anew has a new id.
CREATE TABLE person (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 3),
    address TEXT UNIQUE COLLATE NOCASE,
    user TEXT COLLATE NOCASE,
    host TEXT COLLATE NOCASE,
    word TEXT COLLATE NOCASE,
    name TEXT,
    actor_id TEXT UNIQUE,
    url TEXT,
    inbox TEXT,
    shared_inbox TEXT,
    followers TEXT,
    gone INTEGER NOT NULL,
    fetched_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX person_handle ON person (user, host);
CREATE INDEX person_word ON person (word) WHERE word IS NOT NULL;
CREATE INDEX person_inbox ON person (inbox) WHERE inbox IS NOT NULL;

-- A removed account stays, so that its name is never given to somebody else.
CREATE TABLE account (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person_id INTEGER NOT NULL UNIQUE REFERENCES person (id),
    domain_id INTEGER NOT NULL REFERENCES domain (id),
    name TEXT NOT NULL COLLATE NOCASE,
    state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),
    display_name TEXT,
    summary TEXT,
    language TEXT,
    maildir TEXT,
    reply_all INTEGER NOT NULL,
    actor_public_pem TEXT,
    actor_key BLOB,
    created_ms INTEGER NOT NULL,
    asleep_since_ms INTEGER NOT NULL,
    UNIQUE (name, domain_id)
) STRICT;

CREATE TABLE credential (
    account_id INTEGER PRIMARY KEY REFERENCES account (id),
    salt BLOB NOT NULL CHECK (length(salt) = 16),
    stored_key BLOB NOT NULL CHECK (length(stored_key) = 32),
    server_key BLOB NOT NULL CHECK (length(server_key) = 32),
    iterations INTEGER NOT NULL
) STRICT;

CREATE TABLE account_key (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id),
    fingerprint TEXT NOT NULL CHECK (length(fingerprint) <= 40),
    certificate BLOB NOT NULL,
    added_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    UNIQUE (account_id, fingerprint)
) STRICT;

-- Who is elsewhere

CREATE TABLE person_key (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person_id INTEGER NOT NULL REFERENCES person (id),
    key_id TEXT NOT NULL UNIQUE,
    public_pem TEXT NOT NULL,
    fetched_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX person_key_person ON person_key (person_id);

CREATE TABLE host (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    failing_since_ms INTEGER NOT NULL,
    last_success_ms INTEGER NOT NULL,
    scheme INTEGER NOT NULL
) STRICT;

-- One row a pair.  The follower's kind never changes; it stands here so that counting reads one index.
CREATE TABLE follow (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    follower_id INTEGER NOT NULL REFERENCES person (id),
    followed_id INTEGER NOT NULL REFERENCES person (id),
    follower_kind INTEGER NOT NULL,
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
    activity_id TEXT,
    since_ms INTEGER NOT NULL,
    UNIQUE (follower_id, followed_id)
) STRICT;
CREATE INDEX follow_followed ON follow (followed_id, id, state);
CREATE INDEX follow_follower ON follow (follower_id, id, state);
CREATE INDEX follow_count ON follow (followed_id, state, follower_kind);

-- What was said

-- Bytes up to 64 KiB lie in the row, more in bodies/ab/FILE; exactly one of `bytes` and `file` is there.
CREATE TABLE body (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    size INTEGER NOT NULL,
    file TEXT UNIQUE,
    bytes BLOB,
    CHECK ((file IS NULL) <> (bytes IS NULL))
) STRICT;

-- Files whose row has gone and that wait to be removed.
CREATE TABLE body_garbage (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    file TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    ref TEXT NOT NULL UNIQUE COLLATE NOCASE,
    author_id INTEGER NOT NULL REFERENCES person (id),
    account_id INTEGER REFERENCES account (id),
    visibility INTEGER NOT NULL CHECK (visibility BETWEEN 1 AND 5),
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
    version INTEGER NOT NULL,
    activity_id TEXT UNIQUE,
    message_id TEXT UNIQUE,
    url TEXT,
    parent_id INTEGER REFERENCES message (id),
    parent_uri TEXT,
    conversation TEXT,
    reference_ids TEXT,
    published_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    release_ms INTEGER NOT NULL,
    language TEXT,
    sensitive INTEGER NOT NULL,
    wrapped INTEGER NOT NULL,
    html BLOB,
    plain BLOB,
    warning BLOB,
    subject BLOB,
    evidence INTEGER NOT NULL
) STRICT;
CREATE INDEX message_account ON message (account_id, id, state, visibility) WHERE account_id IS NOT NULL;
CREATE INDEX message_parent ON message (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX message_held ON message (release_ms) WHERE state = 1 AND release_ms > 0;

CREATE TABLE audience (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id INTEGER NOT NULL REFERENCES message (id),
    person_id INTEGER NOT NULL REFERENCES person (id),
    field INTEGER NOT NULL CHECK (field BETWEEN 1 AND 2),
    mentioned INTEGER NOT NULL,
    UNIQUE (message_id, person_id)
) STRICT;

CREATE TABLE tag (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id INTEGER NOT NULL REFERENCES message (id),
    name TEXT NOT NULL COLLATE NOCASE,
    UNIQUE (message_id, name)
) STRICT;

CREATE TABLE attachment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id INTEGER NOT NULL REFERENCES message (id),
    position INTEGER NOT NULL,
    type TEXT,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    alt TEXT,
    token TEXT UNIQUE,
    remote_url TEXT,
    body_id INTEGER REFERENCES body (id),
    size INTEGER NOT NULL
) STRICT;
CREATE INDEX attachment_message ON attachment (message_id, position);
CREATE INDEX attachment_body ON attachment (body_id) WHERE body_id IS NOT NULL;

CREATE TABLE reaction (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id INTEGER NOT NULL REFERENCES message (id),
    kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 2),
    person_id INTEGER NOT NULL REFERENCES person (id),
    activity_id TEXT,
    UNIQUE (message_id, kind, person_id)
) STRICT;

-- What lies in mailboxes

CREATE TABLE copy (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id),
    message_id INTEGER NOT NULL REFERENCES message (id),
    body_id INTEGER NOT NULL REFERENCES body (id),
    form INTEGER NOT NULL,
    size INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    sender TEXT,
    subject TEXT,
    header_message_id TEXT
) STRICT;
CREATE INDEX copy_message ON copy (message_id, account_id);
CREATE INDEX copy_body ON copy (body_id);

-- `bytes` is the sum of what lies in it, kept with each change, for quotas.
CREATE TABLE mailbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id),
    name TEXT NOT NULL,
    uid_validity INTEGER NOT NULL,
    uid_next INTEGER NOT NULL,
    modseq INTEGER NOT NULL,
    expunged_floor INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    UNIQUE (account_id, name)
) STRICT;

-- The mailbox's account stands here too, so that all entries of one are found in order.
CREATE TABLE entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id),
    mailbox_id INTEGER NOT NULL REFERENCES mailbox (id),
    copy_id INTEGER NOT NULL REFERENCES copy (id),
    uid INTEGER NOT NULL,
    modseq INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    maildir_due INTEGER NOT NULL,
    UNIQUE (mailbox_id, uid)
) STRICT;
CREATE INDEX entry_account ON entry (account_id, id);
CREATE INDEX entry_mailbox ON entry (mailbox_id, id);
CREATE INDEX entry_copy ON entry (copy_id);
CREATE INDEX entry_maildir ON entry (id) WHERE maildir_due = 1;

-- UIDs that are gone, with the modseq at which they went.
CREATE TABLE expunged (
    mailbox_id INTEGER NOT NULL REFERENCES mailbox (id),
    uid INTEGER NOT NULL,
    modseq INTEGER NOT NULL,
    PRIMARY KEY (mailbox_id, uid)
) STRICT, WITHOUT ROWID;

-- What should be true elsewhere

CREATE TABLE inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    url TEXT NOT NULL UNIQUE
) STRICT;

-- due_ms NULL: nothing to do (all said, or withdrawn before it was).  Withdrawn rows have withdrawn_ms.
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subject INTEGER NOT NULL CHECK (subject BETWEEN 1 AND 4),
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
    UNIQUE (subject, subject_id, target, place)
) STRICT;
CREATE INDEX delivery_due ON delivery (target, due_ms, host) WHERE due_ms IS NOT NULL;
CREATE INDEX delivery_open ON delivery (id) WHERE due_ms IS NOT NULL;
CREATE INDEX delivery_silent ON delivery (withdrawn_ms) WHERE withdrawn_ms IS NOT NULL AND due_ms IS NULL;
CREATE INDEX delivery_inbox ON delivery (inbox_id) WHERE inbox_id IS NOT NULL;
CREATE INDEX delivery_person ON delivery (person_id) WHERE person_id IS NOT NULL;
CREATE INDEX delivery_body ON delivery (body_id) WHERE body_id IS NOT NULL;

-- Audiences still to be expanded; follows up to `cursor` have their delivery.
CREATE TABLE broadcast (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id INTEGER NOT NULL REFERENCES message (id),
    account_id INTEGER NOT NULL REFERENCES account (id),
    cursor INTEGER NOT NULL
) STRICT;

-- Guards

-- expires_ms 0: never.
CREATE TABLE seen (
    kind INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    expires_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_expires ON seen (expires_ms) WHERE expires_ms > 0;

CREATE TABLE limited (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id),
    what INTEGER NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX limited_account ON limited (account_id, what, at_ms);
CREATE INDEX limited_at ON limited (at_ms);
