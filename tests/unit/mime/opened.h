/* A mail opened from text, for tests. */
#ifndef NESTBOX_TEST_MIME_OPENED_H
#define NESTBOX_TEST_MIME_OPENED_H

#include "test.h"

#include "mail.h"
#include "memory.h"

/* The mail's text must outlive it, so both are held together. */
struct opened {
    struct source *source;
    struct mail *mail;
};

static inline struct opened open_mail(struct slice text)
{
    struct opened opened = {.source = source_of_slice(text)};
    struct err err;

    if (!mail_parse(opened.source, &opened.mail, &err))
        fail_msg("%s", err.said);
    return opened;
}

static inline void close_mail(struct opened *opened)
{
    mail_free(opened->mail);
    source_free(opened->source);
}

#define OPENED __attribute__((cleanup(close_mail))) struct opened

#endif
