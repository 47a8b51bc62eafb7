/*
 * old_rows — what a database of each step of the schema held: rows for every table, as the Nestbox of that time wrote them.
 */
#ifndef NESTBOX_TESTS_STORE_OLD_ROWS_H
#define NESTBOX_TESTS_STORE_OLD_ROWS_H

enum { EVER = 1000 };
struct old_rows { /* for databases at these steps; later ones stand behind those that they need */
    int from, until;
    const char *script;
};
extern const struct old_rows old_rows[];
extern const int old_rows_count;

/* The body that lies in a file: its name, and so many octets. */
#define OLD_BODY_FILE "ab0000000000000000000000"
enum { OLD_BODY_SIZE = 70000 };

#endif
