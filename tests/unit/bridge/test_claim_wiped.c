/* The mails of a claim hold a word and a password, which are left nowhere in memory. */
#include "claimant.h"
#include "freed.h"

static void its_word_and_its_password_are_wiped(void **state)
{
    static const char word[] = "\n    confirm ", password[] = "\n    Password   ";

    (void)state;
    freed_watch(word);
    assert_said(0, "claim una@example.org", "250 2.0.0 Taken");
    assert_int_equal(freed_with_words(), 0);
    read_word();
    freed_watch(password);
    scoped_text char *good = confirm(0);
    assert_int_equal(freed_with_words(), 0);
    assert_text(good, "250 2.0.0 Taken");
    scoped_text char *letter = opened_letter();
    assert_non_null(strstr(letter, "    Password   "));
}

int main(int argc, char **argv)
{
    int code;
    const struct CMUnitTest tests[] = {
        IN_CLAIMS(its_word_and_its_password_are_wiped),
    };

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
