/*
 * main() for a fuzz target where there is no libFuzzer: runs every file of the folders and files given as
 * arguments through it, so that ordinary ctest replays each corpus and each crash that was ever found.
 * A folder that is missing or empty is a failure: it would test nothing and say that all is well.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static long run_file(const char *path)
{
    FILE *file = fopen(path, "rbe");
    struct stat facts;

    if (!file || fstat(fileno(file), &facts) != 0) {
        perror(path);
        exit(1);
    }
    size_t size = (size_t)facts.st_size;
    uint8_t *data =
        malloc(size ? size : 1); /* of the exact size, so that ASan sees one byte more */
    if (!data || fread(data, 1, size, file) != size) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    fclose(file);
    fprintf(stderr, "%s\n", path); /* the last line tells which one crashed */
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 1;
}

static long run_folder(const char *path)
{
    struct dirent **names = NULL;
    int count = scandir(path, &names, NULL, alphasort);
    long run = 0;

    for (int i = 0; i < count; i++) {
        char *file = NULL;
        if (names[i]->d_name[0] != '.' && asprintf(&file, "%s/%s", path, names[i]->d_name) > 0)
            run += run_file(file);
        free(file);
        free(names[i]);
    }
    free(names);
    if (run == 0) {
        fprintf(stderr, "%s: missing or empty\n", path);
        exit(1);
    }
    return run;
}

int main(int argc, char **argv)
{
    long run = 0;
    struct stat facts;

    for (int i = 1; i < argc; i++) {
        bool folder = stat(argv[i], &facts) != 0 || S_ISDIR(facts.st_mode);
        run += folder ? run_folder(argv[i]) : run_file(argv[i]);
    }
    fprintf(stderr, "%ld inputs\n", run);
    return run > 0 ? 0 : 1;
}
