/* image_fetch.c - see image_fetch.h. Owns the part file's descriptor and the curl handle. */
#include "agent/images/image_fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"

struct image_fetch {
    CURL *curl;
    struct curl_slist *headers; /* holds the token */
    int fd;
    uint64_t size, begin, length; /* announced; resumed from; in the part file now */
    bool started;                 /* the first byte came: it is known whether Range was honoured */
    struct error local;           /* why our side ended the transfer */
    char curl_error[CURL_ERROR_SIZE];
};

/* A server that does not know Range sends everything: begin anew. */
static int begin_body(struct image_fetch *fetch)
{
    long status = 0;

    fetch->started = true;
    curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 206 || fetch->begin == 0)
        return 0;
    if (ftruncate(fetch->fd, 0) < 0 || lseek(fetch->fd, 0, SEEK_SET) < 0)
        return error_set(&fetch->local, "truncate the part file: %s", strerror(errno));
    fetch->length = 0;
    return 0;
}

static int write_all(struct image_fetch *fetch, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fetch->fd, bytes, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_code(&fetch->local, ERROR_UNAVAILABLE, "write the part file: %s",
                                  strerror(errno));
        bytes += n;
        length -= (size_t)n;
        fetch->length += (uint64_t)n;
    }
    return 0;
}

static size_t on_body(char *bytes, size_t one, size_t length, void *context)
{
    struct image_fetch *fetch = context;

    (void)one;
    if (!fetch->started && begin_body(fetch) < 0)
        return 0;
    if (length > fetch->size - fetch->length) {
        error_set_code(&fetch->local, ERROR_INVALID,
                       "the file is longer than the %" PRIu64 " bytes announced", fetch->size);
        return 0;
    }
    return write_all(fetch, bytes, length) < 0 ? 0 : length;
}

static int set_headers(struct image_fetch *fetch, const char *token, struct error *err)
{
    char header[256];
    int length = snprintf(header, sizeof(header), "Authorization: Bearer %s", token);

    if (length >= (int)sizeof(header))
        return error_set_code(err, ERROR_INVALID, "the fetch token is too long");
    fetch->headers = curl_slist_append(NULL, header);
    explicit_bzero(header, sizeof(header));
    return fetch->headers ? 0 : error_no_memory(err);
}

static int set_up(struct image_fetch *fetch, const struct image_fetch_order *order)
{
    CURL *curl = fetch->curl;
    char range[32];

    snprintf(range, sizeof(range), "%" PRIu64 "-", fetch->begin);
    return curl_easy_setopt(curl, CURLOPT_URL, order->url) ||
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") ||
           curl_easy_setopt(curl, CURLOPT_CAINFO, order->ca_file) ||
           curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) || /* the host's authorities do not count */
           curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2) ||
           curl_easy_setopt(curl, CURLOPT_PROXY, "") ||
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fetch->headers) ||
           curl_easy_setopt(curl, CURLOPT_RANGE, fetch->begin ? range : NULL) ||
           curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L) ||
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) ||
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L) ||
           curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1024L) ||
           curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 30L) ||
           curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, fetch->curl_error) ||
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body) ||
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetch);
}

static int open_part(struct image_fetch *fetch, const char *path, struct error *err)
{
    struct stat info;

    fetch->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fetch->fd < 0 || fstat(fetch->fd, &info) < 0)
        return error_set(err, "open %s: %s", path, strerror(errno));
    /* As long as it should be, or longer, and still a part: its digest was wrong. */
    if ((uint64_t)info.st_size >= fetch->size && ftruncate(fetch->fd, info.st_size = 0) < 0)
        return error_set(err, "truncate %s: %s", path, strerror(errno));
    if (lseek(fetch->fd, 0, SEEK_END) < 0)
        return error_set(err, "seek in %s: %s", path, strerror(errno));
    fetch->begin = fetch->length = (uint64_t)info.st_size;
    return 0;
}

struct image_fetch *image_fetch_create(const struct image_fetch_order *order, struct error *err)
{
    struct image_fetch *fetch = calloc(1, sizeof(*fetch));

    if (!fetch) {
        error_no_memory(err);
        return NULL;
    }
    fetch->fd = -1;
    fetch->size = order->size;
    fetch->curl = curl_easy_init();
    if (!fetch->curl) {
        error_no_memory(err);
        goto fail;
    }
    if (open_part(fetch, order->part_path, err) < 0 || set_headers(fetch, order->token, err) < 0)
        goto fail;
    if (set_up(fetch, order)) {
        error_set(err, "libcurl refuses an option of a transfer");
        goto fail;
    }
    return fetch;
fail:
    image_fetch_destroy(fetch);
    return NULL;
}

void image_fetch_destroy(struct image_fetch *fetch)
{
    int saved = errno;

    if (!fetch)
        return;
    if (fetch->curl)
        curl_easy_cleanup(fetch->curl);
    if (fetch->headers)
        explicit_bzero(fetch->headers->data, strlen(fetch->headers->data));
    curl_slist_free_all(fetch->headers);
    if (fetch->fd >= 0)
        close(fetch->fd);
    free(fetch);
    errno = saved;
}

CURL *image_fetch_handle(const struct image_fetch *fetch)
{
    return fetch->curl;
}

static int refused(long status, bool *ret_again, struct error *err)
{
    switch (status) {
    case 401:
    case 403:
        return error_set_code(
            err, ERROR_UNAVAILABLE,
            "the controller refused the fetch token (HTTP %ld): it may have ended", status);
    case 404:
    case 410:
        return error_set_code(
            err, ERROR_NOT_FOUND,
            "the controller has no such file (HTTP %ld): was the image imported whole?", status);
    default:
        *ret_again = status >= 500 || status == 416 || status == 429;
        return error_set_code(err, ERROR_UNAVAILABLE, "the controller answered HTTP %ld", status);
    }
}

int image_fetch_finish(struct image_fetch *fetch, CURLcode result, bool *ret_again,
                       struct error *err)
{
    long status = 0;

    *ret_again = false;
    if (fetch->local.code != ERROR_NONE)
        return error_set_code(err, fetch->local.code, "%s", error_text(&fetch->local));
    curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, &status);
    if (result == CURLE_HTTP_RETURNED_ERROR)
        return refused(status, ret_again, err);
    if (result != CURLE_OK) {
        *ret_again = result != CURLE_PEER_FAILED_VERIFICATION &&
                     result != CURLE_SSL_CACERT_BADFILE && result != CURLE_UNSUPPORTED_PROTOCOL &&
                     result != CURLE_URL_MALFORMAT;
        return error_set_code(err, ERROR_UNAVAILABLE, "%s",
                              fetch->curl_error[0] ? fetch->curl_error
                                                   : curl_easy_strerror(result));
    }
    if (fetch->length != fetch->size)
        return error_set_code(err, ERROR_INVALID,
                              "the file has %" PRIu64 " bytes, %" PRIu64 " were announced",
                              fetch->length, fetch->size);
    if (fsync(fetch->fd) < 0)
        return error_set_code(err, ERROR_UNAVAILABLE, "fsync the part file: %s", strerror(errno));
    return 0;
}
