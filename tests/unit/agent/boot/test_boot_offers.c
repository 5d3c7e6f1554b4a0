/* Offers: one task a machine, and what someone holds stays. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/boot/boot_offers.h"
#include "common/error.h"
#include "tests/support/check_main.h"

static struct boot_offers *offers;
static struct boot_offer offer;
static char name[] = "vmlinuz", path[] = "/cache/vmlinuz", arguments[] = "quiet";
static uint8_t tail[] = "secret";

static void before(void)
{
    offers = boot_offers_create(NULL);
    memset(&offer, 0, sizeof(offer));
    offer.task_id = uuid_make();
    offer.attempt = 1;
    offer.mac_count = 2;
    mac_parse("52:54:00:00:00:01", &offer.macs[0]);
    mac_parse("52:54:00:00:00:02", &offer.macs[1]);
    uuid_parse("6d757374-6572-4000-8000-0000b0070001", &offer.machine_uuid);
    offer.kernel_name = name;
    offer.kernel_path = path;
    offer.arguments = arguments;
    offer.initrd_tail = tail;
    offer.initrd_tail_length = sizeof(tail);
}

static void after(void)
{
    boot_offers_destroy(offers);
}

START_TEST(an_offer_without_a_mac_or_a_task_is_refused)
{
    struct error err = {0};

    offer.mac_count = 0;
    ck_assert_int_eq(boot_offers_publish(offers, &offer, &err), -1);
    ck_assert_int_eq(err.code, ERROR_INVALID);
    offer.mac_count = BOOT_OFFER_MACS_MAX + 1;
    ck_assert_int_eq(boot_offers_publish(offers, &offer, &err), -1);
    offer.mac_count = 1;
    memset(&offer.task_id, 0, sizeof(offer.task_id));
    ck_assert_int_eq(boot_offers_publish(offers, &offer, &err), -1);
}
END_TEST

START_TEST(every_mac_finds_the_offer_and_no_other_does)
{
    const struct boot_offer *found;
    struct mac stranger = {{1, 2, 3, 4, 5, 6}};

    ck_assert_int_eq(boot_offers_publish(offers, &offer, NULL), 0);
    for (size_t i = 0; i < 2; i++) {
        found = boot_offers_find_mac(offers, &offer.macs[i]);
        ck_assert_ptr_nonnull(found);
        ck_assert_str_eq(found->kernel_path, "/cache/vmlinuz");
        ck_assert_ptr_ne(found->kernel_path, path);
        ck_assert_mem_eq(found->initrd_tail, tail, sizeof(tail));
        ck_assert_str_eq(found->initrd_path, "");
        boot_offers_release(offers, found);
    }
    ck_assert_ptr_null(boot_offers_find_mac(offers, &stranger));
    found = boot_offers_find_task(offers, &offer.task_id);
    ck_assert_ptr_nonnull(found);
    boot_offers_release(offers, found);
    boot_offers_release(offers, NULL);
}
END_TEST

START_TEST(a_second_task_may_not_have_a_mac_or_the_uuid)
{
    struct error err = {0};
    struct mac second = offer.macs[1];

    ck_assert_int_eq(boot_offers_publish(offers, &offer, NULL), 0);
    offer.task_id = uuid_make();
    offer.macs[0].bytes[5] = 9;
    offer.macs[1].bytes[5] = 8;
    ck_assert_int_eq(boot_offers_publish(offers, &offer, &err), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    ck_assert_ptr_nonnull(strstr(err.text, "UUID 6d757374"));
    memset(&offer.machine_uuid, 0, sizeof(offer.machine_uuid));
    offer.macs[1] = second;
    ck_assert_int_eq(boot_offers_publish(offers, &offer, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "MAC 52:54:00:00:00:02"));
    offer.macs[1].bytes[5] = 8;
    ck_assert_int_eq(boot_offers_publish(offers, &offer, NULL), 0);
}
END_TEST

START_TEST(two_machines_without_a_known_uuid_do_not_conflict)
{
    memset(&offer.machine_uuid, 0, sizeof(offer.machine_uuid));
    ck_assert_int_eq(boot_offers_publish(offers, &offer, NULL), 0);
    offer.task_id = uuid_make();
    offer.macs[0].bytes[5] = 9;
    offer.macs[1].bytes[5] = 8;
    ck_assert_int_eq(boot_offers_publish(offers, &offer, NULL), 0);
}
END_TEST

START_TEST(a_held_offer_outlives_its_withdrawal_and_its_successor)
{
    const struct boot_offer *held, *next;

    boot_offers_publish(offers, &offer, NULL);
    held = boot_offers_find_mac(offers, &offer.macs[0]);
    offer.attempt = 2;
    ck_assert_int_eq(boot_offers_publish(offers, &offer, NULL), 0);
    next = boot_offers_find_mac(offers, &offer.macs[0]);
    ck_assert_uint_eq(held->attempt, 1);
    ck_assert_uint_eq(next->attempt, 2);
    boot_offers_withdraw(offers, &offer.task_id);
    ck_assert_ptr_null(boot_offers_find_mac(offers, &offer.macs[0]));
    ck_assert_ptr_null(boot_offers_find_task(offers, &offer.task_id));
    ck_assert_str_eq(held->arguments, "quiet");
    ck_assert_str_eq(next->arguments, "quiet");
    boot_offers_release(offers, held);
    boot_offers_release(offers, next);
}
END_TEST

static void *look_up(void *arg)
{
    const struct boot_offer *found;

    for (int i = 0; i < 5000; i++) {
        found = boot_offers_find_mac(offers, arg);
        if (found && strcmp(found->arguments, "quiet") != 0)
            abort();
        boot_offers_release(offers, found);
    }
    return NULL;
}

START_TEST(lookups_race_with_publishing_and_withdrawing)
{
    pthread_t threads[2];

    for (size_t i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, look_up, &offer.macs[i]);
    for (int i = 0; i < 2000; i++) {
        ck_assert_int_eq(boot_offers_publish(offers, &offer, NULL), 0);
        boot_offers_withdraw(offers, &offer.task_id);
    }
    for (size_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}
END_TEST

CHECK_MAIN_WITH("boot_offers", before, after, an_offer_without_a_mac_or_a_task_is_refused,
                every_mac_finds_the_offer_and_no_other_does,
                a_second_task_may_not_have_a_mac_or_the_uuid,
                two_machines_without_a_known_uuid_do_not_conflict,
                a_held_offer_outlives_its_withdrawal_and_its_successor,
                lookups_race_with_publishing_and_withdrawing)
