/* Rows of quirks: who gets which, and that everybody else gets none. */
#include <string.h>

#include "agent/power/bmc_quirks.h"
#include "tests/support/check_main.h"

START_TEST(unknown_bmc_has_none)
{
    ck_assert_ptr_eq(bmc_quirks_of(&(struct bmc_identity){0}), &bmc_quirks_none);
    ck_assert_ptr_eq(bmc_quirks_of(&(struct bmc_identity){.manufacturer = 4753, .product = 3842}),
                     &bmc_quirks_none);
    ck_assert_int_eq(bmc_quirks_none.spacing_ms, 0);
    ck_assert(!bmc_quirks_none.keeps_boot_options);
    ck_assert_ptr_null(bmc_quirks_none.uefi_disk);
}
END_TEST

START_TEST(openbmc_is_not_asked_to_keep_its_options)
{
    ck_assert(bmc_quirks_of(&(struct bmc_identity){.manufacturer = 42817})->keeps_boot_options);
    ck_assert(bmc_quirks_of(&(struct bmc_identity){.manufacturer = 40981, .firmware = 900})
                  ->keeps_boot_options);
}
END_TEST

START_TEST(supermicro_has_a_selector_of_its_own_for_the_disk_under_uefi)
{
    const struct bmc_quirks *quirks = bmc_quirks_of(&(struct bmc_identity){.manufacturer = 10876});

    ck_assert_str_eq(quirks->name, "supermicro");
    ck_assert_str_eq(quirks->uefi_disk, "0x24");
}
END_TEST

CHECK_MAIN("bmc_quirks", unknown_bmc_has_none, openbmc_is_not_asked_to_keep_its_options,
           supermicro_has_a_selector_of_its_own_for_the_disk_under_uefi)
