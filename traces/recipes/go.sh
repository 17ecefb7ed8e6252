#!/bin/sh
# A Go program whose runtime gives its free heap back: sh go.sh OUT
#
# cache.go fills a cache of MIB, uses it for SECONDS_EACH, empties most of it and goes on with the rest as long, ROUNDS times. The
# garbage collector frees what was emptied, and the scavenger of Go's runtime drops it bit by bit (MADV_DONTNEED). Needs go and
# valgrind. OUT is a trace (.csv.br, .rtrace).
set -eu
OUT=${1:?expected the name of a trace}
MIB=${MIB:-96}
SECONDS_EACH=${SECONDS_EACH:-15}
ROUNDS=${ROUNDS:-3}
EVERY=${EVERY:-1s}

. "$(dirname "$0")/common.sh"
need go

GOCACHE="$DIR/cache" GO111MODULE=off go build -o cache-server "$HERE/cache.go"
record "$OUT" --accesses --every "$EVERY" -- ./cache-server "$MIB" "$SECONDS_EACH" "$ROUNDS"
recorded
