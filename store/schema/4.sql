-- Step 4 of store_migrate.c: keys that sign mail.

-- Pairs of a domain (docs/dkim.md): published and waiting, signing, kept for what they signed, forgotten.  A forgotten
-- row stays for its selector, which is never used twice.  private_key is wrapped by vault; it goes when the key
-- signs no more.
CREATE TABLE dkim_key (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    domain_id INTEGER NOT NULL REFERENCES domain (id),
    selector TEXT NOT NULL COLLATE NOCASE,
    kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 2),
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
    public_key TEXT NOT NULL,
    private_key BLOB,
    since_ms INTEGER NOT NULL,
    UNIQUE (domain_id, selector),
    CHECK ((state IN (1, 2)) = (private_key IS NOT NULL))
) STRICT;
