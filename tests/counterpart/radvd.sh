#!/usr/bin/env bash
# Runs the real program on a machine whose IPv6 addresses come from a real router: radvd sends router advertisements, the
# kernel makes a stable and a temporary address of them. Then the line gets another prefix, as lines do.
#
# Usage: radvd.sh PROGRAM
#
# Needs root, iproute2, radvd and python3; .ci/run installs them. The daemon polls once an hour: whatever it notices, the
# kernel told it. Takes about a minute and a half. Ends with "N passed, N failed", and with 1 if anything failed.

set -euo pipefail
umask 077

program=$(realpath "${1:?usage: radvd.sh PROGRAM}")
. "$(dirname "$0")/stage.sh"

readonly old=2003:f:ab:1 new=2003:f:cd:2
readonly mac=02:00:5e:10:20:30 own=::5eff:fe10:2030 # the machine's interface identifier, made of its MAC (RFC 4291, appendix A)
readonly other=1a2b:3c4d:5e6f:7788                  # another machine in the same network

set_up_network() {
  spaces client router
  cable client eth0 router lan0
  at client link set eth0 address $mac
  at client link set eth0 addrgenmode eui64
  inside router sysctl -q net.ipv6.conf.all.forwarding=1
  inside client sysctl -q net.ipv6.conf.eth0.use_tempaddr=2 net.ipv6.conf.eth0.accept_ra=2
  # Both interfaces have a link-local address before the router speaks.
  at router address add fe80::1/64 dev lan0 nodad
}

# prefix NETWORK PREFERRED: one prefix as radvd writes it, valid for two hours
prefix() {
  printf '  prefix %s::/64 { AdvValidLifetime 7200; AdvPreferredLifetime %s; DecrementLifetimes off; };\n' "$1" "$2"
}

# advertise PREFIXES: what the router says from now on
advertise() {
  printf 'interface lan0 {\n  AdvSendAdvert on;\n  MinRtrAdvInterval 3;\n  MaxRtrAdvInterval 4;\n%s\n};\n' "$1" >"$folder/radvd.conf"
  if [[ -n ${radvd:-} ]]; then
    kill -HUP "$radvd"
  else
    start router radvd radvd --nodaemon --config "$folder/radvd.conf" --pidfile "$folder/radvd.pid" --logmethod stderr
    radvd=$pid
  fi
}

# addresses KIND: how many the client has in the given prefix that the kernel calls so
addresses() { at client -6 -o address show dev eth0 scope global "$2" | grep -c -F " $1:" || true; }

# full PREFIX IDENTIFIER: the address, as it is written
full() { python3 -c 'import ipaddress, sys; print(ipaddress.ip_address(int(ipaddress.ip_address(sys.argv[1] + "::")) | int(ipaddress.ip_address("::" + sys.argv[2].removeprefix("::")))))' "$@"; }

configure() {
  cat >"$folder/config.toml" <<EOT
[[ddns]]
domain = "own.dyn.test"
username = "name"
password = "word"
update_url = "http://127.0.0.1:8000/update?host=<domain>&ip=<ip6addr>"
mode = "v6"
verify = false

[[ddns]]
domain = "other.dyn.test"
username = "name"
password = "word"
update_url = "http://127.0.0.1:8000/update?host=<domain>&ip=<ip6addr>"
mode = "v6"
ipv6_host = "::$other"
verify = false

[wan]
ipv4 = []
ipv6 = ["interface:eth0"]

[daemon]
interval = "1h"
EOT
}

# sent HOST: the addresses that were sent for it, in order
sent() { sed -n "s/.*host=$1\.dyn\.test&ip=//p" "$folder/requests" | paste -sd ' '; }

first_prefix() {
  echo "== the router advertises a prefix"
  is "without one nothing is sent" 0 "$(requests)"
  advertise "$(prefix $old 3600)"
  within 20 "the stable address is sent" "$(full $old $own)" sent own
  within 10 "the other machine's has the same prefix" "$(full $old $other)" sent other
  within 10 "the kernel made a temporary address as well" 1 addresses $old temporary
  is "the stable one is what the line has" "$(full $old $own)" "$(line ipv6 address)"
  is "the prefix is known" "$old::/64" "$(line ipv6 prefix)"
  is "the temporary one is passed over as such" 1 "$(wanbeacon detect --json | python3 -c '
import json, sys
print(sum("temporary" in (it["rejected"] or "") for it in json.load(sys.stdin)["wan"][0]["ipv6"]["sources"]))')"
  is "two requests in all" 2 "$(requests)"
}

second_prefix() {
  echo "== the line is renumbered"
  advertise "$(prefix $new 3600)
$(prefix $old 0)"
  within 20 "the new address is seen" "$(full $new $own)" line ipv6 address
  is "the new prefix is known" "$new::/64" "$(line ipv6 prefix)"
  within 10 "the old addresses are deprecated, not gone" 2 addresses $old deprecated
  within 75 "the new address is sent when the minute is over" "$(full $old $own) $(full $new $own)" sent own
  within 20 "and the other machine's" "$(full $old $other) $(full $new $other)" sent other
}

withdrawal() {
  echo "== the router withdraws the new prefix as well"
  # Every advertisement renews lifetimes, some of them with zero.
  advertise "$(prefix $new 0)
$(prefix $old 0)"
  within 20 "no address is left" None line ipv6 address
  within 1 "and the reason is said" said says ipv6 deprecated
  advertise "$(prefix $new 3600)
$(prefix $old 0)"
  within 20 "it comes back" "$(full $new $own)" line ipv6 address
  is "four requests in all, one per change and name" 4 "$(requests)"
  is "the published address is the new one" "$(full $new $own)" "$(state ipv6 published)"
  stop "$daemon"
}

set_up_network
configure
start_provider
start_daemon
first_prefix
second_prefix
withdrawal
finish
