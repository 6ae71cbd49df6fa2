/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "common/tracefs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The root of tracefs, once it was needed. */
static int tracefs_fd = -1;

static int open_mounted(const char *path)
{
	int err, fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	/* The mount point is there whether or not anything is mounted. */
	if (faccessat(fd, "events", F_OK, 0) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/*
 * A mount in no namespace, which goes when its descriptor is closed
 * (fsmount(2)). By number: <sys/mount.h> declares these calls since glibc 2.36
 * only, and cannot be included together with <linux/mount.h>. Linux 5.2.
 */
static int mount_detached(void)
{
	int fs, fd = -1, err;

	fs = (int)syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC);
	if (fs < 0)
		return -errno;
	if (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
				  MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					  MOUNT_ATTR_NOEXEC);
	err = fd < 0 ? -errno : 0;
	close(fs);
	return err ? err : fd;
}

static int open_tracefs(void)
{
	int fd, err;

	fd = open_mounted("/sys/kernel/tracing");
	if (fd >= 0)
		return fd;
	err = mount_detached();
	if (err >= 0)
		return err;
	/* Last, because looking below a mounted debugfs makes the kernel mount
	 * tracefs there to stay: trace_automount() in kernel/trace/trace.c. */
	fd = open_mounted("/sys/kernel/debug/tracing");
	return fd >= 0 ? fd : err;
}

int tracefs_event_id(const char *group, const char *name)
{
	char path[256], text[16], *end;
	ssize_t n;
	long id;
	int fd;

	if (tracefs_fd < 0) {
		fd = open_tracefs();
		if (fd < 0)
			return fd;
		tracefs_fd = fd;
	}
	n = snprintf(path, sizeof(path), "events/%s/%s/id", group, name);
	if (n >= (ssize_t)sizeof(path))
		return -ENAMETOOLONG;
	fd = openat(tracefs_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	id = n < 0 ? -errno : 0;
	close(fd);
	if (id < 0)
		return (int)id;
	text[n] = '\0';
	id = strtol(text, &end, 10);
	return end != text && *end == '\n' && id > 0 ? (int)id : -EINVAL;
}

void tracefs_close(void)
{
	if (tracefs_fd >= 0)
		close(tracefs_fd);
	tracefs_fd = -1;
}
