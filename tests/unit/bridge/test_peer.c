/* When somebody's key is of use (docs/encrypt-outgoing.md). */
#include "peer.h"
#include "test.h"

static void test_of_use(void **state)
{
    static const struct {
        const char *name;
        enum peer_source source;
        bool has;
        int64_t told_days, seen_days, until_days; /* until 0: for ever */
        bool serves;
    } rows[] = {
        {"told with every mail",                    PEER_TOLD,      true,  90, 90, 0,   true },
        {"told a month before the last mail",       PEER_TOLD,      true,  60, 90, 0,   true },
        {"for 35 days",                             PEER_TOLD,      true,  55, 90, 0,   true },
        {"not told for longer, and yet they write", PEER_TOLD,      true,  54, 90, 0,   false},
        {"told long ago, and they are silent",      PEER_TOLD,      true,  1,  1,  0,   true },
        {"published",                               PEER_PUBLISHED, true,  90, 90, 0,   true },
        {"of which none was found",                 PEER_PUBLISHED, false, 90, 90, 0,   false},
        {"that ends later",                         PEER_TOLD,      true,  90, 90, 101, true },
        {"that ends now",                           PEER_TOLD,      true,  90, 90, 100, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(peer_key) key = {
            .source = rows[i].source,
            .told_ms = rows[i].told_days * DAY_MS,
            .seen_ms = rows[i].seen_days * DAY_MS,
            .encrypts_until_ms = rows[i].until_days * DAY_MS,
        };
        if (rows[i].has)
            bytes_add_text(&key.certificate, "certificate");
        if (peer_key_serves(&key, 100 * DAY_MS) != rows[i].serves)
            fail_msg("%s", rows[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_of_use)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
