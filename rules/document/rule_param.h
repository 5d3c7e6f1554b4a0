/* rule_param.h - what no parameter of a boot may hold, whoever gives it and wherever it would have
 * gone: values never reach a kernel argument or a script, and would do no harm there. Spec:
 * docs/image-format.md.
 */
#pragma once

#define RULE_PARAM_BYTES_MAX 128 /* of a value */

/* What 'value' holds that no image may be given, in words; NULL: nothing. */
const char *rule_param_forbidden(const char *value);
