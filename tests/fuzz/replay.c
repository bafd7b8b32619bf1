/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds a fuzz target its corpus without libFuzzer, one TAP case a file: any compiler, any
 * sanitizer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static uint8_t *read_all(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    long len = -1;

    if (file && fseek(file, 0, SEEK_END) == 0)
        len = ftell(file);
    /* Exactly as long as the input, so that a sanitizer sees a read past its end. */
    if (len >= 0)
        data = malloc(len > 0 ? (size_t)len : 1);
    if (data &&
        (fseek(file, 0, SEEK_SET) != 0 || fread(data, 1, (size_t)len, file) != (size_t)len)) {
        free(data);
        data = NULL;
    }
    if (file)
        (void)fclose(file);
    *ret_len = data ? (size_t)len : 0;
    return data;
}

int main(int argc, char **argv)
{
    struct dirent **entries = NULL;

    int n_entries = argc == 2 ? scandir(argv[1], &entries, is_input, alphasort) : -1;
    if (n_entries <= 0) {
        printf("Bail out! no inputs in %s\n", argc == 2 ? argv[1] : "(one folder is needed)");
        return EXIT_FAILURE;
    }

    setvbuf(stdout, NULL, _IOLBF, 0); /* a crash must not eat the name of the case before it */
    printf("1..%d\n", n_entries);
    int n_failed = 0;
    for (int i = 0; i < n_entries; i++) {
        char path[4096];
        size_t len;
        (void)snprintf(path, sizeof(path), "%s/%s", argv[1], entries[i]->d_name);
        uint8_t *data = read_all(path, &len);
        if (data)
            (void)LLVMFuzzerTestOneInput(data, len);
        n_failed += data == NULL;
        printf("%s %d - %s\n", data ? "ok" : "not ok", i + 1, entries[i]->d_name);
        free(data);
        free(entries[i]);
    }
    free(entries);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
