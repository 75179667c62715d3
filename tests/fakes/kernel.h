/*
 * What a test needs of the kernel that not every one has: an emulated one, or that of a
 * sandbox. Each asks the kernel itself, and skips the test with the reason where it says no.
 */
#ifndef TESTS_FAKES_KERNEL_H
#define TESTS_FAKES_KERNEL_H

/** need_termios2 - lines of any rate: TCGETS2. */
void need_termios2(void);

/** need_multicast_all - sockets that hear only the groups they joined: IP_MULTICAST_ALL. */
void need_multicast_all(void);

/** need_receive_stamps - SO_TIMESTAMPNS. */
void need_receive_stamps(void);

/** need_address_limit - that RLIMIT_AS makes requests for memory fail. */
void need_address_limit(void);

#endif
