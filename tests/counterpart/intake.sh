#!/usr/bin/env bash
# Runs the real program as the place where routers push their address: curl as a FRITZ!Box calls, Debian's ddclient and
# Debian's inadyn. Two network namespaces: the program with a provider, and a router in front of it with public addresses.
#
# Usage: intake.sh PROGRAM
#
# Needs root, iproute2, curl, ddclient, inadyn and python3; .ci/run installs them. The line has no other source than what is
# pushed. Takes about a minute. Ends with "N passed, N failed", and with 1 if anything failed.

set -euo pipefail
umask 077

program=$(realpath "${1:?usage: intake.sh PROGRAM}")
. "$(dirname "$0")/stage.sh"

readonly zone=dyn.test server=91.12.30.1 server6=2003:f:1::1 peer=91.12.30.99 peer6=2003:f:1::99
readonly machine=1a2b:3c4d:5e6f:7788 # a machine behind the router
readonly loopback=http://127.0.0.1:8245/nic/update
password=$(python3 -c 'import secrets; print(secrets.token_urlsafe(12))')

# One state folder is a file system of its own, to be filled up.
trap 'umount "$folder/full" 2>/dev/null || true; clean_up' EXIT

# -- The machinery -----------------------------------------------------------------------------------------------------

set_up_network() {
  spaces client router
  cable client eth0 router lan0
  at client address add $server/24 dev eth0
  at client address add $server6/64 dev eth0 nodad
  at router address add $peer/24 dev lan0
  at router address add $peer6/64 dev lan0 nodad
}

# entry NAME LINES…: a name that the provider takes, alone in its entry
entry() {
  printf '[[ddns]]\ndomain = "%s.%s"\nusername = "%s"\npassword = "word"\nverify = false\n' "$1" $zone "${account:-name}"
  printf '%s\n' "${@:2}"
}

configure() {
  local url='http://127.0.0.1:8000/update?host=<domain>&ip='
  local both="update_url = \"$url<ipaddr> $url<ip6addr>\""
  {
    local name
    for name in calls list detected form inadyn full guest; do entry $name "$both"; done
    entry machine "update_url = \"$url<ip6addr>\"" 'mode = "v6"' "ipv6_host = \"::$machine\""
    entry fixed "update_url = \"$url<ipaddr>\"" 'mode = "v4"' 'wan = "fixed"'
    # What the provider says under this path is in a file.
    account=blocked entry blocked 'update_url = "http://127.0.0.1:8000/echo?host=<domain>&ip=<ipaddr>"' 'mode = "v4"'
    account=listed entry listed 'update_url = "http://127.0.0.1:8000/echo?host=<domain>&ip=<ipaddr>"' 'mode = "v4"'
    entry one "$both"
    entry two "$both"
    cat <<EOT
[wan]
ipv4 = ["push"]
ipv6 = ["push"]

[wan.fixed]
ipv4 = ["static:91.12.34.1"]
ipv6 = []

[web]
listen = "[::]:8245"

[[web.user]]
name = "fritz"
password = "$password"
rights = ["app"]

[[web.user]]
name = "admin"
password = "$password+&%"
rights = ["config"]

[[web.user]]
name = "phone"
password = "$password"
rights = ["phone", "nas", "homeauto"]

[web.dyndns]
enabled = true
EOT
  } >"$folder/config.toml"
}

# number NAME: its place in `status --json`
number() { wanbeacon status --json | python3 -c '
import json, sys
names = [it["domain"] for it in json.load(sys.stdin)["ddns"]]
print(names.index(sys.argv[1]))' "$1.$zone"; }

# of NAME FAMILY FIELD…: of `status --json`
of() { wanbeacon status --json | json ddns "$(number "$1")" "${@:2}"; }

# published NAME: both families, "None" where nothing is
published() { echo "$(of "$1" ipv4 published) $(of "$1" ipv6 published)"; }

# sent NAME: what the provider was sent for it, in order
sent() { sed -n "s/.*host=$1\.dyn\.test&ip=//p" "$folder/requests" | paste -sd ' '; }

# said SPACE OPTIONS… URL: the lines of the answer with a bar between them, and the HTTP status
said() {
  local answer
  answer=$(inside "$1" curl --silent --globoff --max-time 30 --user-agent 'Fritz!Box DDNS/1.0.1' --write-out '\n%{http_code}' "${@:2}") || true
  paste -sd '|' <<<"$answer" | sed 's/|\([0-9]*\)$/ \1/'
}

# push QUERY: as FRITZ!OS does, which always sends what its two fields hold
push() { said client --user "fritz:$password" "$loopback?$1"; }

# -- A FRITZ!Box -------------------------------------------------------------------------------------------------------

two_calls() {
  echo "== a FRITZ!Box with one URL per family"
  is "the first call is good" "good 91.12.34.56 200" "$(push "hostname=calls.$zone&myip=91.12.34.56")"
  is "the second one, too" "good 2003:f:ab::10 200" "$(push "hostname=calls.$zone&myip=2003:f:ab::10")"
  within 20 "both are published" "91.12.34.56 2003:f:ab::10" published calls
  is "what is repeated is nothing new" "nochg 91.12.34.56 200" "$(push "hostname=calls.$zone&myip=91.12.34.56")"
  is "in either family" "nochg 2003:f:ab::10 200" "$(push "hostname=calls.$zone&myip=2003:f:ab::10")"
  is "and in any spelling" "nochg 91.12.34.56,2003:f:ab::10 200" "$(push "HOST=CALLS.$zone.&aaaa=2003:F:AB:0::10&a=::ffff:91.12.34.56")"
  local again
  for again in $(seq 5); do push "hostname=calls.$zone&myip=91.12.34.56" >/dev/null; done
  is "the provider got one request per family" "91.12.34.56 2003:f:ab::10" "$(sent calls)"
}

placeholders() {
  echo "== a FRITZ!Box with all that it can fill in"
  is "addresses and prefix in one call, of which it needs the prefix" "good 2003:f:cd:100::/56 200" \
    "$(push "hostname=machine.$zone&myip=91.12.34.57&myip2=2003:f:cd::10&ipv6praefx=2003:f:cd:100::/56")"
  within 20 "the machine behind it has an address in the prefix" "2003:f:cd:100:$machine" sent machine
  is "the same once more" "nochg 2003:f:cd:100::/56 200" "$(push "hostname=machine.$zone&myip2=2003:f:cd:100::/56")"
  is "a comma list" "good 91.12.34.58,2003:f:ab::58 200" "$(push "hostname=list.$zone&myip=91.12.34.58,2003:f:ab::58/64")"
  within 20 "is published for both families" "91.12.34.58 2003:f:ab::58" published list
  is "a family that the line lacks is left alone" "nochg 91.12.34.58 200" "$(push "hostname=list.$zone&myip=91.12.34.58&myip2=")"
  is "one request per family" 2 "$(requests "host=list.")"
}

logins() {
  echo "== logins"
  local name="hostname=calls.$zone&myip=91.12.34.56"
  is "in the query, with what the two fields hold in the header" "nochg 91.12.34.56 200" \
    "$(said client --user placeholder:x "$loopback?$name&user=admin&password=$password%2B%26%25")"
  is "half in the query" "nochg 91.12.34.56 200" "$(said client --user "placeholder:$password" "$loopback?$name&username=fritz")"
  is "none is badauth" "badauth 401" "$(said client "$loopback?$name")"
  is "which asks for one" 1 "$(inside client curl --silent --head "$loopback?$name" | grep -c -i '^www-authenticate: Basic' || true)"
  is "a wrong one is badauth" "badauth 401" "$(said client --user fritz:wrong "$loopback?$name")"
  is "nothing can be asked without one" "badauth 401" "$(said client --user fritz:wrong "$loopback?hostname=")"
  is "a user without the right is badauth" "badauth 403" "$(said client --user "phone:$password" "$loopback?$name")"
}

connections() {
  echo "== the address of the connection"
  local name="hostname=detected.$zone"
  is "IPv4" "good $peer 200" "$(said router --user "fritz:$password" "http://$server:8245/nic/update?$name")"
  is "IPv6" "good $peer6 200" "$(said router --user "fritz:$password" "http://[$server6]:8245/nic/update?$name")"
  within 20 "both are published" "$peer $peer6" published detected
  is "not where one is given" "nochg $peer 200" "$(said router --user "fritz:$password" "http://[$server6]:8245/nic/update?$name&ip2=$peer")"
  is "nor where it is of the house" "dnserr_int 400" "$(push "$name")"
  is "nor where all fields are empty" "dnserr 400" "$(said router --user "fritz:$password" "http://$server:8245/nic/update?$name&myip=&myip2=")"
}

forms() {
  echo "== methods"
  is "a form in the body" "good 91.12.34.60 200" \
    "$(said client --user "fritz:$password" --data "hostname=form.$zone" --data-urlencode "myip=91.12.34.60" "$loopback")"
  is "HEAD has the length of a body" 17 "$(beheaded "hostname=form.$zone&myip=91.12.34.60" | sed -n 's/^content-length: //Ip')"
  is "and no body" 0 "$(beheaded "hostname=form.$zone&myip=91.12.34.60" | sed '1,/^$/d' | wc -c)"
  is "PUT is a bad agent" "badagent 405" "$(said client --request PUT --user "fritz:$password" "$loopback?hostname=form.$zone")"
}

# beheaded QUERY: all that comes over the connection as the answer to HEAD; curl would not show a body
beheaded() {
  inside client python3 -c '
import base64, socket, sys
login = base64.b64encode(sys.argv[2].encode()).decode()
ask = f"HEAD /nic/update?{sys.argv[1]} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Basic {login}\r\n\r\n"
with socket.create_connection(("127.0.0.1", 8245), 20) as connection:
    connection.sendall(ask.encode())
    while part := connection.recv(4096):
        sys.stdout.write(part.decode().replace("\r\n", "\n"))' "$1" "fritz:$password"
}

browsers() {
  echo "== a page in a browser"
  local name="hostname=calls.$zone&myip=91.12.34.99"
  is "of another site" "badauth 403" "$(said client --user "fritz:$password" --header "Sec-Fetch-Site: cross-site" "$loopback?$name")"
  is "whose form is sent" "badauth 403" "$(said client --user "fritz:$password" --header "Origin: https://evil.test" --data "$name" "$loopback")"
  is "has no effect" 0 "$(requests "ip=91.12.34.99")"
}

codes() {
  echo "== codes"
  local many
  many=$(printf "calls.$zone,%.0s" $(seq 21))
  is "no name" "nohost 400" "$(push "myip=91.12.34.56")"
  is "21 names" "numhost 400" "$(push "hostname=$many&myip=91.12.34.56")"
  is "20 names" "$(printf 'nochg 91.12.34.56|%.0s' $(seq 19))nochg 91.12.34.56 200" "$(push "hostname=${many#*,}&myip=91.12.34.56")"
  is "what is no name" "notfqdn 400" "$(push "hostname=-&myip=91.12.34.56")"
  is "an unknown name" "notfqdn 400" "$(push "hostname=unknown.$zone&myip=91.12.34.56")"
  is "beside a known one" "notfqdn|nochg 91.12.34.56|notfqdn 200" "$(push "hostname=-,calls.$zone,unknown.$zone&myip=91.12.34.56")"
  is "a name whose line does not listen" "norecord 200" "$(push "hostname=fixed.$zone&myip=91.12.34.56")"
  is "all names" "upallisdeprecated 400" "$(push "hostname=calls.$zone&updateall=1")"
  is "the placeholder of the documentation" "dnserr 400" "$(push "hostname=calls.$zone&myip=0.0.0.0")"
  is "what is no address" "dnserr 400" "$(push "hostname=calls.$zone&myip=%3Cipaddr%3E")"
  is "two of one family" "dnserr 400" "$(push "hostname=calls.$zone&myip=91.12.34.56&myip2=91.12.34.57")"
  is "a private address" "dnserr_int 400" "$(push "hostname=calls.$zone&myip=192.168.178.1")"
  is "carrier NAT" "dnserr_int 400" "$(push "hostname=calls.$zone&myip=100.64.1.2")"
}

# What the provider says comes back at the next push.
refusals() {
  echo "== a provider that refuses"
  echo abuse >"$folder/requests.echo"
  is "a first address is good" "good 91.12.34.61 200" "$(push "hostname=blocked.$zone&myip=91.12.34.61")"
  within 20 "the provider blocks the name" abuse of blocked ipv4 locked code
  is "the router is told" "abuse 403" "$(push "hostname=blocked.$zone&myip=91.12.34.61")"
  is "also with another address" "abuse 403" "$(push "hostname=blocked.$zone&myip=91.12.34.62")"

  echo dnserr_lock >"$folder/requests.echo"
  is "a first address is good" "good 91.12.34.63 200" "$(push "hostname=listed.$zone&myip=91.12.34.63")"
  within 20 "the provider refuses it" dnserr_lock of listed ipv4 last_reply
  is "the router is told" "dnserr_lock 400" "$(push "hostname=listed.$zone&myip=91.12.34.63")"
  is "another address is good" "good 91.12.34.64 200" "$(push "hostname=listed.$zone&myip=91.12.34.64")"
}

# -- Programs ----------------------------------------------------------------------------------------------------------

ddclients() {
  echo "== ddclient"
  : >"$folder/ddclient"
  ddclient
  is "it is content" 2 "$(heard ddclient "SUCCESS:  updating .* good: IP address set to 91.12.34.70")"
  within 20 "the first name is published" 91.12.34.70 of one ipv4 published
  within 20 "the second, too" 91.12.34.70 of two ipv4 published
  rm "$folder/ddclient.cache"
  ddclient
  is "without a memory it learns that nothing changed" 2 "$(heard ddclient "WARNING:  updating .* nochg")"
  is "one request per name" "1 1" "$(requests host=one.) $(requests host=two.)"
}

# Runs it once.
ddclient() {
  cat >"$folder/ddclient.conf" <<EOT
syslog=no
ssl=no
use=cmd, cmd='echo 91.12.34.70'
protocol=dyndns2
server=127.0.0.1:8245
login=fritz
password='$password'
one.$zone,two.$zone
EOT
  # Debian's default is to stay, whatever the file says.
  inside client timeout 60 ddclient -daemon=0 -verbose -file "$folder/ddclient.conf" -cache "$folder/ddclient.cache" \
    -pid "$folder/ddclient.pid" >>"$folder/ddclient" 2>&1 || true
}

inadyns() {
  echo "== inadyn"
  cat >"$folder/inadyn.conf" <<EOT
allow-ipv6 = true
$(inadyn_part v4 91.12.34.71)
$(inadyn_part v6 2003:f:ab::71)
EOT
  : >"$folder/inadyn"
  inadyn >/dev/null
  within 20 "both families are published" "91.12.34.71 2003:f:ab::71" published inadyn
  rm -r "$folder/inadyn.cache"
  is "it is content" 0 "$(inadyn)"
  is "and has learned that nothing changed" 2 "$(heard inadyn "nochg")"
  is "one request per family" "91.12.34.71 2003:f:ab::71" "$(sent inadyn | tr ' ' '\n' | sort -r | paste -sd ' ')"
}

# inadyn_part NAME ADDRESS
inadyn_part() {
  printf 'custom %s@router {\n  ssl = false\n  username = fritz\n  password = "%s"\n  hostname = inadyn.%s\n' "$1" "$password" $zone
  printf '  checkip-command = "/bin/echo %s"\n  ddns-server = "127.0.0.1:8245"\n' "$2"
  printf '  ddns-path = "/nic/update?hostname=%%h&myip=%%i"\n}\n'
}

# Runs it once; prints how it ends.
inadyn() {
  local code=0
  mkdir -p "$folder/inadyn.cache"
  inside client timeout 60 inadyn --once --foreground --no-pidfile --loglevel=debug --config="$folder/inadyn.conf" \
    --cache-dir="$folder/inadyn.cache" >>"$folder/inadyn" 2>&1 || code=$?
  echo "$code"
}

# heard LOG PATTERN
heard() { grep -c -E -- "$2" "$folder/$1" || true; }

# -- What lasts --------------------------------------------------------------------------------------------------------

restart() {
  echo "== a restart"
  local before
  before=$(requests)
  stop "$daemon"
  start client daemon2 "$program" --config "$folder/config.toml" --state-dir "$folder/state" --log-level debug
  daemon=$pid log=$folder/daemon2
  until_true "the daemon" wanbeacon healthcheck
  is "the addresses are known" "nochg 91.12.34.56 200" "$(push "hostname=calls.$zone&myip=91.12.34.56")"
  is "nothing is sent because of it" "$before" "$(requests)"
  is "another address is good" "good 91.12.34.59 200" "$(push "hostname=calls.$zone&myip=91.12.34.59")"
  within 75 "and is sent" "91.12.34.56 2003:f:ab::10 91.12.34.59" sent calls
}

secrets() {
  echo "== logs"
  is "no password is in them" 0 "$(cat "$folder/daemon" "$folder/daemon2" | grep -c -F "$password" || true)"
  is "each request has one line" 1 "$(grep -c "fritz.*list.$zone.*good 91.12.34.58" "$folder/daemon" || true)"
}

guessing() {
  echo "== somebody who guesses"
  local answer="" guess
  for guess in $(seq 40); do
    answer=$(said router --user "fritz:$guess" "http://$server:8245/nic/update?hostname=calls.$zone")
    [[ $answer == "badauth 401" ]] || break
  done
  is "is refused in the end" "911 503" "$answer"
  is "and told when to come back" 1 \
    "$(inside router curl --silent --head "http://$server:8245/nic/update" | grep -c -i '^retry-after: [1-9]' || true)"
  is "others are not" "nochg 91.12.34.59 200" "$(push "hostname=calls.$zone&myip=91.12.34.59")"
}

full_disk() {
  echo "== a full disk"
  stop "$daemon"
  mkdir "$folder/full"
  mount -t tmpfs -o size=128k,mode=0700 tmpfs "$folder/full"
  on_full_disk
  dd if=/dev/zero of="$folder/full/stuff" bs=1k 2>/dev/null || true
  # There is room left in the last block of what was begun.
  local answer last
  for last in $(seq 100 200); do
    answer=$(push "hostname=full.$zone&myip=91.12.34.$last")
    [[ $answer == "good "* ]] || break
  done
  is "what cannot be kept is a fault" "911 500" "$answer"
  is "as long as it is not kept" "911 500" "$(push "hostname=full.$zone&myip=91.12.34.$last")"
  rm "$folder/full/stuff"
  # The same process tries again minutes later, which the tests of the engine wait for. Whatever it said before a crash was true.
  crash
  is "it was not kept" "good 91.12.34.$last 200" "$(push "hostname=full.$zone&myip=91.12.34.$last")"
  crash
  is "what was called good is" "nochg 91.12.34.$last 200" "$(push "hostname=full.$zone&myip=91.12.34.$last")"
  stop "$daemon"
}

# Starts the daemon with the state on the small disk.
on_full_disk() {
  start client daemon3 "$program" --config "$folder/config.toml" --state-dir "$folder/full" --log-level debug
  daemon=$pid log=$folder/daemon3
  until_true "the daemon" inside client "$program" --config "$folder/config.toml" --state-dir "$folder/full" healthcheck
}

# Ends it in the middle, and starts it again.
crash() {
  kill -KILL "$daemon"
  wait "$daemon" 2>/dev/null || true
  on_full_disk
}

set_up_network
configure
start_provider
start_daemon
two_calls
placeholders
logins
connections
forms
browsers
codes
refusals
ddclients
inadyns
restart
secrets
guessing
full_disk
finish
