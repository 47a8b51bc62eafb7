/*
 * mime_private — what the files of this room share.
 *
 * How a mail is taken apart: mail_tree.c finds, by offsets alone, where each part begins and ends; GMime is
 * then asked about single header fields and encodings, never about the whole.  So what a signature covers and
 * what is read as the text come from the same offsets, and every length is bounded before GLib, which aborts
 * when memory ends, allocates for it.
 */
#ifndef NESTBOX_MIME_PRIVATE_H
#define NESTBOX_MIME_PRIVATE_H

#include "bytes.h"
#include "err.h"
#include "mail.h"
#include "slice.h"
#include "stream.h"

#include <gmime/gmime.h>

enum {
    MAIL_MAX_HEADER = 256 * 1024, /* octets of all headers together */
    MAIL_MAX_FIELDS = 2000,       /* of all headers together */
    MAIL_MAX_PARTS = 100,
    MAIL_MAX_DEPTH = 20,
    MAIL_MAX_PARAMETERS = 64,
    MAIL_MAX_EMBEDDED = 1024 * 1024, /* an encoded message/rfc822 is decoded into memory */
};

/* text_clean.c: valid UTF-8 without control bytes; broken sequences become U+FFFD. */
enum clean_as {
    CLEAN_LINE, /* line ends, tabs and other controls become single spaces, marks that turn the line around go */
    CLEAN_FIELD, /* the same, but such marks stay: an address with one in it is another address */
    CLEAN_TEXT,  /* CRLF and CR become LF, tab stays, other controls go */
};
void clean_add(struct bytes *out, struct slice raw, enum clean_as as);
char *clean_line(struct slice raw); /* heap, trimmed */
bool is_space_code(uint32_t code);
/* Runs of white space (Unicode's too) become one space, none at the ends. */
void squeeze_add(struct bytes *out, struct slice text);

/* charset.c: the character sets we convert from.  GMime keeps every name it meets for ever and copies it onto
 * the stack, so it is asked about none that is not in this table. */
const char *charset_known(struct slice name); /* iconv's name, or NULL */
void charset_to_utf8(struct slice raw, struct slice charset, struct bytes *out);

/* encoded_words.c: RFC 2047. */
enum words_as {
    WORDS_AS_TEXT, /* decoded */
    WORDS_NORMAL,  /* neighbours as one word in UTF-8 */
    WORDS_ONLY,    /* the same, and nothing else is left that looks like the beginning of one */
};
void encoded_words_read(struct slice text, enum words_as as, struct bytes *out);

/* A parameter of Content-Type, name lower case, value decoded and clean. */
struct mail_parameter {
    char *name;
    char *value;
};
struct mail_parameters {
    struct mail_parameter *at;
    size_t count;
};

/* mail_header.c */
struct header_field {
    struct slice name, raw; /* into the header's text */
    char *plain;            /* unfolded, UTF-8, no controls; made when asked for */
    char *decoded;          /* and encoded words read; made when asked for */
};
struct header {
    struct bytes text;
    struct header_field *fields;
    size_t count, capacity;
};
void header_read(struct header *header, struct bytes *text); /* takes the text */
void header_clear(struct header *header);
struct header_field *header_find(const struct header *header, const char *name, size_t index);
const char *field_plain(struct header_field *field);
const char *field_decoded(struct header_field *field);
char *field_for_gmime(struct header_field *field); /* heap; see encoded_words.c */
/* "text/plain; charset=utf-8" taken apart; NULL or broken gives `otherwise`. */
char *header_content_type(const char *plain, GMimeParserOptions *options, const char *otherwise,
                          struct mail_parameters *out);
void mail_parameters_clear(struct mail_parameters *parameters);
const char *mail_parameter_find(const struct mail_parameters *parameters, const char *name);

struct mail_child {
    struct mail_part *part;
};

struct mail_part {
    struct mail *mail;        /* borrowed */
    int64_t begin, body, end; /* in the mail's source: header, body, behind the last octet */
    struct header header;
    char *type; /* lower case */
    struct mail_parameters parameters, disposition;
    bool attachment;
    char *file_name, *content_id; /* or NULL */
    struct mail_child *children;
    size_t count, capacity;
};

struct mail {
    struct source *source; /* borrowed */
    struct source *owned;  /* the same if the mail made it, else NULL */
    struct mail_part *root;
    GMimeParserOptions *options;
    size_t part_count, header_octets, field_count; /* against the limits */
    bool ambiguous;
};

/* mail_tree.c */
MUST_CHECK bool mail_tree_read(struct mail *mail, struct err *err);
void mail_part_free(struct mail_part *part);

/* mail_content.c */
struct source *source_window(struct source *of, int64_t begin, int64_t end); /* keeps a borrow */

#endif
