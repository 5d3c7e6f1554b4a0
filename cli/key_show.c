/* key_show.c - `muster key show-manifest`: which keys a manifest names, for what and until when.
 * What it says is worth as much as its signature: without a root key to check it with it says so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "cli/key.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/file.h"
#include "common/text.h"
#include "proto/envelope.h"
#include "proto/frame.h"
#include "proto/key_files.h"

static void print_sites(const Muster__ManifestKey *key)
{
    char id[UUID_TEXT_SIZE];
    struct uuid site;

    if (key->n_site_id == 0)
        printf("every site");
    for (size_t i = 0; i < key->n_site_id; i++) {
        if (key->site_id[i].len != sizeof(site.bytes))
            continue;
        memcpy(site.bytes, key->site_id[i].data, sizeof(site.bytes));
        uuid_format(&site, id);
        printf("%s%s", i ? "," : "", id);
    }
}

static void print_key(const Muster__ManifestKey *key)
{
    char id[2 * KEY_ID_BYTES + 1] = "?", from[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];

    if (key->key_id.len == KEY_ID_BYTES)
        text_hex(key->key_id.data, KEY_ID_BYTES, id);
    clock_format(key->not_before_us, from);
    clock_format(key->not_after_us, until);
    printf("key\t%s\t", id);
    for (size_t i = 0; i < key->n_domain; i++) {
        char show[TEXT_SHOW_SIZE];

        printf("%s%s", i ? "," : "", text_show(key->domain[i], show));
    }
    putchar('\t');
    print_sites(key);
    printf("\t%s\t%s\n", from, until);
}

static void print_manifest(const Muster__KeyManifest *manifest, const char *signature)
{
    char issued[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];

    clock_format(manifest->issued_at_us, issued);
    clock_format(manifest->not_after_us, until);
    printf("version\t%llu\nissued\t%s\nuntil\t%s\nsignature\t%s\n",
           (unsigned long long)manifest->version, issued, until, signature);
    for (size_t i = 0; i < manifest->n_key; i++)
        print_key(manifest->key[i]);
}

/* 0, or -1: not signed by that root. 'root' NULL: not checked. */
static int check(const char *envelope, size_t length, const char *root,
                 struct envelope_view *ret_view, struct error *err)
{
    uint8_t root_public[KEY_BYTES];

    if (!root)
        return envelope_open(envelope, length, ret_view, err);
    if (public_key_file_read(root, root_public, err) < 0)
        return -1;
    return envelope_verify(envelope, length, DOMAIN_MANIFEST, root_public, ret_view, NULL, err);
}

static int show(const char *path, const char *root, struct error *err)
{
    Muster__KeyManifest *manifest = NULL;
    struct envelope_view view;
    size_t length = 0;
    char *envelope = file_read(path, ENVELOPE_MAX, &length, err);
    int rc = -1;

    if (!envelope)
        return -1;
    if (check(envelope, length, root, &view, err) < 0)
        error_prefix(err, "%s", path);
    else if (view.domain != DOMAIN_MANIFEST)
        error_set_code(err, ERROR_INVALID, "%s is signed for another purpose than a manifest",
                       path);
    else if (!(manifest = message_unpack(&muster__key_manifest__descriptor, view.payload,
                                         view.payload_length, err)))
        error_prefix(err, "%s", path);
    else
        rc = 0;
    if (rc == 0)
        print_manifest(manifest, root ? "by that root key" : "not checked: give --root-key");
    message_free(manifest);
    free(envelope);
    return rc;
}

int cli_key_show(int argc, char **argv)
{
    const char *root = argc == 4 && strcmp(argv[2], "--root-key") == 0 ? argv[3] : NULL;
    struct error err = {0};

    if (argc != 2 && !root) {
        fprintf(stderr, "usage: muster key show-manifest FILE [--root-key FILE.pub]\n");
        return EXIT_USAGE;
    }
    if (show(argv[1], root, &err) == 0)
        return EXIT_SUCCESS;
    fprintf(stderr, "muster key: %s\n", error_text(&err));
    return EXIT_FAILURE;
}
