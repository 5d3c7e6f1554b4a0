# room.bash - sourced: how much room a directory's filesystem has, and the words for one that has too little.
# shellcheck shell=bash

# Free MiB for who asks; of a path that is not there yet, of the nearest one above it that is.
room_at() { # PATH
    local at=$1
    while [ ! -e "$at" ] && [ "$at" != / ]; do at=$(dirname "$at"); done
    df -Pm -- "$at" | awk 'NR == 2 { print $4 }'
}

# Says what is missing, and what to do; fails.
need_room() { # PATH MIB WHAT REMEDY
    local free
    free=$(room_at "$1")
    [ "${free:-0}" -lt "$2" ] || return 0
    printf 'the disk that holds %s has %s MiB free; %s needs %s MiB. Make room there%s, then run the same again\n' "$1" "${free:-0}" "$3" "$2" "$4"
    return 1
}

# Behind a failure: words when there is no room left, or when FILE says that there was none; nothing else.
told_if_full() { # PATH REMEDY [FILE]
    local free
    free=$(room_at "$1")
    if [ "${free:-0}" -lt 16 ] || grep -qs 'No space left on device' "${3:-/dev/null}"; then
        printf '; the disk that holds %s is full (%s MiB left): make room there%s, then run the same again' "$1" "${free:-0}" "$2"
    fi
}
