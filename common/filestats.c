// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/filestats.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/context.h"
#include "common/names.h"
#include "common/path.h"
#include "common/tool.h"
#include "common/writes.h"

#define KEPT_MAX (32 << 20)	    /* bytes */
#define NODE 64			    /* of them for a place in a tree, and what malloc(3) adds */
#define TARGET_MAX (CELL_BUF - 512) /* what else a note can say is less */

/*
 * So long at most after an exit is seen its descriptors are closed, if nothing
 * interrupts it; a shell's next child cannot have come and gone in that time.
 */
#define EXIT_TAKES 50000 /* ns */

/*
 * A close is told of when the call returns, and by then the memory of its file
 * can be that of another: so long the close is waited for.
 */
#define RETURN_TAKES 1000000000 /* ns */
#define ANOTHERS 1		/* a bit of the address then: there can be one more */

/* --- lists --- */

struct link {
	struct link *before, *after;
};

static void link_remove(struct link *l)
{
	l->before->after = l->after;
	l->after->before = l->before;
}

static void link_last(struct link *list, struct link *l)
{
	l->before = list->before;
	l->after = list;
	list->before->after = l;
	list->before = l;
}

/* Takes the first out; NULL if there is none. */
static void *link_take(struct link *list)
{
	struct link *l = list->after;

	if (l == list)
		return NULL;
	list->after = l->after;
	l->after->before = list;
	*l = (struct link){ l, l };
	return l;
}

/* --- what is kept --- */

enum {
	NOTE_UNWRITTEN,
	NOTE_NO_WRITE,
	NOTE_EXIT,
	NOTE_EXEC,
	NOTE_UNSEEN,
	NOTE_EARLY,
	NOTE_MAPPED,
	NOTE_TMPFILE,
	NOTE_DELETED,
	NOTE_ANONYMOUS,
	NOTE_WORDS, /* the next are more than a word */
	NOTE_RENAMED = NOTE_WORDS,
	NOTE_REPLACED,
};

/* What a line shows. */
struct row {
	struct event head; /* of who wrote last, or opened it */
	const struct file *file;
	uint64_t opens, writes, bytes, least, most, syncs, unsynced;
	uint64_t stores;      /* pages, of mappings */
	uint64_t first, last; /* CLOCK_MONOTONIC, ns */
	uint32_t notes;	      /* bits */
	bool mappable; /* so that it can be stored into: that takes a descriptor that reads as well */
	int sync_error, close_error;
};

struct text {
	char *bytes;
	size_t len;
};

struct device {
	uint32_t dev;
	size_t files;
	uint64_t syncs;
};

struct file {
	struct link link; /* in one of the lists below */
	struct link descriptions;
	struct device *device;
	uint64_t ino;
	uint32_t dev, generation;
	uint32_t open;	 /* how many descriptions */
	bool live;	 /* it has a line that is still to be told */
	bool named;	 /* it is found by its path */
	bool lasts;	 /* what is synced of it outlives the machine's power */
	uint64_t dirty;	 /* bytes of this line, and those before, that are not synced */
	uint64_t synced; /* how many syncs of more than one file it has been told of */
	struct text path, target;
	struct row row;
};

/* Open for writing. */
struct description {
	struct link link;  /* among those of the file */
	struct link ended; /* among those whose memory is another's */
	struct file *file;
	uint64_t address;
	bool opened; /* that was seen */
	uint64_t since;
	/* Closes that were told of before they were made: the last, and how many may not have been made yet. */
	uint64_t told; /* or when the memory was found to be another's */
	uint32_t pid, own, before;
	uint8_t call;
	uint32_t leaving;
	uint32_t left; /* references after all that were told of */
};

static struct link live = { &live, &live }; /* the one that was heard of last is the last */
static struct link closed = { &closed, &closed };
static struct link ended = { &ended, &ended };	       /* descriptions, the oldest first */
static void *by_inode, *by_path, *by_dev, *by_address; /* tsearch(3) */
static uint64_t syncs;				       /* of everything there is */
static size_t kept;				       /* bytes */

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_inodes(const void *a, const void *b)
{
	const struct file *x = a, *y = b;
	int order = COMPARE(x->ino, y->ino);

	order = order ?: COMPARE(x->dev, y->dev);
	return order ?: COMPARE(x->generation, y->generation);
}

static int compare_paths(const void *a, const void *b)
{
	const struct text *x = &((const struct file *)a)->path,
			  *y = &((const struct file *)b)->path;

	return COMPARE(x->len, y->len) ?: memcmp(x->bytes, y->bytes, x->len);
}

static int compare_devices(const void *a, const void *b)
{
	return COMPARE(((const struct device *)a)->dev, ((const struct device *)b)->dev);
}

static int compare_addresses(const void *a, const void *b)
{
	return COMPARE(((const struct description *)a)->address,
		       ((const struct description *)b)->address);
}

/* What a tree has that is the same as `probe`; NULL if it is not there. */
static void *find(const void *probe, void **tree, int (*compare)(const void *, const void *))
{
	void **node = tfind(probe, tree, compare);

	return node ? *node : NULL;
}

/* Something new of that size in a tree; what compare() looks at is taken from `probe`. NULL without memory. */
static void *add(const void *probe, size_t size, void **tree,
		 int (*compare)(const void *, const void *))
{
	void *new = malloc(size);

	if (!new || !tsearch(memcpy(new, probe, size), tree, compare)) {
		free(new);
		tool_lose();
		return NULL;
	}
	kept += size + NODE;
	return new;
}

static void drop(void *old, size_t size, void **tree, int (*compare)(const void *, const void *))
{
	tdelete(old, tree, compare);
	free(old);
	kept -= size + NODE;
}

static void text_set(struct text *t, const char *bytes, size_t len)
{
	char *copy = len ? malloc(len) : NULL;

	if (copy)
		memcpy(copy, bytes, len);
	kept -= t->len;
	free(t->bytes);
	*t = (struct text){ copy, copy ? len : 0 };
	kept += t->len;
}

/* --- devices: what syncs all of their files --- */

static struct device *device_find(uint32_t dev)
{
	const struct device probe = { .dev = dev };

	return find(&probe, &by_dev, compare_devices);
}

static struct device *device_get(uint32_t dev)
{
	const struct device probe = { .dev = dev };
	struct device *d = device_find(dev);

	d = d ?: add(&probe, sizeof(probe), &by_dev, compare_devices);
	if (d)
		d->files++;
	return d;
}

static void device_put(struct device *d)
{
	if (!--d->files)
		drop(d, sizeof(*d), &by_dev, compare_devices);
}

/* --- files --- */

static void file_unname(struct file *f)
{
	if (f->named)
		tdelete(f, &by_path, compare_paths);
	f->named = false;
}

/* The one that got a path last is the one that has it. */
static void file_rename(struct file *f, const char *path, size_t len)
{
	struct file **node;

	file_unname(f);
	text_set(&f->path, path, len);
	if (!f->path.len || *path != '/')
		return;
	node = (struct file **)tsearch(f, &by_path, compare_paths);
	if (!node)
		return;
	(*node)->named = false;
	*node = f;
	f->named = true;
}

static struct file *file_named(const char *path, size_t len)
{
	const struct file probe = { .path = { (char *)path, len } };

	return len ? find(&probe, &by_path, compare_paths) : NULL;
}

static struct file file_probe(const struct write_file *w)
{
	return (struct file){ .ino = w->ino, .dev = w->dev, .generation = w->generation };
}

static struct file *file_find(const struct write_file *w)
{
	const struct file probe = file_probe(w);

	return find(&probe, &by_inode, compare_inodes);
}

/* Is it on a disk, or somewhere like that?  Where the file is not known, maybe. */
static bool is_lasting(const struct write_file *w)
{
	if (!S_ISREG(w->mode))
		return S_ISBLK(w->mode) || !w->ino;
	switch (w->magic) {
	case TMPFS_MAGIC: /* of memfd_create(2) too, as the next */
	case HUGETLBFS_MAGIC:
	case RAMFS_MAGIC:
	case PROC_SUPER_MAGIC:
	case SYSFS_MAGIC:
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
	case DEBUGFS_MAGIC:
	case TRACEFS_MAGIC:
	case SECURITYFS_MAGIC:
		return false;
	}
	return true;
}

static struct file *file_new(const struct write_file *w)
{
	struct file probe = file_probe(w), *f;

	probe.device = device_get(w->dev);
	if (!probe.device)
		return NULL;
	probe.lasts = is_lasting(w);
	f = add(&probe, sizeof(probe), &by_inode, compare_inodes);
	if (!f) {
		device_put(probe.device);
		return NULL;
	}
	link_last(&closed, &f->link);
	f->descriptions = (struct link){ &f->descriptions, &f->descriptions };
	return f;
}

static void description_drop(struct description *d)
{
	link_remove(&d->link);
	link_remove(&d->ended);
	d->file->open--;
	drop(d, sizeof(*d), &by_address, compare_addresses);
}

static void file_forget(struct file *f)
{
	struct description *d;

	while ((d = link_take(&f->descriptions)))
		description_drop(d);
	file_unname(f);
	text_set(&f->path, NULL, 0);
	text_set(&f->target, NULL, 0);
	link_remove(&f->link);
	device_put(f->device);
	drop(f, sizeof(*f), &by_inode, compare_inodes);
}

/* What has synced it besides its own calls. */
static void file_settle(struct file *f)
{
	uint64_t now = syncs + f->device->syncs;

	if (now == f->synced)
		return;
	f->row.syncs += now - f->synced;
	f->row.unsynced = f->dirty = 0;
	f->synced = now;
}

static void file_touch(struct file *f, const struct write_event *e)
{
	file_settle(f);
	f->row.last = e->head.time;
	link_remove(&f->link);
	link_last(&live, &f->link);
}

/* The file of an event that its line has to count; NULL without memory. */
static struct file *file_get(const struct write_event *e)
{
	struct file *f = file_find(&e->file[0]) ?: file_new(&e->file[0]);

	if (!f)
		return NULL;
	file_settle(f);
	if (!f->live)
		f->row = (struct row){ .file = f, .head = e->head, .first = e->head.time };
	f->live = true;
	file_touch(f, e);
	return f;
}

/* Takes over the path that it has now; one that is deleted has left it to others. */
static void file_set_path(struct file *f, const struct write_event *e)
{
	static char path[CELL_BUF];
	size_t len = writes_path(e, 0, path);
	bool tmpfile = (e->file[0].flags & O_TMPFILE) == O_TMPFILE;

	if (!len)
		return;
	f->row.notes &= ~(1U << NOTE_TMPFILE | 1U << NOTE_DELETED);
	if (e->file[0].path.state & PATH_NOWHERE && S_ISREG(e->file[0].mode))
		f->row.notes |= 1U << NOTE_ANONYMOUS;
	if (e->file[0].path.state & PATH_DELETED) {
		f->row.notes |= 1U << (tmpfile ? NOTE_TMPFILE : NOTE_DELETED);
		file_unname(f);
		text_set(&f->path, path, len);
	} else if (!f->named || len != f->path.len || memcmp(path, f->path.bytes, len) != 0) {
		file_rename(f, path, len);
	}
}

/* --- rows --- */

static void file_show(struct file *f)
{
	/* Not of what can still come, and of stores into a mapping. */
	if (f->row.opens && !f->row.writes && !f->row.stores &&
	    !(f->row.notes & (1U << NOTE_EARLY | 1U << NOTE_MAPPED)))
		f->row.notes |= 1U << (f->row.mappable ? NOTE_NO_WRITE : NOTE_UNWRITTEN);
	tool_show(&f->row);
	text_set(&f->target, NULL, 0);
}

/* The file is closed: it is kept, in case that it is renamed. */
static void file_tell(struct file *f)
{
	file_show(f);
	f->live = false;
	if (f->named) {
		link_remove(&f->link);
		link_last(&closed, &f->link);
	} else {
		file_forget(f);
	}
}

static void description_end(struct description *d, uint32_t note)
{
	struct file *f = d->file;

	description_drop(d);
	if (f->open)
		return;
	f->row.notes |= note;
	file_tell(f);
}

/* Tells the oldest, though it was not seen closed; false if there is none. */
static bool tell_oldest(uint32_t note)
{
	struct file *f = link_take(&live);

	if (!f)
		return false;
	file_settle(f);
	f->row.notes |= note;
	file_show(f);
	file_forget(f);
	return true;
}

static bool forget_oldest(void)
{
	struct file *f = link_take(&closed);

	if (f)
		file_forget(f);
	return f;
}

static void make_room(void)
{
	while (kept > KEPT_MAX && (forget_oldest() || tell_oldest(1U << NOTE_EARLY)))
		;
}

/* --- events --- */

static bool is_of(const struct file *f, const struct write_file *w)
{
	return f->ino == w->ino && f->dev == w->dev && f->generation == w->generation;
}

static struct description *description_at(uint64_t address)
{
	const struct description probe = { .address = address };

	return find(&probe, &by_address, compare_addresses);
}

/* Its memory is another's: it has ended, and that may still be told of. */
static void description_leave(struct description *d, uint64_t now)
{
	struct description *other = description_at(d->address | ANOTHERS);

	if (other)
		description_end(other, 1U << NOTE_UNSEEN);
	tdelete(d, &by_address, compare_addresses);
	d->address |= ANOTHERS;
	d->told = now;
	link_last(&ended, &d->ended);
	if (!tsearch(d, &by_address, compare_addresses))
		description_end(d, 1U << NOTE_UNSEEN);
}

/* It was not told of. */
static void give_up_ended(uint64_t now)
{
	for (struct link *l = ended.after, *next; l != &ended; l = next) {
		struct description *d = (void *)((char *)l - offsetof(struct description, ended));

		next = l->after;
		if (d->told + RETURN_TAKES > now)
			break;
		description_end(d, 1U << NOTE_UNSEEN);
	}
}

/* What an event is about, if it is known. */
static struct description *description_find(const struct write_event *e)
{
	struct description *d = description_at(e->file[0].file);

	if (!d || is_of(d->file, &e->file[0]))
		return d;
	description_leave(d, e->head.time);
	return NULL;
}

/* What a close is about. */
static struct description *description_closed(const struct write_event *e)
{
	struct description *d = description_at(e->file[0].file);

	if (!d || !d->opened || !e->began || e->began >= d->since)
		return description_find(e);
	d = description_at(e->file[0].file | ANOTHERS);
	return d && is_of(d->file, &e->file[0]) ? d : NULL;
}

static struct description *description_new(const struct write_event *e, bool opened)
{
	const struct description probe = {
		.address = e->file[0].file,
		.since = e->head.time,
		.opened = opened,
	};
	struct file *f = file_get(e);
	struct description *d;

	d = f ? add(&probe, sizeof(probe), &by_address, compare_addresses) : NULL;
	if (!d)
		return NULL;
	d->file = f;
	d->ended = (struct link){ &d->ended, &d->ended };
	f->open++;
	link_last(&f->descriptions, &d->link);
	file_set_path(f, e);
	return d;
}

static void on_open(const struct write_event *e)
{
	struct description *d;

	if (e->ret < 0 || !e->file[0].file)
		return;
	d = description_find(e);
	/* One that another thread has used before the open was told of is that one. */
	if (d && d->opened) {
		description_leave(d, e->head.time);
		d = NULL;
	}
	if ((e->file[0].flags & O_ACCMODE) == O_RDONLY)
		return;
	d = d ?: description_new(e, true);
	if (!d)
		return;
	d->opened = true;
	file_touch(d->file, e);
	d->file->row.opens++;
	if ((e->file[0].flags & O_ACCMODE) == O_RDWR)
		d->file->row.mappable = true;
	if (!d->file->row.writes)
		d->file->row.head = e->head;
}

/* NULL without memory. */
static struct file *written_to(const struct write_event *e)
{
	struct description *d;

	/* A request of io_uring whose beginning was not seen. */
	if (!e->file[0].file)
		return file_get(e);
	d = description_find(e) ?: description_new(e, false);
	return d ? d->file : NULL;
}

static void on_write(const struct write_event *e)
{
	uint64_t bytes = e->ret;
	struct file *f = e->ret > 0 ? written_to(e) : NULL;
	struct row *r;

	if (!f)
		return;
	file_touch(f, e);
	r = &f->row;
	r->head = e->head;
	r->least = !r->writes || bytes < r->least ? bytes : r->least;
	r->most = bytes > r->most ? bytes : r->most;
	r->writes++;
	r->bytes += bytes;
	if (f->lasts && !writes_is_synced(e)) {
		r->unsynced += bytes;
		f->dirty += bytes;
	}
}

static void on_store(const struct write_event *e)
{
	struct file *f = written_to(e);

	if (!f)
		return;
	file_touch(f, e);
	f->row.head = e->head;
	f->row.stores++;
}

/* An exit, an exec and close_range(2) tell of all their closes before they make the first. */
static bool is_told_ahead(uint8_t call)
{
	return call == CALL_EXIT || call == CALL_EXEC || call == CALL_CLOSE_RANGE;
}

/*
 * How many references will be left after a close, and all that were told of
 * ahead.  Among those that there are now may still be those that the same call
 * told of, and those of another process that exits just now; where that leaves a
 * choice, nobody has got another since.
 */
static uint32_t references_left(struct description *d, const struct write_event *e)
{
	bool ahead = is_told_ahead(e->call);
	uint32_t before = e->file[0].refs + !ahead, least, most, expected;
	bool same = ahead && d->call == e->call && d->pid == e->head.pid && d->before == before;

	if (!same && e->head.time > d->told + EXIT_TAKES)
		d->leaving = 0;
	d->own = same ? d->own + 1 : 1;
	most = before > d->own ? before - d->own : 0;
	least = before > d->leaving + 1 ? before - d->leaving - 1 : 0;
	expected = d->left ? d->left - 1 : 0;
	if (ahead) {
		d->leaving++;
		d->call = e->call;
		d->pid = e->head.pid;
		d->before = before;
		d->told = e->head.time;
	}
	d->left = least > expected ? least : expected;
	d->left = d->left < most ? d->left : most;
	return d->left;
}

static uint32_t note_of_end(const struct write_event *e)
{
	switch (e->call) {
	case CALL_EXIT:
		return 1U << NOTE_EXIT;
	case CALL_EXEC:
		return 1U << NOTE_EXEC;
	}
	return 0;
}

static void on_close(const struct write_event *e)
{
	struct description *d = description_closed(e);

	if (!d)
		return;
	file_touch(d->file, e);
	file_set_path(d->file, e);
	d->file->row.notes &= ~(1U << NOTE_MAPPED);
	if (e->notes & WRITE_MAPPED)
		d->file->row.notes |= 1U << NOTE_MAPPED;
	if (e->ret < 0)
		d->file->row.close_error = -e->ret;
	if (d->address & ANOTHERS || !references_left(d, e))
		description_end(d, note_of_end(e));
}

static void on_sync(const struct write_event *e)
{
	struct file *f = file_find(&e->file[0]);

	if (!f)
		return;
	file_settle(f);
	if (f->live)
		file_touch(f, e);
	if (e->ret < 0) {
		f->row.sync_error = -e->ret;
		return;
	}
	f->row.syncs++;
	f->row.unsynced = f->dirty = 0;
}

static void on_syncfs(const struct write_event *e)
{
	struct device *d = e->ret < 0 ? NULL : device_find(e->file[0].dev);

	if (d)
		d->syncs++;
}

/* Its path is that of nothing now, or of another file. */
static void on_gone(struct file *f)
{
	if (!f)
		return;
	file_unname(f);
	if (f->live)
		f->row.notes |= 1U << NOTE_DELETED;
	else
		file_forget(f);
}

static void on_unlink(const struct write_event *e)
{
	static char path[CELL_BUF];

	if (!e->ret)
		on_gone(file_named(path, path_clean(path, writes_path(e, 0, path))));
}

/* That there was a file with the new path is known if it was written to as well. */
static void moved(struct file *f, const struct write_event *e, const char *to, size_t len,
		  bool replaces)
{
	if (!f)
		return;
	file_settle(f);
	if (f->dirty) {
		if (!f->live)
			f->row = (struct row){
				.file = f,
				.head = e->head,
				.first = e->head.time,
				.last = e->head.time,
				.unsynced = f->dirty,
			};
		f->row.notes &= ~(1U << NOTE_RENAMED | 1U << NOTE_REPLACED);
		f->row.notes |= 1U << (replaces ? NOTE_REPLACED : NOTE_RENAMED);
		text_set(&f->target, to, len < TARGET_MAX ? len : TARGET_MAX);
		if (!f->live)
			file_show(f);
	}
	file_rename(f, to, len);
}

static void on_rename(const struct write_event *e)
{
	static char old[CELL_BUF], new[CELL_BUF];
	bool exchange = e->call == CALL_RENAMEAT2 && e->arg[4] & RENAME_EXCHANGE, replaces;
	size_t old_len, new_len;
	struct file *f, *other;

	if (e->ret)
		return;
	old_len = path_clean(old, writes_path(e, 0, old));
	new_len = path_clean(new, writes_path(e, 1, new));
	f = file_named(old, old_len);
	other = file_named(new, new_len);
	replaces = other;
	if (f == other)
		return;
	if (!exchange)
		on_gone(other);
	moved(f, e, new, new_len, replaces);
	if (exchange)
		moved(other, e, old, old_len, true);
}

void filestats_add(const struct write_event *e, size_t size)
{
	(void)size;
	if (e->stage == WRITE_ASKED) /* and it is not known what came of it */
		return;
	give_up_ended(e->head.time);
	if (e->call == CALL_STORE)
		on_store(e);
	else if (CALL_IS_WRITE(e->call))
		on_write(e);
	else if (CALL_IS_OPEN(e->call))
		on_open(e);
	else if (CALL_IS_CLOSE(e->call))
		on_close(e);
	switch (e->call) {
	case CALL_FSYNC:
	case CALL_FDATASYNC:
		on_sync(e);
		break;
	case CALL_SYNCFS:
		on_syncfs(e);
		break;
	case CALL_SYNC:
		syncs++;
		break;
	case CALL_RENAME:
	case CALL_RENAMEAT:
	case CALL_RENAMEAT2:
		on_rename(e);
		break;
	case CALL_UNLINK:
	case CALL_UNLINKAT:
		on_unlink(e);
		break;
	}
	make_room();
}

void filestats_finish(void)
{
	while (tell_oldest(1U << NOTE_UNSEEN))
		;
	while (forget_oldest())
		;
}

/* --- columns --- */

#define GET_NUMBER(name) \
	static void get_##name(const void *record, struct cell *c) \
	{ \
		cell_number(c, ((const struct row *)record)->name); \
	}
GET_NUMBER(opens)
GET_NUMBER(writes)
GET_NUMBER(bytes)
GET_NUMBER(syncs)

#define GET_SIZE(name) \
	static void get_##name(const void *record, struct cell *c) \
	{ \
		const struct row *r = record; \
\
		if (r->writes) \
			cell_number(c, r->name); \
	}
GET_SIZE(least)
GET_SIZE(most)

static void get_unsynced(const void *record, struct cell *c)
{
	const struct row *r = record;

	if (r->file->lasts)
		cell_number(c, r->unsynced);
}

static void print_time(struct output *o, const char *key, uint64_t time)
{
	char text[CLOCK_JSON_LEN];

	if (!o->json) {
		output_format(o, "%.3f", clock_since(time) / 1e9);
		return;
	}
	clock_json(time, text);
	output_format(o, "%.6f,\"%s\":\"%s\"", clock_since(time) / 1e9, key, text);
}

static void print_first(const void *record, struct output *o)
{
	print_time(o, "first_time", ((const struct row *)record)->first);
}

static void print_last(const void *record, struct output *o)
{
	print_time(o, "last_time", ((const struct row *)record)->last);
}

/* The one that stands for all files that are not known has no inode. */
static void get_dev(const void *record, struct cell *c)
{
	const struct file *f = ((const struct row *)record)->file;

	if (f->ino)
		cell_text(c, c->buf,
			  sprintf(c->buf, "%" PRIu32 ":%" PRIu32, f->dev >> 20,
				  f->dev & ((1U << 20) - 1)));
	else
		cell_unknown(c);
}

static void get_ino(const void *record, struct cell *c)
{
	const struct file *f = ((const struct row *)record)->file;

	if (f->ino)
		cell_number(c, f->ino);
	else
		cell_unknown(c);
}

static void get_path(const void *record, struct cell *c)
{
	const struct text *path = &((const struct row *)record)->file->path;

	if (path->len)
		cell_text(c, path->bytes, path->len);
	else
		cell_unknown(c);
}

static char *put_failure(char *to, const char *call, int err)
{
	const char *name = errno_name(err);

	if (!err)
		return to;
	to += sprintf(to, " (%s failed: ", call);
	return to + (name ? sprintf(to, "%s)", name) : sprintf(to, "%d)", err));
}

static void get_note(const void *record, struct cell *c)
{
	static const char *const words[] = {
		[NOTE_UNWRITTEN] = "(opened for writing, never written)",
		[NOTE_NO_WRITE] = "(no write seen)",
		[NOTE_EXIT] = "(closed by exit)",
		[NOTE_EXEC] = "(closed by exec)",
		[NOTE_UNSEEN] = "(no close seen)",
		[NOTE_EARLY] = "(told early)",
		[NOTE_MAPPED] = "(mapped)",
		[NOTE_TMPFILE] = "(tmpfile)",
		[NOTE_DELETED] = "(deleted)",
		[NOTE_ANONYMOUS] = "(anonymous)",
	};
	const struct row *r = record;
	const struct text *target = &r->file->target;
	char *to = c->buf;

	cell_words(c, words, r->notes & ((1U << NOTE_WORDS) - 1));
	if (c->kind == CELL_TEXT)
		to += c->len;
	if (r->stores)
		to += sprintf(to, " (stored into %" PRIu64 " page%s)", r->stores,
			      r->stores > 1 ? "s" : "");
	to = put_failure(to, "fsync", r->sync_error);
	to = put_failure(to, "close", r->close_error);
	/* The last, so that no name of a file can pass for another note. */
	if (r->notes >> NOTE_WORDS) {
		to = stpcpy(to,
			    r->notes & 1U << NOTE_REPLACED ? " (renamed over " : " (renamed to ");
		to = target->len ? mempcpy(to, target->bytes, target->len) : stpcpy(to, "?");
		to = stpcpy(to, " without fsync)");
	}
	if (to > c->buf)
		cell_text(c, c->buf + (*c->buf == ' '), to - c->buf - (*c->buf == ' '));
}

static const struct column columns[] = {
	COLUMN_TIME_OF_DAY,
	COLUMNS_USER,
	{ .name = "PID",
	  .help = "process that wrote last",
	  .width = 7,
	  .kind = COLUMN_U32,
	  .offset = offsetof(struct row, head.pid) },
	COLUMN_COMM_OF("name of the thread that wrote last"),
	{ .name = "OPENS",
	  .help = "times it was opened for writing",
	  .width = 5,
	  .get = get_opens },
	{ .name = "WRITES", .help = "calls that wrote something", .width = 6, .get = get_writes },
	{ .name = "BYTES", .help = "that they wrote", .width = 8, .get = get_bytes },
	{ .name = "MIN", .help = "bytes of the smallest of them", .width = 5, .get = get_least },
	{ .name = "MAX", .help = "and of the largest", .width = 6, .get = get_most },
	{ .name = "SYNCS", .help = "times it was synced", .width = 5, .get = get_syncs },
	{ .name = "UNSYNCED",
	  .help = "bytes written and not synced after that",
	  .width = 8,
	  .get = get_unsynced },
	{ .name = "FIRST",
	  .help = "seconds since the tracing began when it was first seen",
	  .width = 7,
	  .print = print_first },
	{ .name = "LAST", .help = "the same of the last time", .width = 7, .print = print_last },
	{ .name = "DEV", .help = "device of its file system", .width = -7, .get = get_dev },
	{ .name = "INO", .help = "inode number", .width = 8, .get = get_ino },
	{ .name = "PATH", .help = "its path, absolute", .get = get_path },
	{ .name = "NOTE",
	  .help = "what else there is to say, behind the row",
	  .get = get_note,
	  .note = true },
	{},
};

struct table filestats_table = { .columns = columns, .list = "-S -o list" };
