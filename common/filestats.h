/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What became of each file: the events of writesnoop (common/writes.h) added up
 * to a line for each file, told when nobody has it open for writing any more.
 *
 * A file is an inode.  It can be open several times (open file descriptions, in
 * the kernel a struct file each), and each of these be held by several
 * descriptors, of several processes.  It is closed when all of them are.
 *
 * - A write counts when it has written something.  What makes a file longer or
 *   shorter without data is none.  Of stores into a mapping the pages are known,
 *   if they are traced, and not the bytes: they are told in a note.
 * - Bytes are synced by an fsync(2) or fdatasync(2) of the file that succeeds, by
 *   syncfs(2) and sync(2), and at once where the file was opened for that.  Those
 *   that are written while another thread syncs are taken to be synced.
 *   sync_file_range(2) does not promise it, and msync(2) is not seen.
 * - A file that was written, closed, and renamed with bytes that were never
 *   synced has another line, which counts nothing but these.  It is found by its
 *   path, so not if that went through a symbolic link.
 * - The last close is not seen if somebody did it who is not traced, if it was
 *   the end of a mapping, or maybe if two processes that share it end at the same
 *   time.  Then the file is told when its struct file is used for another, or at
 *   the end.
 * - There is a limit to what is kept.  Past it files that are closed are
 *   forgotten, and then those are told early that nothing was heard of for the
 *   longest time; their next event begins a new line.  Nothing is lost by that.
 */
#ifndef COMMON_FILESTATS_H
#define COMMON_FILESTATS_H

#include <stddef.h>
#include "common/column.h"
#include "bpf/writesnoop.h"

extern struct table filestats_table;
#define FILESTATS_COLUMNS "OPENS,WRITES,BYTES,MIN,MAX,SYNCS,UNSYNCED,FIRST,LAST,PATH"
#define FILESTATS_EXTENDED "+UID,PID,COMM,DEV,INO"

void filestats_add(const struct write_event *e, size_t size);
/* Tells all that is left. */
void filestats_finish(void);

#endif
