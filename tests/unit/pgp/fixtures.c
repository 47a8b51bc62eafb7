#include "fixtures.h"

#include "memory.h"
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FILES_MOST = 128 };

static struct {
    char path[64];
    struct {
        char *name;
        struct bytes content;
    } files[FILES_MOST];
    size_t count;
} fixtures;

void fixtures_make(void)
{
    strcpy(fixtures.path, "/tmp/nestbox-pgp-XXXXXX");
    assert_non_null(mkdtemp(fixtures.path));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        execl("/bin/sh", "sh", FIXTURES_SCRIPT, fixtures.path, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    setenv("TMPDIR", fixtures.path, 1);
    unsetenv("XDG_RUNTIME_DIR");
}

static int remove_one(const char *path, const struct stat *seen, int kind, struct FTW *where)
{
    (void)seen;
    (void)kind;
    (void)where;
    return remove(path);
}

void fixtures_remove(void)
{
    for (size_t i = 0; i < fixtures.count; i++) {
        free(fixtures.files[i].name);
        bytes_clear(&fixtures.files[i].content);
    }
    fixtures.count = 0;
    nftw(fixtures.path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void read_file(const char *name, struct bytes *out)
{
    scoped_text char *path = must_print("%s/%s", fixtures.path, name);
    FILE *file = fopen(path, "re");
    size_t len = 1;

    if (!file) {
        bytes_add_text(out, name);
        return;
    }
    while (len > 0) {
        len = fread(bytes_reserve(out, 65536), 1, 65536, file);
        out->len += len;
    }
    fclose(file);
}

struct slice fixture(const char *name)
{
    for (size_t i = 0; i < fixtures.count; i++)
        if (strcmp(fixtures.files[i].name, name) == 0)
            return bytes_slice(&fixtures.files[i].content);
    assert_true(fixtures.count < FILES_MOST);
    fixtures.files[fixtures.count].name = must_dup(name);
    read_file(name, &fixtures.files[fixtures.count].content);
    return bytes_slice(&fixtures.files[fixtures.count++].content);
}

int fixtures_homes(void)
{
    DIR *folder = opendir(fixtures.path);
    int count = 0;

    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += strncmp(entry->d_name, "nestbox-judge-", 14) == 0;
    closedir(folder);
    return count;
}

struct judge_argv judge_like(const char *argument, const char *more)
{
    return (struct judge_argv){
        {"/proc/self/exe", argument, more, NULL}
    };
}
