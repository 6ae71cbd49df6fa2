#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# lockdown=confidentiality: one line says that it is that. Until the end of the guest there is no way back.

. "$(dirname "$0")/../guest/lib.sh"
mount -t securityfs none /sys/kernel/security
echo confidentiality >/sys/kernel/security/lockdown
like 'the kernel is locked down' "$(</sys/kernel/security/lockdown)" '\[confidentiality\]'
for command in $(commands); do
	refuses 'locked down' "$command" 'the kernel is locked down'
done
done_testing
