-- 0002_machine_by_site - every HELLO asks for the highest epoch granted at its site; thousands come at once after a cut.
create index machine_by_site on machine (site_id, epoch desc);
