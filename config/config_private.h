/*
 * The table of settings and what its rows are made of; for this room's files and tests only.
 */
#ifndef NESTBOX_CONFIG_PRIVATE_H
#define NESTBOX_CONFIG_PRIVATE_H

#include "bytes.h"
#include "config.h"

struct setting;

struct value_kind {
    const char *form; /* what the manual puts behind '=': "FILE" */
    /* Reads `value` (trimmed, not empty) into its place; false, and nothing changed, if it is not right. */
    bool (*read)(const struct setting *setting, struct slice value, struct config *out);
    void (*right)(const struct setting *setting, struct bytes *out); /* "a number from 1 to 9" */
};

struct setting {
    const char *section, *key;
    const struct value_kind *kind;
    size_t offset, size; /* where it rests in struct config */
    const char
        *fallback; /* the default as it would be written; NULL: none, or made of other settings */
    const char *unset;          /* what holds without it, for people, where fallback is NULL */
    const char *const *choices; /* in the order of the enum, NULL behind the last */
    int64_t min, max;
    const char *help; /* one or two sentences */
};

extern const struct setting config_table[];
extern const size_t config_table_count;

extern const struct value_kind kind_domains, kind_host, kind_mailbox, kind_file, kind_endpoint,
    kind_mx_endpoint, kind_acme, kind_choice, kind_yes_no, kind_duration, kind_durations, kind_size,
    kind_number, kind_word, kind_words, kind_relay, kind_resolver, kind_anchor, kind_address,
    kind_addresses, kind_connect_to;

/* "FILE", or the words of a choice: "ask|open|closed". */
void setting_form(const struct setting *setting, struct bytes *out);

#endif
