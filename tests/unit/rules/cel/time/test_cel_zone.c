/* TZif files that are broken, the rule at their end, and the system's zones against the C library,
 * which reads them too. */
#include "rules/cel/time/cel_zone.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rules/cel/time/cel_zone_rule.h"
#include "tests/support/check_main.h"

/* A file of version 2 with one change, an hour east since 1970, and a rule. */
struct sample {
    unsigned char bytes[512];
    size_t length;
};

static void put(struct sample *sample, const void *bytes, size_t length)
{
    memcpy(sample->bytes + sample->length, bytes, length);
    sample->length += length;
}

static void put_header(struct sample *sample, char version, unsigned char times,
                       unsigned char types, unsigned char chars)
{
    unsigned char header[44] = {'T', 'Z', 'i', 'f', (unsigned char)version};

    header[35] = times;
    header[39] = types;
    header[43] = chars;
    put(sample, header, sizeof(header));
}

#define FIRST_BLOCK (44 + 6 + 4) /* bytes before the second header */

static struct sample sample_of(const char *footer)
{
    struct sample sample = {.length = 0};

    put_header(&sample, '2', 0, 1, 4);
    put(&sample, "\0\0\0\0\0\0", 6);
    put(&sample, "UTC", 4);
    put_header(&sample, '2', 1, 2, 8);
    put(&sample, "\0\0\0\0\0\0\0\0", 8); /* the moment */
    put(&sample, "\1", 1);               /* its type */
    put(&sample, "\0\0\0\0\0\0", 6);     /* type 0: UTC */
    put(&sample, "\0\0\x0e\x10\0\4", 6); /* type 1: an hour east */
    put(&sample, "UTC\0CET", 8);
    put(&sample, footer, strlen(footer));
    return sample;
}

static void refused(const struct sample *sample, const char *part)
{
    const char *wrong = NULL;

    ck_assert_ptr_null(cel_zone_parse(sample->bytes, sample->length, &wrong));
    ck_assert_msg(wrong && strstr(wrong, part), "'%s' is not in '%s'", part, wrong ? wrong : "");
}

START_TEST(files_cut_short_are_refused)
{
    struct sample whole = sample_of("\nCET-1\n");
    const char *wrong;

    for (size_t length = 0; length < whole.length; length++) {
        unsigned char *exact = malloc(length + 1); /* that a read beyond the end is seen */

        memcpy(exact, whole.bytes, length);
        exact = realloc(exact, length ? length : 1);
        ck_assert_ptr_null(cel_zone_parse(exact, length, &wrong));
        free(exact);
    }
}
END_TEST

START_TEST(damaged_files_are_refused)
{
    static const struct {
        size_t at;
        unsigned char byte;
        const char *part;
    } damages[] = {
        {0, 'X', "header"},
        {32, 0xff, "header"}, /* changes in the first block */
        {FIRST_BLOCK, 'X', "header"},
        {FIRST_BLOCK + 36, 0xff, "header"},      /* types */
        {FIRST_BLOCK + 40, 0xff, "header"},      /* characters */
        {FIRST_BLOCK + 52, 2, "no local time"},  /* a type that is none */
        {FIRST_BLOCK + 53, 0x7f, "first local"}, /* an offset of years */
    };

    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        struct sample sample = sample_of("\nCET-1\n");

        sample.bytes[damages[i].at] = damages[i].byte;
        refused(&sample, damages[i].part);
    }
}
END_TEST

START_TEST(wrong_last_lines_are_refused)
{
    static const char *const footers[] = {"\nCET\n",
                                          "\nC-1\n",
                                          "\nCET-25\n",
                                          "\nCET-1CEST\n",
                                          "\n<+-1\n",
                                          "\nCET-1CEST,M3\n",
                                          "\nCET-1CEST,M13.1.0,M10.5.0\n",
                                          "\nCET-1 \n",
                                          "\nCET-1CEST,M3.6.0,M10.5.0\n",
                                          "\nCET-1CEST,M3.5.7,M10.5.0\n",
                                          "\nCET-1CEST,M3.5.0,M10.5.0/168\n",
                                          "\nCET-1CEST,J0,J365\n",
                                          "\nCET-1CEST,0,366\n",
                                          "\nCET-1CEST,M3.5.0,M10.5.0,\n",
                                          "\nCET-1:60\n"};
    struct sample sample = sample_of("CET-1\n");

    refused(&sample, "last line");
    sample = sample_of("\nCET-1");
    refused(&sample, "last line");
    for (size_t i = 0; i < sizeof(footers) / sizeof(footers[0]); i++) {
        sample = sample_of(footers[i]);
        refused(&sample, "rule");
    }
}
END_TEST

START_TEST(leap_seconds_are_refused)
{
    struct sample sample = sample_of("\nCET-1\n");

    /* 12 of the bytes that are there pass for a leap second. */
    sample.bytes[FIRST_BLOCK + 31] = 1;
    sample.bytes[FIRST_BLOCK + 43] = 3;
    sample.length += 7;
    refused(&sample, "leap seconds");
}
END_TEST

START_TEST(a_change_and_what_comes_after_it)
{
    struct sample sample = sample_of("\nXXX-2\n");
    const char *wrong = NULL;
    struct cel_zone *zone = cel_zone_parse(sample.bytes, sample.length, &wrong);

    ck_assert_ptr_nonnull(zone);
    ck_assert_int_eq(cel_zone_offset(zone, -1), 0);
    ck_assert_int_eq(cel_zone_offset(zone, 0), 7200); /* the rule's: it is behind the last one */
    free(zone);
    sample = sample_of("\n\n");
    zone = cel_zone_parse(sample.bytes, sample.length, &wrong);
    ck_assert_ptr_nonnull(zone);
    ck_assert_int_eq(cel_zone_offset(zone, INT64_MIN), 0);
    ck_assert_int_eq(cel_zone_offset(zone, 0), 3600);
    ck_assert_int_eq(cel_zone_offset(zone, INT64_MAX), 3600);
    free(zone);
}
END_TEST

static int64_t by_rule(const char *text, int64_t seconds)
{
    struct cel_zone_rule rule;

    ck_assert_int_eq(cel_zone_rule_parse(text, strlen(text), &rule), 0);
    return cel_zone_rule_offset(&rule, seconds);
}

START_TEST(rules_of_all_forms)
{
    const int64_t january = 1767225600, july = 1782864000; /* the firsts of 2026 */

    ck_assert_int_eq(by_rule("<+0330>-3:30", july), 12600);
    ck_assert_int_eq(by_rule("CET-1CEST,M3.5.0,M10.5.0/3", january), 3600);
    ck_assert_int_eq(by_rule("CET-1CEST,M3.5.0,M10.5.0/3", july), 7200);
    ck_assert_int_eq(by_rule("NZST-12NZDT,M9.5.0,M4.1.0/3", january), 46800);
    ck_assert_int_eq(by_rule("NZST-12NZDT,M9.5.0,M4.1.0/3", july), 43200);
    ck_assert_int_eq(by_rule("AAA5BBB4:30,J60/0,J300", july), -16200);
    ck_assert_int_eq(by_rule("AAA5BBB,59/0,299", january), -18000);
    /* Summer all year, which the file format writes like this. */
    for (int64_t at = january - 400 * 86400; at < january + 400 * 86400; at += 3600)
        ck_assert_int_eq(by_rule("EST5EDT,0/0,J365/25", at), -14400);
    /* 60 days in a year without 29 February, and with one. */
    ck_assert_int_eq(by_rule("AAA0BBB,J60/0,J300", 1772323200), 3600); /* 2026-03-01 */
    ck_assert_int_eq(by_rule("AAA0BBB,J60/0,J300", 1772323200 - 1), 0);
    ck_assert_int_eq(by_rule("AAA0BBB,J60/0,J300", 1709251200), 3600); /* 2024-03-01 */
    ck_assert_int_eq(by_rule("AAA0BBB,J60/0,J300", 1709251200 - 1), 0);
    ck_assert_int_eq(by_rule("AAA0BBB,59/0,299", 1709251200 - 1), 3600); /* 2024-02-29 */
}
END_TEST

START_TEST(names_that_leave_the_folder_are_refused)
{
    static const char *const names[] = {
        "",        "/etc/localtime", "../../../etc/localtime", "a/../b", "Europe/Berlin/..",
        "posix/.", "Europe\nBerlin", "Europe/Berli\xc3\xb1"};
    const char *wrong;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        wrong = NULL;
        ck_assert_ptr_null(cel_zone_find(names[i], strlen(names[i]), &wrong));
        ck_assert_ptr_nonnull(wrong);
    }
    ck_assert_ptr_null(cel_zone_find("Europe/Berlin\0", 14, &wrong));
    ck_assert_ptr_null(cel_zone_find("Europe/Ber", 10, &wrong));
    ck_assert_ptr_nonnull(cel_zone_find("Europe/Berlinxxx", 13, &wrong)); /* only so much of it */
}
END_TEST

START_TEST(the_c_library_agrees)
{
    static const char *const names[] = {
        "Europe/Berlin",      "America/New_York",  "Australia/Sydney", "Australia/Lord_Howe",
        "Asia/Kathmandu",     "Africa/Casablanca", "America/St_Johns", "Pacific/Apia",
        "Antarctica/Troll",   "Europe/Dublin",     "Asia/Gaza",        "America/Scoresbysund",
        "Pacific/Kiritimati", "Etc/GMT+5"};
    const char *wrong = NULL;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct cel_zone *zone = cel_zone_find(names[i], strlen(names[i]), &wrong);

        ck_assert_msg(zone != NULL, "%s: %s", names[i], wrong ? wrong : "");
        setenv("TZ", names[i], 1);
        tzset();
        for (time_t at = -3000000000; at < 9000000000; at += 86400 * 3 + 3607) {
            struct tm local;

            ck_assert_ptr_nonnull(localtime_r(&at, &local));
            ck_assert_msg(cel_zone_offset(zone, at) == local.tm_gmtoff, "%s at %lld", names[i],
                          (long long)at);
        }
    }
}
END_TEST

static void *find_all(void *out)
{
    static const char *const names[] = {"Europe/Paris", "Europe/Rome", "Europe/Madrid",
                                        "Europe/Oslo", "Europe/Vienna"};
    const struct cel_zone **found = out;
    const char *wrong;

    for (size_t i = 0; i < 5; i++)
        found[i] = cel_zone_find(names[i], strlen(names[i]), &wrong);
    return NULL;
}

START_TEST(threads_find_the_same_zone)
{
    const struct cel_zone *found[4][5] = {{NULL}};
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, find_all, found[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 5; j++) {
            ck_assert_ptr_nonnull(found[i][j]);
            ck_assert_ptr_eq(found[i][j], found[0][j]);
        }
}
END_TEST

CHECK_MAIN("cel_zone", files_cut_short_are_refused, damaged_files_are_refused,
           wrong_last_lines_are_refused, leap_seconds_are_refused, a_change_and_what_comes_after_it,
           rules_of_all_forms, names_that_leave_the_folder_are_refused, the_c_library_agrees,
           threads_find_the_same_zone)
