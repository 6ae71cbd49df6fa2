// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/mapped.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define PAGES 64 /* of a buffer, one for each processor: some thousand mappings */

/* proc_pid_maps(5): "START-END r-xp OFFSET MAJOR:MINOR INODE    PATH" */
static bool read_line(char *line, struct mapped *m)
{
	uint64_t ino, major, minor;
	char mode[5];
	int at = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %" SCNx64 ":%" SCNx64 " %" SCNu64 " %n",
		   &m->start, &m->end, mode, &major, &minor, &ino, &at) < 6 ||
	    mode[2] != 'x' || line[at] != '/')
		return false;
	line[at + strcspn(line + at, "\n")] = '\0';
	m->dev = major << 32 | minor;
	m->ino = ino;
	m->path = line + at;
	return true;
}

void mapped_of(uint32_t pid, mapped_fn each, void *ctx)
{
	struct mapped m = { .pid = pid };
	uint64_t dev = 0, ino = 0;
	char path[32], *line = NULL;
	size_t size = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	maps = fopen(path, "re");
	while (maps && getline(&line, &size, maps) > 0) {
		if (!read_line(line, &m) || (m.dev == dev && m.ino == ino))
			continue;
		dev = m.dev;
		ino = m.ino;
		each(&m, ctx);
	}
	free(line);
	if (maps)
		fclose(maps);
}

struct mappings {
	struct perf_buffer *buffer;
	int map;
	uint64_t lost;
	mapped_fn each;
	void *ctx;
};

/* perf_event_open(2) */
struct mmap2_event {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t addr, len, pgoff;
	uint32_t maj, min;
	uint64_t ino, ino_generation;
	uint32_t prot, flags;
	char filename[];
};

struct lost_event {
	struct perf_event_header header;
	uint64_t id, lost;
};

static enum bpf_perf_event_ret on_event(void *ctx, int cpu, struct perf_event_header *header)
{
	const struct mmap2_event *e = (const void *)header;
	struct mappings *m = ctx;
	struct mapped mapped;

	(void)cpu;
	if (header->type == PERF_RECORD_LOST)
		m->lost += ((const struct lost_event *)(const void *)header)->lost;
	if (header->type != PERF_RECORD_MMAP2 || *e->filename != '/')
		return LIBBPF_PERF_EVENT_CONT;
	mapped = (struct mapped){
		.pid = e->pid,
		.start = e->addr,
		.end = e->addr + e->len,
		.dev = (uint64_t)e->maj << 32 | e->min,
		.ino = e->ino,
		.generation = e->ino_generation,
		.path = e->filename,
	};
	m->each(&mapped, m->ctx);
	return LIBBPF_PERF_EVENT_CONT;
}

struct mappings *mappings__new(mapped_fn each, void *ctx)
{
	/* Only of code: data would be mmap_data. */
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.size = sizeof(attr),
		.mmap = 1,
		.mmap2 = 1,
		.watermark = 1,
		.wakeup_watermark = PAGES * 4096 / 2,
	};
	struct mappings *m = calloc(1, sizeof(*m));
	int err;

	if (!m)
		return NULL;
	m->each = each;
	m->ctx = ctx;
	/* No program writes to it: it is where libbpf keeps the buffers of all processors. */
	m->map = bpf_map_create(BPF_MAP_TYPE_PERF_EVENT_ARRAY, "mappings", 4, 4,
				libbpf_num_possible_cpus(), NULL);
	if (m->map >= 0)
		m->buffer = perf_buffer__new_raw(m->map, PAGES, &attr, on_event, m, NULL);
	if (m->buffer)
		return m;
	err = errno;
	mappings__free(m);
	errno = err;
	return NULL;
}

void mappings__free(struct mappings *m)
{
	if (!m)
		return;
	perf_buffer__free(m->buffer);
	if (m->map >= 0)
		close(m->map);
	free(m);
}

int mappings__fd(const struct mappings *m)
{
	return perf_buffer__epoll_fd(m->buffer);
}

uint64_t mappings__read(struct mappings *m)
{
	m->lost = 0;
	perf_buffer__consume(m->buffer);
	return m->lost;
}
