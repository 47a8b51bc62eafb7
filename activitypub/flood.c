#include "flood.h"

#include "clock.h"
#include "digest.h"

/* A place is looked for in a few neighbours only, so a crowd of names costs no more than one. */
enum { NEIGHBOURS = 8 };

static uint64_t name_of(struct slice who)
{
    unsigned char digest[SHA256_LEN];
    uint64_t name = 0;

    sha256(who, digest);
    memcpy(&name, digest, sizeof name);
    return name;
}

static struct flood_place *place_of(struct flood *flood, uint64_t who)
{
    struct flood_place *quietest = &flood->places[who % FLOOD_PLACES];

    for (size_t i = 0; i < NEIGHBOURS; i++) {
        struct flood_place *place = &flood->places[(who + i) % FLOOD_PLACES];
        if (place->since_ms != 0 && place->who == who)
            return place;
        if (place->since_ms < quietest->since_ms)
            quietest = place;
    }
    *quietest = (struct flood_place){.who = who};
    return quietest;
}

bool flood_allows(struct flood *flood, struct slice who, int most, int64_t now_ms)
{
    struct flood_place *place = place_of(flood, name_of(who));

    if (place->since_ms == 0 || now_ms - place->since_ms >= MINUTE_MS || now_ms < place->since_ms) {
        place->since_ms = now_ms;
        place->count = 0;
    }
    if (place->count >= most)
        return false;
    place->count++;
    return true;
}
