-- 0007_enrolment - agents that make themselves known with a join token: offered, presented by one key, decided by a person or by the
-- fingerprint that the token was made with. The token's secret is nobody's to read: its SHA-256 stands here. challenge_secret is the half
-- of an X25519 pair against which the agent proves its keys; it opens nothing.
create table enrolment (
    id               uuid primary key,
    site_id          uuid not null references site,
    name             text not null check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    state            text not null default 'offered' check (state in ('offered', 'pending', 'approved', 'refused')),
    secret_hash      bytea not null unique check (length(secret_hash) = 32),
    challenge_secret bytea not null check (length(challenge_secret) = 32),
    expected         bytea check (length(expected) = 32), -- fingerprint that is approved beforehand; null: a person decides
    curve_key        bytea check (length(curve_key) = 32),
    sign_key         bytea check (length(sign_key) = 32),
    seal_key         bytea check (length(seal_key) = 32),
    fingerprint      bytea check (length(fingerprint) = 32),
    agent_id         uuid references agent,
    made_by          text not null,
    made_at          timestamptz not null default now(),
    expires_at       timestamptz not null,                -- of the first use
    presented_at     timestamptz,
    decided_by       text,
    decided_at       timestamptz,
    check (num_nulls(curve_key, sign_key, seal_key, fingerprint, presented_at) in (0, 5)),
    check (state not in ('pending', 'approved') or fingerprint is not null),
    check ((state = 'approved') = (agent_id is not null))
);
-- One open case a name.
create unique index enrolment_of_name on enrolment (name) where state in ('offered', 'pending');

insert into platform_table values ('enrolment', 'agents that are to be known');
-- Revoking ends the session in the same transaction.
grant update (fence, expires_at) on agent_session to muster_api;
grant select, insert, update (state, curve_key, sign_key, seal_key, fingerprint, agent_id, presented_at, decided_by, decided_at) on enrolment to muster_api;
