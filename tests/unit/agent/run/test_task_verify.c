/* The verify ladder: each refusal by its name, every bit of a valid order, and what counts as
 * known. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/run/task_verify.h"
#include "proto/features.h"
#include "tests/support/agent_orders.h"
#include "tests/support/check_main.h"
#include "tests/support/scarce_memory.h"

static char folder[] = "/tmp/muster-verify-XXXXXX";
static char path[64];
static struct orders orders;
static struct verify_place place;
static struct task_order order;
static struct verify_refusal refusal;

static void begin(void)
{
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/journal", folder);
    orders_begin(&orders);
    place = (struct verify_place){.site_id = orders.site,
                                  .agent_id = orders.agent_id,
                                  .manifest = orders.manifest,
                                  .nonce = orders.nonce,
                                  .now_us = ORDERS_NOW_US,
                                  .journal = task_journal_open(path, NULL)};
    ck_assert_ptr_nonnull(place.journal);
    orders_boot(&orders, 5);
}

static void end(void)
{
    static const char *const names[] = {"", "-wal", "-shm", ".lock", ".ballast"};
    char name[80];

    task_journal_close(place.journal);
    orders_end(&orders);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(name, sizeof(name), "%s%s", path, names[i]);
        unlink(name);
    }
    rmdir(folder);
}

static int verify(const uint8_t *bytes, size_t length)
{
    struct error err = {0};
    int rc = task_verify(&place, bytes, length, &order, &refusal, &err);

    ck_assert_msg(rc >= 0, "%s", error_text(&err));
    return rc;
}

/* Sign what stands in 'orders', verify, and expect this name ("" for none). */
static void expect_signed(const struct sign_key *key, enum envelope_domain domain,
                          const ProtobufCMessage *message, const char *code)
{
    uint8_t *bytes;
    size_t length = orders_seal(key, domain, message, &bytes);
    int rc = verify(bytes, length);

    if (!*code)
        ck_assert_msg(rc == 1, "%s: %s", refusal.code, refusal.text.text);
    else {
        static const struct task_order wiped;

        ck_assert_int_eq(rc, 0);
        ck_assert_str_eq(refusal.code, code);
        ck_assert_uint_ne(strlen(refusal.text.text), 0);
        ck_assert_mem_eq(&order, &wiped, sizeof(order));
    }
    task_order_clear(&order);
    free(bytes);
}

static void expect(const char *code)
{
    expect_signed(orders.controller, DOMAIN_TASK, &orders.boot.base, code);
}

START_TEST(no_bytes_are_malformed)
{
    ck_assert_int_eq(verify((const uint8_t *)"", 0), 0);
    ck_assert_str_eq(refusal.code, "malformed");
}
END_TEST

START_TEST(every_cut_and_every_flipped_bit_is_refused)
{
    uint8_t *bytes;
    size_t length = orders_sign(&orders, &bytes);

    for (size_t cut = 0; cut < length; cut += 7)
        ck_assert_int_eq(verify(bytes, cut), 0);
    for (size_t bit = 0; bit < length * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_assert_int_eq(verify(bytes, length), 0);
        /* Nothing in an unsigned payload is believed, not even whose task it is. */
        ck_assert(uuid_is_nil(&refusal.task_id));
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    ck_assert_int_eq(verify(bytes, length), 1);
    task_order_clear(&order);
    free(bytes);
}
END_TEST

START_TEST(good_order_passes_and_says_whose_it_is)
{
    uint8_t *bytes;
    size_t length = orders_sign(&orders, &bytes);

    ck_assert_int_eq(verify(bytes, length), 1);
    ck_assert(uuid_equal(&order.task_id, &orders.task));
    ck_assert(uuid_equal(&order.machine_id, &orders.machine));
    ck_assert_uint_eq(order.epoch, 5);
    ck_assert(!order.known);
    task_order_clear(&order);
    free(bytes);
}
END_TEST

START_TEST(foreign_key_is_unknown_and_nothing_is_believed_without_a_manifest)
{
    expect_signed(orders.stranger, DOMAIN_TASK, &orders.boot.base, "unknown_key");
    ck_assert(uuid_is_nil(&refusal.task_id));
    place.manifest = NULL;
    expect("unknown_key");
}
END_TEST

START_TEST(known_key_with_a_broken_signature)
{
    uint8_t *bytes;
    size_t length = orders_sign(&orders, &bytes);

    bytes[length - 1] ^= 1;
    ck_assert_int_eq(verify(bytes, length), 0);
    ck_assert_str_eq(refusal.code, "bad_signature");
    free(bytes);
}
END_TEST

START_TEST(key_for_cancels_signs_no_task)
{
    expect_signed(orders.cancel_only, DOMAIN_TASK, &orders.boot.base, "wrong_domain");
    expect_signed(orders.controller, DOMAIN_RESULT, &orders.boot.base, "wrong_domain");
}
END_TEST

START_TEST(order_of_another_key_period_is_unknown)
{
    place.now_us += (int64_t)2 * 86400 * 1000000;
    expect("unknown_key");
}
END_TEST

START_TEST(requirement_nobody_knows_is_unsupported)
{
    char *requires[] = {(char *)FEATURE_BOOT, (char *)"teleport.v9"};

    orders.boot.requires = requires;
    orders.boot.n_requires = 1;
    expect("");
    orders.boot.n_requires = 2;
    expect("unsupported");
    ck_assert(uuid_equal(&refusal.task_id, &orders.task));
    ck_assert_uint_eq(refusal.epoch, 5);
    orders.boot.n_requires = 0;
    orders.boot.action = (char *)"erase";
    expect("unsupported");
}
END_TEST

START_TEST(other_site_agent_or_session)
{
    struct uuid other = uuid_make();

    orders.boot.site_id = message_from_uuid(&other);
    expect("wrong_site");
    orders.boot.site_id = message_from_uuid(&orders.site);
    orders.boot.agent_id = message_from_uuid(&other);
    expect("wrong_agent");
    orders.boot.agent_id = message_from_uuid(&orders.agent_id);
    place.nonce = (const uint8_t *)"another session's nonce, 32 byte";
    expect("replay");
    orders.boot.session_nonce.len = 0;
    expect("replay");
}
END_TEST

START_TEST(expired_or_not_yet_valid)
{
    orders.boot.expires_at_us = ORDERS_NOW_US;
    expect("expired");
    orders.boot.expires_at_us = ORDERS_NOW_US + 1;
    expect("");
    orders.boot.not_before_us = ORDERS_NOW_US + (int64_t)60 * 1000000;
    expect("expired");
}
END_TEST

static void hold(enum journal_task_state state, uint64_t epoch, const uint8_t *bytes, size_t length)
{
    struct journal_batch *batch = journal_batch_create();
    struct journal_task row = {.id = orders.task,
                               .machine_id = orders.machine,
                               .epoch = epoch,
                               .state = state,
                               .envelope = (uint8_t *)bytes,
                               .envelope_length = length,
                               .ended_at_us = (int64_t)4000000000 * 1000000};

    journal_batch_task(batch, &row);
    journal_batch_epoch(batch, &orders.machine, epoch);
    ck_assert_int_eq(task_journal_write_now(place.journal, batch, NULL), 0);
}

START_TEST(lower_epoch_is_old_and_the_same_belongs_to_its_task)
{
    uint8_t *bytes;
    size_t length = orders_sign(&orders, &bytes);

    hold(HELD_ACCEPTED, 5, bytes, length);
    ck_assert_int_eq(verify(bytes, length), 1);
    ck_assert(order.known);
    ck_assert_int_eq(order.held.state, HELD_ACCEPTED);
    task_order_clear(&order);
    orders.boot.epoch = 4;
    expect("old_epoch");
    orders.boot.epoch = 6;
    expect("");
    orders_boot(&orders, 5); /* another task of the same machine */
    expect("old_epoch");
    free(bytes);
}
END_TEST

START_TEST(bytes_of_an_ended_task_are_a_replay)
{
    uint8_t *bytes;
    size_t length = orders_sign(&orders, &bytes);

    hold(HELD_ENDED, 5, bytes, length);
    ck_assert_int_eq(verify(bytes, length), 0);
    ck_assert_str_eq(refusal.code, "replay");
    ck_assert(uuid_equal(&refusal.task_id, &orders.task));
    free(bytes);
}
END_TEST

START_TEST(fields_out_of_shape_are_malformed_by_name)
{
    static uint8_t short_id[15];
    static char long_value[130];

    orders.boot.task_id = (ProtobufCBinaryData){15, short_id};
    expect("malformed");
    ck_assert_ptr_nonnull(strstr(refusal.text.text, "task_id"));
    orders.boot.task_id = message_from_uuid(&orders.task);
    orders.version.arguments = (char *)"quiet\ninit=/bin/sh";
    expect("malformed");
    orders.version.arguments = (char *)"x=${uuid}";
    expect("malformed");
    orders.version.arguments = (char *)"quiet";
    orders.kernel.name = (char *)"../vmlinuz";
    expect("malformed");
    orders.kernel.name = (char *)"vmlinuz";
    orders.initrd.role = (char *)"kernel";
    expect("malformed");
    orders.initrd.role = (char *)"initrd";
    orders.bmc.address = (char *)"-Ffile";
    expect("malformed");
    orders.bmc.address = (char *)"10.0.0.1";
    orders.boot.after = (char *)"explode";
    expect("malformed");
    orders.boot.after = (char *)"stay";
    memset(long_value, 'a', 129);
    orders.param.value = long_value;
    expect("malformed");
    orders.param.value = (char *)"2";
    orders.boot.deadline_s = 0;
    expect("malformed");
    orders.boot.deadline_s = 60;
    orders.boot.epoch = 0;
    expect("malformed");
    orders.boot.epoch = 5;
    orders.boot.n_mac = 0;
    expect("malformed");
    orders.boot.n_mac = 1;
    orders.boot.bmc = NULL;
    expect("malformed");
    orders.boot.bmc = &orders.bmc;
    expect("");
}
END_TEST

START_TEST(cancel_passes_with_its_own_key_and_task)
{
    Muster__CancelTask cancel = MUSTER__CANCEL_TASK__INIT;

    cancel.task_id = message_from_uuid(&orders.task);
    cancel.site_id = message_from_uuid(&orders.site);
    cancel.agent_id = message_from_uuid(&orders.agent_id);
    cancel.session_nonce = (ProtobufCBinaryData){32, orders.nonce};
    cancel.expires_at_us = ORDERS_NOW_US + 1000;
    cancel.epoch = 5;
    expect_signed(orders.cancel_only, DOMAIN_CANCEL, &cancel.base, "");
    hold(HELD_RUNNING, 6, (const uint8_t *)"x", 1);
    expect_signed(orders.cancel_only, DOMAIN_CANCEL, &cancel.base, "old_epoch");
    /* Its payload under another domain is another order. */
    expect_signed(orders.controller, DOMAIN_TASK, &cancel.base, "malformed");
}
END_TEST

START_TEST(journal_row_is_read_again_as_it_was_signed)
{
    uint8_t *bytes;
    size_t length = orders_sign(&orders, &bytes);

    ck_assert_int_eq(task_order_reread(bytes, length, &order, NULL), 0);
    ck_assert_str_eq(order.boot->after, "as_found");
    task_order_clear(&order);
    bytes[20] ^= 0xff;
    ck_assert_int_eq(task_order_reread("", 0, &order, NULL), -1);
    free(bytes);
}
END_TEST

static uint8_t *judged;
static size_t judged_length;

static int judge(void *context, struct error *err)
{
    int rc = task_verify(&place, judged, judged_length, &order, &refusal, err);

    (void)context;
    scarce_left = 0;
    ck_assert_msg(rc != 0, "%s: %s", refusal.code, error_text(&refusal.text));
    task_order_clear(&order);
    return rc < 0 ? -1 : 0;
}

START_TEST(no_order_is_refused_for_want_of_memory)
{
    judged_length = orders_sign(&orders, &judged);
    scarce_memory_check(judge, NULL);
    free(judged);
}
END_TEST

CHECK_MAIN_WITH("task_verify", begin, end, no_bytes_are_malformed,
                every_cut_and_every_flipped_bit_is_refused, good_order_passes_and_says_whose_it_is,
                foreign_key_is_unknown_and_nothing_is_believed_without_a_manifest,
                known_key_with_a_broken_signature, key_for_cancels_signs_no_task,
                order_of_another_key_period_is_unknown, requirement_nobody_knows_is_unsupported,
                other_site_agent_or_session, expired_or_not_yet_valid,
                lower_epoch_is_old_and_the_same_belongs_to_its_task,
                bytes_of_an_ended_task_are_a_replay, fields_out_of_shape_are_malformed_by_name,
                cancel_passes_with_its_own_key_and_task, journal_row_is_read_again_as_it_was_signed,
                no_order_is_refused_for_want_of_memory)
