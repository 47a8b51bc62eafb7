/* An owner's answer to a request, as people write it, and the words that a refusal sends back. */
#include "contact.h"

#include "memory.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One line of what every protocol carries, without anything to press. */
static void check_words(const char *words)
{
    assert(words && strlen(words) <= CONTACT_WORDS_MAX);
    for (const char *at = words; *at; at++)
        assert(*at >= ' ' && *at < 0x7f);
    assert(!strstr(words, "://"));
    scoped_text char *again = contact_refusal_words(slice_of(words));
    assert(strcmp(again, words) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice line = {(const char *)data, size};
    enum contact_event event;
    char *said = NULL;
    scoped_text char *words = contact_refusal_words(line);

    check_words(words);
    if (!contact_answer_read(line, &event, &said))
        return 0;
    assert(event == CONTACT_INVITE || event == CONTACT_REFUSE || event == CONTACT_IGNORE ||
           event == CONTACT_REOPEN);
    check_words(said);
    free(said);
    return 0;
}
