/* Serial lines of the simulated kernel. */
#ifndef TESTS_SIM_KERNEL_TTY_H
#define TESTS_SIM_KERNEL_TTY_H

#include "tests/sim/peer.h"

/** kernel_tty_open - a descriptor, or -errno. */
int kernel_tty_open(struct peer *peer);

#endif
