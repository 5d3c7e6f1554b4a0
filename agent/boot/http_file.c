/* Files as answers. A plain file goes out by sendfile(); one with a tail is read in blocks. */
#include "agent/boot/http_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/boot/http_range.h"
#include "agent/boot/initrd_tail.h"
#include "common/log.h"

#define READ_BLOCK (64 * 1024)

/* A file, zeros up to 'padded', and the tail: one stretch of bytes. */
struct tailed {
    int fd;
    uint64_t file_size, padded;
    uint64_t offset; /* where this answer begins */
    size_t tail_length;
    uint8_t tail[]; /* a copy: the offer may be gone before the last byte is */
};

static ssize_t tailed_read(void *cls, uint64_t position, char *out, size_t room)
{
    const struct tailed *tailed = cls;
    uint64_t at = tailed->offset + position;
    size_t length;
    ssize_t got;

    if (at < tailed->file_size) {
        length = room < tailed->file_size - at ? room : (size_t)(tailed->file_size - at);
        got = pread(tailed->fd, out, length, (off_t)at);
        /* Shorter than it was when its size was told: this answer cannot be finished. */
        return got > 0 ? got : MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (at < tailed->padded) {
        length = room < tailed->padded - at ? room : (size_t)(tailed->padded - at);
        memset(out, 0, length);
        return (ssize_t)length;
    }
    at -= tailed->padded;
    if (at >= tailed->tail_length)
        return MHD_CONTENT_READER_END_OF_STREAM;
    length = room < tailed->tail_length - at ? room : (size_t)(tailed->tail_length - at);
    memcpy(out, tailed->tail + at, length);
    return (ssize_t)length;
}

static void tailed_free(void *cls)
{
    struct tailed *tailed = cls;

    explicit_bzero(tailed->tail, tailed->tail_length);
    close(tailed->fd);
    free(tailed);
}

static uint64_t padded(uint64_t size)
{
    return (size + INITRD_TAIL_ALIGNMENT - 1) / INITRD_TAIL_ALIGNMENT * INITRD_TAIL_ALIGNMENT;
}

/* Takes 'fd' over, also on failure. */
static struct MHD_Response *make_tailed(int fd, const struct http_file *file, uint64_t file_size,
                                        uint64_t offset, uint64_t length)
{
    struct tailed *tailed = malloc(sizeof(*tailed) + file->tail_length);
    struct MHD_Response *response;

    if (!tailed) {
        close(fd);
        return NULL;
    }
    *tailed = (struct tailed){.fd = fd,
                              .file_size = file_size,
                              .padded = padded(file_size),
                              .offset = offset,
                              .tail_length = file->tail_length};
    memcpy(tailed->tail, file->tail, file->tail_length);
    response =
        MHD_create_response_from_callback(length, READ_BLOCK, tailed_read, tailed, tailed_free);
    if (!response)
        tailed_free(tailed);
    return response;
}

static struct MHD_Response *make_body(int fd, const struct http_file *file, uint64_t file_size,
                                      uint64_t offset, uint64_t length)
{
    struct MHD_Response *response;

    if (!file->path)
        return MHD_create_response_from_buffer(length, (void *)(file->bytes + offset),
                                               MHD_RESPMEM_PERSISTENT);
    if (file->tail_length)
        return make_tailed(fd, file, file_size, offset, length);
    response = MHD_create_response_from_fd_at_offset64(length, fd, offset);
    if (!response)
        close(fd);
    return response;
}

static struct MHD_Response *make_empty(void)
{
    return MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
}

static int open_file(const struct http_file *file, uint64_t *ret_size)
{
    struct stat status;
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
        *ret_size = (uint64_t)status.st_size;
        return fd;
    }
    log_error("http", "a boot file cannot be read", "path=%s reason=%s", log_quote(file->path),
              log_quote(fd < 0 ? strerror(errno) : "not a regular file"));
    if (fd >= 0)
        close(fd);
    return -1;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static enum http_range wanted_range(struct MHD_Connection *connection, const char *etag,
                                    uint64_t size, uint64_t *ret_offset, uint64_t *ret_length)
{
    const char *range = header(connection, "Range"), *same = header(connection, "If-Range");

    if (same && strcmp(same, etag) != 0)
        range = NULL;
    return http_range_read(range, size, ret_offset, ret_length);
}

static enum MHD_Result queue(struct MHD_Connection *connection, unsigned status,
                             struct MHD_Response *response, const char *etag, const char *range)
{
    enum MHD_Result result;

    if (!response)
        return MHD_NO;
    if (etag)
        MHD_add_response_header(response, "ETag", etag);
    if (status != MHD_HTTP_NOT_FOUND)
        MHD_add_response_header(response, "Accept-Ranges", "bytes");
    if (range)
        MHD_add_response_header(response, "Content-Range", range);
    if (status == MHD_HTTP_OK || status == MHD_HTTP_PARTIAL_CONTENT)
        MHD_add_response_header(response, "Content-Type", "application/octet-stream");
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result http_file_answer(struct MHD_Connection *connection, const struct http_file *file,
                                 struct http_file_served *ret_served)
{
    uint64_t file_size = file->length, size, offset, length;
    enum http_range range;
    char content_range[80];
    int fd = -1;

    if (http_etag_listed(header(connection, "If-None-Match"), file->etag))
        return queue(connection, MHD_HTTP_NOT_MODIFIED, make_empty(), file->etag, NULL);
    if (file->path && (fd = open_file(file, &file_size)) < 0)
        return queue(connection, MHD_HTTP_NOT_FOUND, make_empty(), NULL, NULL);
    size = file->tail_length ? padded(file_size) + file->tail_length : file_size;
    range = wanted_range(connection, file->etag, size, &offset, &length);
    if (range == HTTP_RANGE_UNSATISFIABLE) {
        if (fd >= 0)
            close(fd);
        snprintf(content_range, sizeof(content_range), "bytes */%" PRIu64, size);
        return queue(connection, MHD_HTTP_RANGE_NOT_SATISFIABLE, make_empty(), file->etag,
                     content_range);
    }
    ret_served->size = size;
    ret_served->to_end = offset + length == size;
    snprintf(content_range, sizeof(content_range), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, offset,
             length ? offset + length - 1 : 0, size);
    return queue(connection, range == HTTP_RANGE_PART ? MHD_HTTP_PARTIAL_CONTENT : MHD_HTTP_OK,
                 make_body(fd, file, file_size, offset, length), file->etag,
                 range == HTTP_RANGE_PART ? content_range : NULL);
}
