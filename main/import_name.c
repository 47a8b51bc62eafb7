#include "import_name.h"

#include "mailbox_name.h"
#include "store_mailbox.h"

/* Maildir++ writes modified UTF-7; some programs, and our own Maildirs, UTF-8. */
static bool read_folder(struct slice folder, struct bytes *out)
{
    bytes_reset(out);
    if (!mutf7_read(folder, out)) {
        bytes_reset(out);
        bytes_add(out, folder);
    }
    for (size_t i = 0; i < out->len; i++)
        if (out->at[i] == '.')
            out->at[i] = '/';
    return mailbox_name_good(bytes_slice(out));
}

unsigned import_flags(struct slice name)
{
    size_t at = slice_find_text(name, SLICE(":2,"));
    unsigned flags = 0;

    for (size_t i = at; at != SIZE_MAX && i < name.len; i++)
        switch (name.at[i]) {
        case 'D': flags |= FLAG_DRAFT; break;
        case 'F': flags |= FLAG_FLAGGED; break;
        case 'R': flags |= FLAG_ANSWERED; break;
        case 'S': flags |= FLAG_SEEN; break;
        case 'T': flags |= FLAG_DELETED; break;
        default: break; /* keywords of Dovecot's, 'P' for passed on */
        }
    return flags;
}

bool import_name(struct slice name, struct bytes *out_mailbox, unsigned *out_flags)
{
    struct slice rest = name;

    if (!slice_is(slice_cut(&rest, '/'), "mail"))
        return false;
    bytes_reset(out_mailbox);
    bytes_add_text(out_mailbox, "INBOX");
    if (slice_starts(rest, SLICE(".")) &&
        !read_folder(slice_from(slice_cut(&rest, '/'), 1), out_mailbox))
        return false;
    struct slice part = slice_cut(&rest, '/');
    if (!slice_is(part, "cur") && !slice_is(part, "new"))
        return false;
    *out_flags = import_flags(rest);
    return rest.len > 0 && slice_find(rest, '/') == SIZE_MAX;
}
