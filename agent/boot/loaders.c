/* The loader files and the table of architectures. A new architecture is a row. */
#include "agent/boot/loaders.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/file.h"
#include "common/text.h"

static const char *const NAMES[] = {"undionly.kpxe", "snponly.efi"};
#define COUNT (sizeof(NAMES) / sizeof(NAMES[0]))

/* IANA "Processor Architecture Types". 7 and 9 are swapped in RFC 4578 and its errata; x64 firmware
 * uses either, and some sends 6. */
static const struct {
    int arch;
    const char *name;
    bool http;
} ARCHITECTURES[] = {
    {0, "undionly.kpxe", false}, {6, "snponly.efi", false}, {7, "snponly.efi", false},
    {9, "snponly.efi", false},   {16, "snponly.efi", true},
};

struct loaders {
    struct loader items[COUNT];
};

static int read_one(const char *folder, const char *name, struct loader *loader, struct error *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    struct text path = {0};
    int rc = -1;

    text_format(&path, "%s/%s", folder, name);
    loader->name = name;
    loader->bytes = (uint8_t *)file_read(text_string(&path), LOADER_MAX, &loader->length, err);
    if (!loader->bytes) {
        error_prefix(err, "boot loader %s (Debian's package ipxe has it in /usr/lib/ipxe)", name);
    } else if (EVP_Digest(loader->bytes, loader->length, digest, NULL, EVP_sha256(), NULL) != 1) {
        error_set(err, "boot loader %s: SHA-256 failed", name);
    } else {
        text_hex(digest, 32, loader->sha256);
        rc = 0;
    }
    text_clear(&path);
    return rc;
}

struct loaders *loaders_read(const char *folder, struct error *err)
{
    struct loaders *loaders = calloc(1, sizeof(*loaders));

    if (!loaders) {
        error_no_memory(err);
        return NULL;
    }
    for (size_t i = 0; i < COUNT; i++) {
        if (read_one(folder, NAMES[i], &loaders->items[i], err) < 0) {
            loaders_destroy(loaders);
            return NULL;
        }
    }
    return loaders;
}

void loaders_destroy(struct loaders *loaders)
{
    if (!loaders)
        return;
    for (size_t i = 0; i < COUNT; i++)
        free(loaders->items[i].bytes);
    free(loaders);
}

const struct loader *loaders_find(const struct loaders *loaders, const char *name)
{
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(loaders->items[i].name, name) == 0)
            return &loaders->items[i];
    return NULL;
}

const struct loader *loaders_for_arch(const struct loaders *loaders, int arch, bool *ret_http)
{
    for (size_t i = 0; i < sizeof(ARCHITECTURES) / sizeof(ARCHITECTURES[0]); i++) {
        if (ARCHITECTURES[i].arch == arch) {
            *ret_http = ARCHITECTURES[i].http;
            return loaders_find(loaders, ARCHITECTURES[i].name);
        }
    }
    return NULL;
}
