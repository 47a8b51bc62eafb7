/* Who is followed, who follows, who reads by mail, and what was decided about whom. */
#include "export.h"
#include "memory.h"

enum { PAGE = 500 };

struct people {
    struct export *it;
    struct bytes csv, subscribers, blocked; /* of the page */
    int64_t last;
    int on_page;
};

static void count_row(struct people *people, int64_t id)
{
    people->last = id;
    people->on_page++;
}

static bool add_followed(void *ctx, const struct follow *follow, const struct person *person)
{
    struct people *people = ctx;
    bool follows = follow->state == FOLLOW_ACCEPTED || follow->state == FOLLOW_WAITING;

    count_row(people, follow->id);
    if (follows && person->user && person->host)
        bytes_print(&people->csv, "%s@%s,true,false,\n", person->user, person->host);
    return true;
}

static bool add_follower(void *ctx, const struct follow *follow, const struct person *person)
{
    struct people *people = ctx;

    count_row(people, follow->id);
    if (person->kind == PERSON_MAIL)
        bytes_print(&people->subscribers, "%s\n", person->address);
    else if (person->user && person->host)
        bytes_print(&people->csv, "%s@%s\n", person->user, person->host);
    return true;
}

static bool add_contact(void *ctx, const struct contact *contact, const struct person *person)
{
    struct people *people = ctx;
    bool barred = contact->state == CONTACT_REFUSED || contact->state == CONTACT_IGNORED;

    count_row(people, contact->id);
    contact_export_line(contact, person, &people->csv);
    if (barred && person->kind == PERSON_FEDIVERSE && person->user && person->host)
        bytes_print(&people->blocked, "%s@%s\n", person->user, person->host);
    return true;
}

/* ---- pages ---- */
typedef bool look_at(struct store_view *, struct people *, struct err *);

static bool look_at_followed(struct store_view *view, struct people *people, struct err *err)
{
    return store_following(view, people->it->account.person_id, people->last, PAGE, add_followed,
                           people, err);
}

static bool look_at_followers(struct store_view *view, struct people *people, struct err *err)
{
    return store_followers(view, people->it->account.person_id, true, people->last, PAGE,
                           add_follower, people, err);
}

static bool look_at_contacts(struct store_view *view, struct people *people, struct err *err)
{
    return store_contacts(view, people->it->account.id, people->last, PAGE, add_contact, people,
                          err);
}

static bool look(struct people *people, look_at *page, struct err *err)
{
    scoped(store_view) view = store_look(people->it->command->house->store, err);

    return view && page(view, people, err);
}

static bool put(struct people *people, const char *name, struct bytes *text, struct err *err)
{
    bool done = !name || export_put(people->it, name, 0, bytes_slice(text), err);

    bytes_reset(text);
    return done;
}

struct list {
    const char *head, *csv, *subscribers, *blocked; /* files; or NULL */
    look_at *page;
};

static bool put_list(struct export *it, const struct list *list, struct err *err)
{
    struct people people = {.it = it};
    bool good = true;

    bytes_add_text(&people.csv, list->head);
    do {
        people.on_page = 0;
        good = look(&people, list->page, err) && put(&people, list->csv, &people.csv, err) &&
               put(&people, list->subscribers, &people.subscribers, err) &&
               put(&people, list->blocked, &people.blocked, err);
    } while (good && people.on_page == PAGE);
    bytes_clear(&people.csv);
    bytes_clear(&people.subscribers);
    bytes_clear(&people.blocked);
    return good;
}

bool export_people(struct export *it, struct err *err)
{
    static const struct list lists[] = {
        {"Account address,Show boosts,Notify on new posts,Languages\n", "following_accounts.csv",
         NULL,                                                                                                       NULL,                   look_at_followed },
        {"Account address\n",                                           "followers.csv",          "subscribers.txt", NULL,                   look_at_followers},
        {"",                                                            "contacts.txt",           NULL,              "blocked_accounts.csv", look_at_contacts },
    };

    for (size_t i = 0; i < COUNT_OF(lists); i++)
        if (!put_list(it, &lists[i], err))
            return false;
    return true;
}
