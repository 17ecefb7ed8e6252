#!/bin/sh
# redis with jemalloc as a cache that is emptied and filled again: sh redis.sh OUT
#
# For each size of values, about MIB are filled in, then some of the keys are read and written in bursts, one a second; then
# all keys are deleted, and jemalloc gives their memory back, by time and when it is told to. Needs redis and valgrind.
# OUT is a trace (.csv.br, .rtrace); the server has a socket in a temporary folder, no port.
set -eu
OUT=${1:?expected the name of a trace}
MIB=${MIB:-100}              # of values
SIZES=${SIZES:-1024 512 2048} # bytes of a value, a round each
BURSTS=${BURSTS:-15}         # a round
REQUESTS=${REQUESTS:-2000}   # a burst, half of them reads
IDLE=${IDLE:-12}             # seconds after the deletion; jemalloc gives back within 10
EVERY=${EVERY:-1s}
SAMPLE=${SAMPLE:-}           # 1/N

. "$(dirname "$0")/common.sh"
need redis-server redis-cli redis-benchmark

cli() {
  redis-cli -s socket "$@"
}

# load KEYS SIZE REQUESTS TESTS: from 8 clients, with keys at random.
load() {
  redis-benchmark -s socket -q -c 8 -P 8 -r "$1" -d "$2" -n "$3" -t "$4" >/dev/null
}

record "$OUT" --accesses --every "$EVERY" ${SAMPLE:+--sample "$SAMPLE"} -- \
  redis-server --port 0 --unixsocket socket --pidfile pid --dir . --save '' --appendonly no
await 'redis' cli ping
for size in $SIZES; do
  keys=$((MIB * 1048576 / size))
  load "$keys" "$size" "$keys" set
  for _ in $(seq "$BURSTS"); do
    load "$keys" "$size" $((REQUESTS / 2)) get,set
    sleep 1
  done
  cli FLUSHALL SYNC >/dev/null
  sleep "$IDLE"
  cli MEMORY PURGE >/dev/null
done
load "$keys" "$size" "$keys" set
cli SHUTDOWN NOSAVE >/dev/null 2>&1 || true
recorded
