#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# tracefs not mounted, mounted, and below debugfs only: each command works, and leaves nothing mounted.

. "$(dirname "$0")/lib.sh"
nok 'tracefs is not mounted' grep -q ' tracefs ' /proc/mounts
for command in $(commands | grep -v readline); do
	works 'tracefs not mounted' "$command"
done
nok 'nor is it afterwards' grep -q ' tracefs ' /proc/mounts
mount -t tracefs none /sys/kernel/tracing
for command in $(commands | grep -v readline); do
	works 'tracefs mounted' "$command"
done
umount /sys/kernel/tracing
done_testing
