/* mapping_fields.h - every field of a mapping file, in the form of rules/document/rule_fields.h. */
#pragma once

struct rule_shape;

extern const struct rule_shape mapping_file_shape; /* struct mapping */
