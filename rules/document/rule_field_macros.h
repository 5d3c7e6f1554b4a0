/* rule_field_macros.h - short forms for the tables of fields (rule_fields.h). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define RULE_NOWHERE SIZE_MAX /* read, and not kept */

#define AT(type, member) .offset = offsetof(struct type, member)
#define COUNTED(type, member, counter)                                                             \
    .offset = offsetof(struct type, member), .also = offsetof(struct type, counter)
#define FLAG(type, member) .flag = 1 + offsetof(struct type, member)
/* The type's column stands right behind its line. */
#define LINE(type) .line = 1 + offsetof(struct type, line)

#define SECOND INT64_C(1000) /* durations are in milliseconds */
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

#define TEXT_MAX 512 /* titles, reasons: a line on a screen */

/* What is named behind the window: also by rules without one, which then have no window.* */
#define BEHIND (RULE_OF_EVENT | RULE_OF_WINDOW)

/* How every file begins: which language, what it holds, what it is, what it does. */
#define FILE_HEAD(api_versions, kinds, metadata_shape, spec_shape)                                 \
    {.name = "apiVersion",                                                                         \
     .form = RULE_FORM_CHOICE,                                                                     \
     .required = true,                                                                             \
     .offset = RULE_NOWHERE,                                                                       \
     .choices = (api_versions),                                                                    \
     .words = "of this language"},                                                                 \
        {.name = "kind",                                                                           \
         .form = RULE_FORM_CHOICE,                                                                 \
         .required = true,                                                                         \
         .offset = RULE_NOWHERE,                                                                   \
         .choices = (kinds),                                                                       \
         .words = "what the file holds"},                                                          \
        {.name = "metadata",                                                                       \
         .form = RULE_FORM_MAP,                                                                    \
         .required = true,                                                                         \
         .shape = &(metadata_shape),                                                               \
         .words = "what it is"},                                                                   \
    {                                                                                              \
        .name = "spec", .form = RULE_FORM_MAP, .required = true, .shape = &(spec_shape),           \
        .words = "what it does"                                                                    \
    }
#define VERSION_FIELD(type)                                                                        \
    {                                                                                              \
        .name = "version", .form = RULE_FORM_INT, .required = true, AT(type, version), .min = 1,   \
        .max = INT32_MAX, .words = "a new version needs a higher number"                           \
    }
