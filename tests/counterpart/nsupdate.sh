#!/usr/bin/env bash
# Runs the real program against a real service: nsupdate.info's own server, which changes a real zone of a Knot name server by
# RFC 2136. All of it lives in a network namespace that has a loopback interface and nothing else.
#
# Usage: nsupdate.sh PROGRAM
#
# Needs root, iproute2, knotd, kdig and python3 with venv; .ci/run installs them. The Python packages go into
# target/counterpart. Ends with "N passed, N failed", and with 1 if anything failed.

set -euo pipefail
umask 077

program=$(realpath "${1:?usage: nsupdate.sh PROGRAM}")
. "$(dirname "$0")/stage.sh"
log=$folder/log
root=$(cd "$here/../.." && pwd)

readonly zone=dyn.test
readonly nameserver=127.0.0.2 # nsupdate sends to port 53 of an address of its own, whatever else runs on 127.0.0.1
readonly service=www.$zone:8000
readonly update="http://$service/nic/update?hostname=<domain>&myip="
readonly v4=91.12.34.57 v6=2003:f:ab::10
password=$(python3 -c 'import secrets; print(secrets.token_urlsafe(12))')

# has WHAT: the value is there
has() { is "$1" "there" "$([[ -n $2 && $2 != None ]] && echo there)"; }

# -- The machinery -----------------------------------------------------------------------------------------------------

start_knot() {
  # Not through a function: the pid would be that of a shell around it.
  ip netns exec "$(space service)" knotd --config "$folder/knot.conf" >"$folder/knot.log" 2>&1 &
  knot=$!
  pids+=("$knot")
  until_true "Knot" inside service kdig +short +timeout=1 +retry=0 "@$nameserver" "$zone" SOA
}

stop_knot() {
  kill "$knot"
  wait "$knot" 2>/dev/null || true
}

set_up_zone() {
  export COUNTERPART_KEY
  COUNTERPART_KEY=$(python3 -c 'import base64, secrets; print(base64.b64encode(secrets.token_bytes(64)).decode())')
  mkdir "$folder/run" "$folder/zones"
  cat >"$folder/knot.conf" <<EOF
server:
  rundir: "$folder/run"
  listen: [$nameserver@53]
  automatic-acl: off
log:
  - target: stderr
    any: info
database:
  storage: "$folder/zones"
key:
  - id: $zone
    algorithm: hmac-sha512
    secret: "$COUNTERPART_KEY"
acl:
  - id: updates
    key: $zone
    action: update
zone:
  - domain: $zone
    storage: "$folder/zones"
    file: zone
    acl: updates
EOF
  cat >"$folder/zones/zone" <<EOF
\$ORIGIN $zone.
\$TTL 60
@    SOA ns hostmaster 1 3600 600 86400 60
@    NS  ns
ns   A   $nameserver
www  A   127.0.0.1
www  AAAA ::1
EOF
}

set_up_service() {
  local environment=$root/target/counterpart python
  python=$environment/bin/python
  if ! cmp --silent "$here/requirements.txt" "$environment/requirements.txt"; then
    python3 -m venv --clear "$environment"
    "$python" -m pip install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$environment/"
  fi
  export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=settings
  export COUNTERPART_FOLDER=$folder COUNTERPART_SERVER=$service COUNTERPART_ZONE=$zone COUNTERPART_NAMESERVER=$nameserver
  COUNTERPART_SECRET=$(python3 -c 'import secrets; print(secrets.token_urlsafe(50))')
  export COUNTERPART_SECRET
  inside service "$python" "$here/seed.py" "$password" "$@" >"$folder/seed.log" 2>&1 || { cat "$folder/seed.log" >&2; exit 1; }
  ip netns exec "$(space service)" "$python" -m gunicorn --bind 127.0.0.1:8000 --bind '[::1]:8000' --workers 1 --threads 2 --no-control-socket \
    --access-logfile "$folder/access" --access-logformat '%(U)s?%(q)s %(s)s' nsupdate.wsgi:application >"$folder/service.log" 2>&1 &
  pids+=($!)
  until_true "nsupdate" inside service "$python" -c 'import urllib.request as u; u.urlopen(u.Request("http://127.0.0.1:8000/myip", headers={"Host": "'"$service"'"}))'
}

# -- What is asked of the program --------------------------------------------------------------------------------------

# given HOST IPV4 IPV6 LINES…: the configuration of one host; an address that is "-" is one the line does not have
given() {
  local host=$1 source4=$2 source6=$3
  shift 3
  name=$host.$zone
  config=$folder/$host.toml
  {
    printf '[[ddns]]\ndomain = "%s"\nusername = "%s"\npassword = "%s"\n' "$name" "$name" "$password"
    printf '%s\n' "$@"
    printf '[wan]\nipv4 = [%s]\nipv6 = [%s]\n' "$(static "$source4")" "$(static "$source6")"
    printf '[daemon]\nresolver = ["%s:53"]\n%s\n' "$nameserver" "${daemon_lines:-}"
  } >"$config"
}

static() { [[ $1 == - ]] || printf '"static:%s"' "$1"; }

wanbeacon() { inside service "$program" --config "$config" --state-dir "$folder/state-$name" "$@"; }

# Prints the exit code of one round.
once() {
  local code=0
  timeout 120 ip netns exec "$(space service)" "$program" --config "$config" --state-dir "$folder/state-$name" --once >"$log" 2>&1 || code=$?
  echo "$code"
}

# state FAMILY FIELD…: a value of `status --json`, "None" for null
state() {
  wanbeacon status --json 2>/dev/null | python3 -c '
import json, sys
value = json.load(sys.stdin)["ddns"][0]
for key in sys.argv[1:]:
    value = value[key] if value is not None else None
print(value)' "$@"
}

# Sleeps until the family's next attempt may be made, a minute and a half at most.
until_due() {
  sleep "$(state "$1" next_attempt | python3 -c '
import datetime, sys
due = datetime.datetime.fromisoformat(sys.stdin.read().strip())
left = (due - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
print(min(max(left + 1, 0), 90))')"
}

# Update requests that the service saw for the host.
requests() { grep -c "^/nic/update?.*hostname=$name" "$folder/access" || true; }

# What the zone holds.
record() { inside service kdig +short "@$nameserver" "$name" "$1"; }

# -- The cases ---------------------------------------------------------------------------------------------------------

one_family() {
  echo "== the catalogue's nsupdate entry, one family at a time"
  given only4 $v4 - 'provider = "nsupdate"' 'mode = "v4"' "server_ipv4 = \"http://$service\""
  is "a first IPv4 address is published and all is in order" 0 "$(once)"
  is "the zone has the A record" $v4 "$(record A)"
  is "no AAAA record appeared" "" "$(record AAAA)"
  is "the name servers were asked, and the status is complete" complete "$(state ipv4 status)"
  has "the time of the confirmation is known" "$(state ipv4 verified_at)"
  is "the reply is kept as received" "good $v4" "$(state ipv4 last_reply)"
  is "a second round has nothing to do" 0 "$(once)"
  is "and sends nothing" 1 "$(requests)"

  given only6 - $v6 'provider = "nsupdate"' 'mode = "v6"' "server_ipv6 = \"http://$service\""
  is "a first IPv6 address is published" 0 "$(once)"
  is "the zone has the AAAA record" $v6 "$(record AAAA)"
  is "the status is complete" complete "$(state ipv6 status)"
}

both_families() {
  echo "== both families"
  given two $v4 $v6 "update_url = \"$update<ipaddr> $update<ip6addr>\""
  is "two URLs publish both" 0 "$(once)"
  is "the A record is there" $v4 "$(record A)"
  is "the AAAA record is there" $v6 "$(record AAAA)"
  is "both are complete" "complete complete" "$(state ipv4 status) $(state ipv6 status)"
  is "two requests were made" 2 "$(requests)"

  given one $v4 $v6 "update_url = \"$update<ipaddr>,<ip6addr>\"" 'mode = "together"'
  is "the comma form publishes both" 0 "$(once)"
  is "the A record is there" $v4 "$(record A)"
  is "the AAAA record is there" $v6 "$(record AAAA)"
  is "both are complete" "complete complete" "$(state ipv4 status) $(state ipv6 status)"
  is "one request was made" 1 "$(requests)"
}

lost_memory() {
  echo "== a lost state"
  given two $v4 $v6 "update_url = \"$update<ipaddr> $update<ip6addr>\""
  rm -r "$folder/state-$name"
  is "a round without memory is in order" 0 "$(once)"
  is "DNS was asked, and nothing sent" 2 "$(requests)"
  is "both are complete" "complete complete" "$(state ipv4 status) $(state ipv6 status)"
}

# Changes of address: asked for early, granted late.
changes() {
  echo "== changes within a minute of the last one"
  local host
  for host in only4 one; do
    changed $host
    is "$name waits" 75 "$(once)"
  done
}

later_changes() {
  echo "== the same a minute later"
  local before
  changed stranger
  until_due ipv4
  is "the right password publishes the address" 0 "$(once)"
  is "the zone has the A record" $v4 "$(record A)"
  is "the status is complete" complete "$(state ipv4 status)"

  changed only4
  before=$(requests)
  until_due ipv4
  is "another address is published" 0 "$(once)"
  is "the zone follows" 91.12.34.58 "$(record A)"
  is "with one request" $((before + 1)) "$(requests)"

  changed one
  before=$(requests)
  until_due ipv6
  is "a reply of two lines, good and nochg, is in order" 0 "$(once)"
  is "the AAAA record follows" 2003:f:ab::11 "$(record AAAA)"
  is "the A record stays" $v4 "$(record A)"
  is "both are complete" "complete complete" "$(state ipv4 status) $(state ipv6 status)"
  is "one request was made" $((before + 1)) "$(requests)"
}

changed() {
  case $1 in
    only4) given only4 91.12.34.58 - 'provider = "nsupdate"' 'mode = "v4"' "server_ipv4 = \"http://$service\"" ;;
    stranger) given stranger $v4 - "update_url = \"$update<ipaddr>\"" ;;
    one) given one $v4 2003:f:ab::11 "update_url = \"$update<ipaddr>,<ip6addr>\"" 'mode = "together"' ;;
  esac
}

# refused HOST WORD LINES…: somebody must act, and nothing more is sent until then
refused() {
  local host=$1 word=$2
  shift 2
  given "$host" "${source4:-$v4}" - "update_url = \"$update<ipaddr>\"" "$@"
  is "$word locks" 77 "$(once)"
  is "$word is the code of the lock" "$word" "$(state ipv4 locked code)"
  has "the lock comes with a hint" "$(state ipv4 locked hint)"
  is "the status is account-disabled" account-disabled "$(state ipv4 status)"
  is "the next round says so again" 77 "$(once)"
  is "and sends nothing" 1 "$(requests)"
  is "the zone has no record" "" "$(record A)"
  is "the password is in no log" "" "$(grep -F "$password" "$log" || true)"
}

refusals() {
  echo "== refusals"
  password="not-$password" refused stranger badauth
  refused blocked abuse
  source4=91.12.34.66 refused listed abuse
  daemon_lines='user_agent = "refused/1.0"' refused agent badagent

  changed stranger
  is "the right password opens the lock, and the minute is kept" 75 "$(once)"
  is "the lock is gone" None "$(state ipv4 locked)"
}

outage() {
  echo "== the zone's name server is down"
  stop_knot
  given only6 - 2003:f:ab::12 'provider = "nsupdate"' 'mode = "v6"' 'server_ipv6 = "http://[::1]:8000"'
  local before
  before=$(requests)
  is "dnserr is a matter of waiting" 75 "$(once)"
  is "the reply is kept" dnserr "$(state ipv6 last_reply)"
  has "the next try has a time" "$(state ipv6 next_attempt)"
  is "the next round keeps to it" 75 "$(once)"
  is "one request was made" $((before + 1)) "$(requests)"
}

spaces service
set_up_zone
start_knot
set_up_service only4 only6 two one stranger blocked=blocked listed agent
one_family
both_families
lost_memory
changes
refusals
later_changes
outage
echo "$passed passed, $failed failed"
((failed == 0))
