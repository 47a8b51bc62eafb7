/* town_model.c make|remove FILE: the model that the towns of all programs are copies of, see town.c. */
#include "town.h"

#include <string.h>

static const char *file_name;

static void make(void **state)
{
    (void)state;
    town_save_model(file_name);
}

static void end(void **state)
{
    (void)state;
    town_remove_model(file_name);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest made[] = {cmocka_unit_test(make)};
    const struct CMUnitTest ended[] = {cmocka_unit_test(end)};
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    if (argc != 3)
        return 2;
    file_name = argv[2];
    return strcmp(argv[1], "make") == 0 ? cmocka_run_group_tests(made, NULL, NULL)
                                        : cmocka_run_group_tests(ended, NULL, NULL);
}
