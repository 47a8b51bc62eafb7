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

static void append_range(struct number_set *set, uint32_t first, uint32_t last)
{
    must_make_room(set->at, set->count, set->capacity);
    set->at[set->count++] = (struct number_range){first, last};
}

/* The ranges that touch the new one become one with it. */
void number_set_add(struct number_set *set, uint32_t first, uint32_t last)
{
    if (set->count == 0 || (first > 0 && set->at[set->count - 1].last < first - 1)) {
        append_range(set, first, last);
        return;
    }
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

void number_set_copy(const struct number_set *from, struct number_set *out)
{
    *out = (struct number_set){.count = from->count, .capacity = from->count};
    if (from->count == 0)
        return;
    out->at = must_alloc_array(from->count, sizeof out->at[0]);
    memcpy(out->at, from->at, from->count * sizeof out->at[0]);
}

void number_set_common(const struct number_set *a, const struct number_set *b,
                       struct number_set *out)
{
    size_t i = 0, k = 0;

    *out = (struct number_set){0};
    while (i < a->count && k < b->count) {
        struct number_range one = a->at[i], other = b->at[k];
        uint32_t first = one.first > other.first ? one.first : other.first;
        uint32_t last = one.last < other.last ? one.last : other.last;
        if (first <= last)
            append_range(out, first, last);
        if (one.last < other.last)
            i++;
        else
            k++;
    }
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

static int compare_ranges(const void *a, const void *b)
{
    const struct number_range *one = a, *other = b;

    return (one->first > other->first) - (one->first < other->first);
}

/* Ranges as they were written become a set: sorted first, so that no order of theirs is slow. */
static void join_ranges(struct number_set *set)
{
    const struct number_set written = *set;
    bool rising = true;

    for (size_t i = 1; i < written.count && rising; i++)
        rising = written.at[i - 1].first <= written.at[i].first;
    if (!rising)
        qsort(written.at, written.count, sizeof written.at[0], compare_ranges);
    *set = (struct number_set){0};
    for (size_t i = 0; i < written.count; i++)
        number_set_add(set, written.at[i].first, written.at[i].last);
    free(written.at);
}

bool number_set_read(struct slice text, uint32_t star, struct number_set *out)
{
    struct slice rest = text;

    *out = (struct number_set){0};
    do {
        struct number_range range;
        if (!read_range(slice_cut(&rest, ','), star, &range)) {
            number_set_clear(out);
            return false;
        }
        if (range.first > range.last)
            range = (struct number_range){range.last, range.first};
        if (range.last > 0) /* "*" where there is nothing names nothing */
            append_range(out, range.first ? range.first : 1, range.last);
    } while (rest.at);
    join_ranges(out);
    if (out->count <= SET_RANGES_MAX)
        return true;
    number_set_clear(out);
    return false;
}

size_t number_set_print_some(const struct number_set *set, size_t begin, size_t count,
                             struct bytes *out)
{
    size_t end = set->count - begin < count ? set->count : begin + count;

    for (size_t i = begin; i < end; i++) {
        const struct number_range *range = &set->at[i];
        bytes_print(out, "%s%u", i > 0 ? "," : "", range->first);
        if (range->last > range->first)
            bytes_print(out, ":%u", range->last);
    }
    return end;
}

void number_set_print(const struct number_set *set, struct bytes *out)
{
    number_set_print_some(set, 0, set->count, out);
}
