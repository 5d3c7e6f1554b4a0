# scenario.bash - sourced by tests/integration/*/run and tests/boots/*/run: a folder of their own, assertions, and an end
# that leaves nothing. One line an assertion; the scenario fails when one of them did.
# shellcheck shell=bash

MUSTER_SOURCE=${MUSTER_SOURCE:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
MUSTER_BUILD=${MUSTER_BUILD:-$MUSTER_SOURCE/build/debug}
bed=$MUSTER_SOURCE/deploy/bed
# Short (sockets), plain (the BMC simulator), and searchable by the users that the bed's parts run as.
work=$(mktemp -d /tmp/mt.XXXXXX)
chmod 711 "$work"
scenario_failures=0
scenario_cleanups=()

# Commands to run at the end, last one first, however the scenario ends.
at_end() { scenario_cleanups+=("$(printf '%q ' "$@")"); }

scenario_end() {
    local rc=$? n
    trap - EXIT INT TERM
    for ((n = ${#scenario_cleanups[@]} - 1; n >= 0; n--)); do
        eval "${scenario_cleanups[n]}" || { echo "FAIL  clean-up: ${scenario_cleanups[n]}"; rc=1; }
    done
    if [ $rc -ne 0 ] || [ $scenario_failures -ne 0 ]; then
        [ -z "${MUSTER_KEEP-}" ] || { echo "kept $work"; exit 1; }
        rm -rf "$work"
        exit 1
    fi
    rm -rf "$work"
}
trap scenario_end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# check SENTENCE COMMAND...: the command must succeed.
check() {
    local sentence=$1 out
    shift
    if out=$("$@" 2>&1); then
        echo "ok    $sentence"
    else
        echo "FAIL  $sentence"
        [ -z "$out" ] || sed 's/^/        /' <<<"$out"
        scenario_failures=$((scenario_failures + 1))
        return 1
    fi
}

# refute SENTENCE COMMAND...: the command must fail.
refute() {
    local sentence=$1 out
    shift
    if out=$("$@" 2>&1); then
        echo "FAIL  $sentence"
        [ -z "$out" ] || sed 's/^/        /' <<<"$out"
        scenario_failures=$((scenario_failures + 1))
        return 1
    fi
    echo "ok    $sentence"
}

equal() { # GOT WANTED
    [ "$1" = "$2" ] || { echo "got '$1', wanted '$2'"; return 1; }
}

# Asks again until it succeeds: for what an event somewhere else will bring about.
await() { # SECONDS COMMAND...
    local until=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
    shift
    until "$@"; do
        [ "${EPOCHREALTIME/[.,]/}" -lt $until ] || return 1
        sleep 0.05
    done
}
