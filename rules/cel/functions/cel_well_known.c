/* cel_well_known.c - the messages that are part of the language: the wrappers of plain values, what
 * JSON has, times. Each is a plain value from the moment that it is written.
 * Spec: the public CEL language definition, "Dynamic Values" and "Protocol Buffer Data Conversion".
 */
#include "rules/cel/cel_env.h"
#include "rules/cel/cel_libraries.h"
#include "rules/cel/cel_run.h"
#include "rules/cel/cel_time.h"
#include "rules/cel/functions/cel_dynamic.h"
#include "rules/cel/functions/cel_standard.h"

#define NANOS 1000000000
#define SECONDS_MAX INT64_C(315576000000) /* of a google.protobuf.Duration: 10,000 years */

/* ---- fields ---- */

static CEL_FUNCTION(take_int32)
{
    (void)count;
    if (args[0].integer < INT32_MIN || args[0].integer > INT32_MAX)
        return cel_error_format(run->arena,
                                "range error: %lld is out of range: 32 bits are -2147483648 to "
                                "2147483647",
                                (long long)args[0].integer);
    return args[0];
}

static CEL_FUNCTION(take_uint32)
{
    (void)count;
    if (args[0].natural > UINT32_MAX)
        return cel_error_format(run->arena,
                                "range error: %llu is out of range: 32 bits are 0 to 4294967295",
                                (unsigned long long)args[0].natural);
    return args[0];
}

/* Rounded to 32 bits; what is beyond them is infinite. */
static CEL_FUNCTION(take_float)
{
    (void)run;
    (void)count;
    return cel_double((double)(float)args[0].real);
}

static CEL_FUNCTION(take_dynamic)
{
    (void)count;
    return cel_dynamic(run, args[0]);
}

/* ---- messages ---- */

static CEL_FUNCTION(make_value)
{
    struct cel_value value = cel_null();
    size_t given = 0;

    (void)run;
    for (size_t i = 0; i < count; i++) {
        if (args[i].kind == CEL_ABSENT)
            continue;
        value = args[i];
        given++;
    }
    return given <= 1 ? value : cel_error("a google.protobuf.Value has one of its fields, no more");
}

static CEL_FUNCTION(make_timestamp)
{
    (void)run;
    (void)count;
    if (args[1].integer < 0 || args[1].integer >= NANOS)
        return cel_error("range error: the nanos of a timestamp are 0 to 999999999");
    return cel_timestamp_make(args[0].integer, args[1].integer);
}

static CEL_FUNCTION(make_duration)
{
    int64_t seconds = args[0].integer, nanos = args[1].integer;

    (void)run;
    (void)count;
    if (nanos <= -NANOS || nanos >= NANOS || (seconds > 0 && nanos < 0) ||
        (seconds < 0 && nanos > 0))
        return cel_error("range error: the nanos of a duration are -999999999 to 999999999, with "
                         "the sign of its seconds");
    if (seconds < -SECONDS_MAX || seconds > SECONDS_MAX)
        return cel_error("range error: duration out of range");
    return nanos < 0 ? cel_duration_make(seconds - 1, nanos + NANOS)
                     : cel_duration_make(seconds, nanos);
}

/* It says of which type the message in it is; there are none but those here. */
static CEL_FUNCTION(make_any)
{
    (void)run;
    (void)count;
    if (args[0].extra == 0)
        return cel_error(
            "conversion error: a google.protobuf.Any without a type_url holds nothing");
    return cel_error("messages are not supported, so no google.protobuf.Any with one");
}

#define ZERO(of)                                                                                   \
    {                                                                                              \
        .kind = (of)                                                                               \
    }
#define NO_TEXT(of)                                                                                \
    {                                                                                              \
        .kind = (of), .text = ""                                                                   \
    }

static const struct cel_list NO_VALUES = {0};
static const struct cel_map NO_FIELDS = {0};

static const struct cel_field BOOL[] = {{"value", "bool", ZERO(CEL_BOOL), NULL}},
                              INT32[] = {{"value", "int", ZERO(CEL_INT), take_int32}},
                              INT64[] = {{"value", "int", ZERO(CEL_INT), NULL}},
                              UINT32[] = {{"value", "uint", ZERO(CEL_UINT), take_uint32}},
                              UINT64[] = {{"value", "uint", ZERO(CEL_UINT), NULL}},
                              FLOAT[] = {{"value", "double", ZERO(CEL_DOUBLE), take_float}},
                              DOUBLE[] = {{"value", "double", ZERO(CEL_DOUBLE), NULL}},
                              STRING[] = {{"value", "string", NO_TEXT(CEL_STRING), NULL}},
                              BYTES[] = {{"value", "bytes", NO_TEXT(CEL_BYTES), NULL}};

static const struct cel_field LIST[] = {
    {"values", "list<dyn>", {.kind = CEL_LIST, .list = &NO_VALUES}, take_dynamic},
};
static const struct cel_field STRUCT[] = {
    {"fields", "map<string, dyn>", {.kind = CEL_MAP, .map = &NO_FIELDS}, take_dynamic},
};
static const struct cel_field VALUE[] = {
    {"null_value", "null", ZERO(CEL_ABSENT), NULL},
    {"number_value", "double", ZERO(CEL_ABSENT), NULL},
    {"string_value", "string", ZERO(CEL_ABSENT), NULL},
    {"bool_value", "bool", ZERO(CEL_ABSENT), NULL},
    {"struct_value", "map<string, dyn>", ZERO(CEL_ABSENT), take_dynamic},
    {"list_value", "list<dyn>", ZERO(CEL_ABSENT), take_dynamic},
};
static const struct cel_field TIME[] = {
    {"seconds", "int", ZERO(CEL_INT), NULL},
    {"nanos", "int", ZERO(CEL_INT), take_int32},
};
static const struct cel_field ANY[] = {
    {"type_url", "string", NO_TEXT(CEL_STRING), NULL},
    {"value", "bytes", NO_TEXT(CEL_BYTES), NULL},
};

#define MESSAGE(as, of, how, with)                                                                 \
    {                                                                                              \
        .name = "google.protobuf." as, .type = (of), .make = (how), .fields = (with),              \
        .count = sizeof(with) / sizeof((with)[0])                                                  \
    }

static const struct cel_message MESSAGES[] = {
    MESSAGE("BoolValue", "wrapper<bool>", NULL, BOOL),
    MESSAGE("Int32Value", "wrapper<int>", NULL, INT32),
    MESSAGE("Int64Value", "wrapper<int>", NULL, INT64),
    MESSAGE("UInt32Value", "wrapper<uint>", NULL, UINT32),
    MESSAGE("UInt64Value", "wrapper<uint>", NULL, UINT64),
    MESSAGE("FloatValue", "wrapper<double>", NULL, FLOAT),
    MESSAGE("DoubleValue", "wrapper<double>", NULL, DOUBLE),
    MESSAGE("StringValue", "wrapper<string>", NULL, STRING),
    MESSAGE("BytesValue", "wrapper<bytes>", NULL, BYTES),
    MESSAGE("ListValue", "list<dyn>", NULL, LIST),
    MESSAGE("Struct", "map<string, dyn>", NULL, STRUCT),
    MESSAGE("Value", "dyn", make_value, VALUE),
    MESSAGE("Timestamp", "timestamp", make_timestamp, TIME),
    MESSAGE("Duration", "duration", make_duration, TIME),
    MESSAGE("Any", "dyn", make_any, ANY),
};

const struct cel_library cel_well_known = {
    .name = "well-known messages",
    .messages = MESSAGES,
    .message_count = sizeof(MESSAGES) / sizeof(MESSAGES[0]),
};
