# process.bash - sourced by the bed's pieces: processes that are started once, recorded, and ended by their record.
# A record is a file "PID STARTTIME" (field 22 of /proc/PID/stat): a pid that the kernel has since given to somebody
# else is not ours, and is left alone.
# shellcheck shell=bash

bed_name=${0##*/}

die() { printf '%s: %s\n' "$bed_name" "$*" >&2; exit 1; }

need_root() { [ "$(id -u)" = 0 ] || die "this needs root (namespaces, other users); use sudo"; }

# Absolute, made, and free of what BMC simulators, sockets and configuration files cannot hold.
own_directory() { # DIR
    case $1 in
        /*) ;;
        *) die "'$1' must be an absolute directory" ;;
    esac
    case $1 in *[!A-Za-z0-9._/-]*) die "'$1' holds a character other than letters, digits, . _ - /; choose a plain path" ;; esac
    [ ${#1} -le 60 ] || die "'$1' is longer than 60 characters; sockets below it need a shorter path"
    mkdir -p "$1" || die "'$1' cannot be made"
}

process_started_at() { # PID
    local -a stat
    local line
    line=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    line=${line##*) } # the name in parentheses may hold anything
    read -ra stat <<<"$line"
    [ "${stat[0]:-Z}" != Z ] || return 1
    echo "${stat[19]}"
}

process_record() { # FILE PID
    local at
    at=$(process_started_at "$2") || return 1
    echo "$2 $at" >"$1"
}

process_alive() { # FILE
    local pid at
    read -r pid at 2>/dev/null <"$1" || return 1
    [ -n "$at" ] && [ "$(process_started_at "$pid")" = "$at" ]
}

process_pid() { process_alive "$1" && cut -d' ' -f1 "$1"; }

# Starts COMMAND apart from this shell, with its output appended to LOG. What cannot be recorded (a full disk) is ended at once:
# nobody would find it again.
process_start() { # FILE LOG COMMAND...
    local file=$1 log=$2
    shift 2
    setsid "$@" </dev/null >>"$log" 2>&1 &
    disown $! # no word of this shell about its end
    process_record "$file" $! || { kill -KILL $! 2>/dev/null; rm -f "$file"; return 1; }
}

process_signal() { # FILE SIGNAL
    local pid
    pid=$(process_pid "$1") && kill "-$2" "$pid" 2>/dev/null
}

# SIGNAL, then KILL when SECONDS did not suffice. Succeeds when there is nothing (left) to stop.
process_stop() { # FILE [SECONDS [SIGNAL]]
    process_signal "$1" "${3:-TERM}" || :
    if ! await "${2:-10}" process_gone "$1"; then
        process_signal "$1" KILL || :
        await 10 process_gone "$1" || die "process $(cat "$1") does not end"
    fi
    rm -f "$1"
}

process_gone() { ! process_alive "$1"; }

# Asks COMMAND again until it succeeds.
await() { # SECONDS COMMAND...
    local until=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
    shift
    until "$@"; do
        [ "${EPOCHREALTIME/[.,]/}" -lt $until ] || return 1
        sleep 0.05
    done
}
