#!/bin/sh
# PostgreSQL with a large buffer pool under pgbench: sh pgbench.sh OUT
#
# A database of some 15 MiB × SCALE is made without a recorder. Then the server runs recorded: its pool is filled (pg_prewarm),
# and in each of ROUNDS rounds of SECONDS_EACH, CLIENTS connect, look up and change accounts, and disconnect; after it a
# report sorts a part of them. Needs postgresql and valgrind. PostgreSQL refuses to run as root: then all of this is run as
# nobody. OUT is a trace (.csv.br, .rtrace); the server has a socket in a temporary folder, no port.
set -eu
OUT=${1:?expected the name of a trace}
POOL=${POOL:-1GB}
SCALE=${SCALE:-60}
CLIENTS=${CLIENTS:-6}
ROUNDS=${ROUNDS:-10}
SECONDS_EACH=${SECONDS_EACH:-60}
REPORT=${REPORT:-100000}     # accounts
EVERY=${EVERY:-2s}
SAMPLE=${SAMPLE:-1/8}

. "$(dirname "$0")/common.sh"
for bin in /usr/lib/postgresql/*/bin; do PATH=$bin:$PATH; done
need initdb postgres pg_ctl pgbench psql
not_as_root

export PGHOST="$DIR" PGUSER=recipe PGDATABASE=postgres PGDATA=data
mkdir data
initdb --username="$PGUSER" --auth=trust --no-sync >/dev/null
cat >>data/postgresql.conf <<CONF
listen_addresses = ''
unix_socket_directories = '$DIR'
external_pid_file = '$DIR/pid'
shared_buffers = $POOL
huge_pages = off
fsync = off
max_wal_size = 4GB
work_mem = 64MB
max_parallel_workers_per_gather = 0
CONF

pg_ctl start --wait --log=server.log >/dev/null
pgbench --initialize --scale="$SCALE" --quiet >/dev/null 2>&1
psql --quiet --command='CREATE EXTENSION pg_prewarm'
pg_ctl stop --wait >/dev/null

record "$OUT" --accesses --every "$EVERY" --sample "$SAMPLE" -- postgres -D data
await 'PostgreSQL under valgrind' psql --command='SELECT 1'
psql --quiet --output=/dev/null --command="SELECT pg_prewarm('pgbench_accounts'), pg_prewarm('pgbench_accounts_pkey')"
for _ in $(seq "$ROUNDS"); do
  pgbench --client="$CLIENTS" --time="$SECONDS_EACH" --builtin=select-only@6 --builtin=tpcb-like@1 >/dev/null 2>&1
  psql --quiet --output=/dev/null \
    --command="SELECT filler, aid FROM pgbench_accounts WHERE aid <= $REPORT ORDER BY abalance, aid DESC"
done
kill -INT "$(head -n 1 "$DIR/pid")"
recorded
