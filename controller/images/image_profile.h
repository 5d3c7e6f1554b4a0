/* image_profile.h - which parameters an image takes, and whether values fit. They stand in the
 * image version's document: {"profile":{"params":{"cpu":{"pattern":"[0-9]+"}}}}, and those that one
 * of its named profiles takes beside them in {"profiles":{"NAME":{"params":...}}}. A pattern is a
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

/* Are the parameters of an image document, or of this one of its named profiles, well formed? For
 * whoever takes documents in. 0 or -1. */
int image_profile_check(const json_t *document, const json_t *profile, struct error *err);

/* Do the values fit what 'document_json' takes, with its named profile (NULL: none of them)? -1
 * names the parameter and the remedy. */
int image_profile_check_params(const char *document_json, const char *profile,
                               const struct image_param *params, size_t count, struct error *err);
