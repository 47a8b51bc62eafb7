/*
 * sealer NESTBOX — seals files as the server seals mail: each line of standard input names what is read, where the sealed
 * mail goes, and the certificates, with spaces between.  Each is answered by a line: "sealed", or what went wrong.
 */
#include "memory.h"
#include "pgp.h"

#include <stdio.h>

static struct slice word(struct slice *line)
{
    return slice_cut(line, ' ');
}

static bool read_file(struct slice path, struct bytes *out)
{
    scoped_text char *name = must_copy(path);
    FILE *file = fopen(name, "rb");
    char piece[16 * 1024];
    size_t len;

    if (!file)
        return false;
    while ((len = fread(piece, 1, sizeof piece, file)) > 0)
        bytes_add(out, (struct slice){piece, len});
    return fclose(file) == 0;
}

static bool write_file(struct slice path, struct slice content)
{
    scoped_text char *name = must_copy(path);
    FILE *file = fopen(name, "wb");

    if (!file)
        return false;
    bool written = fwrite(content.at, 1, content.len, file) == content.len;
    return fclose(file) == 0 && written;
}

struct keys {
    struct bytes held[PGP_CERTIFICATES_MAX];
    struct slice at[PGP_CERTIFICATES_MAX];
    size_t count;
};

static bool seal(struct pgp *pgp, struct slice line, struct err *err)
{
    static const struct slice outer = {"Subject: [...]\r\n", 16};
    scoped_value(bytes) plain = {0};
    struct keys keys = {0};
    struct memory_sink sink;
    struct slice from = word(&line), into = word(&line);

    bool ok = read_file(from, &plain);
    for (; line.len > 0 && keys.count < PGP_CERTIFICATES_MAX; keys.count++) {
        ok = read_file(word(&line), &keys.held[keys.count]) && ok;
        keys.at[keys.count] = bytes_slice(&keys.held[keys.count]);
    }
    const struct pgp_orders orders = {
        .form = PGP_SEALED, .certificates = keys.at, .count = keys.count, .outer = outer};
    scoped(source) source = source_of_slice(bytes_slice(&plain));
    memory_sink_init(&sink);
    if (!ok)
        err_set(err, ERR_MALFORMED, "A file cannot be read");
    scoped(pgp_sealed) sealed = ok ? pgp_seal(pgp, &orders, source, &sink.sink, err) : NULL;
    if (sealed && !write_file(into, bytes_slice(&sink.bytes)))
        ok = err_set(err, ERR_MALFORMED, "A file cannot be written");
    bytes_clear(&sink.bytes);
    for (size_t i = 0; i < keys.count; i++)
        bytes_clear(&keys.held[i]);
    return sealed && ok;
}

int main(int argc, char **argv)
{
    const char *const judge[] = {argc > 1 ? argv[1] : "nestbox", "judge", NULL};
    struct pgp *pgp = pgp_new(judge);
    char line[4096];

    while (fgets(line, sizeof line, stdin)) {
        struct err err;
        bool ok = seal(pgp, slice_trim(slice_of(line)), &err);
        printf("%s\n", ok ? "sealed" : err.said);
        fflush(stdout);
    }
    pgp_free(pgp);
    return 0;
}
