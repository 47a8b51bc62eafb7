/* A data_dir for one test: made empty, removed with all that is in it. */
#ifndef NESTBOX_TEST_TEMP_DIR_H
#define NESTBOX_TEST_TEMP_DIR_H

struct temp_dir {
    char path[64];
    int fd;
};
void temp_dir_make(struct temp_dir *dir);
void temp_dir_remove(struct temp_dir *dir);
/* How many entries the folder `name` below it has. */
int temp_dir_count(const struct temp_dir *dir, const char *name);

#endif
