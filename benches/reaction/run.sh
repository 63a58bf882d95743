#!/usr/bin/env bash
# How long it takes from a new address to the first right request at the provider: wanbeacon beside inadyn and ddclient.
#
# Usage: run.sh PROGRAM
#
# PROGRAM should be a release build. Needs root, iproute2, python3, and for the other rows Debian's inadyn, ddclient,
# miniupnpd (nftables variant) and nft; a row whose program is missing is left out and named. It installs nothing, nothing
# leaves the machine, and everything it makes is gone afterwards. About nine minutes; REPETITIONS (20) and PEERS (20)
# change the numbers, PEERS=0 leaves the others out and takes two minutes.
#
# What is measured:
# - Every sample is a daemon of its own in a network namespace of its own, with a provider on its loopback interface, and a
#   name that was published once and then rested, as a name does between two reconnects of a line. For wanbeacon that means
#   more than the 60 s that it leaves between two requests for one name; all daemons rest at the same time.
# - The clock starts when `ip -batch` is handed the two lines that take the old address away and add the new one. It stops
#   when the provider has read the request line that carries the new address. The `ip` command is part of it, process
#   starts are not.
# - Column "interface": the address is on the machine itself. Column "router": it is on the outer interface of a miniupnpd,
#   and the machine behind it learns of it by the event that miniupnpd sends, and one question. The others know no router.
# - inadyn and ddclient poll. When in an interval the change comes decides everything, so the changes are spread evenly over
#   one interval, counted from the first request; with an interval of T the median must be near T/2 ("expected"). "default"
#   is the interval that Debian's package has without a word from the user (inadyn's manual says a minute, the program waits
#   two), "shortest" the least that the program accepts.
#   Nothing is scaled: all intervals are waited for.
# - wanbeacon has its default settings but for the row with settle = "0s". settle is the time that it waits after the first
#   event, because a reconnect is several of them: expected is that time and a few milliseconds. Its checks of DNS are off:
#   there is none here, and the others have none.
# - "requests" counts everything that came after the change: one per sample is right.
#
# There are no bounds to keep here, so it is no test: numbers depend on the machine.

set -euo pipefail
program=$(realpath -e "${1:?usage: run.sh PROGRAM}")
cd "$(dirname "$0")"
exec python3 reaction.py "$program"
