/*
 * A whole SPF check whose every answer the input chooses: its first line is the sender, its second the client, each
 * further one the TXT record of the next name asked for, again from the top when they are used up.
 */
#include "memory.h"
#include "spf.h"

#include <assert.h>

enum { LINES_MAX = 16, ROUNDS_MAX = 64 };

struct input {
    struct slice lines[LINES_MAX];
    size_t count, next;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_text(struct dns_answer *answer, struct slice text)
{
    scoped_value(bytes) rdata = {0};

    do {
        struct slice piece = slice_first(text, 255);
        bytes_add_char(&rdata, (char)piece.len);
        bytes_add(&rdata, piece);
        text = slice_from(text, piece.len);
    } while (text.len > 0);
    dns_answer_add(answer, bytes_slice(&rdata));
}

static void answer(struct input *input, enum dns_type type, struct dns_answer *out)
{
    static const char host[] = "\0\12\4mail\7example\3org";
    struct slice line =
        input->count > 2 ? input->lines[2 + input->next++ % (input->count - 2)] : SLICE("");
    size_t kind = line.len;

    out->outcome = DNS_ANSWER;
    if (type == DNS_TXT)
        add_text(out, line);
    else if (kind % 5 == 0)
        out->outcome = DNS_NO_NAME;
    else if (kind % 7 == 0)
        out->outcome = DNS_FAILED;
    else if (type == DNS_A)
        dns_answer_add(out, SLICE("\300\0\2\1"));
    else if (type == DNS_AAAA)
        dns_answer_add(out, SLICE("\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1"));
    else if (type == DNS_MX)
        dns_answer_add(out, (struct slice){host, sizeof host});
    else
        dns_answer_add(out, (struct slice){host + 2, sizeof host - 2});
}

static void learn(struct input *input, struct dns_facts *facts)
{
    struct dns_lookup *lookup = dns_facts_open(facts);

    assert(lookup);
    lookup->errand.ok = true;
    for (size_t i = 0; i < lookup->count; i++)
        answer(input, lookup->questions[i].type, &lookup->answers[i]);
    dns_facts_learn(facts, lookup);
    errand_free(&lookup->errand);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = {(const char *)data, size};
    struct input input = {.count = 0};
    scoped_value(dns_facts) facts = {0};
    struct spf_verdict verdict;
    char explanation[SPF_EXPLANATION_SIZE];
    int rounds = 0;

    while (rest.at && input.count < LINES_MAX)
        input.lines[input.count++] = slice_cut(&rest, '\n');
    scoped_text char *client = must_copy(input.count > 1 ? input.lines[1] : SLICE("192.0.2.1"));
    struct slice sender = input.count > 0 ? input.lines[0] : SLICE("");
    size_t at = slice_find_last(sender, '@');
    const struct spf_question question = {
        .client = client,
        .helo = sender,
        .sender = sender,
        .domain = at == SIZE_MAX ? sender : slice_from(sender, at + 1),
    };
    for (spf_judge(&question, &facts, &verdict); verdict.open;
         spf_judge(&question, &facts, &verdict)) {
        learn(&input, &facts);
        assert(++rounds < ROUNDS_MAX);
    }
    while (!spf_explain(&question, &verdict, "receiver.test", 0, &facts, explanation))
        learn(&input, &facts);
    for (const char *c = explanation; *c; c++)
        assert(*c >= ' ' && *c <= '~');
    assert(facts.count <= DNS_FACTS_MAX && verdict.result < AUTH_RESULTS);
    return 0;
}
