#!/bin/sh
# A Java program whose collector gives its free heap back: sh jvm.sh OUT
#
# Cache.java fills a cache of MIB, uses it for SECONDS_EACH, empties most of it and goes on with the rest as long, ROUNDS times. ZGC has
# its heap in a memfd, and gives back by hole punching what was free for DELAY seconds. Needs a JDK, and root or perf: calls and first
# accesses are recorded. OUT is a trace (.csv.br, .rtrace).
set -eu
OUT=${1:?expected the name of a trace}
MIB=${MIB:-128}
SECONDS_EACH=${SECONDS_EACH:-10}
ROUNDS=${ROUNDS:-3}
DELAY=${DELAY:-2}

. "$(dirname "$0")/common.sh"
need javac java

javac -d . "$HERE/Cache.java"
record "$OUT" -- java -XX:+UseZGC -XX:ZUncommitDelay="$DELAY" -Xms32m -Xmx"$((MIB * 3))m" -XX:-UsePerfData \
  -cp . Cache "$MIB" "$SECONDS_EACH" "$ROUNDS"
recorded
