/* Witnesses of who is at an address, and one address a stage. */
#include "tests/unit/agent/boot/boot_bench.h"

#include "tests/support/check_main.h"

static struct address_table *table;
static struct mac a, b, found, other;
static struct in_addr one, two, earlier;

static void before(void)
{
    bench_open();
    table = bench.site.addresses;
    mac_parse("52:54:00:00:00:0a", &a);
    mac_parse("52:54:00:00:00:0b", &b);
    one.s_addr = inet_addr("10.0.0.1");
    two.s_addr = inet_addr("10.0.0.2");
}

static int find(struct in_addr address)
{
    return address_table_find(table, address, &found, &other);
}

START_TEST(without_a_witness_nobody_is_there)
{
    struct in_addr none = {0};

    ck_assert_int_eq(find(one), ADDRESS_UNKNOWN);
    ck_assert_int_eq(find(none), ADDRESS_UNKNOWN);
    address_table_begin(table, &a, STAGE_FIRMWARE); /* an entry, but no address */
    ck_assert_int_eq(find(none), ADDRESS_UNKNOWN);
}
END_TEST

START_TEST(dhcp_tells_and_the_last_one_counts)
{
    address_table_observe(table, &a, true, one);
    ck_assert_int_eq(find(one), ADDRESS_KNOWN);
    ck_assert(mac_equal(&found, &a));
    address_table_observe(table, &b, true, one);
    ck_assert_int_eq(find(one), ADDRESS_KNOWN);
    ck_assert(mac_equal(&found, &b));
    address_table_observe(table, &b, true, two);
    ck_assert_int_eq(find(one), ADDRESS_UNKNOWN);
    address_table_observe(table, &a, false, two);
    ck_assert_int_eq(find(two), ADDRESS_UNKNOWN);
}
END_TEST

START_TEST(the_neighbour_table_tells_of_complete_entries_of_our_interface)
{
    static const char *const LINES[] = {
        "10.0.0.1 0x1 0x0 52:54:00:00:00:0a * lo",   /* not complete */
        "10.0.0.1 0x1 0x2 52:54:00:00:00:0a * eth7", /* another segment */
        "10.0.0.11 0x1 0x2 52:54:00:00:00:0a * lo",
        "10.0.0.1 0x1 0x2 nonsense * lo",
        "10.0.0.1 0x1",
        "",
    };

    for (size_t i = 0; i < sizeof(LINES) / sizeof(LINES[0]); i++) {
        bench_write(bench.neighbours, LINES[i], strlen(LINES[i]));
        ck_assert_msg(find(one) == ADDRESS_UNKNOWN, "%s", LINES[i]);
    }
    bench_neighbour("10.0.0.1", "52:54:00:00:00:0a");
    ck_assert_int_eq(find(one), ADDRESS_KNOWN);
    ck_assert(mac_equal(&found, &a));
    unlink(bench.neighbours);
    ck_assert_int_eq(find(one), ADDRESS_UNKNOWN);
}
END_TEST

START_TEST(witnesses_that_disagree_are_named)
{
    address_table_observe(table, &a, true, one);
    bench_neighbour("10.0.0.1", "52:54:00:00:00:0a");
    ck_assert_int_eq(find(one), ADDRESS_KNOWN);
    bench_neighbour("10.0.0.1", "52:54:00:00:00:0b");
    ck_assert_int_eq(find(one), ADDRESS_DISPUTED);
    ck_assert(mac_equal(&found, &b));
    ck_assert(mac_equal(&other, &a));
}
END_TEST

START_TEST(a_stage_has_one_address_until_it_begins_anew)
{
    ck_assert_int_eq(address_table_use(table, &a, STAGE_LOADER, one, &earlier), 0);
    ck_assert_int_eq(address_table_use(table, &a, STAGE_LOADER, one, &earlier), 0);
    ck_assert_int_eq(address_table_use(table, &a, STAGE_LOADER, two, &earlier), -1);
    ck_assert_uint_eq(earlier.s_addr, one.s_addr);
    ck_assert_int_eq(address_table_use(table, &a, STAGE_KERNEL, two, &earlier), 0);
    ck_assert_int_eq(address_table_use(table, &b, STAGE_LOADER, two, &earlier), 0);
    /* The kernel's own DHCP does not forget the loader's address. */
    address_table_begin(table, &a, STAGE_KERNEL);
    ck_assert_int_eq(address_table_use(table, &a, STAGE_KERNEL, one, &earlier), 0);
    ck_assert_int_eq(address_table_use(table, &a, STAGE_LOADER, two, &earlier), -1);
    address_table_begin(table, &a, STAGE_FIRMWARE);
    ck_assert_int_eq(address_table_use(table, &a, STAGE_LOADER, two, &earlier), 0);
}
END_TEST

START_TEST(our_loader_is_known_for_two_minutes)
{
    ck_assert(!address_table_runs_our_loader(table, &a, 1000));
    address_table_loader_sent(table, &a, 1000);
    ck_assert(address_table_runs_our_loader(table, &a, 1000 + 119999));
    ck_assert(!address_table_runs_our_loader(table, &b, 1000));
    ck_assert(!address_table_runs_our_loader(table, &a, 1000 + 120000));
    address_table_loader_done(table, &a);
    address_table_loader_done(table, &b);
    ck_assert(!address_table_runs_our_loader(table, &a, 1001));
}
END_TEST

START_TEST(a_full_table_forgets_the_one_that_is_silent_longest)
{
    struct mac many = a;

    address_table_observe(table, &a, true, one);
    address_table_observe(table, &b, true, two);
    for (unsigned i = 0; i < 1023; i++) {
        many.bytes[3] = (uint8_t)(1 + i / 256);
        many.bytes[5] = (uint8_t)i;
        address_table_begin(table, &many, STAGE_FIRMWARE);
        address_table_begin(table, &b, STAGE_FIRMWARE);
    }
    ck_assert_int_eq(find(one), ADDRESS_UNKNOWN);
    ck_assert_int_eq(find(two), ADDRESS_KNOWN);
}
END_TEST

CHECK_MAIN_WITH("address_table", before, bench_close, without_a_witness_nobody_is_there,
                dhcp_tells_and_the_last_one_counts,
                the_neighbour_table_tells_of_complete_entries_of_our_interface,
                witnesses_that_disagree_are_named, a_stage_has_one_address_until_it_begins_anew,
                our_loader_is_known_for_two_minutes,
                a_full_table_forgets_the_one_that_is_silent_longest)
