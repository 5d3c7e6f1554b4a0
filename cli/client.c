/* client.c - see client.h. */
#include "cli/client.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/profile.h"
#include "common/error.h"
#include "common/file.h"
#include "common/json.h"
#include "common/text.h"

#define ANSWER_BYTES_MAX (32 * 1024 * 1024)
#define TOKEN_BYTES_MAX 256

struct client {
    CURL *curl;
    char *server;
    char authorization[TOKEN_BYTES_MAX + 32];
    char *tenant, *ca_file;
};

static int read_token(const char *path, char *out, size_t room, struct error *err)
{
    size_t length;
    char *token = file_read_secret(path, TOKEN_BYTES_MAX, &length, err);

    if (!token)
        return error_prefix(err, "token file");
    length = strcspn(token, "\r\n");
    token[length] = '\0';
    snprintf(out, room, "Authorization: Bearer %s", token);
    OPENSSL_cleanse(token, length);
    free(token);
    return 0;
}

struct client *client_create(const struct profile *profile, const char *tenant, struct error *err)
{
    struct client *client = calloc(1, sizeof(*client));

    if (!client || !(client->curl = curl_easy_init()) ||
        !(client->server = strdup(profile->server)) ||
        (tenant && !(client->tenant = strdup(tenant))) ||
        (profile->ca_file && !(client->ca_file = strdup(profile->ca_file)))) {
        error_set(err, "out of memory");
        client_destroy(client);
        return NULL;
    }
    if (read_token(profile->token_file, client->authorization, sizeof(client->authorization), err) <
        0) {
        client_destroy(client);
        return NULL;
    }
    curl_easy_setopt(client->curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(client->curl, CURLOPT_CONNECTTIMEOUT, 10L);
    if (profile->ca_file)
        curl_easy_setopt(client->curl, CURLOPT_CAINFO, profile->ca_file);
    return client;
}

void client_destroy(struct client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->curl);
    OPENSSL_cleanse(client->authorization, sizeof(client->authorization));
    free(client->server);
    free(client->tenant);
    free(client->ca_file);
    free(client);
}

const char *client_server(const struct client *client)
{
    return client->server;
}

const char *client_ca_file(const struct client *client)
{
    return client->ca_file;
}

static size_t keep(char *bytes, size_t size, size_t count, void *context)
{
    struct text *answer = context;

    if (answer->length + size * count > ANSWER_BYTES_MAX)
        return 0;
    text_append(answer, bytes, size * count);
    return text_ok(answer) ? size * count : 0;
}

static int add_header(struct curl_slist **list, const char *line)
{
    struct curl_slist *more = curl_slist_append(*list, line);

    if (!more)
        return -1;
    *list = more;
    return 0;
}

static int add_headers(const struct client *client, const struct client_request *request,
                       struct curl_slist **list)
{
    char line[512];
    int rc = add_header(list, client->authorization);

    if (client->tenant && rc == 0) {
        snprintf(line, sizeof(line), "Muster-Tenant: %s", client->tenant);
        rc = add_header(list, line);
    }
    if (request->type && rc == 0) {
        snprintf(line, sizeof(line), "Content-Type: %s", request->type);
        rc = add_header(list, line);
    }
    if (request->key && rc == 0) {
        snprintf(line, sizeof(line), "Idempotency-Key: %s", request->key);
        rc = add_header(list, line);
    }
    if (request->wait_s && rc == 0) {
        snprintf(line, sizeof(line), "Prefer: wait=%d", request->wait_s);
        rc = add_header(list, line);
    }
    /* No 100-continue: it costs a second where a proxy does not know it. */
    return rc == 0 ? add_header(list, "Expect:") : rc;
}

static int exit_of(long status)
{
    if (status < 300)
        return EXIT_OK;
    if (status == 401 || status == 403)
        return EXIT_AUTH;
    if (status == 404)
        return EXIT_NOT_FOUND;
    if (status == 409 || status == 412 || status == 428)
        return EXIT_CONFLICT;
    return status >= 500 || status == 429 ? EXIT_SERVER : EXIT_USAGE;
}

/* RFC 9457, in one or a few lines. */
static void tell_problem(long status, const struct text *answer, struct error *err)
{
    json_t *problem = json_loadb(text_string(answer), answer->length, 0, NULL);
    const char *detail = json_string_value(json_object_get(problem, "detail"));
    const char *remedy = json_string_value(json_object_get(problem, "remedy"));
    struct text words = {0};
    json_t *one;
    size_t i;

    if (!detail)
        detail = json_string_value(json_object_get(problem, "title"));
    text_format(&words, "%s", detail ? detail : "the server gave no reason");
    json_array_foreach(json_object_get(problem, "errors"), i, one)
    {
        const char *field = json_string_value(json_object_get(one, "field"));
        const char *why = json_string_value(json_object_get(one, "detail"));

        text_format(&words, "\n  %s%s%s", field ? field : "", field ? ": " : "", why ? why : "");
    }
    if (remedy && *remedy)
        text_format(&words, "\n  remedy: %s", remedy);
    error_set(err, "%s (HTTP %ld)", text_string(&words), status);
    text_clear(&words);
    json_decref(problem);
}

static int perform(struct client *client, const struct client_request *request, FILE *upload,
                   struct text *answer, struct error *err)
{
    struct curl_slist *headers = NULL;
    struct text url = {0};
    long status = 0;
    CURLcode code;
    int rc = EXIT_SERVER;

    text_format(&url, "%s%s", client->server, request->path);
    if (!text_ok(&url) || add_headers(client, request, &headers) < 0) {
        error_set(err, "out of memory");
        goto out;
    }
    curl_easy_setopt(client->curl, CURLOPT_URL, text_string(&url));
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(client->curl, CURLOPT_UPLOAD, upload ? 1L : 0L);
    if (!upload)
        curl_easy_setopt(client->curl, CURLOPT_HTTPGET, 1L);
    if (!upload && (request->body || strcmp(request->method, "GET") != 0)) {
        curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->length);
        curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, request->body ? request->body : "");
    }
    curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT, upload ? 0L : 60L + request->wait_s);
    code = curl_easy_perform(client->curl);
    if (code != CURLE_OK) {
        error_set_code(err, ERROR_UNAVAILABLE, "%s: %s", client->server, curl_easy_strerror(code));
        rc = EXIT_UNREACHABLE;
        goto out;
    }
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    rc = exit_of(status);
    if (rc != EXIT_OK)
        tell_problem(status, answer, err);
out:
    curl_slist_free_all(headers);
    text_clear(&url);
    return rc;
}

static int perform_upload(struct client *client, const struct client_request *request,
                          struct text *answer, struct error *err)
{
    FILE *file = fopen(request->upload, "rb");
    struct stat info;
    int rc;

    if (!file || fstat(fileno(file), &info) < 0) {
        error_set(err, "cannot read %s", request->upload);
        if (file)
            fclose(file);
        return EXIT_USAGE;
    }
    curl_easy_setopt(client->curl, CURLOPT_READDATA, file);
    curl_easy_setopt(client->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)info.st_size);
    rc = perform(client, request, file, answer, err);
    fclose(file);
    return rc;
}

int client_call(struct client *client, const struct client_request *request, json_t **ret_answer,
                struct error *err)
{
    struct text answer = {0};
    int rc = request->upload ? perform_upload(client, request, &answer, err)
                             : perform(client, request, NULL, &answer, err);

    if (rc == EXIT_OK && ret_answer) {
        *ret_answer = NULL;
        if (answer.length &&
            !(*ret_answer = json_parse(answer.bytes, answer.length, ANSWER_BYTES_MAX, err))) {
            error_prefix(err, "the server's answer cannot be read");
            rc = EXIT_SERVER;
        }
    }
    text_clear(&answer);
    return rc;
}

int client_get(struct client *client, const char *path, json_t **ret_answer, struct error *err)
{
    return client_call(client, &(struct client_request){.method = "GET", .path = path}, ret_answer,
                       err);
}

static int send_json(struct client *client, const char *method, const char *path,
                     const json_t *body, json_t **ret_answer, struct error *err)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    struct client_request request = {.method = method, .path = path};
    int rc;

    if (text) {
        request.type = "application/json";
        request.body = text;
        request.length = strlen(text);
    }
    rc = client_call(client, &request, ret_answer, err);
    if (text)
        OPENSSL_cleanse(text, strlen(text)); /* a BMC password may stand in it */
    free(text);
    return rc;
}

int client_post(struct client *client, const char *path, const json_t *body, json_t **ret_answer,
                struct error *err)
{
    return send_json(client, "POST", path, body, ret_answer, err);
}

int client_put(struct client *client, const char *path, const json_t *body, json_t **ret_answer,
               struct error *err)
{
    return send_json(client, "PUT", path, body, ret_answer, err);
}

int client_patch(struct client *client, const char *path, const json_t *body, json_t **ret_answer,
                 struct error *err)
{
    return send_json(client, "PATCH", path, body, ret_answer, err);
}

/* Of the last answer; NULL: it has no such header. */
static const char *answer_header(struct client *client, const char *name)
{
    struct curl_header *header;

    return curl_easy_header(client->curl, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK
               ? header->value
               : NULL;
}

int client_fetch(struct client *client, const char *path, int wait_s, struct client_piece *ret,
                 struct error *err)
{
    struct client_request request = {.method = "GET", .path = path, .wait_s = wait_s};
    struct text answer = {0};
    int rc = perform(client, &request, NULL, &answer, err);

    if (rc == EXIT_OK) {
        const char *next = answer_header(client, "Muster-Next-Offset");

        *ret = (struct client_piece){.length = answer.length,
                                     .next = next ? strtoll(next, NULL, 10) : 0,
                                     .final = answer_header(client, "Muster-Final") != NULL};
        ret->bytes = text_take(&answer);
    }
    text_clear(&answer);
    return rc;
}

char *client_escape(struct client *client, const char *text)
{
    char *escaped = curl_easy_escape(client->curl, text, 0);
    char *copy = escaped ? strdup(escaped) : NULL;

    curl_free(escaped);
    return copy;
}
