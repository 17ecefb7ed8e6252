# What the recipes share; they read it with `.`. It makes the temporary folder DIR and goes there, so that commands in traces have
# no path of the host. DIR is removed when the script ends, however it does; the recorder, and the server that wrote its process id
# to DIR/pid, are ended then if they still run. OUT and HERE, the folder of the script, are absolute.

# How reclaim is called from any folder: RECLAIM="node $PWD/dist/harness/cli.js" in a clone.
RECLAIM=${RECLAIM:-reclaim}

fail() {
  echo "$(basename "$0"): $*" >&2
  exit 3
}

# need PROGRAM...: all of them are installed.
need() {
  for program; do
    command -v "$program" >/dev/null || fail "$program is not installed"
  done
}

# await WHAT COMMAND...: runs the command each 0.1 s until it succeeds, while the recorder runs, for 300 s at most.
await() {
  what=$1
  shift
  tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 3000 ] || fail "$what: not in 300 s"
    kill -0 "$recorder" 2>/dev/null || { cat "$DIR/record.log" >&2; fail "$what: the recorder has ended"; }
    sleep 0.1
  done
}

# record OUT FLAGS... -- COMMAND...: starts the recorder, in the background.
record() {
  $RECLAIM record "$@" >"$DIR/record.log" 2>&1 &
  recorder=$!
}

# recorded: waits until the program and its recording have ended, and says what was recorded.
recorded() {
  status=0
  wait "$recorder" || status=$?
  recorder=
  cat "$DIR/record.log"
  [ $status -eq 0 ] || fail "recording: exit status $status"
}

clean_up() {
  [ ! -s "$DIR/pid" ] || kill "$(head -n 1 "$DIR/pid")" 2>/dev/null || true
  [ -z "$recorder" ] || { kill "$recorder" 2>/dev/null && wait "$recorder"; } || true
  rm -rf "$DIR"
}

recorder=
case $OUT in /*) ;; *) OUT=$PWD/$OUT ;; esac
HERE=$(cd "$(dirname "$0")" && pwd)
DIR=$(mktemp -d)
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$DIR"

# not_as_root: runs the script again as the user nobody where this is root, in a folder of its own, and ends with it.
not_as_root() {
  [ "$(id -u)" -eq 0 ] || return 0
  need setpriv
  chown nobody "$DIR"
  status=0
  setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups \
    env HOME="$DIR" XDG_CACHE_HOME="$DIR/cache" TMPDIR="$DIR" sh "$HERE/$(basename "$0")" "$DIR/$(basename "$OUT")" || status=$?
  [ $status -ne 0 ] || cp "$DIR/$(basename "$OUT")" "$OUT"
  exit $status
}
