#include "tests/sim/plan.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/time.h"
#include "rtloop/cycle/options.h"
#include "tests/sim/port.h"
#include "tests/sim/sim.h"

/* Longer is dear: the other threads look about many times a second, however long a period is. */
#define RUN_MAX_NS (60 * NS_PER_SEC)

static struct rng *rng(void)
{
	return sim_rng(STREAM_SCENARIO);
}

/* --- what is drawn ----------------------------------------------------------------------------------- */

static int64_t pick(const int64_t *list, unsigned count)
{
	return list[rng_below(rng(), count)];
}

static void draw_loop(struct plan *plan)
{
	static const int64_t periods_us[] = { 50,   200,  250,	500,  1000,  1000,
					      1000, 2000, 2000, 5000, 10000, 50000 };
	static const int64_t policies[] = { OVERRUN_SKIP, OVERRUN_SKIP, OVERRUN_CATCH_UP,
					    OVERRUN_CATCH_UP, OVERRUN_STOP };

	plan->period_ns = pick(periods_us, ARRAY_SIZE(periods_us)) * NS_PER_US;
	plan->policy = (int)pick(policies, ARRAY_SIZE(policies));
	plan->catch_up_max = rng_between(rng(), 1, 20);
	plan->spin_ns =
		rng_one_in(rng(), 6) ? rng_between(rng(), 1, plan->period_ns / 8) : 0;
	plan->spin_ns = plan->spin_ns < NS_PER_MS ? plan->spin_ns : NS_PER_MS;
	plan->has_timerfd = rng_one_in(rng(), 4);
	plan->hang_ns = rng_one_in(rng(), 2) ? 10 * NS_PER_SEC : 0;
	if (plan->policy != OVERRUN_STOP && rng_one_in(rng(), 6)) {
		plan->overruns = rng_between(rng(), 2, 40);
	}
	plan->within_ns = 1000 * plan->period_ns + NS_PER_MS;
	plan->cycles = (uint64_t)rng_between(rng(), 2000, 40000);
	if (plan->cycles > (uint64_t)(RUN_MAX_NS / plan->period_ns)) {
		plan->cycles = (uint64_t)(RUN_MAX_NS / plan->period_ns);
	}
}

static void draw_log(struct plan *plan)
{
	static const int64_t chunks[] = { 4096, 16384, 262144 };
	static const int64_t rings[] = { 0, 0, 65536, 131072 };
	static const int64_t syncs_ms[] = { 10, 100, 1000 };

	plan->has_log = !rng_one_in(rng(), 12);
	plan->has_folder = !rng_one_in(rng(), 8);
	plan->rotate_bytes = rng_between(rng(), 64, 2048) << 10;
	plan->chunk_bytes = pick(chunks, ARRAY_SIZE(chunks));
	plan->ring_bytes = pick(rings, ARRAY_SIZE(rings));
	plan->sync_ns = pick(syncs_ms, ARRAY_SIZE(syncs_ms)) * NS_PER_MS;
	plan->disk_bytes = (size_t)256 << 20;
}

static void draw_talk(struct plan_device *device, int64_t period_ns)
{
	device->talk_ns = rng_between(rng(), period_ns / 2, 8 * period_ns);
	device->every = rng_one_in(rng(), 4) ? rng_between(rng(), 2, 5) : 1;
	device->budget = rng_one_in(rng(), 3) ? rng_between(rng(), 1, 16) : 16;
	device->max_age_ns = rng_one_in(rng(), 6) ? 0
						  : rng_between(rng(), 4, 40) *
							    period_ns * device->every;
	if (device->kind != PLAN_UDP && device->kind != PLAN_SERVER &&
	    rng_one_in(rng(), 2)) {
		device->request_ns = rng_between(rng(), 2, 10) * period_ns;
	}
	device->clients = (unsigned)rng_between(rng(), 1, PEER_WIRES_MAX - 1);
}

/* A chip's values are no numbers to drive another device with. */
static int draw_source(const struct plan *plan)
{
	int source = (int)rng_below(rng(), plan->device_count);

	for (unsigned i = 0; i < plan->device_count; i++) {
		if (plan->devices[source].kind != PLAN_GPIO) {
			return source;
		}
		source = (source + 1) % (int)plan->device_count;
	}
	return -1;
}

static void draw_output(struct plan_device *device, const struct plan *plan)
{
	static const int64_t safes[] = { 0, -1, 25 };

	device->has_out = rng_one_in(rng(), 2);
	device->reads_all = rng_one_in(rng(), 2);
	device->writes_all = rng_one_in(rng(), 2);
	device->safe = (double)pick(safes, ARRAY_SIZE(safes));
	device->source = draw_source(plan);
	device->has_out &= device->source >= 0;
	device->sends_changes = rng_one_in(rng(), 2);
	if (!device->sends_changes || rng_one_in(rng(), 2)) {
		device->send_every_ns = rng_between(rng(), 2, 20) * plan->period_ns;
	}
}

static void draw_devices(struct plan *plan)
{
	plan->device_count = (unsigned)rng_between(rng(), 1, PLAN_DEVICES_MAX);
	for (unsigned i = 0; i < plan->device_count; i++) {
		struct plan_device *device = &plan->devices[i];

		snprintf(device->name, sizeof(device->name), "d%u", i);
		device->kind = (enum plan_kind)rng_below(rng(), PLAN_KINDS);
		device->is_async = device->kind == PLAN_WAVE && rng_one_in(rng(), 3);
		draw_talk(device, plan->period_ns);
	}
	for (unsigned i = 0; i < plan->device_count; i++) {
		if (plan->devices[i].kind != PLAN_WAVE) {
			draw_output(&plan->devices[i], plan);
		}
	}
}

static void draw_surroundings(struct plan *plan)
{
	plan->wake_max_ns = rng_span(rng(), 2000, plan->period_ns / 2);
	plan->preempt_calls = (uint64_t)rng_span(rng(), 4, 4000);
	plan->fault_ns =
		rng_one_in(rng(), 10) ? 0 : plan->period_ns * rng_span(rng(), 20, 2000);
	plan->order_ns =
		rng_one_in(rng(), 3) ? 0 : plan->period_ns * rng_span(rng(), 10, 2000);
	plan->is_privileged = !rng_one_in(rng(), 6);
}

/* --- what is written of it --------------------------------------------------------------------------- */

struct text {
	char *at;
	size_t left;
};

static void add(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);
static void add(struct text *text, const char *format, ...)
{
	va_list args;
	int bytes;

	va_start(args, format);
	bytes = vsnprintf(text->at, text->left, format, args);
	va_end(args);
	SIM_CHECK(bytes >= 0 && (size_t)bytes < text->left,
		  "the configuration is too long");
	text->at += bytes;
	text->left -= (size_t)bytes;
}

static void write_loop(struct text *text, const struct plan *plan)
{
	static const char *const policies[] = { [OVERRUN_SKIP] = "skip",
						[OVERRUN_CATCH_UP] = "catch-up",
						[OVERRUN_STOP] = "stop" };

	add(text,
	    "name: sim\ncontrol: false\n" /* a guardian would be another process */
	    "loop:\n  guard: off\n  period: %" PRId64
	    "us\n  overrun: %s\n  catch_up_max: %" PRId64 "\n  spin: %" PRId64
	    "ns\n  pacer: %s\n  cycles: %" PRIu64 "\n",
	    plan->period_ns / NS_PER_US, policies[plan->policy], plan->catch_up_max,
	    plan->spin_ns, plan->has_timerfd ? "timerfd" : "nanosleep", plan->cycles);
	add(text, "  fault: { hang: %" PRId64 "ms", plan->hang_ns / NS_PER_MS);
	if (plan->overruns > 0) {
		add(text, ", overruns: %" PRId64 ", within: %" PRId64 "us",
		    plan->overruns, plan->within_ns / NS_PER_US);
	}
	add(text, " }\n");
	if (plan->has_log) {
		add(text,
		    "log: { %s, rotate: %" PRId64 ", keep: 0, sync: %" PRId64
		    "ms, ring: %" PRId64 ", chunk: %" PRId64 " }\n",
		    plan->has_folder ? "dir: /log" : "file: /log/one.mcap",
		    plan->rotate_bytes, plan->sync_ns / NS_PER_MS, plan->ring_bytes,
		    plan->chunk_bytes);
	}
}

static void write_wave(struct text *text, const struct plan_device *device)
{
	add(text, "    driver: sim\n%s", device->is_async ? "    lane: async\n" : "");
	add(text,
	    "    in:\n      a: { wave: ramp, center: 500, amplitude: 500, period: 1s }\n"
	    "      b: { wave: noise }\n");
}

static void write_send(struct text *text, const struct plan_device *device,
		       unsigned index)
{
	if (!device->has_out) {
		return;
	}
	add(text, "    out: { power: { safe: %.1f } }\n    send: {", device->safe);
	if (device->kind == PLAN_UDP) {
		add(text, " to: \"127.0.0.1:%u\",", PORT_FIRST + index);
	}
	if (device->send_every_ns > 0) {
		add(text, " every: %" PRId64 "us,", device->send_every_ns / NS_PER_US);
	}
	if (device->sends_changes && device->send_every_ns > 0) {
		add(text, " on: change,");
	}
	add(text, " text: \"P,{%s.power:.1f}\\n\" }\n", device->name);
}

static void write_address(struct text *text, const struct plan_device *device,
			  unsigned index)
{
	switch (device->kind) {
	case PLAN_SERIAL:
		add(text, "    driver: serial\n    path: /dev/%s\n", device->name);
		break;
	case PLAN_UDP:
		add(text, "    driver: udp\n    listen: \":%u\"\n", PORT_FIRST + index);
		break;
	case PLAN_TCP:
		add(text,
		    "    driver: tcp\n    connect: \"127.0.0.1:%u\"\n    timeout: %dms\n",
		    PORT_FIRST + index, PLAN_TIMEOUT_MS);
		break;
	case PLAN_SERVER:
		add(text, "    driver: tcp\n    listen: \":%u\"\n    clients: %u\n",
		    PORT_FIRST + index, device->clients);
		break;
	default:
		add(text, "    driver: unix\n    kind: seqpacket\n    connect: /run/%s\n",
		    device->name);
		break;
	}
}

static void write_talker(struct text *text, const struct plan_device *device,
			 unsigned index)
{
	bool is_message = device->kind == PLAN_UDP || device->kind == PLAN_UNIX;

	write_address(text, device, index);
	if (device->kind != PLAN_UDP) {
		add(text, "    on_open: \"HELLO\\n\"\n");
	}
	if (device->request_ns > 0) {
		add(text, "    request: { send: \"M?\\n\", every: %" PRId64 "us }\n",
		    device->request_ns / NS_PER_US);
	}
	add(text,
	    "    frame: { kind: %s, match: \"M,\", checksum: xor8, checksum_form: hex "
	    "}\n",
	    is_message ? "raw" : "line");
	add(text, "    budget: %" PRId64 "\n", device->budget);
	if (device->max_age_ns > 0) {
		add(text, "    max_age: %" PRId64 "us\n", device->max_age_ns / NS_PER_US);
	}
	add(text, "    in: { a: { column: 1 }, b: { column: 2 } }\n");
	write_send(text, device, index);
}

static void write_chip(struct text *text, const struct plan_device *device)
{
	add(text, "    driver: gpio\n    chip: %s\n    read: %s\n    write: %s\n",
	    device->name, device->reads_all ? "all" : "each",
	    device->writes_all ? "cycle" : "change");
	add(text, "    budget: %" PRId64 "\n", device->budget);
	add(text, "    in:\n      a: { line: LEVEL }\n"
		  "      b: { line: COUNT, edge: both, count: true }\n");
	if (device->has_out) {
		add(text, "    out: { power: { line: OUT, safe: %d } }\n",
		    device->safe > 0);
	}
}

static void write_program(struct text *text, const struct plan *plan)
{
	add(text, "params: { target: { value: %.1f, min: 0, max: 1000 } }\n",
	    PLAN_TARGET);
	add(text,
	    "vars: { count: 0, delayed: false }\nprogram: |\n  count := count + 1\n");
	for (unsigned i = 0; i < plan->device_count; i++) {
		const struct plan_device *device = &plan->devices[i];

		if (device->has_out) {
			add(text, "  %s.power := %s.a * 0.5 + target%s\n", device->name,
			    plan->devices[device->source].name,
			    device->kind == PLAN_GPIO ? " > 100.0" : "");
		}
	}
	if (plan->has_state) {
		add(text, "  delayed := ton(count > 100, 10ms)\n");
	}
}

static void write_text(struct plan *plan)
{
	struct text text = { plan->text, sizeof(plan->text) };

	write_loop(&text, plan);
	add(&text, "devices:\n");
	for (unsigned i = 0; i < plan->device_count; i++) {
		const struct plan_device *device = &plan->devices[i];

		add(&text, "  %s:\n", device->name);
		if (device->every > 1 && !device->is_async) {
			add(&text, "    every: %" PRId64 "\n", device->every);
		}
		if (device->kind == PLAN_WAVE) {
			write_wave(&text, device);
		} else if (device->kind == PLAN_GPIO) {
			write_chip(&text, device);
		} else {
			write_talker(&text, device, i);
		}
	}
	write_program(&text, plan);
}

void plan_draw(struct plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	draw_loop(plan);
	draw_log(plan);
	draw_devices(plan);
	draw_surroundings(plan);
	plan->has_state = rng_one_in(rng(), 2);
	write_text(plan);
}
