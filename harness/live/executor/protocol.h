/*
 * What passes between the executor and the program that leads it: a file in memory that both map. protocol.ts has the same
 * numbers. All fields are little-endian.
 */
#ifndef RECLAIM_PROTOCOL_H
#define RECLAIM_PROTOCOL_H

#include <stdint.h>

#define MAGIC 0x524c5831u
#define SHARED_BYTES (16u << 20)
#define OPS_AT 4096u
#define MOST_OPS 131072u
#define ANSWERS_AT (6u << 20)
#define TEXT_AT (8u << 20)
#define TEXT_BYTES (8u << 20)
#define PAGE 4096ul
/* Slot 0 holds objects and is no space of the trace. */
#define KEEPER 0u
#define MOST_SLOTS 4096u
#define MOST_OBJECTS 4096u
#define NO_OBJECT 0xffffffffu
/* Part of the identity of a file, besides its inode number: memfds may have the same number. */
#define ON_DISK 0x80000000u
/* Pages of the trace lie here, and nothing of the executor does. */
#define FIRST_PAGE (8ul << 28)
#define LAST_PAGE (120ul << 28)

/* Low byte of `code`; the rest are flags. */
enum {
  OP_SPAWN = 1, /* slot */
  OP_FORK,      /* slot; a: slot of the child */
  OP_EXIT,      /* slot. Value, first, buses: minor and major faults, and touches */
  OP_OBJECT,    /* a: object, count: pages, b: first content with FLAG_CONTENT, page: number of a file. Value: its identity */
  OP_CLOSE,     /* a: object */
  OP_MAP,       /* slot, page, count, a: object, b: first page in it */
  OP_UNMAP,
  OP_REMAP,   /* a: new page, 0: none; b: pages to grow by */
  OP_PROTECT, /* FLAG_RO, FLAG_NONE or neither */
  OP_LOCK, /* a: flags of mlock2 */
  OP_UNLOCK,
  OP_READ,  /* count < 0: downwards. Value: pages touched */
  OP_WRITE, /* a: content unless FLAG_UNIQUE */
  OP_PREAD, /* slot, a: object, page, count */
  OP_PWRITE,
  OP_SYNC,      /* a: object */
  OP_MADVISE,   /* a: advice */
  OP_FALLOCATE, /* a: object, page: first byte, b: bytes, count: mode. With FLAG_MAPPED slot, a: page that maps it */
  OP_TRUNCATE,  /* a: object, b: bytes. As before */
  OP_PRCTL,     /* a: on; b: 0: merge, 1: no huge pages */
  OP_COOKIE,    /* compare-and-swap of each page up to the first that is zero. Value: its index, or count */
  /* Answered by the leader of the spaces; the last of a request where they have text. */
  OP_CENSUS, /* a: 1: memfds by page, since some may be in swap. Text: what is resident */
  OP_LOOKUP, /* slot, page, count. Text: mappings of the range */
  OP_PUT,    /* page: first byte there. Text in: path, newline, what to write there */
  OP_GET,    /* Text in: path. Text: its contents */
  OP_RESET,  /* all spaces and objects go */
  OP_QUIT,
  /* Text in: path of a folder. */
  OP_MKDIR,
  OP_RMDIR,
  OP_MOUNT,  /* Text in: type, source, folder, options; a line each */
  OP_UNMOUNT,
  OP_MODULE, /* Text in: path, parameters. a: flags of finit_module */
  OP_SWAP,   /* Text in: path. a: 1 on, 0 off */
  OP_GROUP,  /* Text in: files of a memory group that spaces are in from the next reset on: processes, limit, statistics */
  OP_LIMIT,  /* a: bytes. Of the group, from now on */
  OP_PACE,   /* a: microseconds since the last with 0, which begins. Waits until then */
  OP_REST,   /* a: microseconds. Waits that long */
  OP_FILES,  /* Text in: folder of files. All that are there go */
  OP_MOVE,   /* slot. Text in: the file of a group that names of processes are written to */
  OP_HUGE,   /* a: 1: spaces that start from now on may have huge pages, as the kernel is set; 0: none */
  /* Of spaces again: turn_of knows by the first. */
  OP_FADVISE, /* slot, a: object, page: first byte, b: bytes, count: advice */
  OP_REMOTE,  /* page, count, a: advice, b: slot of the space whose memory it is */
  OP_LOCKALL, /* a: flags of mlockall; 0: munlockall */
  OP_PIN,     /* page, count. By buffers of an io_uring, which are pinned as VFIO pins memory */
  OP_UNPIN,   /* page, count */
};

enum {
  FLAG_SHARED = 1 << 8,
  FLAG_OBJECT = 1 << 9,
  FLAG_RO = 1 << 10,
  FLAG_RO_FD = 1 << 11,
  FLAG_EXEC = 1 << 12,
  FLAG_LOCKED = 1 << 13,
  FLAG_RANDOM = 1 << 14,
  FLAG_SEQUENTIAL = 1 << 15,
  FLAG_POPULATE = 1 << 16,
  FLAG_DROPPABLE = 1 << 17,
  FLAG_CONTENT = 1 << 18,
  FLAG_UP = 1 << 19,
  FLAG_UNIQUE = 1 << 20,
  FLAG_NONE = 1 << 21,
  FLAG_SEALED = 1 << 22,
  FLAG_FILE = 1 << 23,
  FLAG_MAPPED = 1 << 24,
};

/* The error of an op whose space was killed, plus the signal. */
#define DIED 1000

struct op {
  uint32_t code, slot;
  uint64_t page;
  int64_t count;
  uint64_t a, b;
};

struct answer {
  int32_t error;  /* errno */
  uint32_t value; /* see the ops */
  uint32_t first; /* touches: index of the first page that may not be accessed so */
  uint32_t buses; /* touches: SIGBUS signals */
};

struct header {
  uint32_t magic, ops, text;
};

_Static_assert(sizeof(struct op) == 40 && sizeof(struct answer) == 16, "as in protocol.ts");

#endif
