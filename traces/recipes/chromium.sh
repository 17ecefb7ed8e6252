#!/bin/sh
# Chromium with a page that shows pictures and removes them: sh chromium.sh OUT
#
# tabs.html draws, encodes, decodes and shows PICTURES of 4 MiB, keeps them for SECONDS_EACH, removes all but four, and begins again, for LENGTH
# seconds in all. All processes are recorded; valgrind cannot run Chromium, so calls and first accesses are. Needs chromium, and root or perf.
# OUT is a trace (.csv.br, .rtrace).
set -eu
OUT=${1:?expected the name of a trace}
PICTURES=${PICTURES:-24}
SECONDS_EACH=${SECONDS_EACH:-8}
LENGTH=${LENGTH:-60}

. "$(dirname "$0")/common.sh"
need chromium timeout

sed "s/\[24, 8\]/[$PICTURES, $SECONDS_EACH]/" "$HERE/tabs.html" >tabs.html
# As root, Chromium wants no sandbox; it goes on without a window, and ends with SIGTERM.
record "$OUT" -- timeout --preserve-status "$LENGTH" chromium --headless --no-sandbox --disable-gpu --no-first-run \
  --disable-background-networking --user-data-dir=profile tabs.html
recorded
