/* Releasing what errands bring. */
#include "imap_duties.h"
#include "memory.h"

void imap_entries_free(struct imap_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(entries[i].keywords);
    free(entries);
}

void imap_mailbox_clear(struct imap_mailbox *mailbox)
{
    free(mailbox->name);
    *mailbox = (struct imap_mailbox){0};
}

void imap_changes_clear(struct imap_changes *changes)
{
    imap_entries_free(changes->at, changes->count);
    number_set_clear(&changes->vanished);
    number_set_clear(&changes->modified);
    changes->at = NULL;
    changes->count = changes->capacity = 0;
}

void imap_opened_clear(struct imap_opened *opened)
{
    imap_changes_clear(&opened->changes);
    imap_mailbox_clear(&opened->mailbox);
    free(opened->uids);
    free(opened->keywords);
    opened->uids = NULL;
    opened->keywords = NULL;
}

static void row_clear(struct imap_row *row, size_t section_count)
{
    for (size_t i = 0; row->sections && i < section_count; i++)
        bytes_clear(&row->sections[i].text);
    free(row->sections);
    source_free(row->body);
    free(row->entry.keywords);
    free(row->envelope);
    free(row->structure);
}

void imap_rows_clear(struct imap_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        row_clear(&rows->at[i], rows->section_count);
    free(rows->at);
    rows->at = NULL;
    rows->count = rows->capacity = 0;
}
