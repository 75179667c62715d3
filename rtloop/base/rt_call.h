/*
 * RT_CALL(call) is a call of the kernel that an RT_SAFE function makes on purpose: RealtimeSanitizer, which would stop
 * at it, looks away. For rtloop/base/sys.c, and for yardsticks that the product has no use for.
 */
#ifndef RTLOOP_BASE_RT_CALL_H
#define RTLOOP_BASE_RT_CALL_H

#if defined(__has_feature)
#if __has_feature(realtime_sanitizer)
#include <sanitizer/rtsan_interface.h>
#define RT_CALL(call)                                                                    \
	({                                                                               \
		__rtsan_disable();                                                       \
		__auto_type rt_result = (call);                                          \
		__rtsan_enable();                                                        \
		rt_result;                                                               \
	})
#endif
#endif
#ifndef RT_CALL
#define RT_CALL(call) (call)
#endif

#endif
