#include "rtloop/super/service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/value.h"
#include "rtloop/base/time.h"

/* Managers advise half; a ping that finds the queue full, or a busy machine, has two more tries so. */
#define PINGS_PER_WATCHDOG 4

void service_init(struct service *service, int64_t period_ns)
{
	memset(service, 0, sizeof(*service));
	service->period_ns = period_ns;
}

static bool is_for_this_process(const char *pid)
{
	int64_t value;

	return !pid || (value_parse_int(pid, &value) == 0 && value == getpid());
}

static int take_watchdog(struct service *service, struct err *err)
{
	const char *text = getenv("WATCHDOG_USEC");
	int64_t watchdog_us;

	if (!text || !is_for_this_process(getenv("WATCHDOG_PID"))) {
		return 0;
	}
	if (value_parse_int(text, &watchdog_us) || watchdog_us <= 0 ||
	    watchdog_us > INT64_MAX / NS_PER_US) {
		return err_set(err, -EINVAL,
			       "WATCHDOG_USEC is '%s'; expected a number of microseconds",
			       text);
	}
	service->ping_ns = watchdog_us * NS_PER_US / PINGS_PER_WATCHDOG;
	return 0;
}

int service_open(struct service *service, struct err *err)
{
	int code = notify_open(&service->notify, getenv("NOTIFY_SOCKET"), err);

	return code ? code : take_watchdog(service, err);
}

void service_close(struct service *service)
{
	notify_close(&service->notify);
}

static void tell_ready(struct service *service)
{
	if (!service->is_ready_told && service->cycles > 0) {
		service->is_ready_told = notify_send(&service->notify, "READY=1") == 0;
	}
}

static void ping(struct service *service, int64_t now_ns)
{
	bool is_alive =
		service->cycles > 0 && now_ns - service->cycled_ns <= service->period_ns;

	if (service->ping_ns > 0 && is_alive &&
	    now_ns - service->pinged_ns >= service->ping_ns &&
	    notify_send(&service->notify, "WATCHDOG=1") == 0) {
		service->pinged_ns = now_ns;
	}
}

void service_look(struct service *service, uint64_t cycles, int64_t now_ns)
{
	if (cycles != service->cycles) {
		service->cycles = cycles;
		service->cycled_ns = now_ns;
	}
	/* a run that is called off before it has begun was never ready */
	if (service->is_stop_told) {
		return;
	}
	tell_ready(service);
	ping(service, now_ns);
}

void service_status(const struct service *service, const char *line)
{
	if (!service->is_stop_told) {
		/* the next one says it anew */
		(void)!notify_send(&service->notify, "STATUS=%s", line);
	}
}

void service_reloading(struct service *service, int64_t now_ns)
{
	if (service->is_ready_told && !service->is_stop_told) {
		(void)!notify_send(&service->notify,
				   "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
				   now_ns / NS_PER_US);
	}
}

void service_reloaded(struct service *service)
{
	/* where this is not heard, the next look tells it */
	service->is_ready_told = false;
	if (!service->is_stop_told) {
		tell_ready(service);
	}
}

void service_stopping(struct service *service)
{
	if (!service->is_stop_told) {
		service->is_stop_told = notify_send(&service->notify, "STOPPING=1") == 0;
	}
}
