// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/pattern.h"

#include <errno.h>
#include <string.h>

#include "common/log.h"

int patterns_add(struct patterns *p, const char *option, const char *text)
{
	size_t len = strlen(text);
	bool before = len > 0 && text[0] == '*', after = len > before && text[len - 1] == '*';
	struct pattern *new = &p->pattern[p->count];

	if (p->count == PATTERNS)
		return log_err(0, "%s: more than %d patterns: '%s'", option, PATTERNS, text);
	text += before;
	len -= before + after;
	if (!len)
		return log_err(0, "%s: no text to look for: '%s'", option, text - before);
	if (len > PATTERN_MAX)
		return log_err(0, "%s: longer than %d bytes: '%s'", option, PATTERN_MAX,
			       text - before);
	new->kind = before &&after ? PATTERN_CONTAINED
		    : before	   ? PATTERN_SUFFIX
		    : after	   ? PATTERN_PREFIX
				   : PATTERN_EXACT;
	new->len = len;
	memcpy(new->text, text, len);
	memset(new->mask, 0xff, len);
	p->count++;
	return 0;
}

bool patterns_match(const struct patterns *p, const char *path, size_t len)
{
	for (__u32 i = 0; i < p->count; i++) {
		const struct pattern *one = &p->pattern[i];

		if (one->len > len)
			continue;
		switch (one->kind) {
		case PATTERN_EXACT:
			if (one->len == len && !memcmp(path, one->text, len))
				return true;
			break;
		case PATTERN_PREFIX:
			if (!memcmp(path, one->text, one->len))
				return true;
			break;
		case PATTERN_SUFFIX:
			if (!memcmp(path + len - one->len, one->text, one->len))
				return true;
			break;
		case PATTERN_CONTAINED:
			if (memmem(path, len, one->text, one->len))
				return true;
			break;
		}
	}
	return !p->count;
}
