/* POSIX AIO beneath the thread sanitizer. */
#ifndef TESTS_FAKES_AIO_H
#define TESTS_FAKES_AIO_H

/**
 * aio_keep_to_one_thread - where the thread sanitizer watches, AIO gets one helper thread.
 *
 * The sanitizer knows the threads that were started through its own pthread_create(). The first
 * helper is started by the thread that asks, and does well; a second one would be started by the
 * first, to which the sanitizer, not knowing it, hands out memory of a thread that is not there:
 * a segmentation fault (glibc 2.36, rt/aio_misc.c; libtsan of gcc 12). To be called before the
 * first request; elsewhere it does nothing.
 */
void aio_keep_to_one_thread(void);

#endif
