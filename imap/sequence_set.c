#include "sequence_set.h"

#include "memory.h"

void number_set_clear(struct number_set *set)
{
    free(set->at);
    *set = (struct number_set){0};
}

/* The first range that ends at `number` or behind it. */
static size_t find_range(const struct number_set *set, uint32_t number)
{
    size_t low = 0;
    size_t high = set->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->at[middle].last < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool number_set_has(const struct number_set *set, uint32_t number)
{
    size_t i = find_range(set, number);

    return i < set->count && set->at[i].first <= number;
}

/* The ranges that touch the new one become one with it. */
void number_set_add(struct number_set *set, uint32_t first, uint32_t last)
{
    size_t begin = find_range(set, first > 0 ? first - 1 : 0);
    size_t end = begin;

    while (end < set->count && (last == UINT32_MAX || set->at[end].first <= last + 1)) {
        if (set->at[end].first < first)
            first = set->at[end].first;
        if (set->at[end].last > last)
            last = set->at[end].last;
        end++;
    }
    if (end == begin) {
        must_make_room(set->at, set->count, set->capacity);
        memmove(&set->at[begin + 1], &set->at[begin], (set->count - begin) * sizeof set->at[0]);
        set->count++;
    } else if (end > begin + 1) {
        memmove(&set->at[begin + 1], &set->at[end], (set->count - end) * sizeof set->at[0]);
        set->count -= end - begin - 1;
    }
    set->at[begin] = (struct number_range){first, last};
}

void number_set_cut(struct number_set *set, uint32_t from)
{
    size_t i = find_range(set, from);

    if (i == set->count)
        return;
    bool part = set->at[i].first < from;
    if (part)
        set->at[i].last = from - 1;
    set->count = i + part;
}

static bool read_number(struct slice text, uint32_t star, uint32_t *out)
{
    int64_t number;

    if (slice_is(text, "*")) {
        *out = star;
        return true;
    }
    if (text.len == 0 || text.at[0] == '0' || !slice_to_number(text, UINT32_MAX, &number))
        return false;
    *out = (uint32_t)number;
    return true;
}

static bool read_range(struct slice text, uint32_t star, struct number_range *out)
{
    struct slice rest = text;
    struct slice first = slice_cut(&rest, ':');

    if (!read_number(first, star, &out->first))
        return false;
    out->last = out->first;
    return !rest.at || read_number(rest, star, &out->last);
}

bool number_set_read(struct slice text, uint32_t star, struct number_set *out)
{
    struct slice rest = text;

    *out = (struct number_set){0};
    do {
        struct number_range range;
        if (!read_range(slice_cut(&rest, ','), star, &range) || out->count >= SET_RANGES_MAX) {
            number_set_clear(out);
            return false;
        }
        if (range.first > range.last)
            range = (struct number_range){range.last, range.first};
        if (range.last > 0) /* "*" where there is nothing names nothing */
            number_set_add(out, range.first ? range.first : 1, range.last);
    } while (rest.at);
    return true;
}

void number_set_print(const struct number_set *set, struct bytes *out)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct number_range *range = &set->at[i];
        bytes_print(out, "%s%u", i > 0 ? "," : "", range->first);
        if (range->last > range->first)
            bytes_print(out, ":%u", range->last);
    }
}
