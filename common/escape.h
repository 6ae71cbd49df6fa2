/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bytes that a traced program chose, made safe for a terminal or for a reader
 * of JSON, with nothing lost.
 *
 * "Hidden" below are the characters that are valid UTF-8 but steer a terminal
 * or a reader's eye instead of being seen: the C1 controls, soft hyphen, zero
 * width characters, line and paragraph separators, bidirectional controls,
 * invisible operators, interlinear annotations and tags.
 *
 * UTF-8 is valid as RFC 3629 has it: no overlong forms, no surrogates, nothing
 * above U+10FFFF.
 *
 * Nothing here allocates, fails, or writes a NUL. Source and destination must
 * not overlap.
 */
#ifndef COMMON_ESCAPE_H
#define COMMON_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

/* The most bytes written for a byte read: \ooo, and \u00xx. */
#define ESCAPE_TEXT_MAX 4
#define ESCAPE_JSON_MAX 6

/*
 * For a terminal. Backslash and the controls that C has a letter for become
 * \\ \a \b \t \n \v \f \r; every other control byte, and every byte of invalid
 * UTF-8 or of a hidden character, a backslash and three octal digits. Without
 * @utf8 (the terminal's charset is another) so does every byte from 0x80 on.
 * Read as C's escapes the result is the same bytes again, always.
 *
 * @dst has room for @len * ESCAPE_TEXT_MAX bytes. Returns the end of what was
 * written.
 */
char *escape_text(char *dst, const char *src, size_t len, bool utf8);

/*
 * As strace(1) writes a string, without its quotes: only printable ASCII stays,
 * and an octal escape has no more digits than what follows it makes necessary.
 *
 * @dst has room for @len * ESCAPE_TEXT_MAX bytes. Returns the end of what was
 * written.
 */
char *escape_strace(char *dst, const char *src, size_t len);

/* Besides the bytes of the text: $ and two quotes. */
#define ESCAPE_SHELL_EXTRA 3

/*
 * A word of a shell: as it is where nothing in it means anything to a shell,
 * else in quotes, or as $'...' (bash, zsh, ksh, POSIX.1-2024) where there is
 * something that escape_text() escapes.  With @quote never as it is.
 *
 * @dst has room for @len * ESCAPE_TEXT_MAX + ESCAPE_SHELL_EXTRA bytes. Returns
 * the end of what was written.
 */
char *escape_shell(char *dst, const char *src, size_t len, bool utf8, bool quote);

/*
 * The inside of a JSON string (RFC 8259), without its quotes: valid UTF-8,
 * always. Controls, DEL and hidden characters become \uXXXX, or a short form
 * such as \n where JSON has one; each byte of invalid UTF-8 becomes U+FFFD.
 *
 * @dst has room for @len * ESCAPE_JSON_MAX bytes. Returns the end of what was
 * written. *@exact tells whether the string stands for all of @src: false when
 * there is a U+FFFD in it that was not there.
 */
char *escape_json(char *dst, const char *src, size_t len, bool *exact);

/* Lower-case hexadecimal: exactly 2 * @len bytes. Returns their end. */
char *escape_hex(char *dst, const char *src, size_t len);

/*
 * The columns of a terminal that the output of escape_text() takes: one for
 * each code point (a wide East Asian character or a combining one is taken
 * for one column).
 */
size_t escape_columns(const char *escaped, size_t len);

#endif /* COMMON_ESCAPE_H */
