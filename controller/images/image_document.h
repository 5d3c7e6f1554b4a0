/* image_document.h - is an image's document one that machines may be booted with?
 * docs/image-format.md. */
#pragma once

#include <jansson.h>
#include <stdint.h>

struct error;

struct image_document {
    const char *name, *version; /* borrowed from the document */
    int64_t deadline_s;
    const json_t *files;
};
/* The parts that profiles (image_run.h) have too: printable ASCII with no "${" but what agents fill
 * in; a list of names. -1: 'err'. */
int image_document_arguments(const char *arguments, struct error *err);
int image_document_names(const json_t *object, const char *key, size_t most, struct error *err);

/* 0, or -1 naming the field and what would be right. */
int image_document_read(const json_t *document, struct image_document *ret, struct error *err);
