/* The picture of somebody of the Fediverse who asks: when it is wanted, what is shown of it, and how long it is kept. */
#include "visitors.h"

#include "bridge_contact.h"
#include "contact_work.h"
#include "text.h"

#define FOLLOW_OF(who) "https://" who "/f/1"

/* 64 x 64, with a comment in it. */
static const char face[] =
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAGXRFWHRDb21tZW50AHdoZXJlIGl0IHdh"
    "cyBtYWRlZ9eGjQAAANNJREFUeNrt2N0NwjAMReG7CSOyHEMwBAMwBg+VEOKnpUkqXztH8gDne6gaW/fb"
    "NfUIAAAAAAAAAADAFXA6X5bJBHhG/xpfwGb6EQyF1A80KKp+lEGB9UMMiq3vNyi8vtMwMWBgfY8BAIAY"
    "wPD6ZgOApAA+YgAAeMw5ANLvAxU2sgo7cYWrRIW7UIXLXJHbKOd1ADMCUv7IEj+nD1qI2xjySW9jyC19"
    "L0Oe6f8zZF6/aZB//bpB/unrjIoA2/qvBuWq/zQoXf2boRAgUf2rAQCA2QEPkXAS1CroyFUAAAAASUVO"
    "RK5CYII=";

static struct town town;
static struct bytes png;

static int open_town(void **state)
{
    (void)state;
    visitors_open(&town);
    town.config.contact = town.config.follow = DOOR_ASK;
    assert_true(base64_read(slice_of(face), &png));
    return 0;
}

static int close_town(void **state)
{
    (void)state;
    bytes_clear(&png);
    town_close(&town);
    return 0;
}

static struct said follow(const char *who, struct slice picture)
{
    return (struct said){.type = ACTIVITY_FOLLOW,
                         .who = who,
                         .id = strcmp(who, "bob") == 0 ? "https://social.example/f/1"
                                                       : "https://other.example/f/1",
                         .object = "https://example.org/users/alice",
                         .picture = picture};
}

static bool is_kept(const char *who)
{
    struct err err = {0};
    bool kept = false;
    scoped(store_view) view = store_look(town.store, &err);

    assert_true(store_has_portrait(view, town_person(&town, who), &kept, &err));
    return kept;
}

static void it_is_shown_in_the_request_and_loaded_from_nowhere(void **state)
{
    const struct said said = follow("bob", bytes_slice(&png));
    scoped_value(bytes) content = {0};

    (void)state;
    visitor_says(&town, &said);
    mailbox_newest_content(&town, town.alice, MAILBOX_CONTACTS_NEW, &content);
    scoped_text char *html = mail_shown(bytes_slice(&content), "text/html");
    assert_non_null(strstr(html, "<img src=\"cid:"));
    assert_null(strstr(html, "src=\"http"));
    assert_non_null(strstr(content.at, "Content-Type: image/png\r\n"));
    assert_non_null(strstr(content.at, "Content-Disposition: inline"));
    assert_null(strstr(content.at, "d2hlcmUgaXQgd2FzIG1hZGU")); /* "where it was made" */
    assert_true(is_kept("bob"));
}

static bool make_chat(struct town *it, struct store_tx *tx, struct err *err)
{
    return store_account_chats(tx, it->alice, err);
}

static void in_a_chat_it_is_the_face(void **state)
{
    const struct said said = follow("bob", bytes_slice(&png));
    const struct said faceless = follow("dan", SLICE(""));
    scoped_value(bytes) content = {0};

    (void)state;
    town_write(&town, make_chat);
    visitor_says(&town, &said);
    mailbox_newest_content(&town, town.alice, MAILBOX_INBOX, &content);
    assert_non_null(strstr(content.at, "\r\nChat-User-Avatar: base64:\r\n iVBORw0KGgo"));
    assert_null(strstr(content.at, "Content-Type: image/"));
    visitor_says(&town, &faceless);
    scoped_value(bytes) other = {0};
    mailbox_newest_content(&town, town.alice, MAILBOX_INBOX, &other);
    assert_non_null(strstr(other.at, "Dan (@dan@other.example) wants to follow you"));
    assert_null(strstr(other.at, "Chat-User-Avatar"));
}

static void what_is_no_picture_is_not_shown(void **state)
{
    static const char *const rows[] = {"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
                                       "\x89PNG\r\n\x1a\n", "<html>", "GIF89a"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct said said = follow("bob", slice_of(rows[i]));
        scoped_value(bytes) content = {0};

        visitor_says(&town, &said);
        mailbox_newest_content(&town, town.alice, MAILBOX_CONTACTS_NEW, &content);
        assert_non_null(strstr(content.at, "wants to follow you"));
        assert_null(strstr(content.at, "Content-Type: image/"));
        assert_false(is_kept("bob"));
        close_town(state);
        open_town(state);
    }
}

static bool is_wanted(const struct said *said)
{
    struct activity_arrival *arrival = visitor_prepares(&town, said);
    bool wanted = arrival->picture.wanted;

    assert_true(visitor_records(&town, arrival));
    return wanted;
}

static void choose(const char *person, enum contact_choice choice)
{
    struct err err = {0};

    assert_true(bridge_contact_choose(town.bridge, SLICE("alice@example.org"), slice_of(person),
                                      choice, NULL, &err));
}

/* Else whoever keeps the picture would learn from its fetch what was decided about them. */
static void it_is_wanted_whatever_was_decided(void **state)
{
    static const struct {
        const char *person;
        enum contact_choice choice;
        bool wanted;
    } rows[] = {
        {"@bob@social.example", CHOICE_ASK_AGAIN, true },
        {"@bob@social.example", CHOICE_IGNORE,    true },
        {"@bob@social.example", CHOICE_REFUSE,    true },
        {"@social.example",     CHOICE_IGNORE,    true },
        {"@bob@social.example", CHOICE_WELCOME,   false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct said said = follow("bob", SLICE(""));

        assert_true(is_wanted(&said));
        choose(rows[i].person, rows[i].choice);
        assert_int_equal(is_wanted(&said), rows[i].wanted);
        close_town(state);
        open_town(state);
    }
}

static void it_is_not_wanted_where_nobody_is_asked(void **state)
{
    const struct said like = {ACTIVITY_LIKE, "bob", .id = "https://social.example/l/1",
                              .object = "https://social.example/posts/alice-public@example.org"};
    struct said said = follow("bob", SLICE(""));

    (void)state;
    assert_false(is_wanted(&like));
    town.config.follow = DOOR_OPEN;
    assert_false(is_wanted(&said));
    town.config.follow = DOOR_CLOSED;
    said.who = "dan";
    assert_false(is_wanted(&said));
}

static void it_goes_with_the_request(void **state)
{
    const struct said said = follow("bob", bytes_slice(&png));

    (void)state;
    visitor_says(&town, &said);
    town_wait(&town, 15 * DAY_MS);
    town_chores(&town, NULL);
    assert_false(is_kept("bob"));
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_shown_in_the_request_and_loaded_from_nowhere,
                                        open_town, close_town),
        cmocka_unit_test_setup_teardown(in_a_chat_it_is_the_face, open_town, close_town),
        cmocka_unit_test_setup_teardown(what_is_no_picture_is_not_shown, open_town, close_town),
        cmocka_unit_test_setup_teardown(it_is_wanted_whatever_was_decided, open_town, close_town),
        cmocka_unit_test_setup_teardown(it_is_not_wanted_where_nobody_is_asked, open_town,
                                        close_town),
        cmocka_unit_test_setup_teardown(it_goes_with_the_request, open_town, close_town),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
