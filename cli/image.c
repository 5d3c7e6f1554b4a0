/* image.c - images: a folder made by diagnostics/build (image.json and its files) becomes a
 * version. */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/nouns.h"
#include "common/file.h"
#include "common/json.h"
#include "common/text.h"

#define DOCUMENT_MAX (64 * 1024)

static json_t *read_document(struct cli *cli, const char *folder)
{
    char path[PATH_MAX];
    size_t length;
    char *bytes;
    json_t *document;

    snprintf(path, sizeof(path), "%s/image.json", folder);
    if (!(bytes = file_read(path, DOCUMENT_MAX, &length, &cli->err)))
        return NULL;
    document = json_parse(bytes, length, DOCUMENT_MAX, &cli->err);
    free(bytes);
    if (!document)
        error_prefix(&cli->err, "%s", path);
    return document;
}

static int upload(struct cli *cli, const char *folder, const char *name, const char *version,
                  const json_t *file)
{
    const char *role = json_string_value(json_object_get(file, "role"));
    const char *file_name = json_string_value(json_object_get(file, "name"));
    char path[PATH_MAX];
    struct text route = {0};
    int rc;

    if (!role || !file_name || strchr(file_name, '/'))
        return cli_misused(cli, "image.json: a file has no role or no plain name");
    snprintf(path, sizeof(path), "%s/%s", folder, file_name);
    text_format(&route, "/v1/images/%s/versions/%s/files/%s", name, version, role);
    rc = client_call(cli->client,
                     &(struct client_request){.method = "PUT",
                                              .path = text_string(&route),
                                              .type = "application/octet-stream",
                                              .upload = path},
                     NULL, &cli->err);
    text_clear(&route);
    return rc;
}

static int grant(struct cli *cli, const char *reference)
{
    char *path = cli_path(cli, "/v1/images", reference, "/grant");
    json_t *answer = NULL;
    int rc = client_post(cli->client, path, NULL, &answer, &cli->err);

    json_decref(answer);
    free(path);
    return rc;
}

/* The server has the others already. */
static bool is_missing(const json_t *answer, const json_t *file)
{
    const char *role = json_string_value(json_object_get(file, "role"));
    const json_t *missing;
    size_t i;

    json_array_foreach(json_object_get(answer, "missing"), i, missing)
    {
        const char *name = json_string_value(missing);

        if (role && name && strcmp(role, name) == 0)
            return true;
    }
    return false;
}

static int push(struct cli *cli, const json_t *document)
{
    const char *name = json_string_value(json_object_get(document, "name"));
    const char *version = json_string_value(json_object_get(document, "version"));
    char reference[256];
    json_t *answer = NULL, *file;
    size_t i;
    int rc = client_post(cli->client, "/v1/images", document, &answer, &cli->err);

    if (rc != EXIT_OK)
        return rc;
    if (!name || !version) {
        json_decref(answer);
        return cli_misused(cli, "image.json has no name or no version");
    }
    json_array_foreach(json_object_get(document, "files"), i, file)
    {
        if (rc == EXIT_OK && is_missing(answer, file))
            rc = upload(cli, cli->words[0], name, version, file);
    }
    snprintf(reference, sizeof(reference), "%s:%s", name, version);
    if (rc == EXIT_OK && cli->tenant)
        rc = grant(cli, reference);
    if (rc == EXIT_OK && answer) {
        json_object_del(answer, "missing");
        json_object_set_new(answer, "image_id", json_string(reference));
        output_object(cli->format, answer);
    }
    json_decref(answer);
    return rc;
}

int image_push(struct cli *cli)
{
    json_t *document = read_document(cli, cli->words[0]);
    int rc = document ? push(cli, document) : EXIT_USAGE;

    json_decref(document);
    return rc;
}

int image_list(struct cli *cli)
{
    return cli_list(
        cli, "/v1/images", "",
        "NAME=name VERSION=version ID=image_id STATE=state DIGEST=digest SINCE=created_at");
}

int image_show(struct cli *cli)
{
    return cli_show_one(cli, "/v1/images");
}

int image_grant(struct cli *cli)
{
    return cli->tenant ? grant(cli, cli->words[0])
                       : cli_misused(cli, "--tenant is missing: to whom is the image granted");
}
