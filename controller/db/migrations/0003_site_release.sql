-- 0003_site_release - a person says that what put a site into quarantine is settled: the next HELLO of its agent is believed, journal,
-- heads and epoch, and begins from there.
alter table site add column begin_anew boolean not null default false;
grant update (begin_anew) on site to muster_engine, muster_api;
