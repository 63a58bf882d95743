#!/usr/bin/env bash
# Builds the container image around the program and runs it on a real Docker daemon, beside a provider and a real name server. The
# daemon lives in a network namespace of its own, so that "host network" means that one: an address, a cable that leads nowhere.
#
# Usage: docker.sh PROGRAM
#
# PROGRAM is static. Needs root, iproute2, dockerd (Debian's docker.io), knotd, kdig and python3; .ci/run installs them. hadolint and
# docker-compose are used where they are there. Takes about a minute and a half. Ends with "N passed, N failed", and with 1 if anything
# failed; or with "skipped: WHY" and 200 where it cannot run.

set -euo pipefail
umask 077

program=$(realpath "${1:?usage: docker.sh PROGRAM}")
. "$(dirname "$0")/stage.sh"
packaging=$(cd "$here/../../packaging" && pwd)

readonly zone=dyn.test nameserver=127.0.0.2 # requests go to port 53
readonly uid=12345
readonly largest=11000000 # bytes of the image
readonly secret=a-secret-in-a-file
readonly update='http://127.0.0.1:8000/update?host=<domain>&ip=<ipaddr>&pw=<pass>'

# Debian's own client, whose builder is built in.
export PATH=/usr/bin:/usr/sbin:$PATH
export DOCKER_HOST=unix://$folder/docker/socket DOCKER_BUILDKIT=1 DOCKER_CONFIG=$folder/docker/config

skip() {
  echo "skipped: $1"
  exit 200
}

# The engine's own mount of its network outlives it.
end_docker() {
  [[ -e $folder/docker/pid ]] && stop "$(cat "$folder/docker/pid")"
  umount "$folder/docker/exec/netns/default" 2>/dev/null || true
  clean_up
}
trap end_docker EXIT

# -- The machinery -----------------------------------------------------------------------------------------------------

check_tools() {
  local tool
  ((EUID == 0)) || skip "it needs root"
  for tool in dockerd docker nsenter ip knotd knotc kdig python3; do
    command -v "$tool" >/dev/null || skip "there is no $tool"
  done
  ip netns add "$(space probe)" 2>/dev/null || skip "network namespaces cannot be made here"
  ip netns delete "$(space probe)"
}

# Not by `ip netns exec`: that hides the control groups.
start_docker() {
  mkdir "$folder/docker"
  nsenter --net="/run/netns/$(space client)" dockerd --data-root "$folder/docker/data" --exec-root "$folder/docker/exec" \
    --pidfile "$folder/docker/pid" --host "$DOCKER_HOST" --bridge none --iptables=false --ip6tables=false >"$folder/dockerd" 2>&1 &
  pids+=($!)
  for _ in $(seq 100); do
    docker version >/dev/null 2>&1 && return
    kill -0 $! 2>/dev/null || break
    sleep 0.3
  done
  tail -n 3 "$folder/dockerd"
  skip "a Docker daemon cannot be started here"
}

start_knot() {
  mkdir -p "$folder/knot"
  cat >"$folder/knot.conf" <<EOT
server:
  rundir: "$folder/knot"
  listen: [$nameserver@53]
database:
  storage: "$folder/knot"
zone:
  - domain: $zone
    storage: "$folder/knot"
    file: zone
    zonefile-load: whole
    zonefile-sync: -1
EOT
  serial=1
  write_zone
  start client knot.log knotd --config "$folder/knot.conf"
  knot=$pid
  until_true "Knot" inside client kdig +short +timeout=1 +retry=0 "@$nameserver" "$zone" SOA
}

# write_zone [ADDRESS]
write_zone() {
  cat >"$folder/knot/zone" <<EOT
\$ORIGIN $zone.
\$TTL 60
@  SOA ns hostmaster $serial 3600 600 86400 60
@  NS  ns
ns A   $nameserver
${1:+home A $1}
EOT
}

# published ADDRESS: from now on the zone says so
published() {
  serial=$((serial + 1))
  write_zone "$1"
  inside client knotc --config "$folder/knot.conf" --blocking zone-reload "$zone" >/dev/null
  within 10 "the zone says $1" "$1" inside client kdig +short "@$nameserver" "home.$zone" A
}

# -- The containers ----------------------------------------------------------------------------------------------------

readonly strict=(--read-only --cap-drop ALL --security-opt no-new-privileges)

# run OPTIONS… IMAGE ARGUMENTS…: in the foreground, without any network
run() { docker run --rm --network none --user "$uid:$uid" "${strict[@]}" "$@"; }

# launch NAME OPTIONS…: in the background, in the network of the provider, with a health check that does not take its time
launch() {
  container=$1
  docker run --detach --name "$1" --network host --user "$uid:$uid" "${strict[@]}" --health-interval 1s --health-timeout 3s \
    --health-retries 1 --volume "$folder/resolv.conf:/etc/resolv.conf:ro" --volume "$folder/secrets:/run/secrets:ro" "${@:2}" wanbeacon >/dev/null
  follow
}

# restart: the same container once more
restart() {
  docker restart "$container" >/dev/null
  follow
}

follow() {
  docker logs --follow --tail 100 "$container" >"$log" 2>&1 &
  pids+=($!)
}

# The commands of the stage ask the program in there.
wanbeacon() { docker exec "$container" /wanbeacon "$@"; }

# inspect FIELD
inspect() { docker inspect --format "{{$1}}" "$container"; }

health() { inspect .State.Health.Status; }

# silent REQUESTS: there are no more than these. What a daemon has to send it sends half a second after its start: see "is sent".
silent() {
  sleep 2
  is "and nothing is sent" "$1" "$(requests)"
}

# web KEY…: of the status that the web listener has, which needs no state folder
web() {
  inside client python3 -c '
import urllib.request
print(urllib.request.urlopen("http://127.0.0.1:8245/api/v1/status", timeout=10).read().decode())' | json "$@"
}

status() { web ddns 0 ipv4 status; }

# errors: what the log complains about
errors() { docker logs "$container" 2>&1 | grep ' ERROR ' || true; }

# ends WHAT: stops the container; it has to end by itself
ends() {
  local began milliseconds
  began=$(date +%s%N)
  docker stop "$container" >/dev/null
  milliseconds=$((($(date +%s%N) - began) / 1000000))
  is "$1 ends with 0 when it is stopped" 0 "$(inspect .State.ExitCode)"
  is "nobody had to kill it" 15 \
    "$(docker events --since 0 --until "$(date +%s.%N)" --filter "container=$container" --filter event=kill --format '{{.Actor.Attributes.signal}}' | tail -n 1)"
  echo "        docker stop took $milliseconds ms"
}

remove() { docker rm --force "$container" >/dev/null; }

# code COMMAND…: how it ends
code() {
  local code=0
  "$@" >/dev/null 2>&1 || code=$?
  echo "$code"
}

# An entry but for its password.
readonly setup=(--env "WANBEACON_DDNS_UPDATE_URL=$update" --env "WANBEACON_DDNS_DOMAIN=home.$zone" --env WANBEACON_DDNS_USERNAME=name)

# -- The cases ---------------------------------------------------------------------------------------------------------

image() {
  echo "== the image"
  local began size
  if command -v hadolint >/dev/null; then
    is "hadolint has nothing to say" "" "$(hadolint --no-color "$packaging/Dockerfile" || true)"
  else
    echo "  --    not tried: there is no hadolint"
  fi
  mkdir "$folder/image"
  cp "$program" "$folder/image/wanbeacon"
  build=(docker build --quiet --network none --file "$packaging/Dockerfile" --build-arg PROGRAM=prebuilt --build-arg VERSION=1.2.3)
  began=$(date +%s%N)
  "${build[@]}" --tag wanbeacon "$folder/image" >"$log" 2>&1 || { cat "$log"; echo "the image cannot be built"; exit 1; }
  echo "        built in $((($(date +%s%N) - began) / 1000000)) ms"
  "${build[@]}" --output "type=tar,dest=$folder/image.tar" "$folder/image" >/dev/null
  is "it holds the program, the state folder and nothing else" \
    "drwxrwxrwx 65534/65534 state/, -rwxr-xr-x 0/0 wanbeacon" \
    "$(tar --numeric-owner -tvf "$folder/image.tar" | awk '{print $1, $2, $6}' | sort -k 3 | paste -sd , | sed 's/,/, /g')"
  size=$(docker image inspect --format '{{.Size}}' wanbeacon)
  echo "        $size bytes"
  is "it has at most $largest bytes" yes "$( ((size <= largest)) && echo yes)"
  is "it runs as nobody, and says how to end it" "65534:65534 SIGTERM" "$(docker image inspect --format '{{.Config.User}} {{.Config.StopSignal}}' wanbeacon)"
  is "it has a version" 1.2.3 "$(docker image inspect --format '{{index .Config.Labels "org.opencontainers.image.version"}}' wanbeacon)"
}

commands() {
  echo "== commands, without a network"
  is "it tells its version" "$("$program" --version)" "$(run wanbeacon --version)"
  is "the demonstration runs" 0 "$(code run --tmpfs /tmp wanbeacon demo)"
  is "without a configuration it ends with 78" 78 "$(code run wanbeacon check)"
  is "a round without a line ends with 69" 69 "$(code run --tmpfs "/state:uid=$uid,mode=0700" "${setup[@]}" --env WANBEACON_DDNS_PASSWORD=secret wanbeacon --once)"
}

simple() {
  echo "== an entry by environment, without a state folder"
  local simple=("${setup[@]}" --env WANBEACON_STATE_DIR=none --env WANBEACON_DDNS_PASSWORD_FILE=/run/secrets/dyn)
  launch simple "${simple[@]}"
  within 10 "the address of the interface is sent" 91.12.34.56 told
  is "with the password of the file" 1 "$(requests "pw=$secret")"
  is "which nothing shows" 0 "$({ docker logs simple; docker inspect simple; } 2>&1 | grep -c -F "$secret" || true)"
  within 10 "it is healthy" healthy health
  at client address delete 91.12.34.56/32 dev wan
  at client address add 91.12.34.57/32 dev wan
  within 5 "a change is noticed as an event" 91.12.34.57 web wan 0 ipv4 address
  within 70 "and sent, a minute after the last request" "91.12.34.56 91.12.34.57" told

  published 91.12.34.57
  restart
  within 20 "after a restart it asks DNS" complete status
  docker rm --force simple >/dev/null
  launch simple "${simple[@]}"
  within 20 "a new container asks DNS" complete status
  silent 2

  published 91.12.34.56
  restart
  within 20 "what DNS shows differently is sent once" "91.12.34.56 91.12.34.57 91.12.34.57" told
  is "nothing is complained about" "" "$(errors)"
  stuck
  ends "it"
  remove
}

stuck() {
  kill -STOP "$(inspect .State.Pid)"
  within 20 "a stuck daemon is unhealthy" unhealthy health
  kill -CONT "$(inspect .State.Pid)"
  within 20 "and well again afterwards" healthy health
}

# entry DOMAIN
entry() {
  printf '[[ddns]]\ndomain = "%s"\nusername = "name"\npassword = { file = "/run/secrets/dyn" }\nupdate_url = "%s"\nverify = false\n' "$1" "$update"
}

# configure DOMAIN…: written into the file that is there; one that takes its place is not seen through a mounted file
configure() {
  local domain
  {
    for domain in "$@"; do
      entry "$domain.$zone"
    done
    printf '[wan]\nipv4 = ["static:91.12.34.56"]\nipv6 = []\n'
  } >"$folder/config.toml"
}

volume() {
  echo "== a configuration file and a volume"
  stop "$knot" # Nothing but the state can tell what was sent.
  local before
  configure one
  launch volume --volume state:/state --volume "$folder/config.toml:/etc/wanbeacon/config.toml:ro"
  within 10 "the address is sent" 1 requests "host=one.$zone"
  within 10 "commands reach the daemon" complete state ipv4 status
  within 10 "it is healthy" healthy health
  before=$(requests)
  restart
  within 10 "after a restart it knows" complete state ipv4 status
  within 10 "it is healthy" healthy health
  remove
  launch volume --volume state:/state --volume "$folder/config.toml:/etc/wanbeacon/config.toml:ro"
  within 10 "a new container knows, too" complete state ipv4 status
  silent "$before"
  reload "$before"
  is "nothing else was complained about" 1 "$(errors | grep -c -v 'config.toml:' || true)"
  ends "it"
  remove
}

# reload REQUESTS
reload() {
  local main
  main=$(inspect .State.Pid)
  configure one two
  docker kill --signal HUP volume >/dev/null
  within 10 "SIGHUP reads the configuration again" 1 requests "host=two.$zone"
  is "what was there is not sent" $(($1 + 1)) "$(requests)"
  echo 'not = [toml' >>"$folder/config.toml"
  docker kill --signal HUP volume >/dev/null
  within 10 "a broken one is complained about" 1 complained
  is "and the old one stays in force" "true $main 2" "$(inspect .State.Running) $(inspect .State.Pid) $(names)"
}

complained() { (($(errors | grep -c config.toml:) > 0)) && echo 1; }

# How many names the daemon keeps.
names() { wanbeacon status --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["ddns"]))'; }

# The rights of NAME's folder: mode and owner
rights() { stat -c '%a %u' "$(docker volume inspect --format '{{.Mountpoint}}' "$1")"; }

folders() {
  echo "== folders, and who may write"
  configure one
  launch usual --user 65534:65534 --volume usual:/state "${setup[@]}" --env WANBEACON_DDNS_PASSWORD=secret
  within 10 "the usual user gets a fresh volume" "700 65534" rights usual
  remove

  mkdir -m 755 "$folder/foreign"
  launch foreign --volume "$folder/foreign:/state" --volume "$folder/config.toml:/etc/wanbeacon/config.toml:ro"
  within 10 "a folder of somebody else is complained about" 1 complaints
  is "the message names the user" 1 "$(errors | grep -c "runs as uid $uid," || true)"
  is "and the remedy" 1 "$(errors | grep -c -F "\`chown $uid /state\`" || true)"
  echo "        $(errors | sed 's/^[^ ]* *//')"
  within 10 "the daemon goes on, and is healthy" healthy health
  docker stop foreign >/dev/null
  chown "$uid" "$folder/foreign"
  docker start foreign >/dev/null
  follow
  within 10 "after that the state is kept" state keeps "$folder/foreign"
  is "without another complaint" 1 "$(complaints)"
  remove

  launch none --volume "$folder/config.toml:/etc/wanbeacon/config.toml:ro"
  within 10 "no folder at all is complained about" 1 complaints
  is "with a remedy" 1 "$(errors | grep -c -F "mount a writable volume at /state" || true)"
  within 10 "the daemon goes on, and is healthy" healthy health
  remove
}

complaints() { errors | wc -l; }

# keeps FOLDER: does it hold a state?
keeps() { [[ -s $1/state ]] && echo state; }

# compose FILE…: with the files that a reader has to provide
compose() { docker-compose --project-directory "$folder/compose" --project-name wanbeacon "$@"; }

composed() {
  echo "== the compose files"
  if ! command -v docker-compose >/dev/null; then
    echo "  --    not tried: there is no docker-compose"
    return
  fi
  local before
  mkdir -m 755 "$folder/compose" "$folder/compose/secrets"
  cp "$packaging"/compose*.yaml "$folder/compose/"
  { entry composed.$zone | sed 's#secrets/dyn#secrets/freedyn#'; printf '[wan]\nipv4 = ["static:91.12.34.56"]\nipv6 = []\n'; } >"$folder/compose/config.toml"
  echo "$secret" >"$folder/compose/secrets/freedyn"
  chmod 644 "$folder/compose/config.toml" "$folder/compose/secrets/freedyn"
  before=$(requests)
  is "the one with the host's network starts" 0 "$(code compose -f "$folder/compose/compose.yaml" up --detach)"
  container=$(compose -f "$folder/compose/compose.yaml" ps -q)
  follow
  within 10 "the address is sent" 1 requests "host=composed.$zone&ip=91.12.34.56&pw=$secret"
  compose -f "$folder/compose/compose.yaml" up --detach --force-recreate >/dev/null 2>&1
  container=$(compose -f "$folder/compose/compose.yaml" ps -q)
  within 10 "a container in its place knows" complete state ipv4 status
  silent $((before + 1))
  is "nothing is complained about" "" "$(errors)"
  compose -f "$folder/compose/compose.yaml" down --volumes >/dev/null 2>&1
  is "the one with a network of its own starts" 0 "$(code compose -f "$folder/compose/compose.bridge.yaml" up --detach)"
  container=$(compose -f "$folder/compose/compose.bridge.yaml" ps -q)
  follow
  within 10 "its daemon runs" 1 names
  is "nothing is complained about" "" "$(errors)"
  compose -f "$folder/compose/compose.bridge.yaml" down --volumes >/dev/null 2>&1
}

check_tools
echo "nameserver $nameserver" >"$folder/resolv.conf"
chmod 644 "$folder/resolv.conf"
mkdir -m 755 "$folder/secrets"
(umask 377 && echo "$secret" >"$folder/secrets/dyn")
chown "$uid" "$folder/secrets/dyn"
touch "$folder/config.toml"
chmod 644 "$folder/config.toml"
spaces client line
cable client wan line far
at client address add 91.12.34.56/32 dev wan
start_docker
start_knot
start_provider
image
commands
simple
volume
folders
composed
finish
