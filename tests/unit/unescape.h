/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a reader of escaped text does, written apart from common/escape.c so
 * that the two can be held against each other. Anything that a reader would
 * not take is a negative result.
 */
#ifndef TESTS_UNIT_UNESCAPE_H
#define TESTS_UNIT_UNESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* The bytes that @text stands for in C; @dst has room for @len of them. */
static inline ssize_t unescape_text(char *dst, const char *text, size_t len)
{
	static const char letters[] = "abtnvfr\\", bytes[] = "\a\b\t\n\v\f\r\\";
	char *out = dst, octal[4] = "";
	const char *letter;
	size_t i = 0;

	while (i < len) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return -1;
		if (text[i] != '\\') {
			*out++ = text[i++];
			continue;
		}
		if (len - i < 2)
			return -1;
		letter = text[i + 1] ? strchr(letters, text[i + 1]) : NULL;
		if (letter) {
			*out++ = bytes[letter - letters];
			i += 2;
			continue;
		}
		if (len - i < 4)
			return -1;
		memcpy(octal, text + i + 1, 3);
		if (strspn(octal, "01234567") != 3 || octal[0] > '3')
			return -1;
		*out++ = (char)strtol(octal, NULL, 8);
		i += 4;
	}
	return out - dst;
}

/* The inside of $'...', where a quote has an escape of its own besides those of unescape_text(). */
static inline ssize_t unescape_quoted(char *dst, const char *text, size_t len)
{
	char *out = dst;
	size_t start = 0, i = 0;
	ssize_t n;

	for (;;) {
		if (i < len && (text[i] != '\\' || i + 1 == len || text[i + 1] != '\'')) {
			i += text[i] == '\\' ? 2 : 1;
			continue;
		}
		n = unescape_text(out, text + start, (i < len ? i : len) - start);
		if (n < 0)
			return -1;
		out += n;
		if (i >= len)
			return out - dst;
		*out++ = '\'';
		start = i += 2;
	}
}

/* Does a byte outside of quotes stand for itself in bash, wherever in a command the word is? bash(1). */
static inline bool is_literal(const char *word, size_t i)
{
	unsigned char c = (unsigned char)word[i];

	if (c <= ' ' || c == 0x7f || strchr("|&;()<>$`\\\"'*?[!{", c))
		return false;
	/* A comment, the second of the history's expansions, and a home directory. */
	if (!i)
		return c != '#' && c != '^' && c != '~';
	return c != '~' || (word[i - 1] != '=' && word[i - 1] != ':');
}

/* The bytes that bash makes of one word; @dst has room for @len of them. */
static inline ssize_t unescape_shell(char *dst, const char *word, size_t len)
{
	char *out = dst;
	size_t i = 0, end;
	ssize_t n;
	bool escapes;
	char quote;

	if (!len)
		return -1;
	while (i < len) {
		escapes = word[i] == '$' && i + 1 < len && word[i + 1] == '\'';
		quote = escapes ? '\'' : word[i];
		if (quote != '\'' && quote != '"') {
			if (!is_literal(word, i))
				return -1;
			*out++ = word[i++];
			continue;
		}
		i += escapes ? 2 : 1;
		for (end = i; end < len && word[end] != quote; end++)
			if (escapes && word[end] == '\\')
				end++;
		if (end >= len)
			return -1;
		if (escapes) {
			n = unescape_quoted(out, word + i, end - i);
			if (n < 0)
				return -1;
			out += n;
		}
		for (; !escapes && i < end; i++) {
			if ((unsigned char)word[i] < ' ' || word[i] == 0x7f ||
			    (quote == '"' && strchr("$`\\!", word[i])))
				return -1;
			*out++ = word[i];
		}
		i = end + 1;
	}
	return out - dst;
}

static inline size_t encode_utf8(char *dst, uint32_t cp)
{
	if (cp < 0x80) {
		dst[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		dst[0] = (char)(0xc0 | cp >> 6);
		dst[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		dst[0] = (char)(0xe0 | cp >> 12);
		dst[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		dst[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	dst[0] = (char)(0xf0 | cp >> 18);
	dst[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	dst[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	dst[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

static inline bool read_unit(const char *text, size_t len, uint32_t *unit)
{
	char digits[5] = "";

	if (len < 6 || text[0] != '\\' || text[1] != 'u')
		return false;
	memcpy(digits, text + 2, 4);
	*unit = (uint32_t)strtoul(digits, NULL, 16);
	return strspn(digits, "0123456789abcdefABCDEF") == 4;
}

/* The UTF-8 of a JSON string's inside; @dst has room for @len bytes. */
static inline ssize_t unescape_json(char *dst, const char *text, size_t len)
{
	static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	const char *letter;
	uint32_t cp, low;
	char *out = dst;
	size_t i = 0;

	while (i < len) {
		if ((unsigned char)text[i] < ' ' || text[i] == '"')
			return -1;
		if (text[i] != '\\') {
			*out++ = text[i++];
			continue;
		}
		if (len - i < 2)
			return -1;
		letter = text[i + 1] ? strchr(letters, text[i + 1]) : NULL;
		if (letter) {
			*out++ = bytes[letter - letters];
			i += 2;
			continue;
		}
		if (!read_unit(text + i, len - i, &cp))
			return -1;
		i += 6;
		if (cp >= 0xdc00 && cp <= 0xdfff)
			return -1;
		if (cp >= 0xd800 && cp <= 0xdbff) {
			if (!read_unit(text + i, len - i, &low) || low < 0xdc00 || low > 0xdfff)
				return -1;
			i += 6;
			cp = 0x10000 + ((cp & 0x3ff) << 10 | (low & 0x3ff));
		}
		out += encode_utf8(out, cp);
	}
	return out - dst;
}

/*
 * Valid by the table of byte sequences in RFC 3629, section 4 (where the code
 * under test goes by the value that it decoded).
 */
static inline bool is_utf8(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text, *end = s + len;
	unsigned char low, high;
	int more;

	while (s < end) {
		low = 0x80;
		high = 0xbf;
		if (*s < 0x80)
			more = 0;
		else if (*s >= 0xc2 && *s <= 0xdf)
			more = 1;
		else if (*s >= 0xe0 && *s <= 0xef)
			more = 2;
		else if (*s >= 0xf0 && *s <= 0xf4)
			more = 3;
		else
			return false;
		if (*s == 0xe0)
			low = 0xa0;
		else if (*s == 0xed)
			high = 0x9f;
		else if (*s == 0xf0)
			low = 0x90;
		else if (*s == 0xf4)
			high = 0x8f;
		for (s++; more; more--, s++, low = 0x80, high = 0xbf)
			if (s == end || *s < low || *s > high)
				return false;
	}
	return true;
}

#endif /* TESTS_UNIT_UNESCAPE_H */
