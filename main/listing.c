#include "listing.h"

#include "bridge_people.h"

static bool show_pages(struct listing *listing, bool (*page)(struct listing *, struct err *),
                       struct err *err)
{
    do {
        listing->on_page = 0;
        if (!page(listing, err))
            return false;
    } while (listing->on_page == LISTING_PAGE);
    return true;
}

bool listing_account(const struct command *command, struct store_view *view, struct account *out,
                     struct err *err)
{
    return bridge_account_find(command->house->bridge, view, slice_of(command->arguments[0]), out,
                               err);
}

static bool begin(struct listing *listing, enum listing_of of, struct err *err)
{
    return of == LISTING_OF_ALL ||
           listing_account(listing->command, listing->view, &listing->account, err);
}

int listing_run(struct command *command, enum listing_of of,
                bool (*page)(struct listing *, struct err *))
{
    struct err err;
    struct listing listing = {.command = command, .json = json_to(&command->out)};
    scoped(store_view) view = store_look(command->house->store, &err);

    listing.view = view;
    if (command->json)
        json_array(&listing.json, NULL);
    bool shown = view && begin(&listing, of, &err) && show_pages(&listing, page, &err);
    account_clear(&listing.account);
    if (!shown) {
        bytes_reset(&command->out); /* half an array is none */
        return command_refuse(command, &err);
    }
    if (command->json) {
        json_end(&listing.json);
        command_say(command, "\n");
    }
    return EXIT_DONE;
}
