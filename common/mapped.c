// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/mapped.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
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
static void read_maps(FILE *maps, uint32_t pid, mapped_fn each, void *ctx)
{
	struct mapped m = { .pid = pid };
	char line[PATH_MAX + 128], *path;
	char mode[5];
	int at;

	while (fgets(line, sizeof(line), maps)) {
		at = 0;
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*x:%*x %*u %n", &m.start, &m.end,
			   mode, &at) < 3 ||
		    !at || mode[2] != 'x')
			continue;
		path = line + at;
		path[strcspn(path, "\n")] = '\0';
		m.path = path;
		if (*path == '/')
			each(&m, ctx);
	}
}

void mapped_each(mapped_fn each, void *ctx)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char path[32];
	FILE *maps;
	uint32_t pid;

	while (proc && (entry = readdir(proc))) {
		if (!isdigit((unsigned char)*entry->d_name))
			continue;
		pid = strtoul(entry->d_name, NULL, 10);
		snprintf(path, sizeof(path), "/proc/%u/maps", pid);
		maps = fopen(path, "re");
		if (!maps)
			continue;
		read_maps(maps, pid, each, ctx);
		fclose(maps);
	}
	if (proc)
		closedir(proc);
}

struct mappings {
	struct perf_buffer *buffer;
	int map;
	bool lost;
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

static enum bpf_perf_event_ret on_event(void *ctx, int cpu, struct perf_event_header *header)
{
	const struct mmap2_event *e = (const void *)header;
	struct mappings *m = ctx;
	struct mapped mapped;

	(void)cpu;
	if (header->type == PERF_RECORD_LOST)
		m->lost = true;
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

void mappings__read(struct mappings *m)
{
	perf_buffer__consume(m->buffer);
	if (!m->lost)
		return;
	m->lost = false;
	mapped_each(m->each, m->ctx);
}
