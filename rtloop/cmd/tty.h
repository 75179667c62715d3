/* The terminal of a full-screen command: taken over, and given back however the command ends. */
#ifndef RTLOOP_CMD_TTY_H
#define RTLOOP_CMD_TTY_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

enum tty_key {
	TTY_NONE, /* the time is over, or the size has changed: draw anew */
	TTY_OTHER,
	TTY_QUIT, /* q, Ctrl-C, or a signal that ends the process */
	TTY_UP,
	TTY_DOWN,
	TTY_PAGE_UP,
	TTY_PAGE_DOWN,
	TTY_HOME,
	TTY_END,
};

/**
 * tty_take - standard input and output are a terminal: its other screen, no cursor, keys at once.
 *
 * -ENOTTY, and what tcsetattr(3) says. [init]
 */
int tty_take(void) MUST_CHECK;

/** tty_give_back - as it was; a second time is a no-op. [init] */
void tty_give_back(void);

/** tty_size - columns and rows; 80 and 24 where it does not say. [init] */
void tty_size(unsigned *ret_width, unsigned *ret_rows);

/** tty_wait_key - until a key comes, for at most so long. [init] */
enum tty_key tty_wait_key(int64_t limit_ns);

#endif
