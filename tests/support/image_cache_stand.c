/* image_cache_stand - storey: agent. The image cache alone, told what to do line by line on stdin:
 *   want TASK-UUID SHA256 SIZE URL-BASE TOKEN     release TASK-UUID     path SHA256
 * and answering on stdout: `there SHA256 PATH`, `failed SHA256 CODE TEXT`, `refused TEXT`, `path
 * PATH|-`.
 *
 *   image_cache_stand FOLDER CA-FILE BUDGET
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/images/image_cache.h"
#include "common/handover.h"
#include "common/text.h"

static void drop(void *arrival)
{
    image_arrival_free(arrival);
}

static void say_arrivals(struct handover *arrivals)
{
    struct image_arrival *arrival;
    char hex[65];

    while ((arrival = handover_try_receive(arrivals))) {
        text_hex(arrival->sha256, sizeof(arrival->sha256), hex);
        if (arrival->path)
            printf("there %s %s\n", hex, arrival->path);
        else
            printf("failed %s %d %s\n", hex, arrival->error.code, error_text(&arrival->error));
        image_arrival_free(arrival);
    }
}

static int obey(struct image_cache *cache, char *line)
{
    char word[16], first[80], second[80], url[256], token[256];
    unsigned long long size;
    uint8_t sha256[IMAGE_SHA256_BYTES];
    struct uuid task;
    struct error err = {0};
    char *path;

    if (sscanf(line, "want %79s %79s %llu %255s %255s", first, second, &size, url, token) == 5) {
        if (uuid_parse(first, &task) < 0 || text_unhex(second, sha256, sizeof(sha256)) < 0)
            return -1;
        if (image_cache_want(cache, &task, sha256, size, url, token, &err) < 0)
            printf("refused %s\n", error_text(&err));
        return 0;
    }
    if (sscanf(line, "%15s %79s", word, first) != 2)
        return -1;
    if (strcmp(word, "release") == 0 && uuid_parse(first, &task) == 0) {
        image_cache_release(cache, &task);
    } else if (strcmp(word, "path") == 0 && text_unhex(first, sha256, sizeof(sha256)) == 0) {
        path = image_cache_path(cache, sha256);
        printf("path %s\n", path ? path : "-");
        free(path);
    } else {
        return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct image_cache_settings settings = {0};
    struct handover *arrivals = handover_create(16, drop, NULL);
    struct image_cache *cache;
    struct error err = {0};
    char line[1024];
    int rc = EXIT_FAILURE;

    if (argc != 4 || !arrivals)
        return EXIT_FAILURE;
    settings.folder = argv[1];
    settings.ca_file = argv[2];
    settings.budget_bytes = strtoull(argv[3], NULL, 10);
    setvbuf(stdout, NULL, _IOLBF, 0);
    setvbuf(stdin, NULL, _IONBF, 0);
    cache = image_cache_create(&settings, arrivals, &err);
    if (!cache) {
        fprintf(stderr, "%s\n", error_text(&err));
        goto out;
    }
    for (;;) {
        struct pollfd items[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                 {.fd = handover_fd(arrivals), .events = POLLIN}};

        poll(items, 2, -1);
        say_arrivals(arrivals);
        if (!items[0].revents)
            continue;
        if (!fgets(line, sizeof(line), stdin))
            break;
        if (obey(cache, line) < 0) {
            fprintf(stderr, "not understood: %s", line);
            goto out;
        }
    }
    rc = EXIT_SUCCESS;
out:
    image_cache_destroy(cache);
    handover_destroy(arrivals);
    return rc;
}
