/* timers.h - what happens by the clock: tasks fall due or expire, leases end, silence becomes
 * unknown, what rules wait for is due (every second, as muster_engine); partitions are made ahead
 * and default partitions watched (hourly, as muster_maintenance). One thread. Of several
 * controllers one does each (timer_shard.h), and should two do it at once, each act is one
 * statement that finds nothing the second time.
 */
#pragma once

struct conf_map;
struct db_pool;
struct error;
struct timers;
struct uuid;

/* 'engine' and 'maintenance' are borrowed. */
struct timers *timers_start(const struct uuid *controller, struct db_pool *engine,
                            const struct conf_map *maintenance, struct error *err);
void timers_stop(struct timers *timers); /* joins and frees; NULL is fine */
