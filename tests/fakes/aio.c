#include <aio.h>

#include "tests/fakes/aio.h"

void aio_keep_to_one_thread(void)
{
#ifdef __SANITIZE_THREAD__
	const struct aioinit one = { .aio_threads = 1, .aio_num = 64 };

	aio_init(&one);
#endif
}
