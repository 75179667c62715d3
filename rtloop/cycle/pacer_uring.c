#include "rtloop/cycle/pacer.h"

#ifdef HAVE_IO_URING

#include <errno.h>
#include <stdlib.h>

#include "rtloop/base/calls.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/uring.h"

/* Of a ring that only waits. */
#define ENTRIES 8

static int uring_pacer_sleep(struct pacer *pacer, int64_t until_ns) RT_SAFE;

static void uring_pacer_close(struct pacer *pacer)
{
	if (pacer->own_ring) {
		uring_close(pacer->own_ring);
		free(pacer->own_ring);
	}
	pacer->own_ring = NULL;
	pacer->ring = NULL;
}

static int uring_pacer_open(struct pacer *pacer, struct err *err)
{
	const struct uring_limits nothing = { .op_count = 0 };
	int code;

	if (pacer->ring) {
		return 0;
	}
	pacer->own_ring = calloc(1, sizeof(*pacer->own_ring));
	if (!pacer->own_ring) {
		return err_set(err, -ENOMEM, "no memory for pacer uring");
	}
	code = uring_open(pacer->own_ring, ENTRIES, 2 * ENTRIES, err);
	if (code == 0) {
		code = uring_begin(pacer->own_ring, &nothing);
		if (code) {
			err_set_errno(err, code, "cannot use the io_uring of the pacer");
		}
	}
	if (code) {
		uring_pacer_close(pacer);
		return code;
	}
	pacer->ring = pacer->own_ring;
	return 0;
}

/* What is submitted with the wait hides why it ended: a wake before the tail is told by the clock. */
static int uring_pacer_sleep(struct pacer *pacer, int64_t until_ns)
{
	int code = uring_sleep(pacer->ring, until_ns);

	return code == 0 && pacer->spin_ns > 0 && sys_now() < until_ns ? -EINTR : code;
}

const struct pacer_ops pacer_uring = {
	.name = "uring",
	.calls = CALLS_URING_ENTER,
	.open = uring_pacer_open,
	.close = uring_pacer_close,
	.sleep = uring_pacer_sleep,
};

#endif
