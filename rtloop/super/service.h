/*
 * What a service manager is told of a run: that it is ready when its cycle runs, that it is alive for as
 * long as cycles go by, how it goes, and that it stops. A cycle that is stuck is not alive, however well
 * the supervisor is.
 */
#ifndef RTLOOP_SUPER_SERVICE_H
#define RTLOOP_SUPER_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/super/notify.h"

struct service {
	struct notify notify;
	int64_t period_ns;  /* of the loop */
	int64_t ping_ns;    /* between signs of life; 0: none are asked for */
	int64_t pinged_ns;  /* the last of them */
	uint64_t cycles;    /* at the last look */
	int64_t cycled_ns;  /* when they were last seen to have become more */
	bool is_ready_told; /* each of these is told once */
	bool is_stop_told;
};

/** service_init - nobody is told anything yet. @period_ns: of the loop. [init] */
void service_init(struct service *service, int64_t period_ns);

/**
 * service_open - take up with the manager that the environment names, if it does.
 *
 * NOTIFY_SOCKET is where it listens. WATCHDOG_USEC is how long it waits for a sign of life; they come four
 * times as often. WATCHDOG_PID, where it is there, says for which process that is meant.
 *
 * -EINVAL where WATCHDOG_USEC is no such number: then it is told all else; what notify_open() says: then it
 * is told nothing. @err is filled. [init]
 */
int service_open(struct service *service, struct err *err) MUST_CHECK;

/** service_close - a second time, or without an open, is a no-op. [init] */
void service_close(struct service *service);

/**
 * service_look - tell what is to be told now; to be called several times a second.
 * @cycles: run so far
 *
 * READY=1 after the first cycle. WATCHDOG=1 as long as the last look at which there were more cycles is not
 * more than a period ago. What could not be told is told at a later look. After service_stopping() neither.
 * [super]
 */
void service_look(struct service *service, uint64_t cycles, int64_t now_ns);

/** service_status - how it goes: one line, without its end; nothing more after service_stopping(). [super] */
void service_status(const struct service *service, const char *line);

/**
 * service_reloading - the configuration is being read again; service_reloaded: that is over, whatever came
 * of it. [super]
 */
void service_reloading(struct service *service, int64_t now_ns);
void service_reloaded(struct service *service);

/** service_stopping - the run comes to its end; told once. [super] */
void service_stopping(struct service *service);

#endif
