#include "dns_memory.h"

#include "memory.h"

#include <pthread.h>

enum { NEIGHBOURS = 8, SETS = DNS_MEMORY_PLACES / NEIGHBOURS };

struct place {
    char *name; /* NULL: free */
    enum dns_type type;
    int64_t until_ms;
    struct dns_answer answer;
};
struct dns_memory {
    const struct clock *timer;
    pthread_mutex_t lock; /* over the places */
    struct place sets[SETS][NEIGHBOURS];
};

static int64_t now_ms(const struct dns_memory *memory)
{
    return memory->timer ? clock_now(memory->timer) : monotonic_ms();
}

struct dns_memory *dns_memory_new(const struct clock *timer)
{
    struct dns_memory *memory = must_new(struct dns_memory);

    memory->timer = timer;
    pthread_mutex_init(&memory->lock, NULL);
    return memory;
}

static void place_clear(struct place *place)
{
    free(place->name);
    dns_answer_clear(&place->answer);
    *place = (struct place){0};
}

void dns_memory_free(struct dns_memory *memory)
{
    if (!memory)
        return;
    for (size_t i = 0; i < DNS_MEMORY_PLACES; i++)
        place_clear(&memory->sets[i / NEIGHBOURS][i % NEIGHBOURS]);
    pthread_mutex_destroy(&memory->lock);
    free(memory);
}

/* FNV-1a, for which A and a are one.  Who makes names that fall into one set pushes out those of others, and gains
 * nothing. */
static struct place *set_of(struct dns_memory *memory, const struct dns_question *question)
{
    uint64_t mixed = 0xcbf29ce484222325u ^ (uint64_t)question->type;

    for (const char *at = question->name; *at; at++) {
        unsigned char c = (unsigned char)*at;
        mixed = (mixed ^ (c >= 'A' && c <= 'Z' ? c + 32u : c)) * 0x100000001b3u;
    }
    return memory->sets[(mixed >> 32) % SETS];
}

static bool is_about(const struct place *place, const struct dns_question *question)
{
    return place->name && place->type == question->type &&
           slice_is_nocase(slice_of(place->name), question->name);
}

static bool is_worth_keeping(const struct dns_answer *answer)
{
    size_t size = 0;

    if (answer->outcome == DNS_FAILED || answer->outcome == DNS_BOGUS || answer->ttl_s <= 0)
        return false;
    for (size_t i = 0; i < answer->count; i++)
        size += sizeof answer->records[i] + answer->records[i].data.len;
    return size <= DNS_MEMORY_ANSWER_MAX;
}

static void copy(const struct dns_answer *from, struct dns_answer *to)
{
    *to = (struct dns_answer){
        .outcome = from->outcome,
        .secure = from->secure,
        .ttl_s = from->ttl_s,
        .canonical = from->canonical ? must_dup(from->canonical) : NULL,
    };
    for (size_t i = 0; i < from->count; i++)
        dns_answer_add(to, from->records[i].data);
}

void dns_memory_keep(struct dns_memory *memory, const struct dns_question *question,
                     const struct dns_answer *answer)
{
    struct place *set = set_of(memory, question), *place = &set[0];

    if (!is_worth_keeping(answer))
        return;
    int64_t for_ms =
        answer->ttl_s < DNS_MEMORY_MS / SECOND_MS ? answer->ttl_s * SECOND_MS : DNS_MEMORY_MS;
    int64_t until_ms = now_ms(memory) + for_ms;
    pthread_mutex_lock(&memory->lock);
    for (size_t i = 0; i < NEIGHBOURS; i++) {
        if (is_about(&set[i], question)) {
            place = &set[i];
            break;
        }
        if (set[i].until_ms < place->until_ms)
            place = &set[i];
    }
    place_clear(place);
    *place = (struct place){
        .name = must_dup(question->name), .type = question->type, .until_ms = until_ms};
    copy(answer, &place->answer);
    pthread_mutex_unlock(&memory->lock);
}

bool dns_memory_recall(struct dns_memory *memory, const struct dns_question *question,
                       struct dns_answer *out_answer)
{
    struct place *set = set_of(memory, question);
    int64_t now = now_ms(memory);
    bool known = false;

    pthread_mutex_lock(&memory->lock);
    for (size_t i = 0; i < NEIGHBOURS && !known; i++) {
        known = is_about(&set[i], question) && set[i].until_ms > now;
        if (known)
            copy(&set[i].answer, out_answer);
    }
    pthread_mutex_unlock(&memory->lock);
    return known;
}
