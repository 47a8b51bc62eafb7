-- Step 21 of store_migrate.c: strangers of the Fediverse (docs/contact-requests.md).

-- wish: what they want (enum contact_wish).  inside: they cannot come again by themselves, so what they sent waits here, and
-- their turn comes by itself.  about_id: the post of the owner that they answered.
ALTER TABLE contact ADD COLUMN wish INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contact ADD COLUMN inside INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contact ADD COLUMN about_id INTEGER REFERENCES message (id);
CREATE INDEX contact_turn ON contact (account_id, id) WHERE state = 1 AND inside = 1;
CREATE INDEX contact_about ON contact (about_id) WHERE about_id IS NOT NULL;
