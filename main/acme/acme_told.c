/* The certificate in `nestbox status`. */
#include "acme.h"
#include "acme_certificate.h"
#include "clock.h"
#include "json.h"
#include "text.h"
#include "vitals.h"

static int64_t next_ms(const struct acme_view *view)
{
    int64_t due_ms = acme_due_ms(view), now_ms = clock_now(&system_clock);
    int64_t from_ms = acme_not_before_ms(view, false, now_ms);

    if (due_ms < from_ms)
        due_ms = from_ms;
    return due_ms < now_ms ? now_ms : due_ms;
}

static const char *day(int64_t ms, char out[DATE_TEXT_SIZE])
{
    date_rfc3339(ms, out);
    return out;
}

static void say_plan(const struct acme_view *view, struct bytes *out)
{
    char date[DATE_TEXT_SIZE];
    struct url url;

    if (!url_read(slice_of(view->directory), &url))
        return;
    bytes_print(out, "            %s by %.*s from %s on\n", view->fits ? "renewed" : "fetched",
                SLICE_ARGS(url.host), day(next_ms(view), date));
    if (view->note.trouble[0])
        bytes_print(out, "            last time: %s\n", view->note.trouble);
}

void acme_say(const struct config *config, const struct data_dir *dir, struct bytes *out)
{
    scoped_value(acme_view) view = {.fits = false};
    char date[DATE_TEXT_SIZE];

    acme_view_read(dir, config, &view);
    if (!view.facts.until_ms)
        bytes_print(out, "certificate cannot be read\n");
    else
        bytes_print(out, "certificate until %s for %s%s\n", day(view.facts.until_ms, date),
                    view.facts.names.len > 0 ? view.facts.names.at : "no name",
                    view.facts.self_signed ? "; our own, which others do not trust" : "");
    if (config_fetches_certificate(config))
        say_plan(&view, out);
}

void acme_add_json(const struct config *config, const struct data_dir *dir, struct json *json)
{
    scoped_value(acme_view) view = {.fits = false};
    char date[DATE_TEXT_SIZE];

    acme_view_read(dir, config, &view);
    struct slice rest = bytes_slice(&view.facts.names);
    json_open(json, "certificate");
    json_array(json, "names");
    while (rest.at && rest.len > 0)
        json_slice(json, NULL, slice_cut(&rest, ' '));
    json_end(json);
    json_text(json, "until", view.facts.until_ms ? day(view.facts.until_ms, date) : NULL);
    json_bool(json, "self_signed", view.facts.self_signed);
    if (config_fetches_certificate(config)) {
        json_text(json, "authority", view.directory);
        json_text(json, "next", day(next_ms(&view), date));
        json_text(json, "trouble", view.note.trouble[0] ? view.note.trouble : NULL);
    }
    json_end(json);
}

void acme_tell(const struct config *config, const struct data_dir *dir,
               struct certificate_told *out)
{
    scoped_value(acme_view) view = {.fits = false};

    acme_view_read(dir, config, &view);
    *out = (struct certificate_told){
        .until_ms = view.facts.until_ms,
        .self_signed = view.facts.self_signed,
        .fetched = config_fetches_certificate(config),
        .failing = config_fetches_certificate(config) && view.note.trouble[0],
    };
}
