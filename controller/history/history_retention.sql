-- name: history_retention_list
select json_build_object('name', r.name, 'months', r.months,
           'oldest', (select to_date(min(right(c.relname, 6)), 'YYYYMM') from pg_inherits i join pg_class c on c.oid = i.inhrelid
                      where i.inhparent = to_regclass(r.name) and c.relname ~ '_[0-9]{6}$')), r.name
from history_retention r where $1::text is null or r.name = $1 order by r.name

-- name: history_retention_set
update history_retention set months = nullif($2, 0)::integer where name = $1
