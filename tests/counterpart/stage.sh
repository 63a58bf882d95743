# What the counterparts in several network namespaces share; to be sourced. `program` names the program under test.
#
# Everything that is made here is gone when the script ends: processes by their number, namespaces by their name, one folder.

passed=0
failed=0
pids=()
spaces=()
folder=$(mktemp -d)
log=$folder/daemon # what the program says; shown where something failed
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

clean_up() {
  local pid space
  for pid in "${pids[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  for space in "${spaces[@]}"; do
    ip netns delete "$space" 2>/dev/null || true
  done
  rm -rf "$folder"
}
trap clean_up EXIT

# -- Networks ----------------------------------------------------------------------------------------------------------

# space NAME: the namespace of that name in this run
space() { echo "wanbeacon-$1-$$"; }

# spaces NAME…: makes them, each with a loopback interface
spaces() {
  local name
  for name in "$@"; do
    ip netns add "$(space "$name")"
    spaces+=("$(space "$name")")
    ip -n "$(space "$name")" link set lo up
  done
}

# cable NAME INTERFACE NAME INTERFACE: joins two namespaces
cable() {
  ip link add "$2" netns "$(space "$1")" type veth peer name "$4" netns "$(space "$3")"
  ip -n "$(space "$1")" link set "$2" up
  ip -n "$(space "$3")" link set "$4" up
}

# at NAME ARGUMENTS…: ip in a namespace
at() { ip -n "$(space "$1")" "${@:2}"; }

# inside NAME COMMAND…
inside() { ip netns exec "$(space "$1")" "${@:2}"; }

# start NAME LOG COMMAND…: in the background; its number is in `pid`. What it says comes behind what is in the log already.
start() {
  # Not through `inside`: the number would be that of a shell around it.
  ip netns exec "$(space "$1")" "${@:3}" >>"$folder/$2" 2>&1 &
  pid=$!
  pids+=("$pid")
}

# stop PID
stop() {
  kill "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

# -- Assertions --------------------------------------------------------------------------------------------------------

# is WHAT EXPECTED SEEN
is() {
  if [[ $2 == "$3" ]]; then
    passed=$((passed + 1))
    printf '  ok    %s\n' "$1"
  else
    failed=$((failed + 1))
    printf '  FAIL  %s: expected %q, seen %q\n' "$1" "$2" "$3"
    tail -n 40 "$log" 2>/dev/null | sed 's/^/        | /' || true
  fi
}

# within SECONDS WHAT EXPECTED COMMAND…: asks the command until it prints what is expected; tells how long that took
within() {
  local limit=$1 what=$2 expected=$3 began seen
  shift 3
  began=$(date +%s%N)
  while :; do
    seen=$("$@" 2>/dev/null) || true
    elapsed=$((($(date +%s%N) - began) / 1000000))
    [[ $seen == "$expected" ]] && break
    ((elapsed < limit * 1000)) || break
    sleep 0.05
  done
  is "$what ($(printf '%d.%02d' $((elapsed / 1000)) $((elapsed % 1000 / 10))) s)" "$expected" "$seen"
}

# until_true WHAT COMMAND…: waits for a server, 30 s at most
until_true() {
  local what=$1
  shift
  for _ in $(seq 150); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.2
  done
  echo "$what does not answer" >&2
  tail -n 40 "$folder"/* >&2 || true
  exit 1
}

# -- The provider, and the program beside it, both in the namespace "client" -------------------------------------------

start_provider() {
  : >"$folder/requests"
  start client provider python3 "$here/provider.py" "$folder/requests"
  until_true "the provider" inside client bash -c 'exec 3<>/dev/tcp/127.0.0.1/8000'
}

# requests [TEXT]: how many there were so far, of those with TEXT in it
requests() { grep -c -F -- "${1:-}" "$folder/requests" || true; }

# told: the addresses that were sent so far, in order
told() { sed -n 's/.*[?&]ip=\([^&]*\).*/\1/p' "$folder/requests" | paste -sd ' '; }

wanbeacon() { inside client "$program" --config "$folder/config.toml" --state-dir "$folder/state" "$@"; }

# Starts the daemon afresh, without a memory.
start_daemon() {
  rm -rf "$folder/state"
  start client daemon "$program" --config "$folder/config.toml" --state-dir "$folder/state" --log-level debug
  daemon=$pid
  until_true "the daemon" wanbeacon healthcheck
}

# json KEY…: a value of the JSON that comes in; a number is a place in a list; "None" for null
json() {
  python3 -c '
import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1:]:
    value = (value[int(key)] if isinstance(value, list) else value[key]) if value is not None else None
print(value)' "$@"
}

# state FAMILY FIELD [NUMBER]: of `status --json`, of the first domain or the one with this number
state() { wanbeacon status --json | json ddns "${3:-0}" "$1" "$2"; }

# line FAMILY FIELD: of `status --json`, of the line
line() { wanbeacon status --json | json wan 0 "$1" "$2"; }

# says FAMILY WORD: does the line say so, in the reason why there is no address?
says() { [[ $(line "$1" reason) == *"$2"* ]] && echo said; }

finish() {
  echo "$passed passed, $failed failed"
  ((failed == 0))
}
