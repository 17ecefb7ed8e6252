/*
 * The executor as the first process of a virtual machine. The file that it shares with who leads it is the memory of a PCI device
 * (ivshmem-plain of QEMU). To hand over it writes to the port of a pvpanic device, at which the machine stops; so its clock
 * stands still while it waits.
 */
#ifndef RECLAIM_BOOT_H
#define RECLAIM_BOOT_H

#include <dirent.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/reboot.h>

#include "arena.h"

#define PVPANIC_PORT 0x505
#define PVPANIC_PANICKED 1
#define PCI "/sys/bus/pci/devices"

static void fail(const char *what) {
  printf("reclaim: %s: %s\n", what, strerror(errno));
  fflush(stdout);
  reboot(RB_POWER_OFF);
}

static void put(const char *path, const char *value) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, value, strlen(value)) < 0) fail(path);
  close(fd);
}

static void must_mount(const char *what, const char *where) {
  mkdir(where, 0755);
  if (mount(what, where, what, 0, NULL)) fail(where);
}

static int is_shared_memory(const char *device) {
  char path[300], id[32] = {0};
  snprintf(path, sizeof path, PCI "/%s/device", device);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t bytes = read(fd, id, sizeof id - 1);
  close(fd);
  return bytes > 0 && strncmp(id, "0x1110", 6) == 0;
}

static void *map_shared_memory(void) {
  DIR *folder = opendir(PCI);
  char path[300];
  for (struct dirent *entry; folder && (entry = readdir(folder));) {
    if (!is_shared_memory(entry->d_name)) continue;
    snprintf(path, sizeof path, PCI "/%s/enable", entry->d_name);
    put(path, "1");
    snprintf(path, sizeof path, PCI "/%s/resource2", entry->d_name);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) fail(path);
    void *at = mmap(NULL, SHARED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    closedir(folder);
    if (at == MAP_FAILED) fail(path);
    return at;
  }
  fail("no shared memory device");
  return NULL;
}

static void *boot(void) {
  must_mount("proc", "/proc");
  must_mount("sysfs", "/sys");
  must_mount("devtmpfs", "/dev");
  put("/proc/sys/vm/overcommit_memory", "1");
  put("/proc/sys/vm/page-cluster", "0");
  if (ioperm(PVPANIC_PORT, 1, 1)) fail("ioperm");
  return map_shared_memory();
}

#endif
