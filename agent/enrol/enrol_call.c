/* enrol_call.c - see enrol_call.h. */
#include "agent/enrol/enrol_call.h"

#include <curl/curl.h>
#include <jansson.h>
#include <string.h>

#include "common/error.h"
#include "common/json.h"
#include "common/text.h"
#include "proto/enrol_answer.h"
#include "proto/join_token.h"

#define ROUTE "/v1/agent/enrol"

static size_t keep(char *bytes, size_t size, size_t count, void *context)
{
    struct text *answer = context;

    if (answer->length + size * count > ENROL_ANSWER_MAX)
        return 0;
    text_append(answer, bytes, size * count);
    return text_ok(answer) ? size * count : 0;
}

static int set_up(CURL *curl, const struct join_token *token, const char *url, const char *body,
                  struct curl_slist *headers, struct text *answer)
{
    struct curl_blob ca = {token->ca, strlen(token->ca), CURL_BLOB_COPY};

    return curl_easy_setopt(curl, CURLOPT_URL, url) ||
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") ||
           curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &ca) ||
           curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) ||
           curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2) ||
           curl_easy_setopt(curl, CURLOPT_PROXY, "") ||
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) ||
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L) ||
           curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L) ||
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) ||
           curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body) ||
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep) ||
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
}

/* RFC 9457: the sentence and what to do. */
static int tell_refusal(long status, const struct text *answer, struct error *err)
{
    json_t *problem = json_parse(text_string(answer), answer->length, ENROL_ANSWER_MAX, NULL);
    const char *detail = NULL, *remedy = NULL;
    bool again = status >= 500 || status == 429;

    if (problem) {
        json_read_string(problem, "detail", 600, &detail, NULL);
        json_read_string(problem, "remedy", 300, &remedy, NULL);
    }
    error_set_code(err, again ? ERROR_UNAVAILABLE : ERROR_FORBIDDEN, "%s (HTTP %ld)%s%s",
                   detail ? detail : "the controller gave no reason", status, remedy ? ". " : "",
                   remedy ? remedy : "");
    json_decref(problem);
    return -1;
}

static int perform(CURL *curl, const char *url, struct text *answer, struct error *err)
{
    char why[CURL_ERROR_SIZE] = "";
    long status = 0;
    CURLcode code;

    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    code = curl_easy_perform(curl);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return error_set_code(err, ERROR_FORBIDDEN,
                              "%s: its certificate is not one that the join token vouches for: %s",
                              url, why);
    if (code != CURLE_OK)
        return error_set_code(err, ERROR_UNAVAILABLE, "%s: %s", url,
                              why[0] ? why : curl_easy_strerror(code));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status == 200 ? 0 : tell_refusal(status, answer, err);
}

int enrol_call(const struct join_token *token, const char *body, struct text *answer,
               struct error *err)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    CURL *curl = curl_easy_init();
    struct text url = {0};
    int rc = -1;

    text_format(&url, "%s" ROUTE, token->url);
    if (!curl || !headers || !text_ok(&url))
        error_no_memory(err);
    else if (set_up(curl, token, text_string(&url), body, headers, answer))
        error_set(err, "libcurl refuses an option of a request");
    else
        rc = perform(curl, text_string(&url), answer, err);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    text_clear(&url);
    return rc;
}
