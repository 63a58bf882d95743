#!/usr/bin/env bash
# Runs the real program behind a real router: Debian's miniupnpd, which speaks IGD with events, SSDP, NAT-PMP and PCP. Three
# network namespaces: the client with the program and a provider, the router, and the line behind it.
#
# Usage: miniupnpd.sh PROGRAM
#
# Needs root, iproute2, miniupnpd (nftables variant), nft and python3; .ci/run installs them. The daemon polls once an hour:
# whatever it notices, the router told it. Takes about four minutes. Ends with "N passed, N failed", and with 1 if anything
# failed.

set -euo pipefail
umask 077

program=$(realpath "${1:?usage: miniupnpd.sh PROGRAM}")
. "$(dirname "$0")/stage.sh"

readonly gateway=192.168.178.1
readonly first=91.12.34.56 second=91.12.34.57 third=91.12.34.58 fourth=91.12.34.59 fifth=91.12.34.60 sixth=91.12.34.61

set_up_network() {
  spaces client router line
  cable client eth0 router lan0
  cable router wan0 line isp0
  at client address add 192.168.178.20/24 dev eth0
  at client route add default via $gateway
  at router address add $gateway/24 dev lan0
  inside router nft 'table inet miniupnpd { chain forward {}; chain prerouting {}; chain postrouting {}; }'
  cat >"$folder/miniupnpd.conf" <<EOT
ext_ifname=wan0
listening_ip=lan0
http_port=5000
enable_upnp=yes
enable_natpmp=yes
secure_mode=yes
uuid=6d1f3a52-9c40-4a4e-8f57-1b2c3d4e5f60
upnp_table_name=miniupnpd
upnp_nat_table_name=miniupnpd
upnp_forward_chain=forward
upnp_nat_chain=prerouting
upnp_nat_postrouting_chain=postrouting
allow 1024-65535 192.168.178.0/24 1024-65535
deny 0-65535 0.0.0.0/0 0-65535
EOT
}

# The log goes on where the last one ended.
start_router() {
  ip netns exec "$(space router)" miniupnpd -d -f "$folder/miniupnpd.conf" -P "$folder/miniupnpd.pid" >>"$folder/miniupnpd" 2>&1 &
  router=$!
  pids+=("$router")
  until_true "miniupnpd" inside client bash -c "exec 3<>/dev/tcp/$gateway/5000"
}

# wan ADDRESS…: what the line has from now on, if anything
wan() {
  at router -4 address flush dev wan0
  local address
  for address in "$@"; do
    at router address add "$address/32" dev wan0
  done
}

# configure INTERVAL SOURCE
configure() {
  cat >"$folder/config.toml" <<EOT
[[ddns]]
domain = "home.dyn.test"
username = "name"
password = "word"
update_url = "http://127.0.0.1:8000/update?host=<domain>&ip=<ipaddr>"
mode = "v4"
verify = false

[wan]
ipv4 = ["$2"]
ipv6 = []

[daemon]
interval = "$1"
EOT
}

# detected FIELD: of the first source
detected() { { wanbeacon detect --json || true; } | json wan 0 ipv4 sources 0 "$1"; }

# heard TEXT: how often miniupnpd said so
heard() { grep -c -F -- "$1" "$folder/miniupnpd" || true; }

looking() {
  echo "== looking once"
  wan $first
  configure 1h upnp
  is "the router is found by SSDP, and its address read by SOAP" $first "$(detected address)"
  wan
  is "a router without an address gives none" None "$(detected address)"
  is "and that is no failure of the program" 69 "$(code detect)"
  wan 192.168.1.77
  is "a private address gives none" None "$(detected address)"
  wan $first
  configure 1h pcp
  is "the same address is read by NAT-PMP or PCP" $first "$(detected address)"
  wan
  is "which gives none without one" None "$(detected address)"
}

# code ARGUMENTS…: how the program ends
code() {
  local code=0
  wanbeacon "$@" >/dev/null 2>&1 || code=$?
  echo "$code"
}

following() {
  echo "== following, with nothing to begin with"
  wan
  configure 1h upnp
  start_daemon
  within 10 "the daemon subscribes to the router's events" 1 subscribed
  is "without an address nothing is sent" 0 "$(requests)"
  has_reason "the status says why"

  wan $first
  within 10 "an address appears, and is sent" $first told
  within 5 "it is published" $first state ipv4 published

  echo "== another address"
  wan $second
  within 10 "it is noticed" $second line ipv4 address
  is "within the minute after a request there is no other one" "$first" "$(told)"
  within 75 "then it is sent" "$first $second" told

  echo "== what may not be published"
  wan
  within 10 "the address is gone" None line ipv4 address
  has_reason "the status says why"
  wan 192.168.1.77
  sees_nothing "a private address"
  wan 100.64.7.1
  sees_nothing "carrier NAT"
  wan $second
  within 10 "the address is back" $second line ipv4 address
  is "and is known to be published" $second "$(state ipv4 published)"
  is "no request in all this" "$first $second" "$(told)"
  until_rested
  wan
  within 10 "it goes once more" None line ipv4 address
  wan $third
  within 75 "another one returns, and is sent" "$first $second $third" told
  is "three requests in all, found by events" 3 "$(requests)"
}

# subscribed: how many subscriptions miniupnpd took; renewals do not count
subscribed() { heard "addSubscriber("; }

# has_reason WHAT: is there a reason why the line has no address?
has_reason() { is "$1" there "$([[ -n $(line ipv4 reason) && $(line ipv4 reason) != None ]] && echo there)"; }

# sees_nothing WHAT: the daemon looks at the line as it is now, and must not take that for an address
sees_nothing() {
  local before
  before=$(heard "POST /ctl/IPConn")
  kill -USR1 "$daemon"
  within 10 "$1: the router is asked" more asked_since "$before"
  within 5 "$1 is no address" None line ipv4 address
}

# asked_since COUNT: did the router see more than so many questions?
asked_since() { (($(heard "POST /ctl/IPConn") > $1)) && echo more; }

# Waits until the name may be sent again: a minute after its last request.
until_rested() {
  local left
  left=$(state ipv4 published_at | python3 -c '
import datetime, sys
at = datetime.datetime.fromisoformat(sys.stdin.read().strip())
print(max(0, 61 - (datetime.datetime.now(datetime.timezone.utc) - at).total_seconds()))')
  sleep "$left"
}

ending() {
  echo "== the end"
  local before
  before=$(heard ProcessHTTPUnSubscribe)
  stop "$daemon"
  within 5 "the daemon unsubscribes" $((before + 1)) heard ProcessHTTPUnSubscribe
}

rebooted_router() {
  echo "== a router that reboots, and takes the link with it"
  local before
  before=$(subscribed)
  at router link set lan0 down
  within 10 "the link is gone" internet-not-connected state ipv4 status
  stop "$router"
  wan $fourth
  at router link set lan0 up
  start_router
  within 30 "its new address is noticed" $fourth line ipv4 address
  within 30 "the daemon subscribes again" $((before + 1)) subscribed
  wan $fifth
  within 10 "and is told of the next one" $fifth line ipv4 address
}

forgetful_router() {
  echo "== a router that starts anew while the link stays"
  local before
  configure 5s upnp
  before=$(subscribed)
  start_daemon
  within 10 "the daemon subscribes" $((before + 1)) subscribed
  within 10 "the address is sent" $fifth last_told
  stop "$router"
  start_router
  wan $sixth
  # Six intervals are the longest time between two looks while events are told.
  within 60 "another address is noticed by polling" $sixth line ipv4 address
  within 75 "and sent" $sixth last_told
}

last_told() { told | awk '{ print $NF }'; }

set_up_network
start_provider
start_router
looking
following
rebooted_router
ending
forgetful_router
finish
