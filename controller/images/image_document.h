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
/* 0, or -1 naming the field and what would be right. */
int image_document_read(const json_t *document, struct image_document *ret, struct error *err);
