#!/usr/bin/env bash
# Lets clients of other people loose on the real program, which they take for a FRITZ!Box: fritzconnection (Python), tr-O64
# (JavaScript), SOAP::Lite (Perl), curl, and requests as go-tr064, scripts and telephone apps write them. All of it lives in a
# network namespace that has a loopback interface and nothing else.
#
# Usage: served.sh PROGRAM
#
# Needs root, iproute2, curl, openssl, node with npm, perl with SOAP::Lite, and python3 with venv; .ci/run installs them. The
# packages of Python and JavaScript go into target/counterpart-served. Ends with "N passed, N failed", and with 1 if anything failed.

set -euo pipefail
umask 077

program=$(realpath "${1:?usage: served.sh PROGRAM}")
. "$(dirname "$0")/stage.sh"
root=$(cd "$here/../.." && pwd)

readonly plain=49000 secure=49443
readonly control=http://127.0.0.1:$plain/upnp/control
readonly kind=urn:dslforum-org:service:X_AVM-DE_RemoteAccess:1
readonly own=Benutzerdefiniert
readonly update='http://127.0.0.1:8000/update?host=<domain>&ip=<ipaddr>'
password() { python3 -c 'import secrets; print(secrets.token_urlsafe(12))'; }
ADMIN=$(password) PHONE=$(password)
export ADMIN PHONE

# -- The clients -------------------------------------------------------------------------------------------------------

set_up_clients() {
  environment=$root/target/counterpart-served
  mkdir -p "$environment"
  if ! cmp --silent "$here/served/requirements.txt" "$environment/requirements.txt"; then
    python3 -m venv --clear "$environment/python"
    "$environment/python/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$here/served/requirements.txt"
    cp "$here/served/requirements.txt" "$environment/"
  fi
  if ! cmp --silent "$here/served/package-lock.json" "$environment/package-lock.json"; then
    cp "$here/served/package.json" "$here/served/package-lock.json" "$environment/"
    (cd "$environment" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
  fi
  # What the machine trusts must not get in the way of "do not verify".
  unset REQUESTS_CA_BUNDLE CURL_CA_BUNDLE
  export PYTHONDONTWRITEBYTECODE=1 NODE_PATH=$environment/node_modules
}

# told COMMAND…: takes over what a client prints: lines of what, expected, seen, with tabs between them
told() {
  local what expected seen
  inside client "$@" >"$folder/told" 2>"$folder/client" || is "$(basename "$2") ends in order" 0 "$?: $(tail -n 3 "$folder/client")"
  while IFS=$'\t' read -r what expected seen; do
    is "$what" "$expected" "$seen"
  done < <(sed -n 's/^> //p' "$folder/told")
}

fritz() { told "$environment/python/bin/python" "$here/served/fritz.py" "$@"; }

# -- The program -------------------------------------------------------------------------------------------------------

# given LINES…: the configuration, with these lines in [web.tr064]
given() {
  {
    printf '[[ddns]]\nupdate_url = "%s"\ndomain = "home.example.de"\nusername = "u"\npassword = "p"\nmode = "v4"\nverify = false\n' "$update"
    printf '[wan]\nipv4 = ["static:91.12.34.57"]\nipv6 = ["static:2003:f:ab::10"]\n'
    printf '[web]\nlisten = "127.0.0.1:8245"\n'
    printf '[[web.user]]\nname = "admin"\npassword = "%s"\nrights = ["config"]\n' "$ADMIN"
    printf '[[web.user]]\nname = "phone"\npassword = "%s"\nrights = ["phone"]\n' "$PHONE"
    printf '[web.tr064]\nenabled = true\nlisten = "127.0.0.1:%s"\ntls_listen = "127.0.0.1:%s"\n' $plain $secure
    printf '%s\n' "$@"
  } >"$folder/config.toml"
}

# Starts of the daemon.
runs=0

# Starts the daemon again, with its memory.
restart() {
  runs=$((runs + 1))
  stop "$daemon"
  start client daemon "$program" --config "$folder/config.toml" --state-dir "$folder/state" --log-level debug
  daemon=$pid
  until_true "the daemon" wanbeacon healthcheck
}

# fresh LINES…: starts the daemon without a memory, with these lines in [web.tr064]
fresh() {
  runs=$((runs + 1))
  [[ -z ${daemon:-} ]] || stop "$daemon"
  given "$@"
  start_daemon
}

# -- The cases ---------------------------------------------------------------------------------------------------------

fritzconnection() {
  echo "== fritzconnection"
  fresh
  fritz reach
  fritz read
  fritz write
  within 20 "what was set is sent" 91.12.34.57 sent
  restart
  fritz keep
  echo "== fritzconnection, refusals"
  fresh
  fritz refusals
  is "its command line lists the services" X_AVM-DE_RemoteAccess1 "$(inspected -s | grep -o 'X_AVM-DE_RemoteAccess1' | head -n 1)"
  is "and the arguments of an action" NewProviderList "$(inspected -A X_AVM-DE_RemoteAccess1 GetDDNSProviders | grep -o NewProviderList | head -n 1)"
  echo "== fritzconnection, remote access"
  fresh
  fritz remote
  echo "== fritzconnection, SHA-256"
  fresh 'digest = "SHA-256"' 'strict_uri = true'
  fritz read
}

# The address in the last request for the name that was set last.
sent() { sed -n 's/.*host=other.example.de&ip=\([^&]*\).*/\1/p' "$folder/requests" | tail -n 1; }

inspected() { inside client "$environment/python/bin/fritzconnection" -i 127.0.0.1 "$@" 2>&1; }

tr_o64() {
  echo "== tr-O64"
  fresh 'content_login = true'
  told node "$here/served/tr-o64.js" $plain
}

soap_lite() {
  echo "== SOAP::Lite"
  fresh
  told perl "$here/served/soap-lite.pl" $plain $secure
}

# -- Requests as others write them, by curl ----------------------------------------------------------------------------

# body ACTION [ARGUMENTS]: as most scripts write it
body() {
  printf '<?xml version="1.0" encoding="utf-8"?><s:Envelope s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/" xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><u:%s xmlns:u="%s">%s</u:%s></s:Body></s:Envelope>' "$1" "$kind" "${2:-}" "$1"
}

# post PATH BODY ARGUMENTS…: prints status and body, which are in $folder/answer too
post() {
  inside client curl --silent --max-time 20 --output "$folder/answer" --dump-header "$folder/head" --write-out '%{http_code}' \
    --data-binary "$2" "$control/$1" "${@:3}"
}

# field NAME: an element of the answer
field() { sed -n "s:.*<$1>\(.*\)</$1>.*:\1:p" "$folder/answer"; }

# head NAME: a field of the answer's head
head_field() { tr -d '\r' <"$folder/head" | sed -n "s/^$1: \{0,1\}//Ip" | tail -n 1; }

login() { printf '%s' "admin:$ADMIN"; }

scripts() {
  echo "== scripts with curl"
  fresh
  local type='Content-Type: text/xml; charset="utf-8"' action="SOAPAction: $kind#GetDDNSInfo"
  is "a call without a login" 401 "$(post x_remote "$(body GetDDNSInfo)" -H "$type" -H "$action")"
  is "its challenge" 'Digest realm="HTTPS Access",nonce="*",algorithm=MD5,qop="auth"' "$(head_field WWW-Authenticate | sed 's/nonce="[0-9A-F]\{16\}"/nonce="*"/')"
  is "its page is HTML and nothing else" text/html "$(head_field Content-Type)"
  is "and begins like HTML" "<HTML>" "$(head -c 6 "$folder/answer")"
  is "curl --digest is let in" 200 "$(post x_remote "$(body GetDDNSInfo)" --digest -u "$(login)" -H "$type" -H "$action")"
  is "and reads the mode" ddns_v4 "$(field NewMode)"
  is "the answer is text/xml with its quoted charset" 'text/xml; charset="utf-8"' "$(head_field Content-Type)"
  is "curl --anyauth with quotes around SOAPAction, as FritzBoxShell" 200 \
    "$(post x_remote "$(body GetDDNSInfo)" --anyauth -u "$(login)" -H "$type" -H "SoapAction: \"$kind#GetDDNSInfo\"")"
  is "without SOAPAction" 200 "$(post x_remote "$(body GetDDNSInfo)" --digest -u "$(login)" -H 'Content-Type: application/x-www-form-urlencoded')"
  is "in pieces" 200 "$(post x_remote "$(body GetDDNSInfo)" --digest -u "$(login)" -H "$type" -H "$action" -H 'Transfer-Encoding: chunked')"
  is "over HTTP/1.0" 200 "$(post x_remote "$(body GetDDNSInfo)" --http1.0 --digest -u "$(login)" -H "$type" -H "$action")"
  is "a wrong password" 401 "$(post x_remote "$(body GetDDNSInfo)" --digest -u admin:wrong -H "$type" -H "$action")"
  is "Basic is not taken" 401 "$(post x_remote "$(body GetDDNSInfo)" --basic -u "$(login)" -H "$type" -H "$action")"
  is "an action of nobody" 500-401 "$(post x_remote "$(body GetNothing)" -H "$type")-$(field errorCode)"
  is "something that is no XML" 500-402 "$(post x_remote 'a=b' --digest -u "$(login)" -H "$type" -H "$action")-$(field errorCode)"
  is "a DTD" 500-402 "$(post x_remote "<!DOCTYPE x [<!ENTITY a \"b\">]>$(body GetDDNSInfo | sed 's/^<?[^>]*>//')" --digest -u "$(login)" -H "$type" -H "$action")-$(field errorCode)"
  is "a control path is not to be read" 405 "$(inside client curl --silent --output /dev/null --write-out '%{http_code}' "$control/x_remote")"
  is "nothing is evented" 501 "$(inside client curl --silent --output /dev/null --write-out '%{http_code}' -X SUBSCRIBE "$control/x_remote")"
  is "the IGD description is not there, in HTML" "404 text/html" \
    "$(inside client curl --silent --output /dev/null --write-out '%{http_code} %{content_type}' "http://127.0.0.1:$plain/igddesc.xml")"
  phoneblock "$type"
}

# A telephone app sets all nine arguments, with empty ones for the hosts, and reads back.
phoneblock() {
  local arguments
  arguments="<NewEnabled>1</NewEnabled><NewProviderName>$own</NewProviderName><NewUpdateURL>https://ddns.example/update?a=1&amp;ip=&lt;ipaddr&gt;</NewUpdateURL><NewDomain>phone.example.de</NewDomain><NewUsername>4711</NewUsername><NewMode>ddns_v4</NewMode><NewServerIPv4></NewServerIPv4><NewServerIPv6></NewServerIPv6><NewPassword>geheim</NewPassword>"
  is "an app sets what it wants" 200 "$(post x_remote "$(body SetDDNSConfig "$arguments")" --digest -u "$(login)" -H "$1" -H "SOAPAction: \"$kind#SetDDNSConfig\"")"
  is "and reads it back" 200 "$(post x_remote "$(body GetDDNSInfo)" --digest -u "$(login)" -H "$1" -H "SOAPAction: \"$kind#GetDDNSInfo\"")"
  is "the name" phone.example.de "$(field NewDomain)"
  is "the URL" 'https://ddns.example/update?a=1&amp;ip=&lt;ipaddr&gt;' "$(field NewUpdateURL)"
  is "the user-defined provider" $own "$(field NewProviderName)"
}

md5() { printf '%s' "$1" | openssl md5 -r | cut -d ' ' -f 1; }

# The login as go-tr064 works it out: the service type for the path, a count of one digit, no algorithm; and the same again.
go_tr064() {
  echo "== go-tr064"
  fresh
  local call nonce secret asked response field action="SoapAction: $kind#GetInfo"
  call="<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body><u:GetInfoRequest xmlns:u=\"$kind\"></u:GetInfoRequest></s:Body></s:Envelope>"
  is "it is asked for a login" 401 "$(post x_remote "$call" -H 'Content-Type: text/xml' -H "$action")"
  for round in "is let in" "is let in after its login was called old"; do
    # It splits at commas and does not trim.
    nonce=$(head_field WWW-Authenticate | tr ',' '\n' | sed -n 's/^nonce="\(.*\)"$/\1/p')
    secret=$(md5 "admin:HTTPS Access:$ADMIN") asked=$(md5 "POST:$kind")
    response=$(md5 "$secret:$nonce:1:30313233:auth:$asked")
    field="Authorization: Digest username=\"admin\", realm=\"HTTPS Access\", nonce=\"$nonce\", uri=\"$kind\", cnonce=\"30313233\", nc=\"1\", qop=\"auth\", response=\"$response\""
    is "it $round" 200 "$(post x_remote "$call" -H 'Content-Type: text/xml' -H "$action" -H "$field")"
    is "the same login again is old" 401 "$(post x_remote "$call" -H 'Content-Type: text/xml' -H "$action" -H "$field")"
    is "and said to be so" stale=true "$(head_field WWW-Authenticate | tr ',' '\n' | tail -n 1)"
  done
}

spaces client
set_up_clients
start_provider
fritzconnection
tr_o64
soap_lite
scripts
go_tr064
is "the log is that of all runs" "$runs" "$(grep -c -F "listening on http://127.0.0.1:8245" "$folder/daemon" || true)"
# Those that are set contain "geheim", whatever is made of their other characters.
is "no password is in it" "" "$(grep -i -F -e "$ADMIN" -e "$PHONE" -e geheim "$folder/daemon" || true)"
finish
