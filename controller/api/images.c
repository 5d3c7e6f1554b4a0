/* images.c - /v1/images: versions by document, their files, who may boot them; and the files for
 * agents. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/error.h"
#include "controller/api/api_call.h"
#include "controller/api/cursor.h"
#include "controller/api/resources.h"
#include "controller/db/db_rows.h"
#include "controller/dispatch/fetch_token.h"
#include "controller/fleet/agent.h"
#include "controller/images/image.h"
#include "controller/images/image_store.h"

static const struct uuid everybody = {{0}};

static const struct uuid *viewer(const struct api_call *call)
{
    return call->for_platform ? &everybody : &call->tenant;
}

int images_list(struct api_call *call)
{
    char key[CURSOR_KEY_MAX + 1];
    struct error err = {0};
    struct uuid before;
    const char *after;
    int64_t limit = api_limit(call);

    if (limit < 0 || api_cursor_uuid(call, "images", key, &after, &before) < 0)
        return -1;
    return api_answer_list(
        call, "images",
        image_list(call->db, viewer(call), after ? &before : NULL, limit + 1, NULL, &err), limit,
        &err);
}

/* What of a version is not in the store yet, as a list of roles; NULL: err. */
static json_t *missing_files(struct api_call *call, const struct uuid *version, struct error *err)
{
    struct db_rows *rows = image_files(call->db, version, err);
    json_t *missing = rows ? json_array() : NULL;

    for (size_t i = 0; missing && i < db_rows_count(rows); i++) {
        size_t length;
        int64_t size = -1;
        int found = image_store_find(call->services->images, db_blob(rows, i, 2, &length), NULL,
                                     &size, err);

        if (found < 0) {
            json_decref(missing);
            missing = NULL;
        } else if (found == 0 || size != db_int(rows, i, 3)) {
            json_array_append_new(missing, json_string(db_text(rows, i, 0)));
        }
    }
    db_rows_destroy(rows);
    return missing;
}

int images_register(struct api_call *call)
{
    struct error err = {0};
    struct uuid version;
    char id[UUID_TEXT_SIZE];
    json_t *missing;
    int added = image_register(call->db, call->json, &version, &err);

    if (added < 0)
        return api_failed(call, &err);
    if (!(missing = missing_files(call, &version, &err)))
        return api_failed(call, &err);
    uuid_format(&version, id);
    const char *name = json_string_value(json_object_get(call->json, "name"));
    const char *number = json_string_value(json_object_get(call->json, "version"));
    api_object(call, "image %s:%s", name, number);
    call->status = added ? 201 : 200;
    snprintf(call->location, sizeof(call->location), "/v1/images/%s:%s", name, number);
    return api_answer_json(call, json_pack("{s:s, s:s, s:s, s:o}", "id", id, "name", name,
                                           "version", number, "missing", missing));
}

static int find(struct api_call *call, const struct uuid *tenant, struct image_version *ret)
{
    struct error err = {0};
    int found = image_version_find(call->db, tenant, call->arguments[0], ret, &err);

    if (found < 0)
        return api_failed(call, &err);
    return found == 0 ? api_not_found(call, "image", call->arguments[0]) : 0;
}

int images_show(struct api_call *call)
{
    struct image_version version = {0};
    struct error err = {0};
    int rc;

    if (find(call, viewer(call), &version) < 0)
        return -1;
    rc = api_answer_row(call, image_list(call->db, viewer(call), NULL, 1, &version.id, &err),
                        "image", call->arguments[0], &err);
    image_version_clear(&version);
    return rc;
}

int images_grant(struct api_call *call)
{
    struct image_version version = {0};
    struct error err = {0};
    json_t *missing;
    int rc = -1;

    if (find(call, &everybody, &version) < 0)
        return -1;
    api_object(call, "image %s:%s", version.name, version.version);
    snprintf(call->why, sizeof(call->why), "granted to tenant %s", call->tenant_name);
    if (!(missing = missing_files(call, &version.id, &err))) {
        api_failed(call, &err);
    } else if (json_array_size(missing) > 0) {
        problem_set(&call->problem, 409, "image_incomplete", "Push it again: muster image push.",
                    "files of %s:%s have not been uploaded yet", version.name, version.version);
    } else if (image_grant(call->db, &call->tenant, &version.id, &err) < 0) {
        api_failed(call, &err);
    } else {
        rc = api_answer_json(call, json_pack("{s:s, s:s, s:s}", "name", version.name, "version",
                                             version.version, "tenant", call->tenant_name));
    }
    json_decref(missing);
    image_version_clear(&version);
    return rc;
}

int images_upload_begin(struct api_call *call)
{
    char(*arguments)[API_ARGUMENT_SIZE] = call->arguments;
    struct error err = {0};
    struct image_file file;
    int found = image_file_find(call->db, arguments[0], arguments[1], arguments[2], &file, &err);

    api_object(call, "image %s:%s", arguments[0], arguments[1]);
    if (found < 0)
        return api_failed(call, &err);
    if (found == 0)
        return problem_set(&call->problem, 404, "unknown_image",
                           "Register the image's document first: POST /v1/images.",
                           "image %s:%s has no file with the role %s", arguments[0], arguments[1],
                           arguments[2]);
    if (call->content_length != file.size)
        return problem_set(&call->problem, 400, "wrong_size", NULL,
                           "the image's document says %lld bytes, Content-Length %lld",
                           (long long)file.size, (long long)call->content_length);
    call->upload = image_upload_begin(call->services->images, file.sha256, file.size, &err);
    return call->upload ? 0 : api_failed(call, &err);
}

/* All bytes are there. */
int images_upload(struct api_call *call)
{
    struct image_upload *upload = call->upload;
    struct error err = {0};

    api_object(call, "image %s:%s %s", call->arguments[0], call->arguments[1], call->arguments[2]);
    call->upload = NULL;
    if (!upload)
        return problem_set(&call->problem, 400, "wrong_size", NULL, "no bytes came");
    if (image_upload_finish(upload, &err) < 0)
        return api_failed(call, &err);
    return api_answer_json(call, json_pack("{s:s}", "role", call->arguments[2]));
}

static int check_agent(struct api_call *call)
{
    struct error err = {0};
    struct uuid agent;
    int active;

    if (!call->authorization || strncasecmp(call->authorization, "Bearer ", 7) != 0 ||
        fetch_token_check(call->services->fetch_key, call->authorization + 7,
                          call->services->now_us(), &agent, &err) < 0)
        return problem_set(&call->problem, 401, "unknown_token",
                           "The agent gets a token with each WELCOME.",
                           "this is not a fetch token of ours, or it has ended");
    if ((active = agent_is_active(call->db, &agent, &err)) < 0)
        return api_failed(call, &err);
    return active ? 0
                  : problem_set(&call->problem, 403, "agent_revoked", NULL,
                                "this agent is not active");
}

int agent_files_get(struct api_call *call)
{
    struct error err = {0};
    uint8_t sha256[32];
    int64_t size;
    int found;

    if (check_agent(call) < 0)
        return -1;
    if (strlen(call->arguments[0]) != 64 ||
        text_unhex(call->arguments[0], sha256, sizeof(sha256)) < 0)
        return api_not_found(call, "file", call->arguments[0]);
    if ((found = image_file_known(call->db, sha256, &size, &err)) < 0)
        return api_failed(call, &err);
    if (found > 0 && (found = image_store_find(call->services->images, sha256, &call->file_fd,
                                               &call->file_size, &err)) < 0)
        return api_failed(call, &err);
    return found ? 0 : api_not_found(call, "file", call->arguments[0]);
}
