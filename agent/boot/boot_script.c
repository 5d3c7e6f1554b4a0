/* Writing the script. Invariant: what comes from the offer reaches iPXE as one word or is refused.
 */
#include "agent/boot/boot_script.h"

#include <ctype.h>
#include <string.h>

#include "agent/boot/boot_offers.h"
#include "common/error.h"
#include "common/text.h"

#define TRIES "6" /* of both files together */
#define PAUSE_S "5"

/* Words that iPXE takes for its own syntax when they stand alone or in front. */
static const char *const OPERATORS[] = {"||", "&&", ";"};

static int check_word(const char *word, size_t length, struct error *err)
{
    if (word[0] == '#')
        return error_set_code(err, ERROR_INVALID,
                              "arguments: a word that begins with '#' is a "
                              "comment in an iPXE script");
    for (size_t i = 0; i < sizeof(OPERATORS) / sizeof(OPERATORS[0]); i++)
        if (strlen(OPERATORS[i]) == length && memcmp(word, OPERATORS[i], length) == 0)
            return error_set_code(err, ERROR_INVALID, "arguments: '%s' is an operator of iPXE",
                                  OPERATORS[i]);
    return 0;
}

static int check_arguments(const char *arguments, struct error *err)
{
    const char *at = arguments;

    if (strlen(arguments) > BOOT_ARGUMENTS_MAX)
        return error_set_code(err, ERROR_INVALID, "arguments: %zu bytes, a kernel takes %d",
                              strlen(arguments), BOOT_ARGUMENTS_MAX);
    if (strstr(arguments, "${"))
        return error_set_code(err, ERROR_INVALID, "arguments: '${' would be expanded by iPXE");
    for (; *at; at++)
        if (*at < ' ' || *at > '~')
            return error_set_code(err, ERROR_INVALID,
                                  "arguments: byte 0x%02x at %zu is not "
                                  "printable ASCII",
                                  (unsigned char)*at, (size_t)(at - arguments));
    for (at = arguments; *at;) {
        size_t length = strcspn(at, " ");

        if (length && check_word(at, length, err) < 0)
            return -1;
        at += length + (at[length] == ' ');
    }
    return 0;
}

/* RFC 3986: all but the unreserved characters are written as %XX. */
static void put_path_segment(struct text *script, const char *name)
{
    for (; *name; name++) {
        unsigned char c = (unsigned char)*name;

        if (c < 0x80 && (isalnum(c) || strchr("-._~", c)))
            text_append(script, name, 1);
        else
            text_format(script, "%%%02X", c);
    }
}

/* An agent that is started anew answers again within seconds. `inc` makes the setting. */
static void put_another_try(struct text *script, const char *file)
{
    text_format(script,
                "inc tries\niseq ${tries} " TRIES " && goto failed ||\n"
                "echo the %s did not come: asking again in " PAUSE_S " s\nsleep " PAUSE_S
                "\ngoto %s\n",
                file, file);
}

char *boot_script_make(const struct boot_offer *offer, const char *url, struct error *err)
{
    struct text script = {0};
    char task[UUID_TEXT_SIZE];

    if (check_arguments(offer->arguments, err) < 0)
        return NULL;
    uuid_format(&offer->task_id, task);
    /* EFI kernels find their initrd by the name that iPXE gave it. */
    text_format(&script, "#!ipxe\n:kernel\nkernel %s/boot/file/%s/", url, offer->kernel_sha256);
    put_path_segment(&script, offer->kernel_name);
    text_format(&script, " initrd=initrd %s && goto initrd ||\n", offer->arguments);
    put_another_try(&script, "kernel");
    text_format(&script, ":initrd\ninitrd --name initrd %s/boot/initrd/%s && goto start ||\n", url,
                task);
    put_another_try(&script, "initrd");
    /* 0 would land some UEFI firmware in its setup menu; 1 goes on to the next boot device. */
    text_format(
        &script,
        ":start\nboot || goto failed\n:failed\necho boot files did not come: going on to the "
        "next boot device\nexit 1\n");
    if (!text_ok(&script))
        error_no_memory(err);
    return text_take(&script);
}
