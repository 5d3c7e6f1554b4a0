-- One row of each of two tenants in every tenant table, as muster_owner. A tenant table without its line here is
-- reported by the walk: it could not be tried.
insert into site (id, name) values ('00000000-0000-7000-8000-00000000000a', 'here');
insert into agent (id, site_id, name, curve_key, sign_key, seal_key)
values ('00000000-0000-7000-8000-00000000000b', '00000000-0000-7000-8000-00000000000a', 'hands', sha256('c'), sha256('s'), sha256('e'));
insert into image (id, name) values ('00000000-0000-7000-8000-00000000000c', 'diagnostics');
insert into image_version (id, image_id, version, digest, document)
values ('00000000-0000-7000-8000-00000000000d', '00000000-0000-7000-8000-00000000000c', 'v1.0', sha256('d'), '{}');

-- Everything of tenant n has ids that end with its digit.
create function pg_temp.uid(kind text, n integer) returns uuid language sql as
$$ select (substr(md5(kind), 1, 12) || '7' || substr(md5(kind), 14, 3) || '8' || substr(md5(kind), 18, 14) || n)::uuid $$;

do $$
declare
    n integer; t uuid; task uuid; site uuid := '00000000-0000-7000-8000-00000000000a';
    image uuid := '00000000-0000-7000-8000-00000000000d'; agent uuid := '00000000-0000-7000-8000-00000000000b';
begin
    for n in 1 .. 2 loop
        t := pg_temp.uid('tenant', n);
        task := pg_temp.uid('task', n);
        insert into tenant (id, name) values (t, 'tenant-' || n);
        insert into machine (id, site_id, name) values (pg_temp.uid('machine', n), site, 'machine-' || n);
        insert into principal (tenant_id, id, name, role) values (t, pg_temp.uid('principal', n), 'someone', 'tenant-operator');
        insert into token (tenant_id, id, principal_id, secret_hash, expires_at)
        values (t, pg_temp.uid('token', n), pg_temp.uid('principal', n), sha256(n::text::bytea), now() + interval '1 day');
        insert into machine_holding (tenant_id, id, machine_id) values (t, pg_temp.uid('holding', n), pg_temp.uid('machine', n));
        insert into image_grant (tenant_id, id, image_version_id) values (t, pg_temp.uid('grant', n), image);
        insert into source (tenant_id, id, name, topic) values (t, pg_temp.uid('source', n), 'alerts', 'alerts-' || n);
        insert into source_secret (tenant_id, id, source_id, secret_hash)
        values (t, pg_temp.uid('secret', n), pg_temp.uid('source', n), sha256(n::text::bytea));
        insert into webhook_receipt (tenant_id, source_id, digest, received_at, alerts) values (t, pg_temp.uid('source', n), sha256('w'), now(), 1);
        insert into source_mapping (tenant_id, source_id, version, name, document, digest, made_by)
        values (t, pg_temp.uid('source', n), 1, 'm', '{}', sha256('m'), 'someone');
        insert into rule (tenant_id, id, name, current_version) values (t, pg_temp.uid('rule', n), 'reboot', 1);
        insert into rule_version (tenant_id, rule_id, version, source, digest, pushed_by) values (t, pg_temp.uid('rule', n), 1, '{}', sha256('r'), 'someone');
        insert into rule_book (tenant_id) values (t);
        insert into rule_replay (tenant_id, id, rule_name, version, digest, since, until, alerts, would_act, summary, made_by)
        values (t, pg_temp.uid('replay', n), 'reboot', 1, sha256('r'), now() - interval '1 day', now(), 0, 0, '{}', 'someone');
        insert into rule_switch (tenant_id, id, rule_id, act, revision, who, reason) values (t, pg_temp.uid('switch', n), pg_temp.uid('rule', n), 'arm', 1, 'someone', 'why');
        insert into alert_identity (tenant_id, source_id, event_digest, alert_id) values (t, pg_temp.uid('source', n), pg_temp.uid('event', n), pg_temp.uid('alert', n));
        insert into alert (tenant_id, id, source_id, cluster_id, topic, partition, "offset", record_timestamp, engine_time, order_no, disposition, raw_length, raw_sha256)
        values (t, pg_temp.uid('alert', n), pg_temp.uid('source', n), 'c', 'alerts', 0, 0, now(), now(), 1, 'acted', 0, sha256(''));
        insert into decision (tenant_id, id, alert_id, rule_id, rule_version, key, trigger, outcome)
        values (t, pg_temp.uid('decision', n), pg_temp.uid('alert', n), pg_temp.uid('rule', n), 1, 'k', 't', 'boot');
        insert into rule_state (tenant_id, rule, kind, key, value, touched_at) values (t, 'reboot', 2, 'k', 'v', now());
        insert into rule_state_count (tenant_id, rule, keys) values (t, 'reboot', 1);
        insert into ticket (tenant_id, id, queue, priority, title, machine_id, rule_id, rule_version, decision_id, alert_id, reason)
        values (t, pg_temp.uid('ticket', n), 'q', 1, 'x', pg_temp.uid('machine', n), pg_temp.uid('rule', n), 1, pg_temp.uid('decision', n), pg_temp.uid('alert', n), 'why');
        insert into task (tenant_id, id, state, holding_id, machine_id, site_id, grant_id, image_version_id, schedule_time, expires_at, deadline_s, requested_by)
        values (t, task, 'queued', pg_temp.uid('holding', n), pg_temp.uid('machine', n), site, pg_temp.uid('grant', n), image, now(), now() + interval '1 hour', 600, 'someone');
        insert into task_queue (tenant_id, task_id, site_id, machine_id, class, state, due_at, expires_at)
        values (t, task, site, pg_temp.uid('machine', n), 0, 'queued', now(), now() + interval '1 hour');
        insert into task_limit (tenant_id, task_id, rule, entry, grp, max) values (t, task, 'reboot', 1, 'r17', 1);
        insert into task_grant (tenant_id, task_id, epoch, site_id, agent_id, machine_id, controller_id)
        values (t, task, 1, site, agent, pg_temp.uid('machine', n), agent);
        insert into agent_order (tenant_id, id, site_id, machine_id, kind, task_id, epoch, outcome, who, reason)
        values (t, pg_temp.uid('order', n), site, pg_temp.uid('machine', n), 'settle', task, 1, 'failed', 'someone', 'why');
        insert into task_event (tenant_id, id, task_id, at, kind, name) values (t, pg_temp.uid('event', n), task, now(), 'note', 'x');
        insert into task_log (tenant_id, id, task_id, source, "offset", data) values (t, pg_temp.uid('log', n), task, 'image', 0, 'x');
        insert into task_report_chunk (tenant_id, task_id, "offset", size, sha256, data) values (t, task, 0, 1, sha256('x'), 'x');
        insert into task_report (tenant_id, task_id, sha256, body) values (t, task, sha256('x'), 'x');
        insert into idempotency_key (tenant_id, principal, key, body_sha256) values (t, 'someone', 'k', sha256('x'));
        insert into audit (tenant_id, id, who, action, outcome, leaf_hash) values (t, pg_temp.uid('audit', n), 'someone', 'a', 'ok', sha256('x'));
        insert into audit_body (tenant_id, id, salt, body) values (t, pg_temp.uid('audit', n), substr(sha256('s'), 1, 16), '{}');
        insert into audit_seal (tenant_id, seq, audit_id, chain_hash) values (t, 1, pg_temp.uid('audit', n), sha256('x'));
    end loop;
end $$;
