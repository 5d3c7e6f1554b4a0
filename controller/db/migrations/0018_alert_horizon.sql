-- 0018_alert_horizon - for how long an event is known: 35 days behind the last time that its source told it.
-- serves from: 0017

-- A duplicate makes it younger, once a day at most; nothing but that is ever changed.
grant update (seen_at) on alert_identity to muster_engine;

-- Takes away those that nobody has told for 35 days, of 1,024 pages (8 MB) from one on: a statement is short however many there are, and
-- needs no index that every alert would have to be entered in. Says where to go on (0: that was the end of the table) and how many went.
create function drop_alert_identities(from_page bigint, out next_page bigint, out gone bigint)
language plpgsql security definer set search_path = public as $$
declare
    pages constant bigint := 1024;
    low constant tid := format('(%s,0)', from_page);
    high constant tid := format('(%s,0)', from_page + pages);
begin
    delete from alert_identity where ctid >= low and ctid < high and seen_at < now() - interval '35 days';
    get diagnostics gone = row_count;
    next_page := from_page + pages;
    if next_page >= pg_relation_size('alert_identity') / current_setting('block_size')::bigint then
        next_page := 0;
    end if;
end $$;
revoke all on function drop_alert_identities(bigint) from public;
grant execute on function drop_alert_identities(bigint) to muster_maintenance;
-- Pages that were emptied are used again, in no order of time: this index said nothing any more.
drop index alert_identity_age;
