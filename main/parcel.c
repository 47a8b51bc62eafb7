#include "parcel.h"

#include "text.h"

enum { HEAD_MAX = PARCEL_NAME_MAX + 48 };

void parcel_add(struct bytes *out, const char *name, int64_t modified_s, struct slice piece)
{
    bytes_print(out, "%lld %zu %s\n", (long long)modified_s, piece.len, name);
    bytes_add(out, piece);
}

static bool is_good_part(struct slice part)
{
    if (part.len == 0 || part.len > PARCEL_PART_MAX || slice_is(part, ".") || slice_is(part, ".."))
        return false;
    for (size_t i = 0; i < part.len; i++)
        if ((unsigned char)part.at[i] < 0x20 || part.at[i] == 0x7f)
            return false;
    return true;
}

bool parcel_name_is_good(struct slice name)
{
    struct slice rest = name;

    if (name.len > PARCEL_NAME_MAX)
        return false;
    if (slice_ends(rest, SLICE("/")))
        rest.len--;
    do
        if (!is_good_part(slice_cut(&rest, '/')))
            return false;
    while (rest.at);
    return true;
}

static bool is_none(struct err *err)
{
    return err_set(err, ERR_MALFORMED, "The server sent something else than files");
}

static bool read_head(struct parcel *parcel, struct slice line, struct err *err)
{
    struct slice rest = line;
    struct slice modified = slice_cut(&rest, ' ');
    struct slice len = slice_cut(&rest, ' ');

    if (!rest.at || !slice_to_number(modified, INT64_MAX, &parcel->modified_s) ||
        !slice_to_number(len, INT64_MAX, &parcel->left) || !parcel_name_is_good(rest))
        return is_none(err);
    memcpy(parcel->name, rest.at, rest.len);
    parcel->name[rest.len] = '\0';
    return !slice_ends(rest, SLICE("/")) || parcel->left == 0 || is_none(err);
}

static bool hand_on(struct parcel *parcel, struct slice bytes, struct err *err)
{
    const struct parcel_piece piece = {parcel->name, parcel->modified_s, bytes};

    parcel->left -= (int64_t)bytes.len;
    return parcel->take(parcel->ctx, &piece, err);
}

/* Up to the end of a line, which begins a piece; an empty one is a piece too. */
static bool take_head(struct parcel *parcel, struct slice *bytes, struct err *err)
{
    size_t end = slice_find(*bytes, '\n');
    size_t len = end == SIZE_MAX ? bytes->len : end;

    if (parcel->head.len + len > HEAD_MAX)
        return is_none(err);
    bytes_add(&parcel->head, slice_first(*bytes, len));
    *bytes = slice_from(*bytes, end == SIZE_MAX ? len : len + 1);
    if (end == SIZE_MAX)
        return true;
    bool good = read_head(parcel, bytes_slice(&parcel->head), err);
    bytes_reset(&parcel->head);
    return good && (parcel->left > 0 || hand_on(parcel, SLICE(""), err));
}

bool parcel_read(struct parcel *parcel, struct slice bytes, struct err *err)
{
    while (bytes.len > 0) {
        if (parcel->left == 0) {
            if (!take_head(parcel, &bytes, err))
                return false;
            continue;
        }
        size_t len = parcel->left < (int64_t)bytes.len ? (size_t)parcel->left : bytes.len;
        if (!hand_on(parcel, slice_first(bytes, len), err))
            return false;
        bytes = slice_from(bytes, len);
    }
    return true;
}

bool parcel_is_whole(const struct parcel *parcel)
{
    return parcel->left == 0 && parcel->head.len == 0;
}

void parcel_clear(struct parcel *parcel)
{
    bytes_clear(&parcel->head);
}
