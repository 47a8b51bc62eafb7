/* DMARC whose answers the input chooses: its first line is the author's domain, its second one that signed, each further
 * one the TXT record of the next name asked for. */
#include "dmarc.h"
#include "memory.h"

#include <assert.h>

enum { LINES_MAX = 24, ROUNDS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(struct slice line, enum dns_type type, struct dns_answer *out)
{
    scoped_value(bytes) rdata = {0};

    out->outcome = line.len % 11 == 10 ? DNS_FAILED : DNS_NO_NAME;
    if (type != DNS_TXT || line.len == 0)
        return;
    out->outcome = DNS_ANSWER;
    bytes_add_char(&rdata, (char)(line.len < 255 ? line.len : 255));
    bytes_add(&rdata, slice_first(line, 255));
    dns_answer_add(out, bytes_slice(&rdata));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = {(const char *)data, size}, lines[LINES_MAX];
    size_t count = 0, next = 2;
    scoped_value(dns_facts) facts = {0};
    struct dmarc_verdict verdict;
    int rounds = 0;

    while (rest.at && count < LINES_MAX)
        lines[count++] = slice_cut(&rest, '\n');
    scoped_text char *author = must_copy(count > 0 ? lines[0] : SLICE(""));
    scoped_text char *signer = must_copy(count > 1 ? lines[1] : SLICE(""));
    const struct dmarc_identity dkim = {signer, AUTH_PASS, false};
    const struct dmarc_question question = {
        .author = author, .spf = {author, AUTH_TEMPERROR},
             .dkim = &dkim, .dkim_count = 1
    };
    for (dmarc_judge(&question, &facts, &verdict); verdict.open;
         dmarc_judge(&question, &facts, &verdict)) {
        struct dns_lookup *lookup = dns_facts_open(&facts);
        assert(lookup && ++rounds < ROUNDS_MAX);
        lookup->errand.ok = true;
        for (size_t i = 0; i < lookup->count; i++, next++)
            answer(next < count ? lines[next] : SLICE(""), lookup->questions[i].type,
                   &lookup->answers[i]);
        dns_facts_learn(&facts, lookup);
        errand_free(&lookup->errand);
    }
    assert(facts.count <= 2 * DMARC_STEPS_MAX + 3 && verdict.result < AUTH_RESULTS);
    return 0;
}
