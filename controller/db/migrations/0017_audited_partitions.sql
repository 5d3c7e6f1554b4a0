-- 0017_audited_partitions - months of history come and go with their audit row, in one transaction: a crash between leaves neither or both.
-- serves from: 0016

-- An act of the platform that only the owner can carry out; for functions of the owner's. The bytes of the leaf: docs/guarantees.md.
create function audit_of_owner(act text, thing text, because text) returns void language plpgsql set search_path = public as $$
declare
    platform constant uuid := '00000000-0000-7000-8000-000000000001';
    who constant text := 'musterd';
    moment constant timestamptz := clock_timestamp();
    random constant text := replace(gen_random_uuid()::text, '-', '');
    salt constant bytea := substr(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 1, 16);
    body constant text := '{"why":' || to_json(because)::text || '}';
    -- As common/ids.h makes them: milliseconds, version 7, the rest random.
    id constant uuid := (lpad(to_hex((extract(epoch from moment) * 1000)::bigint), 12, '0') || '7' || substr(random, 14))::uuid;
    leaf bytea := convert_to('muster audit leaf v1', 'UTF8') || '\x00'::bytea || uuid_send(platform) || uuid_send(id)
                  || int8send((extract(epoch from moment) * 1000000)::bigint);
    word text;
begin
    foreach word in array array[who, act, thing, 'ok'] loop
        leaf := leaf || int4send(octet_length(word)) || convert_to(word, 'UTF8');
    end loop;
    insert into audit (tenant_id, id, at, who, action, object, outcome, leaf_hash)
    values (platform, id, moment, who, act, thing, 'ok', sha256(leaf || sha256(salt || convert_to(body, 'UTF8'))));
    insert into audit_body (tenant_id, id, salt, body) values (platform, id, salt, body);
end $$;
revoke all on function audit_of_owner(text, text, text) from public;

-- make_partitions(), audited.
create function keep_partitions(first date, months integer) returns integer language plpgsql security definer set search_path = public as $$
declare
    made constant integer := make_partitions(first, months);
begin
    if made > 0 then
        perform audit_of_owner('partition.make', 'history', made || ' for the months ahead');
    end if;
    return made;
end $$;
revoke all on function keep_partitions(date, integer) from public;
grant execute on function keep_partitions(date, integer) to muster_maintenance;

-- As 0006 has it, audited.
create or replace function drop_partitions() returns setof text language plpgsql security definer set search_path = public set lock_timeout = '1s' as $$
declare
    kept record;
    child text;
begin
    for kept in select r.name, to_char((date_trunc('month', now() at time zone 'UTC') - make_interval(months => r.months)), 'YYYYMM') as first
                from history_retention r where r.months is not null and r.name not in ('audit', 'audit_body') order by r.name loop
        for child in select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
                     where i.inhparent = to_regclass(kept.name) and c.relname ~ ('^' || kept.name || '_[0-9]{6}$')
                       and right(c.relname, 6) < kept.first order by 1 loop
            execute format('drop table %I', child);
            perform audit_of_owner('partition.drop', 'history', child);
            return next child;
            return;
        end loop;
    end loop;
end $$;
