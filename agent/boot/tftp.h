/* tftp.h - the loaders by TFTP, for armed machines only. Reads only, and nothing but the loaders'
 * names: no path ever reaches a file system. A stranger gets no answer at all.
 */
#pragma once

#include <stddef.h>
#include <uv.h>

struct boot_site;
struct error;
struct tftp;

/* 512 transfers of one frame each in flight: 0.8 MB of a socket's buffers. A machine that restarts
 * its transfer may leave a few behind until they time out. */
#define TFTP_TRANSFERS_MAX 512
#define TFTP_TRANSFERS_PER_MACHINE 8

/* 'site' is borrowed. */
struct tftp *tftp_create(const struct boot_site *site, struct error *err);
/* Serve a bound socket on 'loop'; it stays the caller's, served is a duplicate. After -1 too:
 * tftp_close(), run the loop out, tftp_destroy(). */
int tftp_open(struct tftp *tftp, uv_loop_t *loop, int fd, struct error *err);
void tftp_close(struct tftp *tftp);
void tftp_destroy(struct tftp *tftp);
