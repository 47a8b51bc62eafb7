/* How SQLite reaches files: as usual, but its log is written in one go (store_log_file.c). */
#ifndef NESTBOX_STORE_LOG_FILE_H
#define NESTBOX_STORE_LOG_FILE_H

/* The name of the VFS to open with.  Only for connections that commit with synchronous = FULL.  Any thread. */
const char *store_log_vfs(void);

#endif
