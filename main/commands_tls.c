/* nestbox queue tls: how TLS fared on the way to others, since it was last reported. */
#include "command.h"
#include "listing.h"
#include "out_tls.h"
#include "store_transport.h"

static const char *judge_name(int judge)
{
    static const char *const names[] = {
        [JUDGE_NOBODY] = "no-policy-found", [JUDGE_DANE] = "tlsa", [JUDGE_STS] = "sts"};

    return names[judge];
}

static const char *result_name(int result)
{
    return result == TLS_GOOD ? "good" : tls_result_name((enum tls_result)result);
}

static void row_json(struct json *json, const struct tls_row *row)
{
    char day[DATE_TEXT_SIZE];

    date_rfc3339(row->day * DAY_MS, day);
    json_open(json, NULL);
    json_slice(json, "day", slice_first(slice_of(day), 10));
    json_text(json, "domain", row->domain);
    json_text(json, "policy", judge_name(row->judge));
    json_text(json, "result", result_name(row->result));
    json_text(json, "host", row->host);
    json_text(json, "address", row->address);
    json_number(json, "count", row->count);
    json_end(json);
}

static bool list_row(void *ctx, const struct tls_row *row)
{
    struct listing *listing = ctx;
    char day[DATE_TEXT_SIZE];

    if (listing->command->json) {
        row_json(&listing->json, row);
        return true;
    }
    date_rfc3339(row->day * DAY_MS, day);
    command_say(listing->command, "%.10s\t%s\t%s\t%s\t%s %s\t%lld\n", day, row->domain,
                judge_name(row->judge), result_name(row->result), row->host[0] ? row->host : "-",
                row->address, (long long)row->count);
    return true;
}

static bool list_rows(struct listing *listing, struct err *err)
{
    return store_tls_counts(listing->view, 0, NULL, list_row, listing, err);
}

int run_queue_tls(struct command *command)
{
    return listing_run(command, LISTING_OF_ALL, list_rows);
}
