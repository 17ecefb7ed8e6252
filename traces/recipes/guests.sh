#!/bin/sh
# Three guests of one Linux kernel, and what their memory holds: sh guests.sh OUT
#
# Debian's cloud kernel boots three times in QEMU by emulation, each with busybox and a load of its own: `idle` waits, `files` writes files
# into memory and copies them, `churn` writes one and removes it again and again. What their pages hold is looked at each CONTENTS, for
# same-page merging. Needs qemu-system-x86 and busybox, and root or perf. KERNEL, and BUSYBOX, which must be static, are files; without them
# Debian's packages are downloaded. OUT is a trace (.csv.br, .rtrace).
set -eu
OUT=${1:?expected the name of a trace}
MIB=${MIB:-128}                # of a guest
SECONDS_EACH=${SECONDS_EACH:-60}
CONTENTS=${CONTENTS:-10s}
KERNEL=${KERNEL:-}
BUSYBOX=${BUSYBOX:-}
PACKAGE=${PACKAGE:-linux-image-6.1.0-50-cloud-amd64}

. "$(dirname "$0")/common.sh"
need qemu-system-x86_64 gzip

# packaged PACKAGE: its files, in DIR/PACKAGE.
packaged() {
  need apt-get dpkg-deb
  apt-get download "$1" >packages.log 2>&1 || { cat packages.log >&2; fail "apt-get download $1"; }
  dpkg-deb --extract "$1"_*.deb "$1"
}

[ -n "$KERNEL" ] || { packaged "$PACKAGE"; KERNEL=$(echo "$PACKAGE"/boot/vmlinuz-*); }
[ -n "$BUSYBOX" ] || { packaged busybox-static; BUSYBOX=$(echo busybox-static/bin/busybox); }
cp "$KERNEL" kernel

mkdir -p root/bin root/proc root/mem
cp "$BUSYBOX" root/bin/busybox
cat >root/init <<INIT
#!/bin/busybox sh
/bin/busybox --install -s /bin
PATH=/bin
mount -t proc proc /proc
mount -t tmpfs tmpfs /mem
case \$load in
  files) for i in 1 2 3 4; do dd if=/dev/urandom of=/mem/file bs=1M count=4; cp /mem/file /mem/copy-\$i; done ;;
  churn) while :; do dd if=/dev/urandom of=/mem/file bs=1M count=8; sleep 1; rm /mem/file; done & ;;
esac 2>/dev/null
sleep $SECONDS_EACH
poweroff -f
INIT
chmod +x root/init
(cd root && ln -sf busybox bin/sh && find . | ./bin/busybox cpio -o -H newc 2>/dev/null | gzip) >initrd
for load in idle files churn; do
  echo "qemu-system-x86_64 -name $load -machine q35 -accel tcg -cpu max -m $MIB -nographic -no-reboot -kernel kernel -initrd initrd" \
    "-append 'console=ttyS0 quiet panic=1 load=$load' </dev/null >$load.log 2>&1 &"
done >boot.sh
echo wait >>boot.sh
record "$OUT" --contents "$CONTENTS" -- sh boot.sh
recorded
