/* rule_fields.h - every field of a rule file: its name, form, bounds and words. One table, from
 * which come the reading of a file (rule_reader.h), the giving back of what was read, the JSON
 * Schema (rule_schema.h) and what docs/rule-language.md must name.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rule_reader;
struct yaml_node;

/* What stands in the file, and what it becomes in the struct. */
enum rule_form {
    RULE_FORM_TEXT,       /* char *: one line, at most 'max' bytes */
    RULE_FORM_BYTES,      /* char *: any text, at most 'max' bytes */
    RULE_FORM_NAME,       /* char *: a-z 0-9 . -, at most 63 */
    RULE_FORM_VERSION,    /* char *: "=1.4.0", "~7.2" */
    RULE_FORM_CHOICE,     /* int: which of 'choices', or of 'first' on */
    RULE_FORM_BOOL,       /* bool */
    RULE_FORM_INT,        /* int64_t: min..max */
    RULE_FORM_PERCENT,    /* double: above 0, at most 100 */
    RULE_FORM_DURATION,   /* int64_t: milliseconds, min..max */
    RULE_FORM_SECONDS,    /* int64_t: a duration of whole seconds, min..max of them */
    RULE_FORM_CLOCK,      /* int: "02:30" as minutes of the day */
    RULE_FORM_WEEKDAYS,   /* unsigned: a set */
    RULE_FORM_MOMENT,     /* int64_t: RFC 3339 as seconds since 1970 */
    RULE_FORM_STRINGS,    /* struct rule_strings: a text or a list, at most 'max', of 'choices' */
    RULE_FORM_EXPRESSION, /* struct rule_expression of 'type' */
    RULE_FORM_KEY,        /* struct rule_key: an expression or a list */
    RULE_FORM_ZONE,       /* char * at 'also': a zone's name; else struct rule_expression */
    RULE_FORM_LETS,       /* names to expressions; 'also': how many */
    RULE_FORM_PARAMS,     /* the same */
    RULE_FORM_DATA,       /* json_t *: a map of anything */
    RULE_FORM_ASSETS,     /* names to machines; 'also': how many */
    RULE_FORM_MAP,        /* the struct of 'shape', at its place */
    RULE_FORM_LIST,       /* an array of them, at most 'max'; 'also': how many */
    RULE_FORM_REFUSED,    /* not a field; 'words' say where it went */
};

struct rule_shape;

struct rule_field {
    const char *name;
    enum rule_form form;
    bool required;
    bool later; /* read, and not carried out by this version's controller: refused at arming */
    size_t offset, also;
    int64_t min, max;
    int64_t initial;            /* INT, DURATION, MOMENT: when it is not written */
    const char *const *choices; /* ends in NULL */
    int first;                  /* CHOICE: what the first means */
    const char *type;           /* EXPRESSION: rule_expression.h */
    unsigned names;             /* EXPRESSION, KEY: enum rule_names_of */
    const struct rule_shape *shape;
    const char *with; /* this one needs that one beside it */
    size_t flag;      /* 1 + offset of a bool that tells whether it was written; 0: there is none */
    const char *words;
};

/* The members of one map. */
struct rule_shape {
    const char *name;                /* for messages; "" at the top */
    const struct rule_field *fields; /* ends with a name of NULL; read in this order */
    size_t size;                     /* of its struct, in a list */
    size_t line;                     /* 1 + offset of an unsigned for the line; 0: there is none */
    const char *const *one_of;       /* exactly one of these is written; ends in NULL */
    bool or_none;                    /* or none of them */
    /* What no field says by itself; only called when each field was right. */
    void (*check)(struct rule_reader *reader, const struct yaml_node *map, const void *base);
};
#define RULE_FIELDS_MAX 32 /* of one shape */

extern const struct rule_shape rule_file_shape;       /* struct rule_document */
extern const struct rule_shape rule_window_shape;     /* struct rule_window */
extern const struct rule_shape rule_suppress_shape;   /* struct rule_suppress */
extern const struct rule_shape rule_dedup_shape;      /* struct rule_document */
extern const struct rule_shape rule_throttle_shape;   /* struct rule_document */
extern const struct rule_shape rule_require_shape;    /* struct rule_require */
extern const struct rule_shape rule_limit_shape;      /* struct rule_limit */
extern const struct rule_shape rule_absent_shape;     /* struct rule_absent */
extern const struct rule_shape rule_action_shape;     /* struct rule_action */
extern const struct rule_shape rule_approval_shape;   /* struct rule_approval */
extern const struct rule_shape rule_schedule_shape;   /* struct rule_schedule */
extern const struct rule_shape rule_rollout_shape;    /* struct rule_rollout */
extern const struct rule_shape rule_ticket_in_shape;  /* {ticket: ...}: struct rule_ticket */
extern const struct rule_shape rule_halt_in_shape;    /* the same, where rollout.* is known */
extern const struct rule_shape rule_absence_in_shape; /* the same, where task.* is known */
extern const struct rule_shape rule_test_shape;       /* struct rule_test */

/* Frees what was read at 'base', and what 'base' points to; not 'base'. */
void rule_fields_clear(const struct rule_shape *shape, void *base);
