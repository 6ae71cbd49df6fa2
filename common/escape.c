/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "common/escape.h"

#include <stdint.h>
#include <string.h>

/* In which outputs a byte cannot be copied as it is. */
enum {
	STOPS_TEXT = 1,
	STOPS_JSON = 2,
	STOPS_BOTH = STOPS_TEXT | STOPS_JSON,
};

static const unsigned char stops[256] = {
	[0x00 ... 0x1f] = STOPS_BOTH,
	['"'] = STOPS_JSON,
	['\\'] = STOPS_BOTH,
	[0x7f ... 0xff] = STOPS_BOTH,
};

/* The letter after the backslash; JSON has no \a and no \v. */
static const char text_letter[256] = {
	['\a'] = 'a', ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n',
	['\v'] = 'v', ['\f'] = 'f', ['\r'] = 'r', ['\\'] = '\\',
};

static const char json_letter[256] = {
	['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n',  ['\f'] = 'f',
	['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\',
};

static const char hex_digit[16] = "0123456789abcdef";

/* Most of what is escaped has nothing to escape: this is the hot path. */
static size_t plain_length(const unsigned char *s, size_t len, int output)
{
	size_t n = 0;

	while (n < len && !(stops[s[n]] & output))
		n++;
	return n;
}

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/*
 * The length of the valid character that begins at @s, where there is no
 * ASCII, and its code point in *@cp; 0 if there is none. RFC 3629, section 4.
 */
static size_t decode_utf8(const unsigned char *s, size_t len, uint32_t *cp)
{
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		if (len < 2 || !is_continuation(s[1]))
			return 0;
		*cp = (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu);
		return 2;
	}
	if ((s[0] & 0xf0) == 0xe0) {
		if (len < 3 || !is_continuation(s[1]) || !is_continuation(s[2]))
			return 0;
		*cp = (s[0] & 0x0fu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
		if (*cp < 0x800 || (*cp >= 0xd800 && *cp <= 0xdfff))
			return 0;
		return 3;
	}
	if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		if (len < 4 || !is_continuation(s[1]) || !is_continuation(s[2]) ||
		    !is_continuation(s[3]))
			return 0;
		*cp = (s[0] & 0x07u) << 18 | (s[1] & 0x3fu) << 12 | (s[2] & 0x3fu) << 6 |
		      (s[3] & 0x3fu);
		if (*cp < 0x10000 || *cp > 0x10ffff)
			return 0;
		return 4;
	}
	return 0;
}

/* Format and control characters from U+0080 on, in ascending order. */
static bool is_hidden(uint32_t cp)
{
	static const struct {
		uint32_t first, last;
	} hidden[] = {
		{ 0x80, 0x9f },	      /* C1 controls */
		{ 0xad, 0xad },	      /* soft hyphen */
		{ 0x61c, 0x61c },     /* Arabic letter mark */
		{ 0x180e, 0x180e },   /* Mongolian vowel separator */
		{ 0x200b, 0x200f },   /* zero widths, direction marks */
		{ 0x2028, 0x202e },   /* separators, bidi embeddings */
		{ 0x2060, 0x206f },   /* invisible operators, bidi isolates */
		{ 0xfeff, 0xfeff },   /* byte order mark */
		{ 0xfff9, 0xfffb },   /* interlinear annotations */
		{ 0xe0000, 0xe007f }, /* tags */
	};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		if (cp < hidden[i].first)
			return false;
		if (cp <= hidden[i].last)
			return true;
	}
	return false;
}

static char *put_octal(char *dst, unsigned char byte)
{
	*dst++ = '\\';
	*dst++ = (char)('0' + (byte >> 6));
	*dst++ = (char)('0' + (byte >> 3 & 7));
	*dst++ = (char)('0' + (byte & 7));
	return dst;
}

static char *put_unit(char *dst, uint32_t unit)
{
	*dst++ = '\\';
	*dst++ = 'u';
	*dst++ = hex_digit[unit >> 12 & 15];
	*dst++ = hex_digit[unit >> 8 & 15];
	*dst++ = hex_digit[unit >> 4 & 15];
	*dst++ = hex_digit[unit & 15];
	return dst;
}

/* Above U+FFFF as a surrogate pair: RFC 8259, section 7. */
static char *put_code_point(char *dst, uint32_t cp)
{
	if (cp < 0x10000)
		return put_unit(dst, cp);
	cp -= 0x10000;
	dst = put_unit(dst, 0xd800 | cp >> 10);
	return put_unit(dst, 0xdc00 | (cp & 0x3ff));
}

char *escape_text(char *dst, const char *src, size_t len, bool utf8)
{
	const unsigned char *s = (const unsigned char *)src;
	uint32_t cp;
	size_t n;

	for (;;) {
		n = plain_length(s, len, STOPS_TEXT);
		memcpy(dst, s, n);
		dst += n;
		s += n;
		len -= n;
		if (!len)
			return dst;

		n = utf8 ? decode_utf8(s, len, &cp) : 0;
		if (n && !is_hidden(cp)) {
			memcpy(dst, s, n);
			dst += n;
		} else if (text_letter[*s]) {
			*dst++ = '\\';
			*dst++ = text_letter[*s];
			n = 1;
		} else {
			/* A hidden character's other bytes come next, and
			 * are invalid without their first one. */
			dst = put_octal(dst, *s);
			n = 1;
		}
		s += n;
		len -= n;
	}
}

/* Is it one word to a shell, and not one that stands for something here: "..." is what was cut off. */
static bool is_shell_word(const char *s, size_t len)
{
	static const char safe[] = "_@%+=:,./-";

	if (len && *s == '=') /* zsh: the path of that command */
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') ||
		    (s[i] >= '0' && s[i] <= '9') || s[i] & 0x80)
			continue;
		if (!s[i] || !strchr(safe, s[i]))
			return false;
	}
	return len && !(len == 3 && !memcmp(s, "...", 3));
}

static bool has_any(const char *s, size_t len, const char *bytes)
{
	for (; *bytes; bytes++)
		if (memchr(s, *bytes, len))
			return true;
	return false;
}

static char *put_quoted(char *dst, char quote, const char *src, size_t len)
{
	*dst++ = quote;
	memcpy(dst, src, len);
	dst[len] = quote;
	return dst + len + 1;
}

/* $'...': escape_text() but for single quotes. */
static char *put_escaped(char *dst, const char *src, size_t len, bool utf8)
{
	const char *end = src + len, *part;

	*dst++ = '$';
	*dst++ = '\'';
	for (;; src = part + 1) {
		part = memchr(src, '\'', end - src);
		dst = escape_text(dst, src, (part ? part : end) - src, utf8);
		if (!part)
			break;
		*dst++ = '\\';
		*dst++ = '\'';
	}
	*dst++ = '\'';
	return dst;
}

char *escape_shell(char *dst, const char *src, size_t len, bool utf8, bool quote)
{
	size_t escaped = escape_text(dst, src, len, utf8) - dst;

	/* A backslash alone is nothing to be hidden. */
	for (size_t i = 0; i < len; i++)
		escaped -= src[i] == '\\';
	if (escaped != len)
		return put_escaped(dst, src, len, utf8);
	if (!quote && is_shell_word(src, len)) {
		memcpy(dst, src, len);
		return dst + len;
	}
	if (!memchr(src, '\'', len))
		return put_quoted(dst, '\'', src, len);
	if (!has_any(src, len, "\"$`\\!"))
		return put_quoted(dst, '"', src, len);
	return put_escaped(dst, src, len, utf8);
}

char *escape_json(char *dst, const char *src, size_t len, bool *exact)
{
	const unsigned char *s = (const unsigned char *)src;
	uint32_t cp;
	size_t n;

	*exact = true;
	for (;;) {
		n = plain_length(s, len, STOPS_JSON);
		memcpy(dst, s, n);
		dst += n;
		s += n;
		len -= n;
		if (!len)
			return dst;

		n = decode_utf8(s, len, &cp);
		if (n && is_hidden(cp)) {
			dst = put_code_point(dst, cp);
		} else if (n) {
			memcpy(dst, s, n);
			dst += n;
		} else if (json_letter[*s]) {
			*dst++ = '\\';
			*dst++ = json_letter[*s];
			n = 1;
		} else if (*s < 0x80) {
			dst = put_unit(dst, *s);
			n = 1;
		} else {
			memcpy(dst, "\xef\xbf\xbd", 3); /* U+FFFD */
			dst += 3;
			n = 1;
			*exact = false;
		}
		s += n;
		len -= n;
	}
}

char *escape_hex(char *dst, const char *src, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		*dst++ = hex_digit[(unsigned char)src[i] >> 4];
		*dst++ = hex_digit[src[i] & 15];
	}
	return dst;
}

size_t escape_columns(const char *escaped, size_t len)
{
	size_t columns = 0;

	for (size_t i = 0; i < len; i++)
		columns += !is_continuation((unsigned char)escaped[i]);
	return columns;
}

char *escape_strace(char *dst, const char *src, size_t len)
{
	static const char letter[256] = { ['\t'] = 't', ['\n'] = 'n', ['\v'] = 'v', ['\f'] = 'f',
					  ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\' };
	const unsigned char *s = (const void *)src, *end = s + len;

	for (; s < end; s++) {
		bool digit_follows = s + 1 < end && s[1] >= '0' && s[1] <= '7';

		if (letter[*s]) {
			*dst++ = '\\';
			*dst++ = letter[*s];
		} else if (*s >= ' ' && *s < 0x7f) {
			*dst++ = (char)*s;
		} else {
			*dst++ = '\\';
			if (*s > 077 || digit_follows)
				*dst++ = (char)('0' + (*s >> 6));
			if (*s > 7 || digit_follows)
				*dst++ = (char)('0' + (*s >> 3 & 7));
			*dst++ = (char)('0' + (*s & 7));
		}
	}
	return dst;
}
