/* machine_import.c - muster machine import: many machines from a table (CSV) or from objects (JSON
 * lines), as POST /v1/machines takes them. All lines are read before the first is sent; the same
 * file again changes what differs. Spec: docs/operations.md, "Many machines at once".
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/csv.h"
#include "cli/nouns.h"
#include "common/file.h"
#include "common/ids.h"
#include "common/json.h"
#include "common/text.h"

#define FILE_BYTES_MAX ((size_t)64 << 20)
#define LINE_BYTES_MAX ((size_t)64 << 10) /* of JSON: what the server takes */
#define PASSWORD_MAX 1024

struct import {
    struct cli *cli;
    const char *path;
    json_t *machines; /* each with its "line" */
    size_t wrong;     /* lines */
    size_t added, changed, unchanged;
    int code; /* of the first line that the server refused, or of what ended it */
};

static const char *const MEMBERS[] = {"name",
                                      "site",
                                      "macs",
                                      "uuid",
                                      "serial",
                                      "asset_tag",
                                      "rack",
                                      "class",
                                      "memory_mib",
                                      "cpus",
                                      "model",
                                      "lifecycle",
                                      "cluster",
                                      "service",
                                      "labels",
                                      "firmware",
                                      "controllers",
                                      "bmc",
                                      "maintenance_calendar",
                                      NULL};
static const char *const BMC_MEMBERS[] = {"driver",       "address",       "port", "username",
                                          "cipher_suite", "password_file", NULL};

static void tell(struct import *import, size_t line, const char *words)
{
    fprintf(stderr, "%s:%zu: %s\n", import->path, line, words);
}

/* ---- reading ---- */

/* A password's file, as --bmc-password-file. */
static int read_password(json_t *bmc, struct error *err)
{
    const char *path = NULL;
    char *password;
    size_t length;

    if (json_read_string(bmc, "password_file", 4096, &path, err) < 0)
        return -1;
    if (!path)
        return 0;
    if (!(password = file_read_secret(path, PASSWORD_MAX, &length, err)))
        return -1;
    json_object_set_new(bmc, "password", json_stringn(password, strcspn(password, "\r\n")));
    memset(password, 0, length);
    free(password);
    json_object_del(bmc, "password_file");
    return 0;
}

static int check_machine(json_t *machine, struct error *err)
{
    json_t *bmc = json_object_get(machine, "bmc");
    const char *name = NULL;

    if (!json_is_object(machine))
        return error_set_code(err, ERROR_INVALID, "must be an object: {\"name\": \"m1\", ...}");
    if (json_refuse_unknown(machine, MEMBERS, err) < 0 ||
        json_read_string(machine, "name", 63, &name, err) < 0)
        return -1;
    if (!name || !*name)
        return error_set_code(err, ERROR_INVALID, "name is missing");
    if (!json_is_object(bmc))
        return bmc ? error_set_code(err, ERROR_INVALID, "bmc must be an object") : 0;
    if (json_object_get(bmc, "password"))
        return error_set_code(err, ERROR_INVALID,
                              "bmc.password: a password stands in a file of its own: "
                              "bmc.password_file");
    if (json_refuse_unknown(bmc, BMC_MEMBERS, err) < 0 || read_password(bmc, err) < 0)
        return error_prefix(err, "bmc");
    return 0;
}

/* Takes the machine; NULL: 'err' says why there is none. */
static void take(struct import *import, size_t line, json_t *machine, struct error *err)
{
    if (machine && check_machine(machine, err) == 0) {
        json_array_append_new(import->machines, json_pack("{s:I, s:o}", "line", (json_int_t)line,
                                                          "machine", machine));
        return;
    }
    json_decref(machine);
    tell(import, line, error_text(err));
    error_clear(err);
    import->wrong++;
}

static void take_line(struct import *import, size_t line, const char *at, size_t size)
{
    struct error err = {0};
    json_t *machine = json_parse(at, size, LINE_BYTES_MAX, &err);

    if (machine)
        take(import, line, machine, &err);
    else { /* "1:9: ...", of this line */
        fprintf(stderr, "%s:%zu%s\n", import->path, line, error_text(&err) + 1);
        import->wrong++;
    }
}

static void read_lines(struct import *import, char *bytes, size_t length)
{
    size_t line = 1;

    for (char *at = bytes; at < bytes + length; line++) {
        char *end = memchr(at, '\n', (size_t)(bytes + length - at));
        size_t size = end ? (size_t)(end - at) : (size_t)(bytes + length - at);

        if (strspn(at, " \t\r") < size)
            take_line(import, line, at, size);
        at += size + 1;
    }
}

/* "52:54:00:00:00:01 52:54:00:00:00:02" */
static json_t *read_macs(const char *cell)
{
    json_t *macs = json_array();

    while (*cell) {
        size_t length = strcspn(cell, " ,;");

        if (length > 0)
            json_array_append_new(macs, json_stringn(cell, length));
        cell += length + (cell[length] != '\0');
    }
    return macs;
}

static json_t *read_cell(const char *column, const char *cell, struct error *err)
{
    static const char *const numbers[] = {"memory_mib", "cpus", "bmc.port", "bmc.cipher_suite"};
    json_t *value;
    char *end;

    if (strcmp(column, "macs") == 0)
        return read_macs(cell);
    if (strcmp(column, "controllers") == 0) {
        value = json_parse(cell, strlen(cell), LINE_BYTES_MAX, err);
        if (!value)
            error_prefix(err, "%s", column);
        return value;
    }
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (strcmp(column, numbers[i]) == 0) {
            long long number;

            errno = 0;
            number = strtoll(cell, &end, 10);
            if (!errno && !*end)
                return json_integer(number);
            error_set_code(err, ERROR_INVALID, "%s must be a number, not '%.40s'", column, cell);
            return NULL;
        }
    return json_string(cell);
}

/* "labels.team" stands in "labels". */
static int put_cell(json_t *machine, const char *column, const char *cell, struct error *err)
{
    const char *dot = strchr(column, '.');
    char of[32];
    json_t *value = read_cell(column, cell, err), *object;

    if (!value)
        return -1;
    if (!dot) {
        json_object_set_new(machine, column, value);
        return 0;
    }
    snprintf(of, sizeof(of), "%.*s", (int)(dot - column), column);
    object = json_object_get(machine, of);
    if (!object) {
        object = json_object();
        json_object_set_new(machine, of, object);
    }
    json_object_set_new(object, dot + 1, value);
    return 0;
}

static json_t *read_record(const struct csv *csv, char *const *columns, size_t count,
                           struct error *err)
{
    json_t *machine = json_object();

    if (csv->count != count)
        error_set_code(err, ERROR_INVALID,
                       "there are %zu fields, and %zu columns in the first line", csv->count,
                       count);
    for (size_t i = 0; csv->count == count && i < count; i++)
        if (*csv->fields[i] && put_cell(machine, columns[i], csv->fields[i], err) < 0)
            break;
    if (!err->text[0])
        return machine;
    json_decref(machine);
    return NULL;
}

/* One that read_record() puts somewhere. */
static int check_column(const char *column, struct error *err)
{
    static const char *const of[] = {"labels.", "firmware."};
    json_t *named = NULL;
    int rc;

    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
        if (strncmp(column, of[i], strlen(of[i])) == 0 && column[strlen(of[i])])
            return 0;
    if (strncmp(column, "bmc.", 4) == 0) {
        named = json_pack("{s:b}", column + 4, 1);
        rc = json_refuse_unknown(named, BMC_MEMBERS, err);
    } else if (strcmp(column, "labels") == 0 || strcmp(column, "firmware") == 0 ||
               strcmp(column, "bmc") == 0)
        rc = error_set_code(err, ERROR_INVALID, "a column is one of its members: %s.NAME", column);
    else {
        named = json_pack("{s:b}", column, 1);
        rc = json_refuse_unknown(named, MEMBERS, err);
    }
    json_decref(named);
    return rc;
}

static int check_columns(struct import *import, const struct csv *csv)
{
    for (size_t i = 0; i < csv->count; i++) {
        struct error err = {0};

        for (size_t k = 0; k < i && !err.text[0]; k++)
            if (strcmp(csv->fields[k], csv->fields[i]) == 0)
                error_set_code(&err, ERROR_INVALID, "column '%.60s' stands there twice",
                               csv->fields[i]);
        if (!err.text[0])
            check_column(csv->fields[i], &err);
        if (err.text[0]) {
            tell(import, csv->line, error_text(&err));
            import->wrong++;
        }
    }
    return import->wrong ? -1 : 0;
}

static void read_table(struct import *import, char *bytes, size_t length)
{
    char *columns[CSV_FIELDS_MAX];
    struct error err = {0};
    struct csv csv;
    size_t count;
    int rc;

    csv_open(&csv, bytes, length);
    if ((rc = csv_next(&csv, &err)) > 0 && check_columns(import, &csv) < 0)
        return;
    count = csv.count;
    memcpy(columns, csv.fields, sizeof(columns));
    while (rc > 0 && (rc = csv_next(&csv, &err)) > 0) {
        json_t *machine = read_record(&csv, columns, count, &err);

        take(import, csv.line, machine, &err);
    }
    if (rc < 0) { /* what is behind it cannot be told apart */
        fprintf(stderr, "%s:%s\n", import->path, error_text(&err));
        import->wrong++;
    }
}

static int read_file(struct import *import)
{
    const char *dot = strrchr(import->path, '.');
    size_t length;
    char *bytes = file_read(import->path, FILE_BYTES_MAX, &length, &import->cli->err);

    if (!bytes)
        return -1;
    if (dot && strcmp(dot, ".csv") == 0)
        read_table(import, bytes, length);
    else
        read_lines(import, bytes, length);
    free(bytes);
    return 0;
}

/* ---- sending ---- */

static void refused(struct import *import, size_t line, int code, const struct error *err)
{
    tell(import, line, error_text(err));
    import->wrong++;
    if (import->code == EXIT_OK || code == EXIT_UNREACHABLE || code == EXIT_AUTH)
        import->code = code;
}

/* In whatever spelling; the server says which are none. */
static bool same_macs(const json_t *left, const json_t *right)
{
    const json_t *item;
    size_t i;

    json_array_foreach(left, i, item)
    {
        const char *mine = json_string_value(item),
                   *theirs = json_string_value(json_array_get(right, i));
        struct mac a, b;

        if (!mine || !theirs || mac_parse(mine, &a) < 0 || mac_parse(theirs, &b) < 0 ||
            !mac_equal(&a, &b))
            return false;
    }
    return json_array_size(left) == json_array_size(right);
}

/* It may differ in what is said of it, in nothing that it is found by. */
static const char *other_member(const json_t *machine, const json_t *there)
{
    static const char *const same[] = {"name", "site"};
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        if (!json_equal(json_object_get(machine, same[i]), json_object_get(there, same[i])))
            return same[i];
    return same_macs(json_object_get(machine, "macs"), json_object_get(there, "macs")) ? NULL
                                                                                       : "macs";
}

/* What of it may be changed. */
static json_t *changes_of(const json_t *machine)
{
    static const char *const fixed[] = {"name", "site", "macs", "uuid", "bmc"};
    json_t *changes = json_copy((json_t *)machine);

    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        json_object_del(changes, fixed[i]);
    return changes;
}

/* One that is there: 'conflict' is what its POST was answered. */
static void change(struct import *import, size_t line, const json_t *machine,
                   const struct error *conflict)
{
    struct cli *cli = import->cli;
    char *path = cli_path(cli, "/v1/machines", output_member(machine, "name"), "");
    json_t *there = NULL, *now = NULL, *changes = changes_of(machine);
    struct error err = {0};
    const char *other;
    int rc = client_get(cli->client, path, &there, &err);

    if (rc == EXIT_NOT_FOUND && cli->tenant) {
        err = *conflict;
        error_prefix(&err, "it may be there and not held by this tenant (muster machine hold)");
    } else if (rc == EXIT_NOT_FOUND)
        err = *conflict;
    else if (rc == EXIT_OK && (other = other_member(machine, there))) {
        rc = EXIT_CONFLICT;
        error_set(&err, "%s: machine %s is there with another, which import leaves as it is", other,
                  output_member(machine, "name"));
    } else if (rc == EXIT_OK)
        rc = client_patch(cli->client, path, changes, &now, &err);
    if (rc != EXIT_OK)
        refused(import, line, rc, &err);
    else if (json_equal(there, now))
        import->unchanged++;
    else
        import->changed++;
    json_decref(changes);
    json_decref(there);
    json_decref(now);
    free(path);
}

static void add(struct import *import, size_t line, const json_t *machine)
{
    struct cli *cli = import->cli;
    struct error err = {0};
    char *path = NULL;
    int rc = client_post(cli->client, "/v1/machines", machine, NULL, &err);

    if (rc == EXIT_CONFLICT) {
        change(import, line, machine, &err);
        return;
    }
    if (rc == EXIT_OK && cli->tenant) {
        path = cli_path(cli, "/v1/machines", output_member(machine, "name"), "/hold");
        rc = client_post(cli->client, path, NULL, NULL, &err);
        free(path);
    }
    if (rc == EXIT_OK)
        import->added++;
    else
        refused(import, line, rc, &err);
}

/* Who cannot be reached, or lets nobody in, would say so to each. */
static int send_all(struct import *import)
{
    json_t *entry, *sum;
    size_t i;

    json_array_foreach(import->machines, i, entry)
    {
        add(import, (size_t)json_integer_value(json_object_get(entry, "line")),
            json_object_get(entry, "machine"));
        if (import->code == EXIT_UNREACHABLE || import->code == EXIT_AUTH)
            break;
    }
    sum = json_pack("{s:I, s:I, s:I, s:I}", "added", (json_int_t)import->added, "changed",
                    (json_int_t)import->changed, "unchanged", (json_int_t)import->unchanged,
                    "refused", (json_int_t)import->wrong);
    output_object(import->cli->format, sum);
    json_decref(sum);
    return import->code;
}

int machine_import(struct cli *cli)
{
    struct import import = {.cli = cli, .path = cli->words[0], .machines = json_array()};
    int rc = EXIT_USAGE;

    if (read_file(&import) == 0 && import.wrong)
        cli_misused(cli, "%zu lines are wrong; nothing was sent", import.wrong);
    else if (!cli->err.text[0])
        rc = cli_flag(cli, "dry-run") ? EXIT_OK : send_all(&import);
    json_decref(import.machines);
    return rc;
}
