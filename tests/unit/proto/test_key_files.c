/* Key files: made once, 0600, refused when others may read them; the public half parses strictly.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "common/file.h"
#include "common/text.h"
#include "proto/envelope.h"
#include "proto/key_files.h"
#include "proto/sealed_secret.h"
#include "tests/support/check_main.h"

static char folder[64], path[128];
static struct error err;

static const char *in_folder(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void make(void)
{
    strcpy(folder, "/tmp/keysXXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    error_clear(&err);
}

static void unmake(void)
{
    static const char *const NAMES[] = {"curve.key",
                                        "sign.key",
                                        "seal.key",
                                        "phone-home.key",
                                        "agent-keys.json",
                                        "one.key",
                                        "controller-keys.json",
                                        "one.pub"};

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        unlink(in_folder(NAMES[i]));
    ck_assert_int_eq(rmdir(folder), 0);
}

START_TEST(what_is_no_key_is_refused)
{
    static const char *const TEXTS[] = {
        "",
        "\n",
        "abc\n",
        "zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00\n",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n\n"};
    uint8_t key[KEY_BYTES];

    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        file_write(in_folder("one.key"), TEXTS[i], strlen(TEXTS[i]), 0600, NULL);
        ck_assert_int_eq(key_file_read(path, key, &err), -1);
        ck_assert_int_eq(err.code, ERROR_INVALID);
        ck_assert_ptr_null(strstr(err.text, "0001020304")); /* not even a wrong one is shown */
    }
}
END_TEST

START_TEST(a_secret_open_to_others_is_refused)
{
    uint8_t key[KEY_BYTES] = {7}, back[KEY_BYTES];
    struct stat info;

    ck_assert_int_eq(key_file_write(in_folder("one.key"), key, NULL), 0);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_mode & 07777, 0600);
    ck_assert_int_eq(key_file_read(path, back, NULL), 0);
    ck_assert_mem_eq(key, back, KEY_BYTES);
    chmod(path, 0640);
    ck_assert_int_eq(key_file_read(path, back, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "chmod"));
}
END_TEST

START_TEST(a_key_is_never_replaced)
{
    uint8_t key[KEY_BYTES] = {7}, back[KEY_BYTES];

    ck_assert_int_eq(public_key_file_write(in_folder("one.pub"), key, NULL), 0);
    ck_assert_int_eq(public_key_file_read(path, back, NULL), 0);
    ck_assert_mem_eq(key, back, KEY_BYTES);
    ck_assert_int_eq(public_key_file_write(path, key, &err), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    ck_assert_int_eq(agent_keys_make(folder, NULL), 0);
    ck_assert_int_eq(agent_keys_make(folder, &err), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
}
END_TEST

static void back_to_stage(const char *name)
{
    char to[160];

    snprintf(to, sizeof(to), "%s/agent-keys.new/%s", folder, name);
    ck_assert_int_eq(rename(in_folder(name), to), 0);
}

/* As if cut off between the moves. */
START_TEST(keys_that_were_half_moved_are_gone_on_with)
{
    struct agent_keys before, after;

    ck_assert_int_eq(agent_keys_make(folder, NULL), 0);
    ck_assert_int_eq(agent_keys_load(folder, &before, NULL), 0);
    ck_assert_int_eq(mkdir(in_folder("agent-keys.new"), 0700), 0);
    back_to_stage("sign.key");
    back_to_stage("phone-home.key");
    back_to_stage("agent-keys.json");
    ck_assert_int_eq(agent_keys_load(folder, &after, &err), -1);
    ck_assert_msg(agent_keys_make(folder, &err) == 0, "%s", err.text);
    ck_assert_int_eq(agent_keys_load(folder, &after, NULL), 0);
    ck_assert_mem_eq(&before, &after, sizeof(before));
    ck_assert_int_eq(access(in_folder("agent-keys.json"), R_OK), 0);
    ck_assert_int_eq(access(in_folder("agent-keys.new"), F_OK), -1);
    ck_assert_int_eq(agent_keys_make(folder, &err), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
}
END_TEST

/* As if cut off between two writes. */
START_TEST(keys_that_were_half_made_are_made_anew)
{
    struct agent_keys keys;

    ck_assert_int_eq(mkdir(in_folder("agent-keys.new"), 0700), 0);
    ck_assert_int_eq(file_write(in_folder("agent-keys.new/curve.key"), "half", 4, 0600, NULL), 0);
    ck_assert_msg(agent_keys_make(folder, &err) == 0, "%s", err.text);
    ck_assert_int_eq(agent_keys_load(folder, &keys, NULL), 0);
    ck_assert_int_eq(access(in_folder("agent-keys.new"), F_OK), -1);
}
END_TEST

START_TEST(half_of_a_set_is_not_taken_for_another)
{
    ck_assert_int_eq(controller_keys_make(folder, NULL), 0);
    ck_assert_int_eq(unlink(in_folder("controller-keys.json")), 0);
    ck_assert_int_eq(agent_keys_make(folder, &err), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
}
END_TEST

START_TEST(an_agents_keys_fit_together)
{
    struct agent_keys keys;
    struct agent_public_keys public;
    uint8_t half[32];
    size_t length;
    char *json;

    ck_assert_int_eq(agent_keys_load(folder, &keys, &err), -1);
    ck_assert_int_eq(err.code, ERROR_NOT_FOUND);
    ck_assert_int_eq(agent_keys_make(folder, NULL), 0);
    ck_assert_int_eq(agent_keys_load(folder, &keys, NULL), 0);
    json = file_read(in_folder("agent-keys.json"), KEY_JSON_MAX, &length, NULL);
    ck_assert_int_eq(agent_public_keys_parse(json, length, &public, NULL), 0);
    free(json);
    ck_assert_mem_eq(&public, &keys.public, sizeof(public));
    ck_assert_int_eq(seal_key_public(keys.curve_secret, half, NULL), 0);
    ck_assert_mem_eq(half, public.curve, 32);
    ck_assert_mem_ne(public.curve, public.seal, 32);
    ck_assert_mem_ne(keys.phone_home, keys.curve_secret, 32);
}
END_TEST

START_TEST(a_controllers_keys_fit_together)
{
    struct controller_keys keys;
    struct controller_public_keys public;
    size_t length;
    char *json;

    ck_assert_int_eq(controller_keys_make(folder, NULL), 0);
    ck_assert_int_eq(controller_keys_load(folder, &keys, NULL), 0);
    json = file_read(in_folder("controller-keys.json"), KEY_JSON_MAX, &length, NULL);
    ck_assert_int_eq(controller_public_keys_parse(json, length, &public, NULL), 0);
    free(json);
    ck_assert_mem_eq(&public, &keys.public, sizeof(public));
}
END_TEST

START_TEST(a_renewed_set_has_another_signing_key_and_the_same_curve_key)
{
    struct controller_keys old, new;
    char renewed[96];

    snprintf(renewed, sizeof(renewed), "%s/new", folder);
    ck_assert_int_eq(controller_keys_renew(folder, renewed, &err), -1); /* there is none to renew */
    ck_assert_int_eq(controller_keys_make(folder, &err), 0);
    ck_assert_int_eq(controller_keys_renew(folder, renewed, &err), 0);
    ck_assert_int_eq(controller_keys_load(folder, &old, &err), 0);
    ck_assert_int_eq(controller_keys_load(renewed, &new, &err), 0);
    ck_assert_mem_eq(old.curve_secret, new.curve_secret, KEY_BYTES);
    ck_assert_mem_eq(old.public.curve, new.public.curve, KEY_BYTES);
    ck_assert_mem_ne(old.public.sign, new.public.sign, KEY_BYTES);
    error_clear(&err);
    ck_assert_int_eq(controller_keys_renew(folder, renewed, &err), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    unlink(in_folder("new/curve.key"));
    unlink(in_folder("new/sign.key"));
    unlink(in_folder("new/controller-keys.json"));
    ck_assert_int_eq(rmdir(renewed), 0);
}
END_TEST

START_TEST(public_json_is_strict)
{
    static const char *const TEXTS[] = {
        "", "[]", "{}", "{\"curve\":1}", "{\"curve\":\"00\",\"sign\":\"00\"}",
        /* one member too many */
        "{\"curve\":\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\","
        "\"sign\":\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\",\"seal\":"
        "\"\"}"};
    struct controller_public_keys keys;
    struct agent_public_keys agent;

    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        error_clear(&err);
        ck_assert_int_eq(controller_public_keys_parse(TEXTS[i], strlen(TEXTS[i]), &keys, &err), -1);
        ck_assert_str_ne(err.text, "");
        ck_assert_int_eq(agent_public_keys_parse(TEXTS[i], strlen(TEXTS[i]), &agent, NULL), -1);
    }
}
END_TEST

CHECK_MAIN_WITH("key_files", make, unmake, what_is_no_key_is_refused,
                a_secret_open_to_others_is_refused, a_key_is_never_replaced,
                keys_that_were_half_moved_are_gone_on_with, keys_that_were_half_made_are_made_anew,
                half_of_a_set_is_not_taken_for_another, an_agents_keys_fit_together,
                a_controllers_keys_fit_together,
                a_renewed_set_has_another_signing_key_and_the_same_curve_key, public_json_is_strict)
