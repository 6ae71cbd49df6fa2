/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* told32: told.c as a 32-bit program. */
#include "told.c"
