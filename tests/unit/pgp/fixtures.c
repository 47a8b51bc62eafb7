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

static void write_armor(struct slice encrypted, const char *path)
{
    size_t begin = slice_find_text(encrypted, SLICE("-----BEGIN PGP MESSAGE-----"));
    struct slice armor = slice_from(encrypted, begin == SIZE_MAX ? 0 : begin);
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(armor.at, 1, armor.len, file), armor.len);
    fclose(file);
}

static void run_gpg(struct slice encrypted, const char *more)
{
    scoped_text char *path = must_print("%s/sealed", fixtures.path);
    scoped_text char *command =
        must_print("GNUPGHOME=%s/home gpg --batch --quiet --no-tty --yes --output %s/opened %s "
                   "--decrypt %s 2>%s/said",
                   fixtures.path, fixtures.path, more, path, fixtures.path);

    write_armor(encrypted, path);
    int status = system(command); // NOLINT(cert-env33-c): the test's own words
    if (status != 0)
        fail_msg("%s: %d", command, status);
}

void fixture_decrypt(struct slice encrypted, struct bytes *out)
{
    run_gpg(encrypted, "");
    read_file("opened", out);
}

char *fixture_session_key(struct slice encrypted)
{
    scoped_value(bytes) told = {0};

    run_gpg(encrypted, "--show-session-key");
    read_file("said", &told);
    struct slice said = bytes_slice(&told);
    size_t at = slice_find_text(said, SLICE("session key: "));
    assert_true(at != SIZE_MAX);
    struct slice rest = slice_from(said, at);
    return must_copy(slice_line(&rest));
}
