#include "autocrypt.h"

#include "text.h"

struct attributes {
    struct slice addr, keydata; /* at NULL: not there */
    bool mutual;
};

/* One more of them.  False: what nobody knows and may not be passed over makes the whole field invalid. */
static bool take(struct slice name, struct slice value, struct attributes *out)
{
    if (slice_is_nocase(name, "addr"))
        out->addr = value;
    else if (slice_is_nocase(name, "keydata"))
        out->keydata = value;
    else if (slice_is_nocase(name, "prefer-encrypt"))
        out->mutual = slice_is_nocase(value, "mutual");
    else
        return slice_starts_nocase(name, "_");
    return true;
}

static bool read_attributes(struct slice field, struct attributes *out)
{
    while (field.len > 0) {
        struct slice value = slice_cut(&field, ';');
        if (slice_find(value, '=') == SIZE_MAX)
            return slice_trim(value).len == 0 && field.len == 0;
        struct slice name = slice_trim(slice_cut(&value, '='));
        if (out->keydata.at || !take(name, slice_trim(value), out)) /* keydata is the last */
            return false;
    }
    return true;
}

bool autocrypt_read(struct slice field, struct slice address, struct bytes *out_key)
{
    struct attributes found = {0};
    scoped_value(bytes) base64 = {0};

    if (field.len > AUTOCRYPT_MAX || !read_attributes(field, &found))
        return false;
    if (!found.addr.at || !found.keydata.at || !slice_eq_nocase(found.addr, address))
        return false;
    for (size_t i = 0; i < found.keydata.len; i++) /* where it was folded there is space */
        if (found.keydata.at[i] != ' ' && found.keydata.at[i] != '\t')
            bytes_add_char(&base64, found.keydata.at[i]);
    return base64.len > 0 && base64_read(bytes_slice(&base64), out_key);
}

bool autocrypt_is_mutual(struct slice field)
{
    struct attributes found = {0};

    return field.len <= AUTOCRYPT_MAX && read_attributes(field, &found) && found.mutual;
}

/* Up to the next space, but not into the key: that alone may be cut anywhere. */
static size_t piece_of(struct slice field, const char *key, size_t most)
{
    size_t end = field.at < key ? (size_t)(key - field.at) : field.len < most ? field.len : most;
    size_t len = 0;

    while (len < end && field.at[len] != ' ' && field.at[len] != '\t' && field.at[len] != '\r' &&
           field.at[len] != '\n')
        len++;
    return len;
}

void autocrypt_print(struct slice field, struct bytes *out)
{
    enum { LINE = 76, HEAD_MOST = 512 };
    struct attributes found = {0};
    size_t column = strlen("Autocrypt:");

    if (field.len > AUTOCRYPT_MAX || !read_attributes(field, &found) || !found.keydata.at ||
        found.keydata.at - field.at > HEAD_MOST)
        return;
    bytes_add_text(out, "Autocrypt:");
    while (!slice_empty(field = slice_trim(field))) {
        size_t len = piece_of(field, found.keydata.at, LINE);
        column += 1 + len;
        bytes_add_text(out, column > LINE ? "\r\n " : " ");
        column = column > LINE ? 1 + len : column;
        bytes_add(out, slice_first(field, len));
        field = slice_from(field, len);
    }
    bytes_add_text(out, "\r\n");
}
