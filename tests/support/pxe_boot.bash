# pxe_boot.bash - sourced by tests/boots/pxe-*/run after scenario.bash: one site, the boot plane with one offer
# (tests/support/boot_stand.c), and one QEMU machine that network-boots the diagnostic image from it.
# shellcheck shell=bash

image=$MUSTER_SOURCE/build/diagnostics/cloud
mac=52:54:00:77:00:01
uuid=6d757374-6572-4000-8000-0000b0070001
qemu_more=() # what one scenario adds to the machine

pxe_image() {
    [ -s "$image/initrd" ] && [ -s "$image/vmlinuz" ] || "$MUSTER_SOURCE/diagnostics/build" --kernel cloud >"$work/image.log" 2>&1 || {
        tail -n 5 "$work/image.log"
        return 1
    }
}

pxe_site() {
    "$bed/site_network" up "$work/net" --machines 1 || return 1
    at_end "$bed/site_network" down "$work/net"
    . "$work/net/settings"
}

# The arguments of the image with this machine's MAC: '\${mac}' is a template that an order fills in.
pxe_arguments() {
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["arguments"].replace("${mac}", sys.argv[2]))' \
        "$image/image.json" "$mac"
}

pxe_stand() { # OPTION...
    : >"$work/events"
    "$bed/site_network" exec "$work/net" agent "$MUSTER_BUILD/tests/support/boot_stand" \
        --interface "$AGENT_INTERFACE" --address "$AGENT_ADDRESS" --loaders /usr/lib/ipxe \
        --kernel "$image/vmlinuz" --initrd "$image/initrd" --arguments "$(pxe_arguments)" \
        --mac "$mac" --uuid "$uuid" --seconds "${seconds:-120}" "$@" >"$work/events" 2>"$work/stand.log" &
    stand=$!
    at_end pxe_stop "$stand"
    await 10 pxe_stand_settled && grep -q ' ready$' "$work/events" || { cat "$work/stand.log"; return 1; }
}

# It is ready, or has ended and said why.
pxe_stand_settled() { grep -q ' ready$' "$work/events" || ! kill -0 "$stand" 2>/dev/null; }

# The same boot served by others in our place: proxyDHCP and TFTP by dnsmasq, files by busybox httpd. Only the
# phone-home is ours.
pxe_peer_stand() {
    mkdir -p "$work/peer"
    pxe_stand --phone-home-only --tail-to "$work/peer/tail" || return 1
    cp "$image/initrd" "$work/peer/initrd"
    truncate -s %4 "$work/peer/initrd"
    cat "$work/peer/tail" >>"$work/peer/initrd"
    ln -sf "$image/vmlinuz" "$work/peer/vmlinuz"
    cat >"$work/peer/boot.ipxe" <<EOF
#!ipxe
kernel http://$AGENT_ADDRESS:8080/vmlinuz initrd=initrd $(pxe_arguments)
initrd --name initrd http://$AGENT_ADDRESS:8080/initrd
boot
EOF
    cat >"$work/peer.conf" <<EOF
port=0
interface=$AGENT_INTERFACE
bind-interfaces
dhcp-range=10.77.0.0,proxy,255.255.255.0
enable-tftp
tftp-root=/usr/lib/ipxe
dhcp-match=set:ipxe,175
dhcp-boot=tag:ipxe,http://$AGENT_ADDRESS:8080/boot.ipxe,,$AGENT_ADDRESS
pxe-service=tag:!ipxe,x86PC,"peer",undionly.kpxe
pxe-service=tag:!ipxe,X86-64_EFI,"peer",snponly.efi
pxe-service=tag:!ipxe,BC_EFI,"peer",snponly.efi
user=root
pid-file
EOF
    "$bed/site_network" exec "$work/net" agent dnsmasq --keep-in-foreground --conf-file="$work/peer.conf" \
        --log-facility=- >"$work/peer.log" 2>&1 &
    peers=($!)
    "$bed/site_network" exec "$work/net" agent busybox httpd -f -p "$AGENT_ADDRESS:8080" -h "$work/peer" \
        >>"$work/peer.log" 2>&1 &
    peers+=($!)
    at_end pxe_peer_stop "${peers[@]}"
    await 10 pxe_peer_listens || { cat "$work/peer.log"; return 1; }
}

# The agent's host has a socket on that UDP port.
pxe_listens() { "$bed/site_network" exec "$work/net" agent ss -Huln "sport = :$1" | grep -q .; }

pxe_peer_listens() {
    pxe_listens 67 && "$bed/site_network" exec "$work/net" agent ss -Htln 'sport = :8080' | grep -q .
}

pxe_peer_stop() {
    local pid
    for pid in "$@"; do pxe_stop "$pid"; done
}

pxe_stop() { kill "$1" 2>/dev/null || :; wait "$1" 2>/dev/null || :; }

pxe_power_on() { # bios|uefi
    local nic="virtio-net-pci,netdev=n0,mac=$mac,bootindex=1" qemu
    # Without its ROM the machine's own network stack is the client: OVMF's, which is not iPXE.
    [ "$1" = bios ] || nic+=,romfile=
    qemu=(qemu-system-x86_64 -accel tcg -cpu qemu64 -nodefaults -no-user-config -display none -vga none
        -no-reboot -uuid "$uuid" -smbios "type=1,serial=PXE-1,uuid=$uuid"
        -netdev tap,id=n0,ifname=tap1,script=no,downscript=no -device "$nic" -serial "file:$work/serial.log")
    if [ "$1" = bios ]; then
        qemu+=(-M pc,graphics=off -m 112)
    else
        cp /usr/share/OVMF/OVMF_VARS_4M.fd "$work/firmware.vars"
        qemu+=(-M q35 -m 192
            -drive if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd
            -drive "if=pflash,unit=1,format=raw,file=$work/firmware.vars")
    fi
    qemu+=("${qemu_more[@]}")
    power_on_us=${EPOCHREALTIME/[.,]/}
    "$bed/site_network" exec "$work/net" lan "${qemu[@]}" >"$work/qemu.log" 2>&1 &
    machine=$!
    at_end pxe_stop "$machine"
}

# The kinds in the order they came, each once in a row.
pxe_order() { awk '$2 != "ready" { print $2 }' "$work/events" | uniq | tr '\n' ' '; }

# Times never run backwards, and the first sight of the machine is after its power came.
pxe_times_rise() {
    awk -v least="$power_on_us" '$2 == "ready" { next } $1 + 200000 < least { print; bad = 1 } $1 > least { least = $1 }
        END { exit bad }' "$work/events"
}

pxe_has() { grep -Eq -- "$1" "$work/events" || { cat "$work/events"; return 1; }; }

pxe_report_after() {
    awk -v from="$power_on_us" '$2 == "report" { printf "%.1f\n", ($1 - from) / 1000000 }' "$work/events"
}

# Boots once; then 'events' and 'serial.log' are in $work.
pxe_boot() { # bios|uefi STAND-OPTION...
    local firmware=$1
    shift
    check "the image is there" pxe_image || exit 1
    pxe_site || exit 1
    pxe_stand "$@" || exit 1
    pxe_power_on "$firmware"
    wait "$stand"
    if ! check "the machine booted what was offered and reported" equal $? 0; then
        cat "$work/events" "$work/stand.log"
        tail -c 3000 "$work/serial.log" | tr -d '\r'
        exit 1
    fi
    echo "      $(pxe_report_after) s from power-on to the report"
}

pxe_no_token() {
    ! grep -aq "$(printf 'a token that is made for one run' | base64 | tr -d '=' | tr '+/' '-_')" \
        "$work/serial.log" "$work/events" "$work/stand.log"
}
