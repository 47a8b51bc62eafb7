/*
 * spf_line CLIENT HELO SENDER — SPF asked by a program in another language (tests/e2e/test_spf_suite.py), which is the DNS:
 *
 *     <- ask TYPE NAME                  a question, TYPE a number, NAME in hex
 *     -> answer|nodata|noname|failed [RDATA…]   in hex
 *     <- result RESULT EXPLANATION      the end
 *
 * HELO and SENDER are in hex, "-" if empty: anything can stand in them.
 */
#include "memory.h"
#include "spf.h"
#include "text.h"

#include <stdio.h>

enum { LINE_SIZE = 256 * 1024 };
static char line[LINE_SIZE];

static void add_unhexed(struct bytes *out, struct slice hex)
{
    for (size_t i = 0; i + 1 < hex.len; i += 2) {
        char pair[3] = {hex.at[i], hex.at[i + 1], '\0'};
        bytes_add_char(out, (char)strtol(pair, NULL, 16));
    }
}

static enum dns_outcome outcome_of(struct slice word)
{
    if (slice_is(word, "answer"))
        return DNS_ANSWER;
    if (slice_is(word, "nodata"))
        return DNS_NO_DATA;
    return slice_is(word, "noname") ? DNS_NO_NAME : DNS_FAILED;
}

static void ask(const struct dns_question *question, struct dns_answer *out)
{
    scoped_value(bytes) name = {0};

    hex_add(&name, slice_of(question->name));
    printf("ask %d %s\n", (int)question->type, name.at);
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin))
        exit(1);
    struct slice rest = slice_trim(slice_of(line));
    out->outcome = outcome_of(slice_cut(&rest, ' '));
    while (rest.at) {
        scoped_value(bytes) rdata = {0};
        add_unhexed(&rdata, slice_cut(&rest, ' '));
        dns_answer_add(out, bytes_slice(&rdata));
    }
}

static void learn(struct dns_facts *facts)
{
    struct dns_lookup *lookup = dns_facts_open(facts);

    if (!lookup) {
        fprintf(stderr, "open without a question\n");
        exit(1);
    }
    lookup->errand.ok = true;
    for (size_t i = 0; i < lookup->count; i++)
        ask(&lookup->questions[i], &lookup->answers[i]);
    dns_facts_learn(facts, lookup);
    errand_free(&lookup->errand);
}

int main(int argc, char **argv)
{
    scoped_value(dns_facts) facts = {0};
    scoped_value(bytes) helo = {0};
    scoped_value(bytes) sender = {0};
    struct spf_verdict verdict;
    char explanation[SPF_EXPLANATION_SIZE];

    if (argc != 4)
        return 2;
    add_unhexed(&helo, slice_of(argv[2]));
    add_unhexed(&sender, slice_of(argv[3]));
    if (sender.len == 0)
        bytes_print(&sender, "postmaster@%s", helo.at ? helo.at : "");
    struct slice domain = bytes_slice(&sender);
    domain = slice_from(domain, slice_find_last(domain, '@') + 1);
    const struct spf_question question = {
        .client = argv[1],
        .helo = bytes_slice(&helo),
        .sender = bytes_slice(&sender),
        .domain = domain,
    };
    for (spf_judge(&question, &facts, &verdict); verdict.open;
         spf_judge(&question, &facts, &verdict))
        learn(&facts);
    while (!spf_explain(&question, &verdict, "receiver.test", 0, &facts, explanation))
        learn(&facts);
    printf("result %s %s\n", auth_result_word(verdict.result), explanation);
    return 0;
}
