-- Step 7 of store_migrate.c: what proves where a mail from outside came from (base/evidence.h).  Its class stands in
-- message.evidence, by which everything is decided; here is why, for its owner.  Results are numbers of enum auth_result.
CREATE TABLE evidence (
    message_id INTEGER PRIMARY KEY REFERENCES message (id),
    client TEXT NOT NULL,
    tls INTEGER NOT NULL,
    spf INTEGER NOT NULL CHECK (spf BETWEEN 0 AND 7),
    spf_domain TEXT NOT NULL,
    dmarc INTEGER NOT NULL CHECK (dmarc BETWEEN 0 AND 7),
    policy INTEGER NOT NULL CHECK (policy BETWEEN 0 AND 2),
    author_domain TEXT NOT NULL,
    spf_aligned INTEGER NOT NULL,
    dkim_aligned INTEGER NOT NULL,
    signed_by_author_domain INTEGER NOT NULL,
    vouched INTEGER NOT NULL
) STRICT;

CREATE TABLE evidence_dkim (
    message_id INTEGER NOT NULL REFERENCES message (id),
    position INTEGER NOT NULL,
    result INTEGER NOT NULL CHECK (result BETWEEN 0 AND 7),
    domain TEXT NOT NULL,
    PRIMARY KEY (message_id, position)
) STRICT, WITHOUT ROWID;
