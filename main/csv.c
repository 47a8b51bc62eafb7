#include "csv.h"

/* One column; what ends it stays. */
static void take_column(struct slice *rest, struct bytes *out, int64_t *line)
{
    bool quoted = false;
    size_t i = 0;

    for (; i < rest->len; i++) {
        char c = rest->at[i];
        bool doubled = quoted && c == '"' && i + 1 < rest->len && rest->at[i + 1] == '"';
        *line += quoted && c == '\n';
        if (doubled)
            i++;
        else if (c == '"') {
            quoted = !quoted;
            continue;
        } else if (!quoted && (c == ',' || c == '\n'))
            break;
        bytes_add_char(out, c);
    }
    *rest = slice_from(*rest, i);
}

static bool take_row(struct slice *rest, struct bytes *out, int64_t *line)
{
    struct bytes others = {0};

    take_column(rest, out, line);
    while (rest->len > 0 && rest->at[0] == ',') {
        *rest = slice_from(*rest, 1);
        bytes_reset(&others);
        take_column(rest, &others, line);
    }
    bytes_clear(&others);
    *rest = slice_from(*rest, 1);
    (*line)++;
    struct slice first = slice_trim(bytes_slice(out));
    if (out->len > 0)
        memmove(out->at, first.at, first.len);
    bytes_cut(out, first.len);
    return out->len > 0;
}

bool csv_first_column(struct slice *rest, struct bytes *out, int64_t *line)
{
    while (rest->len > 0) {
        bytes_reset(out);
        if (take_row(rest, out, line))
            return true;
    }
    return false;
}
