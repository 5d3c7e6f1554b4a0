/* From a port to the socket's inode (proc(5), /proc/net/udp), and from that to a process. */
#include "agent/boot/port_owner.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* 0: no socket has the port. */
static unsigned long find_inode(uint16_t port)
{
    char line[512];
    unsigned local;
    unsigned long inode, found = 0;
    FILE *file = fopen("/proc/self/net/udp", "re");

    if (!file)
        return 0;
    while (!found && fgets(line, sizeof(line), file))
        if (sscanf(line, " %*u: %*x:%x %*x:%*x %*x %*x:%*x %*x:%*x %*x %*u %*u %lu", &local,
                   &inode) == 2 &&
            local == port)
            found = inode;
    fclose(file);
    return found;
}

static bool holds_socket(const char *pid, unsigned long inode)
{
    char path[300], link[64], wanted[64];
    struct dirent *entry;
    bool found = false;
    DIR *folder;

    snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
    snprintf(path, sizeof(path), "/proc/%.32s/fd", pid);
    if (!(folder = opendir(path)))
        return false;
    while (!found && (entry = readdir(folder))) {
        ssize_t length;

        snprintf(path, sizeof(path), "/proc/%.32s/fd/%.32s", pid, entry->d_name);
        length = readlink(path, link, sizeof(link) - 1);
        if (length > 0) {
            link[length] = '\0';
            found = strcmp(link, wanted) == 0;
        }
    }
    closedir(folder);
    return found;
}

static void name_process(const char *pid, char *out, size_t room)
{
    char path[64], name[64] = "?";
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%.32s/comm", pid);
    if ((file = fopen(path, "re"))) {
        if (fgets(name, sizeof(name), file))
            name[strcspn(name, "\n")] = '\0';
        fclose(file);
    }
    snprintf(out, room, "%s (pid %.32s)", name, pid);
}

void port_owner_udp(uint16_t port, char *out, size_t room)
{
    unsigned long inode = find_inode(port);
    struct dirent *entry;
    bool found = false;
    DIR *processes;

    snprintf(out, room, "another process");
    if (!inode || !(processes = opendir("/proc")))
        return;
    while (!found && (entry = readdir(processes))) {
        found = isdigit((unsigned char)entry->d_name[0]) && holds_socket(entry->d_name, inode);
        if (found)
            name_process(entry->d_name, out, room);
    }
    closedir(processes);
}
