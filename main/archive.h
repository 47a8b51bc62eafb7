/*
 * archive — the one file of a backup: a tar that `tar` and `sha256sum -c` can read (docs/backup.md).
 *
 *     nestbox-backup      what this is
 *     keys/… tls/…        files of the data folder
 *     nestbox.db          one moment of the store
 *     bodies/ab/…         the mails that lie beside it
 *     SHA256SUMS          of all before it, in their order; without it the file is not whole
 *
 * Names are few and plain, so that nothing can be unpacked where it should not be.
 */
#ifndef NESTBOX_MAIN_ARCHIVE_H
#define NESTBOX_MAIN_ARCHIVE_H

#include "bytes.h"
#include "digest.h"
#include "err.h"

#define ARCHIVE_ABOUT "nestbox-backup"
#define ARCHIVE_DATABASE "nestbox.db"
#define ARCHIVE_SUMS "SHA256SUMS"
enum { ARCHIVE_BLOCK = 512, ARCHIVE_NAME_SIZE = 100 };

struct archive_entry {
    char name[ARCHIVE_NAME_SIZE];
    int64_t size;
};
enum archive_kind { ARCHIVE_FILE, ARCHIVE_END, ARCHIVE_BROKEN };

/* The block before a file's content, which is filled up with zeros to whole blocks. */
void archive_header(const struct archive_entry *entry, int64_t now_s, char out[ARCHIVE_BLOCK]);
enum archive_kind archive_read(const char block[ARCHIVE_BLOCK], struct archive_entry *out);
/* One of the names above; "bodies/ab/NAME", "keys/NAME", "tls/NAME" with NAME of letters, digits, '.', '-', '_'. */
bool archive_name_is_ours(const char *name);
/* A line of SHA256SUMS. */
void archive_add_sum(struct bytes *sums, const unsigned char digest[SHA256_LEN], const char *name);
/* The zeros behind so much content. */
size_t archive_padding(int64_t size);

#endif
