# parts.bash - sourced by deploy/demo's programs (root): what the quickstart consists of, and how each part is started,
# stopped and asked whether it is up. Everything lives in MUSTER_DIR:
#   bin/ programs   image/ the diagnostic image   pg/ kafka/ net/ machines/   controller/ agent/ their configuration, keys and data
#   root-key/ what would be kept off this box      operator/ for who runs the quickstart      log/ daemons' logs
# shellcheck shell=bash

export LC_ALL=C.UTF-8
demo=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_dir=$(cd "$demo/../.." && pwd)
bed=$source_dir/deploy/bed
. "$bed/process.bash"
dir=$MUSTER_DIR
libs=$source_dir/build/kafka/libs
# shellcheck disable=SC1091 # made by draw_users
[ ! -s "$dir/users" ] || . "$dir/users"
parts=(postgres kafka site machines keys controller registry agent)
site_name=demo tenant_name=acme topic=alerts

say() { printf '%s\n' "$*"; }
event() { printf '%s %s\n' "$((${EPOCHREALTIME/[.,]/} / 1000))" "$*" >>"$dir/events"; }

# Sets 'as': the words that run a program as a user without an account, with those capabilities (+name,+name; none: '').
as_user() { # UID CAPABILITIES
    as=(setpriv --reuid="$1" --regid="$1" --clear-groups --no-new-privs)
    [ -z "$2" ] || as+=(--inh-caps="$2" --ambient-caps="$2")
    as+=(--)
}

# Users without an account, from the range that systemd draws its dynamic users from: nobody else's files are theirs.
draw_users() {
    local uid found=()
    [ ! -s "$dir/users" ] || { . "$dir/users"; return; }
    for uid in $(seq 61300 65519); do
        getent passwd "$uid" >/dev/null || getent group "$uid" >/dev/null || found+=("$uid")
        [ ${#found[@]} -lt 3 ] || break
    done
    printf 'controller_uid=%s\nkafka_uid=%s\nagent_uid=%s\n' "${found[@]:0:3}" >"$dir/users"
    . "$dir/users"
}

postgres_start() { "$bed/postgres" start "$dir/pg" --client "$controller_uid"; }
postgres_stop() { "$bed/postgres" stop "$dir/pg"; }
postgres_up() { "$bed/postgres" status "$dir/pg"; }
postgres_where() { echo "socket $dir/pg/socket, database muster"; }

kafka_start() {
    "$bed/kafka" start "$dir/kafka" --libs "$libs" --port "$MUSTER_KAFKA_PORT" --user "$kafka_uid"
    "$bed/kafka" topic "$dir/kafka" "$topic"
}
kafka_stop() { "$bed/kafka" stop "$dir/kafka"; }
kafka_up() { process_alive "$dir/kafka/kafka.pid"; }
kafka_where() { echo "127.0.0.1:$MUSTER_KAFKA_PORT, topic $topic"; }

site_start() { "$bed/site_network" up "$dir/net" --machines 2 --ports "$MUSTER_HTTPS_PORT,$MUSTER_CURVE_PORT"; }
site_stop() { "$bed/site_network" down "$dir/net"; }
site_up() { "$bed/site_network" status "$dir/net"; }
site_where() { . "$dir/net/settings" && echo "namespaces $NS_LAN, $NS_SITE (DHCP), $NS_AGENT, $NS_BMC"; }

# Machine 1 (UEFI) is well, machine 2 (BIOS) has a disk that fails reads.
machines_start() {
    "$bed/machine" create "$dir/machines/1" --net "$dir/net" --number 1 --firmware uefi --serial DEMO-0001 --disk good
    "$bed/machine" create "$dir/machines/2" --net "$dir/net" --number 2 --firmware bios --serial DEMO-0002 --disk bad
    "$bed/machine" start "$dir/machines/1"
    "$bed/machine" start "$dir/machines/2"
}
machines_stop() {
    local n
    for n in 1 2; do [ ! -e "$dir/machines/$n/settings" ] || "$bed/machine" stop "$dir/machines/$n"; done
}
machines_up() { "$bed/machine" status "$dir/machines/1" && "$bed/machine" status "$dir/machines/2"; }
machines_where() { echo "BMCs at 10.78.0.11 and .12 (IPMI) inside the site, powering QEMU on request"; }

# Each key is made where it stays; only public halves are carried about, as docs/operations.md has it. The agent's are made when it enrols.
keys_start() {
    local controller=$dir/controller
    mkdir -p "$controller" "$dir/agent" "$dir/root-key"
    chmod 711 "$controller" "$dir/agent"
    if [ ! -e "$controller/keys/controller-keys.json" ]; then "$dir/bin/musterd" make-keys "$controller/keys"; fi
    if [ ! -e "$dir/root-key/root.key" ]; then
        chmod 700 "$dir/root-key"
        "$dir/bin/muster" key make-root --out "$dir/root-key/root.key"
        "$dir/bin/muster" key make-manifest --root "$dir/root-key/root.key" --controller-key "$controller/keys/controller-keys.json" \
            --version 1 --days 30 --out "$controller/manifest"
    fi
    cp "$dir/root-key/root.key.pub" "$controller/root.key.pub"
    chown -R "$controller_uid:$controller_uid" "$controller/keys" "$controller/root.key.pub"
    certificate
}
keys_stop() { :; }
keys_up() { [ -e "$dir/controller/manifest" ]; }
keys_where() { echo "each in its place; what would be kept off this box: $dir/root-key"; }

# A CA made on the spot, and musterd's certificate for the address that the site reaches it at; made again when that changed.
certificate() {
    local tls=$dir/controller/tls
    . "$dir/net/settings"
    mkdir -p "$tls"
    if [ "$(cat "$tls/address" 2>/dev/null)" = "$CONTROLLER_ADDRESS" ]; then return; fi
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/CN=Muster quickstart CA' \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -keyout "$tls/ca.key" -out "$tls/ca.pem" 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=musterd' -keyout "$tls/server.key" -out "$tls/server.csr" 2>/dev/null
    openssl x509 -req -in "$tls/server.csr" -CA "$tls/ca.pem" -CAkey "$tls/ca.key" -CAcreateserial -days 30 -out "$tls/server.pem" \
        -extfile <(printf 'subjectAltName=IP:%s,DNS:localhost\nextendedKeyUsage=serverAuth\n' "$CONTROLLER_ADDRESS") 2>/dev/null
    rm -f "$tls/ca.key" "$tls/server.csr" "$tls/ca.srl" # nothing else is ever signed with it
    chmod 600 "$tls/server.key"
    chmod 644 "$tls/ca.pem" "$tls/server.pem"
    chown "$controller_uid" "$tls/server.key"
    echo "$CONTROLLER_ADDRESS" >"$tls/address"
}

controller_config() {
    local login controller=$dir/controller
    . "$dir/net/settings"
    {
        echo 'name: quickstart'
        echo 'database:'
        for login in owner maintenance engine api; do
            echo "  $login: {host: $dir/pg/socket, dbname: muster, user: muster_$login, passfile: $dir/pg/pass/muster_$login}"
        done
        cat <<EOF
kafka:
  properties:
    bootstrap.servers: "127.0.0.1:$MUSTER_KAFKA_PORT"
    group.id: muster
api:
  listen: "$CONTROLLER_ADDRESS:$MUSTER_HTTPS_PORT"
  certificate: $controller/tls/server.pem
  key: $controller/tls/server.key
dispatch:
  bind: tcp://$CONTROLLER_ADDRESS:$MUSTER_CURVE_PORT
  keys: $controller/keys
  manifest: $controller/manifest
  root_key: $controller/root.key.pub
  endpoints: [tcp://$CONTROLLER_ADDRESS:$MUSTER_CURVE_PORT]
images:
  folder: $controller/images
  url: https://$CONTROLLER_ADDRESS:$MUSTER_HTTPS_PORT/v1/agent/files/
secret_key: $controller/secret.key
EOF
    } >"$controller/musterd.yaml"
}

controller_ready() {
    curl -s -o /dev/null -f --max-time 2 --cacert "$dir/controller/tls/ca.pem" "https://$CONTROLLER_ADDRESS:$MUSTER_HTTPS_PORT/readyz"
}
controller_start() {
    local controller=$dir/controller
    # The owner's credential is for 'migrate', which the daemon's user cannot read.
    chown root:root "$dir/pg/pass/all" "$dir/pg/pass/muster_owner"
    if [ ! -e "$controller/secret.key" ]; then "$dir/bin/musterd" make-secret-key "$controller/secret.key"; fi
    mkdir -p "$controller/images"
    chmod 700 "$controller/images"
    chown "$controller_uid:$controller_uid" "$controller/secret.key" "$controller/images" "$controller/manifest"
    controller_config
    "$dir/bin/musterd" migrate "$controller/musterd.yaml"
    as_user "$controller_uid" ''
    process_start "$controller/controller.pid" "$dir/log/musterd.log" "${as[@]}" "$dir/bin/musterd" "$controller/musterd.yaml"
    await 30 controller_ready_or_gone || :
    controller_ready || die "musterd is not ready: $(tail -n 1 "$dir/log/musterd.log")"
}
controller_ready_or_gone() { controller_ready || ! controller_up; }
controller_stop() { process_stop "$dir/controller/controller.pid" 12; }
controller_up() { process_alive "$dir/controller/controller.pid"; }
controller_where() { . "$dir/net/settings" && echo "https://$CONTROLLER_ADDRESS:$MUSTER_HTTPS_PORT, agents at tcp://$CONTROLLER_ADDRESS:$MUSTER_CURVE_PORT"; }

# Tenant, site, agent (by a join token), machines, source, image and rule, once; all of it through the command line.
registry_start() {
    . "$dir/net/settings"
    [ -s "$dir/registry" ] || "$demo/register"
    cat >"$dir/muster" <<EOF
#!/bin/sh
# The command line, as the quickstart's operator.
export MUSTER_SERVER=https://$CONTROLLER_ADDRESS:$MUSTER_HTTPS_PORT MUSTER_CA=$dir/controller/tls/ca.pem MUSTER_TOKEN_FILE=$dir/operator/token
exec $dir/bin/muster "\$@"
EOF
    chmod 755 "$dir/muster"
}
registry_stop() { :; }
registry_up() { [ -s "$dir/registry" ]; }
registry_where() { echo "tenant $tenant_name, site $site_name, machines demo-1 and demo-2, source $topic, rule hardware-alert"; }

# What the enrolment wrote, with the addresses of this start.
agent_config() {
    . "$dir/net/settings"
    {
        sed -E -e "s|^    - \"tcp:.*|    - \"tcp://$CONTROLLER_ADDRESS:$MUSTER_CURVE_PORT\"|" -e "s|^  ca_file: .*|  ca_file: \"$dir/controller/tls/ca.pem\"|" \
            -e "s|^  interface: .*|  interface: \"$AGENT_INTERFACE\"|" -e "s|^  address: .*|  address: \"$AGENT_ADDRESS\"|" "$dir/agent/enrolled/muster-agent.yaml"
        echo '  wait: 90s # these machines boot in 20; real firmware takes minutes'
    } >"$dir/agent/muster-agent.yaml"
}

agent_listens() { [ -n "$(ip netns exec "$NS_AGENT" ss -Huln 'sport = :67')" ]; }
agent_start() {
    agent_config
    mkdir -p "$dir/agent/state"
    chown "$agent_uid:$agent_uid" "$dir/agent/state"
    as_user "$agent_uid" +net_bind_service,+net_raw
    process_start "$dir/agent/agent.pid" "$dir/log/muster-agent.log" \
        ip netns exec "$NS_AGENT" "${as[@]}" "$dir/bin/muster-agent" "$dir/agent/muster-agent.yaml"
    await 15 agent_listens || die "muster-agent does not answer DHCP: $(tail -n 1 "$dir/log/muster-agent.log")"
}
agent_stop() { process_stop "$dir/agent/agent.pid" 12; }
agent_up() { process_alive "$dir/agent/agent.pid"; }
agent_where() { . "$dir/net/settings" && echo "in $NS_AGENT, proxyDHCP on $AGENT_ADDRESS"; }

part_stop_all() {
    local n rc=0
    for ((n = ${#parts[@]} - 1; n >= 0; n--)); do
        ("${parts[n]}_stop") || rc=1
    done
    return $rc
}
