/* The mails of the examples, with their pictures put in. */
#include "town_private.h"

#include "text.h"

#include <stdio.h>

static struct {
    char *name;
    struct bytes content;
} files[64];
static size_t file_count;

static void read_file(const char *folder, const char *name, struct bytes *out)
{
    scoped_text char *path = must_print("%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    size_t len = 1;

    if (!file)
        fail_msg("there is no %s", name);
    while (len > 0) {
        len = fread(bytes_reserve(out, 65536), 1, 65536, file);
        out->len += len;
    }
    fclose(file);
}

static void add_base64(struct slice name, struct bytes *out)
{
    scoped_value(bytes) raw = {0};
    scoped_value(bytes) text = {0};
    scoped_text char *file = must_copy(name);

    read_file(PICTURES, file, &raw);
    base64_add(&text, bytes_slice(&raw));
    for (struct slice rest = bytes_slice(&text); rest.len > 0; rest = slice_from(rest, 76)) {
        bytes_add(out, slice_first(rest, 76));
        bytes_add_char(out, '\n');
    }
}

static void put_pictures(struct slice text, struct bytes *out)
{
    const struct slice mark = SLICE("@base64 ");

    while (text.at && text.len > 0) {
        struct slice line = slice_line(&text);
        if (slice_starts(line, mark)) {
            add_base64(slice_first(slice_from(line, mark.len), line.len - mark.len - 1), out);
            continue;
        }
        bytes_add(out, line);
        bytes_add_char(out, '\n');
    }
}

struct slice town_file(const char *name)
{
    for (size_t i = 0; i < file_count; i++)
        if (strcmp(files[i].name, name) == 0)
            return bytes_slice(&files[i].content);
    scoped_value(bytes) raw = {0};
    assert_true(file_count < COUNT_OF(files));
    struct bytes *content = &files[file_count].content;
    read_file(MAILS, name, &raw);
    put_pictures(bytes_slice(&raw), content);
    files[file_count++].name = must_dup(name);
    return bytes_slice(content);
}

void town_files_forget(void)
{
    for (size_t i = 0; i < file_count; i++) {
        free(files[i].name);
        bytes_clear(&files[i].content);
    }
    file_count = 0;
}
