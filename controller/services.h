/* services.h - musterd's rooms in the order they start and, reversed, stop. */
#pragma once

struct controller_config;
struct error;
struct services;

/* The API listens when it returns; the rest starts by itself as soon as PostgreSQL answers with
 * this program's schema. 'config' is borrowed. NULL: a setting, key or port is wrong. */
struct services *services_start(const struct controller_config *config, struct error *err);

/* One turn, every second or so, from the thread that started it: starts what waits for the
 * database, tells readiness. -1: it can never work (an older schema, a broken manifest): stop. */
int services_turn(struct services *services, struct error *err);

/* Within 10 s: no new work, what is under way is committed or left to the next life. */
void services_stop(struct services *services);
