/* Attributes and small macros that every room uses. */
#ifndef RTLOOP_BASE_ATTR_H
#define RTLOOP_BASE_ATTR_H

#include <stddef.h>

/*
 * RT_SAFE marks a function that the cycle thread may call: it never allocates, locks,
 * blocks or faults. clang 20 and later checks it (-Wfunction-effects,
 * -fsanitize=realtime).
 */
#if defined(__clang__) && __clang_major__ >= 20
#define RT_SAFE __attribute__((nonblocking))
#else
#define RT_SAFE
#endif

#define MUST_CHECK	  __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* Not called in most cycles: kept out of the function that calls it, which then saves no registers for it. */
#define RARE __attribute__((noinline))

/* Bytes kept between data of two threads: two lines, since x86 prefetches lines in pairs.
 */
#define APART_BYTES 128

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#endif
