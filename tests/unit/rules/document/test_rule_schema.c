/* The published schema is the one that the parser's table makes, and the reference names every
 * field. That it is a schema, and what it takes, is for the scenario 'rule-schema'.
 */
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/text.h"
#include "rules/document/rule_fields.h"
#include "rules/document/rule_names.h"
#include "rules/document/rule_schema.h"
#include "tests/support/check_main.h"

START_TEST(the_published_schema_is_this_one)
{
    char *published = file_read(TEST_DIR "/../docs/rule.schema.json", 1 << 20, NULL, NULL), *made;
    json_t *schema = rule_schema_make();

    ck_assert_ptr_nonnull(schema);
    made = json_dumps(schema, JSON_INDENT(2));
    ck_assert_ptr_nonnull(published);
    published[strlen(published) - 1] = '\0'; /* its last line end */
    ck_assert_msg(strcmp(made, published) == 0,
                  "write it anew: muster rule schema > docs/rule.schema.json");
    json_decref(schema);
    free(published);
    free(made);
}
END_TEST

static void ck_told_of(const char *reference, const char *name, const char *where)
{
    struct text quoted = {0};

    text_format(&quoted, "`%s`", name);
    ck_assert_msg(strstr(reference, text_string(&quoted)) != NULL,
                  "docs/rule-language.md: %s of %s", text_string(&quoted), where);
    text_clear(&quoted);
}

static void ck_shape(const char *reference, const struct rule_shape *shape)
{
    size_t count = 0;

    for (const struct rule_field *field = shape->fields; field->name; field++, count++) {
        ck_assert_msg(field->words && *field->words, "%s.%s has no words", shape->name,
                      field->name);
        ck_assert(field->form != RULE_FORM_LIST || field->shape->size > 0);
        ck_told_of(reference, field->name, shape->name);
        for (const char *const *choice = field->choices; choice && *choice; choice++)
            ck_told_of(reference, *choice, field->name);
        if (field->shape)
            ck_shape(reference, field->shape);
    }
    ck_assert_uint_le(count, RULE_FIELDS_MAX);
}

START_TEST(every_field_and_name_is_in_the_reference)
{
    char *reference = file_read(TEST_DIR "/../docs/rule-language.md", 1 << 20, NULL, NULL);

    ck_assert_ptr_nonnull(reference);
    ck_shape(reference, &rule_file_shape);
    for (size_t i = 0; i < rule_name_count; i++)
        ck_told_of(reference, rule_names[i].name, "names");
    free(reference);
}
END_TEST

CHECK_MAIN("rule_schema", the_published_schema_is_this_one,
           every_field_and_name_is_in_the_reference)
