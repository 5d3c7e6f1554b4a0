# agent_site.bash - sourced by scenarios of the agent, after scenario.bash: a site with one scripted machine and its BMC, a muster-agent
# and a scripted controller in its namespace. A site is a folder DIR, a run of the agent a folder RUN of its own:
#   RUN/told  what the controller was told    RUN/agent.log    RUN/state  journal and image cache    RUN/bmc.log
# shellcheck shell=bash

# SITE_MACHINE may hold options of deploy/bed/machine create, SITE_IMAGE the folder of an image with vmlinuz and initrd.
SITE_MACHINE=(--command "$MUSTER_SOURCE/tests/support/scripted_machine")
SITE_IMAGE=''
site_up() { # DIR
    local dir=$1
    mkdir -p "$dir/cache"
    "$bed/site_network" up "$dir/net" --machines 1 || return 1
    at_end "$bed/site_network" down "$dir/net"
    "$bed/machine" create "$dir/m" --net "$dir/net" --number 1 "${SITE_MACHINE[@]}" || return 1
    "$bed/machine" start "$dir/m" || return 1
    at_end "$bed/machine" stop "$dir/m"
    "$MUSTER_BUILD/muster-agent" make-keys "$dir/keys" >/dev/null || return 1
    openssl req -x509 -newkey ed25519 -nodes -keyout "$dir/ca.key" -out "$dir/ca.pem" -subj /CN=nobody -days 2 2>/dev/null
    if [ -n "$SITE_IMAGE" ]; then
        cache_file "$dir" kernel <"$SITE_IMAGE/vmlinuz"
        cache_file "$dir" initrd <"$SITE_IMAGE/initrd"
    else
        head -c 20000 /dev/urandom | cache_file "$dir" kernel
        head -c 20000 /dev/urandom | cache_file "$dir" initrd
    fi
}

# Into the cache by its digest, without a controller to fetch it from; DIR/kernel and DIR/initrd say SHA256:SIZE.
cache_file() { # DIR ROLE
    local sha
    cat >"$1/file"
    sha=$(sha256sum <"$1/file" | cut -d' ' -f1)
    echo "$sha:$(stat -c %s "$1/file")" >"$1/$2"
    mv "$1/file" "$1/cache/$sha"
}

# Becomes the program: its pid is the one to signal.
in_agent() { # DIR COMMAND...
    local NS_AGENT
    . "$1/net/settings"
    shift
    exec ip netns exec "$NS_AGENT" "$@"
}

# AGENT_EXTRA may hold further lines.
write_config() { # DIR RUN
    local site_id agent_id curve_key root_key AGENT_INTERFACE AGENT_ADDRESS
    . "$1/net/settings"
    . "$2/controller"
    cat >"$2/agent.yaml" <<END
site_id: $site_id
agent_id: $agent_id
controller:
  endpoints: ["tcp://127.0.0.1:8444"]
  curve_key: "$curve_key"
  root_key: "$root_key"
  ca_file: $1/ca.pem
keys: $1/keys
state: $2/state
boot:
  interface: $AGENT_INTERFACE
  address: $AGENT_ADDRESS
  wait: ${AGENT_WAIT:-20s}
  silence: ${AGENT_WAIT:-20s}
${AGENT_EXTRA-}
END
}

# Begins RUN; sets 'controller'.
start_controller() { # DIR RUN OPTION...
    local dir=$1 run=$2
    shift 2
    mkdir -p "$run/state"
    cp -r "$dir/cache" "$run/state/images"
    : >"$dir/m/bmc.log"
    : >"$dir/m/serial.log"
    : >"$run/told"
    (in_agent "$dir" "$MUSTER_BUILD/tests/support/scripted_controller" "$run" --bind tcp://127.0.0.1:8444 \
        --agent-keys "$dir/keys/agent-keys.json" --machine "$dir/m/settings" --password "$dir/m/password" \
        --kernel "$(cat "$dir/kernel")" --initrd "$(cat "$dir/initrd")" "$@" >"$run/told" 2>"$run/controller.log") &
    controller=$!
    at_end eval "kill $controller 2>/dev/null || :"
    await 10 grep -q ' ready$' "$run/told" || { cat "$run/controller.log"; return 1; }
    write_config "$dir" "$run"
}

# Sets 'agent'. AGENT_UNDER may hold a command to run it under.
start_agent() { # DIR RUN OPTION...
    local dir=$1 run=$2
    shift 2
    (in_agent "$dir" "${AGENT_UNDER[@]}" "$MUSTER_BUILD/muster-agent" "$@" "$run/agent.yaml" >>"$run/agent.log" 2>&1) &
    agent=$!
    at_end eval "kill $agent 2>/dev/null || :"
}
AGENT_UNDER=()

has_ended() { grep -q ' result ' "$1/told"; }
ended_or_died() { has_ended "$1" || ! kill -0 "$agent" 2>/dev/null; }

# Ends both and keeps what the BMC and the machine wrote. The agent must stop well.
end_run() { # DIR RUN
    local rc=0
    kill -TERM "$agent" 2>/dev/null
    wait "$agent" || { rc=$?; echo "the agent ended with $rc"; }
    kill "$controller" 2>/dev/null
    wait "$controller" 2>/dev/null
    cp "$1/m/bmc.log" "$1/m/serial.log" "$2/"
    return $rc
}

told() { grep -Eq -- "$2" "$1/told"; }
count() { grep -c -- "$1" "$2" || :; }

show_run() {
    local name
    for name in told agent.log bmc.log serial.log; do
        echo "--- $name"
        tail -n 60 "$1/$name"
    done
}
