/* image_profile.h - which parameters an image takes, and whether values fit. The profile stands in
 * the image version's document: {"profile":{"params":{"cpu":{"pattern":"[0-9]+"}}}}. A pattern is a
 * POSIX extended regular expression that must match the whole value. Values never reach a kernel
 * argument or a script: the machine gets them in the phone-home's answer. Spec:
 * docs/rule-language.md, "Parameters".
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "rules/document/rule_param.h"

struct error;

#define IMAGE_PARAM_BYTES_MAX RULE_PARAM_BYTES_MAX
#define IMAGE_PARAMS_MAX 32
#define IMAGE_PATTERN_BYTES_MAX 256

struct image_param {
    const char *name, *value; /* borrowed */
};

/* Is the profile of an image document (parsed) well formed? For whoever takes documents in. 0 or
 * -1. */
int image_profile_check(const json_t *document, struct error *err);

/* Do the values fit the profile of 'document_json'? -1 names the parameter and the remedy. */
int image_profile_check_params(const char *document_json, const struct image_param *params,
                               size_t count, struct error *err);
