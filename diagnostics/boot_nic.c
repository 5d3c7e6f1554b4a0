/* boot_nic.c - see boot_nic.h. */
#include "diagnostics/boot_nic.h"

#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/error.h"
#include "diagnostics/command.h"
#include "diagnostics/tree_file.h"

#define LOOK_AGAIN_MS 50
#define APPEAR_MS 30000 /* slow storage and NIC firmware loads included */
#define DHCP_TRY_MS 20000
#define ARPHRD_ETHERNET 1

static bool is_mac(const char *text)
{
    for (int i = 0; i < 17; i++)
        if (i % 3 == 2 ? text[i] != ':' : !isxdigit((unsigned char)text[i]))
            return false;
    return text[17] == '\0';
}

int boot_nic_from_command_line(const char *command_line, char ret_mac[18])
{
    const char *at = command_line;
    char mac[18];
    size_t length;

    while ((at = strstr(at, "BOOTIF=")) && at != command_line && at[-1] != ' ')
        at++;
    if (!at)
        return -1;
    at += strlen("BOOTIF=");
    length = strcspn(at, " \n");
    if (length == 20 && at[2] == '-') {
        at += 3; /* the hardware type before the address */
        length -= 3;
    }
    if (length != 17)
        return -1;
    for (size_t i = 0; i < length; i++)
        mac[i] = at[i] == '-' ? ':' : (char)tolower((unsigned char)at[i]);
    mac[17] = '\0';
    if (!is_mac(mac))
        return -1;
    memcpy(ret_mac, mac, sizeof(mac));
    return 0;
}

int boot_nic_find(const char *root, const char *mac, struct boot_nic *ret_nic)
{
    struct tree_names names;
    int found = 0;

    tree_names_read(&names, root, "/sys/class/net");
    for (size_t i = 0; i < names.count && !found; i++) {
        const char *name = names.names[i];
        char address[64];

        if (strlen(name) >= IFNAMSIZ ||
            tree_file_integer(root, -1, "/sys/class/net/%s/type", name) != ARPHRD_ETHERNET ||
            !tree_file_exists(root, "/sys/class/net/%s/device", name) ||
            !tree_file_read(root, address, sizeof(address), "/sys/class/net/%s/address", name) ||
            strlen(address) != 17 || (mac[0] && strcmp(address, mac) != 0))
            continue;
        snprintf(ret_nic->name, sizeof(ret_nic->name), "%s", name);
        snprintf(ret_nic->mac, sizeof(ret_nic->mac), "%.17s", address);
        found = 1;
    }
    tree_names_clear(&names);
    return found;
}

int boot_nic_set_up(const char *name, bool up)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = -1;
    struct ifreq request = {0};

    if (fd < 0)
        return -1;
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    if (ioctl(fd, SIOCGIFFLAGS, &request) == 0) {
        if (up)
            request.ifr_flags |= IFF_UP;
        else
            request.ifr_flags &= (short)~IFF_UP;
        rc = ioctl(fd, SIOCSIFFLAGS, &request) == 0 ? 0 : -1;
    }
    close(fd);
    return rc;
}

void boot_nic_all_down(void)
{
    struct tree_names names;

    tree_names_read(&names, "", "/sys/class/net");
    for (size_t i = 0; i < names.count; i++)
        boot_nic_set_up(names.names[i], false);
    tree_names_clear(&names);
}

/* A switch port may take half a minute of spanning tree before it forwards: several rounds. */
static int run_dhcp(const char *name, int64_t until_ms, struct error *err)
{
    const char *const argv[] = {
        "/bin/busybox",       "udhcpc", "-i", name, "-f", "-n", "-q", "-t", "8", "-T", "1", "-s",
        "/etc/udhcpc.script", NULL};

    do
        if (command_run(argv, DHCP_TRY_MS) == 0)
            return 0;
    while (clock_monotonic_ms() < until_ms);
    return error_set_code(err, ERROR_TIMEOUT, "no DHCP answer on %s", name);
}

int boot_nic_start(int64_t until_ms, struct boot_nic *ret_nic, struct error *err)
{
    int64_t appear_ms = clock_monotonic_ms() + APPEAR_MS;
    char command_line[4096], mac[18] = "";

    tree_file_read("", command_line, sizeof(command_line), "/proc/cmdline");
    boot_nic_from_command_line(command_line, mac);
    while (!boot_nic_find("", mac, ret_nic)) {
        if (clock_monotonic_ms() > appear_ms)
            return error_set_code(err, ERROR_NOT_FOUND,
                                  "no Ethernet interface %s: the image has no driver for it", mac);
        poll(NULL, 0, LOOK_AGAIN_MS);
    }
    if (boot_nic_set_up(ret_nic->name, true) < 0)
        return error_set(err, "%s cannot be brought up", ret_nic->name);
    return run_dhcp(ret_nic->name, until_ms, err);
}
