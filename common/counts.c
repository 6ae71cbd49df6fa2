// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/counts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "common/context.h"
#include "common/log.h"
#include "common/parse.h"

#define BATCH 1024 /* counters read at once; more than ever share a bucket of the map */

struct counter {
	struct clone_key key;
	struct clone_counts now, told;
	struct clone_row *row;
};

static struct counter **counters;
static struct clone_row **found;
static size_t count, room;
/* Where in `counters` a key is, plus 1; half of it or more is 0.  By hash, then the next place that is free. */
static uint32_t *places;

/* As for output: without memory there is nothing to be told. */
static void *checked(void *memory)
{
	if (!memory) {
		log_err(-ENOMEM, "counts");
		_exit(1);
	}
	return memory;
}

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct clone_key));
}

static void set_row(struct counter *e, const void *row, size_t size)
{
	free(e->row);
	e->row = memcpy(checked(malloc(size)), row, size);
}

/* Until the kernel half sends a row there is what the key says by itself. */
static struct counter *counter_new(const struct clone_key *key)
{
	struct counter *e = checked(calloc(1, sizeof(*e)));
	struct clone_row row = { .key = *key };

	e->key = *key;
	row.head.uid = key->uid;
	row.head.pid = key->pid;
	memcpy(row.head.comm, key->comm, sizeof(key->comm));
	set_row(e, &row, sizeof(row));
	return e;
}

static uint64_t mix(uint64_t n)
{
	n *= 0x9E3779B97F4A7C15ULL;
	return n ^ n >> 32;
}

/* The place of a key: its own, or the free one where it belongs. */
static uint32_t *place_of(const struct clone_key *key)
{
	uint64_t words[sizeof(*key) / sizeof(uint64_t)], hash = 0;
	size_t at, mask = 2 * room - 1;

	memcpy(words, key, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		hash = mix(hash ^ words[i]);
	for (at = hash & mask; places[at]; at = (at + 1) & mask)
		if (!compare_keys(&counters[places[at] - 1]->key, key))
			break;
	return &places[at];
}

static void make_room(void)
{
	room = room ? 2 * room : 256;
	counters = checked(reallocarray(counters, room, sizeof(*counters)));
	found = checked(reallocarray(found, room, sizeof(*found)));
	free(places);
	places = checked(calloc(2 * room, sizeof(*places)));
	for (size_t i = 0; i < count; i++)
		*place_of(&counters[i]->key) = i + 1;
}

static struct counter *counter_of(const struct clone_key *key)
{
	uint32_t *place;

	if (count == room)
		make_room();
	place = place_of(key);
	if (!*place) {
		counters[count++] = counter_new(key);
		*place = count;
	}
	return counters[*place - 1];
}

void counts_take(const struct clone_key *key, const struct clone_counts *now)
{
	counter_of(key)->now = *now;
}

void counts_name(const struct clone_row *row, size_t size)
{
	set_row(counter_of(&row->key), row, size);
}

int counts_read(int map)
{
	static struct clone_key keys[BATCH];
	static struct clone_counts values[BATCH];
	uint32_t at, n, *from = NULL;
	int err;

	do {
		n = BATCH;
		err = bpf_map_lookup_batch(map, from, &at, keys, values, &n, NULL);
		if (err && err != -ENOENT) /* which is the end */
			return log_err(err, "cannot read the counters");
		for (uint32_t i = 0; i < n; i++)
			counts_take(&keys[i], &values[i]);
		from = &at;
	} while (!err);
	return 0;
}

static uint64_t counts_made(const struct clone_counts *c)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < KINDS; i++)
		sum += c->n[i];
	return sum;
}

uint64_t counts_tried(const struct clone_counts *c)
{
	return counts_made(c) + c->n[COUNT_FAILED];
}

/* In the order of the keys where they are as busy. */
static int compare_rows(const void *a, const void *b)
{
	const struct clone_row *x = *(struct clone_row *const *)a,
			       *y = *(struct clone_row *const *)b;
	uint64_t i = counts_tried(&x->counts), j = counts_tried(&y->counts);

	return i != j ? (i < j ? 1 : -1) : compare_keys(&x->key, &y->key);
}

size_t counts_rows(bool all, struct clone_row ***rows, struct clone_row *sum)
{
	struct counter *e;
	size_t n = 0;

	*sum = (struct clone_row){ .sum = 1 };
	for (size_t i = 0; i < count; i++) {
		e = counters[i];
		for (unsigned int k = 0; k < COUNTS; k++) {
			e->row->counts.n[k] = e->now.n[k] - (all ? 0 : e->told.n[k]);
			sum->counts.n[k] += e->row->counts.n[k];
		}
		e->told = e->now;
		if (counts_tried(&e->row->counts))
			found[n++] = e->row;
	}
	if (n)
		qsort(found, n, sizeof(*found), compare_rows);
	*rows = found;
	return n;
}

/* --- columns --- */

double counts_per;

static void print_number(struct output *o, uint64_t n)
{
	if (counts_per > 0)
		output_format(o, "%.1f", n / counts_per);
	else
		output_number(o, n);
}

static void print_total(const void *record, struct output *o)
{
	print_number(o, counts_made(&((const struct clone_row *)record)->counts));
}

#define PRINT_COUNT(name, which) \
	static void print_##name(const void *record, struct output *o) \
	{ \
		print_number(o, ((const struct clone_row *)record)->counts.n[which]); \
	}
PRINT_COUNT(proc, KIND_PROCESS)
PRINT_COUNT(thread, KIND_THREAD)
PRINT_COUNT(vfork, KIND_VFORK)
PRINT_COUNT(kthread, KIND_KTHREAD)
PRINT_COUNT(iowrk, KIND_IOWRK)
PRINT_COUNT(fail, COUNT_FAILED)

/* Of a sum there is nobody to tell. */
#define GET_NUMBER(name) \
	static void get_##name(const void *record, struct cell *c) \
	{ \
		const struct clone_row *row = record; \
\
		if (!row->sum) \
			cell_number(c, row->key.name); \
	}
GET_NUMBER(uid)
GET_NUMBER(pid)
GET_NUMBER(ppid)
GET_NUMBER(session)

#define GET_CONTEXT(name) \
	static void get_##name(const void *record, struct cell *c) \
	{ \
		if (!((const struct clone_row *)record)->sum) \
			context_get_##name(record, c); \
	}
GET_CONTEXT(user)
GET_CONTEXT(exe)
GET_CONTEXT(cgroup)

static void get_comm(const void *record, struct cell *c)
{
	const struct clone_row *row = record;

	if (!row->sum)
		cell_text(c, row->key.comm, strnlen(row->key.comm, sizeof(row->key.comm)));
}

static void get_errname(const void *record, struct cell *c)
{
	const struct clone_row *row = record;

	if (row->key.err)
		cell_errno(c, -row->key.err);
}

static void get_interval(const void *record, struct cell *c)
{
	const struct clone_row *row = record;

	if (row->interval)
		cell_number(c, row->interval);
}

#define BAR "#######" /* with -e a row has 80 columns then */
#define BAR_MAX (sizeof(BAR) - 1)

/* Rounded up: whoever has made one is there. */
static void get_bar(const void *record, struct cell *c)
{
	const struct clone_row *row = record;

	if (!row->sum && row->all)
		cell_text(c, BAR, (counts_tried(&row->counts) * BAR_MAX + row->all - 1) / row->all);
}

/* Long ones last, so that those before them stand in line. */
static const struct column columns[] = {
	COLUMN_TIME_OF_DAY,
	{ .name = "INTERVAL",
	  .help = "number of the interval, from 1 on",
	  .width = 8,
	  .get = get_interval },
	{ .name = "UID", .help = "user ID", .width = 5, .get = get_uid, .want = BY_UID },
	{ .name = "USER",
	  .help = "name of the user",
	  .width = -8,
	  .get = get_user,
	  .want = BY_UID | WANT_USER },
	{ .name = "PID", .help = "process ID", .width = 7, .get = get_pid, .want = BY_PID },
	{ .name = "PPID",
	  .help = "process ID of the parent",
	  .width = 7,
	  .get = get_ppid,
	  .want = BY_PPID },
	{ .name = "SESSION",
	  .help = "session ID",
	  .width = 7,
	  .get = get_session,
	  .want = BY_SESSION },
	{ .name = "COMM",
	  .help = "name of the thread",
	  .width = -16,
	  .get = get_comm,
	  .want = BY_COMM },
	{ .name = "ERRNAME",
	  .help = "error of failures",
	  .width = -7,
	  .get = get_errname,
	  .want = BY_ERRNO },
	{ .name = "PROC", .help = "processes made", .width = 6, .print = print_proc },
	{ .name = "THREAD", .help = "threads made", .width = 6, .print = print_thread },
	{ .name = "VFORK",
	  .help = "processes made for which the caller waited",
	  .width = 6,
	  .print = print_vfork },
	{ .name = "KTHREAD",
	  .help = "threads of the kernel made",
	  .width = 7,
	  .print = print_kthread },
	{ .name = "IOWRK", .help = "workers of io_uring made", .width = 5, .print = print_iowrk },
	{ .name = "FAIL", .help = "calls that made none", .width = 6, .print = print_fail },
	{ .name = "TOTAL",
	  .help = "all that were made, without FAIL",
	  .width = 7,
	  .print = print_total },
	{ .name = "BAR",
	  .help = "share in TOTAL and FAIL of all rows",
	  .width = -(int)BAR_MAX,
	  .get = get_bar },
	{ .name = "EXE",
	  .help = "executable file of the process",
	  .width = -20,
	  .get = get_exe,
	  .want = BY_EXE | WANT_EXE },
	{ .name = "CGROUP",
	  .help = "control group (v2)",
	  .width = -20,
	  .get = get_cgroup,
	  .want = BY_CGROUP | WANT_CGROUP },
	{},
};

struct table counts_table = { .columns = columns };

static int add_by(const char *item, size_t len, void *ctx)
{
	const struct column *c = table_find(&counts_table, item, len);

	(void)ctx;
	if (!c || !(c->want & BY_ANY))
		return log_err(0,
			       "--by: '%.*s' is not uid, pid, ppid, session, comm, exe or cgroup",
			       (int)len, item);
	table_show(&counts_table, c->name);
	if (c->want & BY_UID)
		table_show(&counts_table, "USER");
	return 0;
}

int counts_by(const char *value)
{
	struct table *t = &counts_table;
	unsigned int kept = 0;

	for (unsigned int i = 0; i < t->count; i++)
		if (!(t->shown[i]->want & BY_ANY))
			t->shown[kept++] = t->shown[i];
	t->count = kept;
	return parse_list("--by", value, add_by, NULL);
}
