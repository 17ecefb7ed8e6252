#!/bin/sh
# MariaDB whose buffer pool shrinks and grows while clients read and write: sh mariadb.sh OUT
#
# A table of ROWS rows of 3 KiB is filled without a recorder. Then the server runs recorded: CLIENTS read and write rows, lower
# ids more often (id = ROWS × RANDOM^2), a scan of the table warms the pool, and the pool is set to each of POOLS in turn. Needs
# mariadb-server and valgrind. OUT is a trace (.csv.br, .rtrace); the server has a socket in a temporary folder, no port.
set -eu
OUT=${1:?expected the name of a trace}
POOLS=${POOLS:-512 128 512 256 512}  # MiB; the first one is that of the start, and the largest
SECONDS_EACH=${SECONDS_EACH:-30}     # between resizes
ROWS=${ROWS:-150000}                 # 500 MiB
CLIENTS=${CLIENTS:-4}
EVERY=${EVERY:-2s}
SAMPLE=${SAMPLE:-}           # 1/N

. "$(dirname "$0")/common.sh"
need mariadbd mariadb mariadb-install-db

# What comes after the settings that all of it needs. Files are read by threads with pread: buffers that the kernel fills for
# Linux's native AIO (io_getevents) are not recorded. Without innodb_buffer_pool_size_max the server maps 8 TiB.
server() {
  set -- mariadbd --no-defaults --user="$(id -un)" --datadir=./data --socket=../socket --pid-file=../pid \
    --skip-networking --skip-log-bin --innodb-use-native-aio=0 --innodb-flush-log-at-trx-commit=0 \
    --innodb-buffer-pool-size="${POOLS%% *}M" --innodb-buffer-pool-size-max="${POOLS%% *}M" --innodb-buffer-pool-load-at-startup=0
  "$run" "$@"
}

sql() {
  mariadb --no-defaults --user=root --socket=socket --batch --skip-column-names "$@"
}

plain() {
  "$@" >record.log 2>&1 &
  recorder=$!
}

recorded_server() {
  record "$OUT" --accesses --every "$EVERY" ${SAMPLE:+--sample "$SAMPLE"} -- "$@"
}

mariadb-install-db --no-defaults --user="$(id -un)" --datadir=./data --auth-root-authentication-method=normal \
  --skip-test-db >install.log 2>&1 || { cat install.log >&2; fail 'mariadb-install-db'; }

run=plain server
await 'MariaDB' sql -e 'SELECT 1'
sql <<SQL
CREATE DATABASE recipe;
USE recipe;
CREATE TABLE rows_of_3kib (id INT PRIMARY KEY, n INT NOT NULL DEFAULT 0, text VARCHAR(3000) NOT NULL);
INSERT INTO rows_of_3kib (id, text) SELECT seq, REPEAT(CHAR(65 + seq % 26), 3000) FROM seq_1_to_$ROWS;
DELIMITER //
CREATE PROCEDURE work(count INT)
BEGIN
  DECLARE i INT;
  WHILE count > 0 DO
    SET i = 1 + FLOOR($ROWS * POW(RAND(), 2));
    SELECT MD5(text) INTO @md5 FROM rows_of_3kib WHERE id = i;
    IF count % 4 = 0 THEN UPDATE rows_of_3kib SET n = n + 1 WHERE id = i; END IF;
    SET count = count - 1;
  END WHILE;
END//
SQL
sql -e SHUTDOWN
wait "$recorder"

run=recorded_server server
await 'MariaDB under valgrind' sql -e 'SELECT 1'
sql recipe -e 'SELECT SUM(LENGTH(text)) FROM rows_of_3kib'
clients=
for _ in $(seq "$CLIENTS"); do
  (while [ ! -e stop ]; do sql recipe -e 'CALL work(200)' || exit 0; done) &
  clients="$clients $!"
done
for pool in ${POOLS#* }; do
  sleep "$SECONDS_EACH"
  sql -e "SET GLOBAL innodb_buffer_pool_size = $pool * 1048576; SELECT @@innodb_buffer_pool_size"
done
sleep "$SECONDS_EACH"
touch stop
wait $clients
sql -e SHUTDOWN
recorded
