#include "tests/fakes/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

#define WAKE_LATENCY_NS (10 * NS_PER_US)
#define RING_BYTES	(64u << 10)
#define LOSING_BYTE	0xff

struct actor *actor_of(const struct device *device)
{
	return (struct actor *)device->spec->options;
}

static struct actor *ask(const struct device *device, enum call call)
{
	struct actor *actor = actor_of(device);

	atomic_fetch_add(&actor->calls[call], 1);
	return actor;
}

static struct actor *ask_rt(struct device *device, enum call call)
{
	struct actor *actor = ask(device, call);

	atomic_store(&actor->acted, device);
	if (actor->loses && actor->lose_in == call) {
		device_lost(device, actor->lose_code);
	}
	return actor;
}

static int actor_init(struct device *device, struct err *err)
{
	struct actor *actor = actor_of(device);

	actor->inits++;
	return actor->init_code ? err_set(err, actor->init_code, "not in the mood") : 0;
}

static void actor_fini(struct device *device)
{
	actor_of(device)->inits--;
}

static int open_endpoints(const struct device *device, struct link *ret_link,
			  struct err *err)
{
	const struct actor *actor = ask(device, CALL_OPEN);
	struct endpoint *endpoints =
		calloc(actor->endpoint_count + 1, sizeof(*endpoints));

	assert_non_null(endpoints);
	memcpy(endpoints, actor->endpoints, actor->endpoint_count * sizeof(*endpoints));
	*ret_link = (struct link){ .endpoints = endpoints,
				   .endpoint_count = actor->endpoint_count };
	return 0;
}

static void close_endpoints(const struct device *device, struct link *link)
{
	ask(device, CALL_CLOSE);
	for (unsigned i = 0; i < link->endpoint_count; i++) {
		sys_close(link->endpoints[i].fd);
	}
	free(link->endpoints);
}

static void attach(struct device *device, const struct cycle_time *now)
{
	ask_rt(device, CALL_ATTACH);
}

static uint32_t room(const struct device *device, uint32_t tag)
{
	return actor_of(device)->room;
}

static void keep(struct heard *heard, const struct message *message)
{
	size_t bytes = message->bytes < sizeof(heard->data) ? message->bytes
							    : sizeof(heard->data);

	memcpy(heard->data, message->data, bytes);
	heard->bytes = message->bytes;
	heard->tag = message->tag;
	heard->is_truncated = message->is_truncated;
	heard->has_from = message->from != NULL;
	heard->has_header = message->header != NULL;
	if (message->from) {
		heard->from = *message->from;
	}
	if (message->header) {
		heard->control_bytes = message->header->msg_controllen;
	}
}

static void receive(struct device *device, const struct message *message,
		    const struct cycle_time *now)
{
	struct actor *actor = ask_rt(device, CALL_RECEIVE);

	assert_in_range(actor->heard_count, 0, ACTOR_HEARD_MAX - 1);
	keep(&actor->heard[actor->heard_count++], message);
	for (unsigned i = 0; i < ACTOR_CHANNELS && message->bytes > 0; i++) {
		channel_put_int(&device->in[i], message->data[0], now->wake_ns);
	}
	device_publish(device, now);
}

static enum verdict hang_up(struct device *device, uint32_t tag, int code)
{
	struct actor *actor = ask_rt(device, CALL_HANG_UP);

	actor->ended_tag = tag;
	actor->ended_code = code;
	return actor->verdict;
}

/* A value from a pipe; false where there is none, for a signal came. */
static bool wait_for_value(struct device *device, int64_t *ret_value)
{
	const struct actor *actor = actor_of(device);
	uint8_t byte = 0;

	if (sys_write(actor->begun_fd, &byte, 1) != 1 ||
	    sys_read(actor->value_fd, &byte, 1) != 1) {
		return false;
	}
	if (byte == LOSING_BYTE) {
		device_lost(device, -EIO);
		return false;
	}
	*ret_value = byte;
	return true;
}

static void sample(struct device *device, const struct cycle_time *now)
{
	struct actor *actor = ask_rt(device, CALL_SAMPLE);
	int64_t value = actor->value;

	actor->sampled_at = *now;
	if (actor->begun_fd >= 0 && !wait_for_value(device, &value)) {
		return;
	}
	for (unsigned i = 0; i < ACTOR_CHANNELS; i++) {
		channel_put_int(&device->in[i], value, now->wake_ns);
	}
}

static void tick(struct device *device, const struct cycle_time *now)
{
	ask_rt(device, CALL_TICK);
}

static void keep_sent(struct device *device, const struct cycle_time *now)
{
	struct actor *actor = actor_of(device);

	assert_in_range(actor->sent_count, 0, ACTOR_SENT_MAX - 1);
	actor->sent[actor->sent_count++] =
		(struct sent){ .number = channel_value(&device->out[0]).as_int,
			       .is_on = channel_value(&device->out[1]).as_bool,
			       .was_must = device->must_emit,
			       .cycle = now->cycle };
	if (device->must_emit && actor->deaf_to > 0) {
		actor->deaf_to--;
	} else {
		device->must_emit = false;
	}
}

static void emit(struct device *device, const struct cycle_time *now)
{
	struct actor *actor = ask_rt(device, CALL_EMIT);

	if (device->spec->out_count > 0) {
		keep_sent(device, now);
	}
	if (actor->in_emit) {
		actor->in_emit(device);
	}
}

static int rescue(const struct device *device, const struct link *link) RT_SAFE;
static int rescue(const struct device *device, const struct link *link)
{
	(void)link;
	atomic_fetch_add(&actor_of(device)->rescues, 1);
	return 0;
}

static const struct driver actor_driver = {
	.name = "actor",
	.init = actor_init,
	.fini = actor_fini,
	.open = open_endpoints,
	.close = close_endpoints,
	.attach = attach,
	.room = room,
	.receive = receive,
	.hang_up = hang_up,
	.sample = sample,
	.tick = tick,
	.emit = emit,
	.rescue = rescue,
};

static void prepare(struct actor *actor, unsigned index)
{
	static const char *const names[STAGE_ACTORS_MAX] = { "ann", "ben", "cat", "dan" };

	*actor = (struct actor){ .driver = actor_driver,
				 .room = UINT32_MAX,
				 .verdict = VERDICT_LOST,
				 .begun_fd = -1,
				 .value_fd = -1 };
	actor->in[0] = (struct channel_spec){ .name = "number", .type = VALUE_INT };
	actor->in[1] = (struct channel_spec){ .name = "level", .type = VALUE_INT };
	actor->out[0] = (struct channel_spec){ .name = "speed",
					       .type = VALUE_INT,
					       .safe = { .as_int = 7 } };
	actor->out[1] = (struct channel_spec){ .name = "motor", .type = VALUE_BOOL };
	actor->spec = (struct device_spec){ .name = names[index],
					    .driver = &actor->driver,
					    .options = actor,
					    .in = actor->in,
					    .in_count = ACTOR_CHANNELS,
					    .out = actor->out,
					    .every = 1,
					    .budget = 4 };
}

void stage_init(struct stage *stage, unsigned count)
{
	memset(stage, 0, sizeof(*stage));
	stage->count = count;
	for (unsigned i = 0; i < count; i++) {
		prepare(&stage->actors[i], i);
	}
	stage->now = (struct cycle_time){ .release_ns = NS_PER_SEC,
					  .wake_ns = NS_PER_SEC + WAKE_LATENCY_NS,
					  .dt_ns = NS_PER_MS };
}

static void bind_devices(struct stage *stage)
{
	stage->image = image_create();
	assert_non_null(stage->image);
	for (unsigned i = 0; i < stage->count; i++) {
		assert_int_equal(device_init(&stage->devices[i], &stage->actors[i].spec,
					     i, stage->image, NULL),
				 0);
	}
	assert_int_equal(image_seal(stage->image), 0);
	for (unsigned i = 0; i < stage->count; i++) {
		struct device *device = &stage->devices[i];

		device_begin(device);
		device->out_topic =
			(uint16_t)(TOPIC_DEVICES + stage->count + device->index);
		device->recorder = &stage->recorder;
	}
}

void stage_raise(struct stage *stage)
{
	bind_devices(stage);
	assert_int_equal(ring_init(&stage->ring, RING_BYTES, NULL), 0);
	stage->recorder.ring = &stage->ring;
	stage->recorder.wake_fd = eventfd(0, EFD_NONBLOCK);
	stage->recorder.wake_mark_bytes = RING_BYTES / 2;
	recorder_begin(&stage->recorder, stage->now.cycle, stage->now.wake_ns);
}

void stage_fini(struct stage *stage)
{
	for (unsigned i = 0; i < stage->count; i++) {
		device_fini(&stage->devices[i]);
	}
	image_destroy(stage->image);
	ring_fini(&stage->ring);
	sys_close(stage->recorder.wake_fd);
}

void stage_step(struct stage *stage, int64_t ns)
{
	recorder_end(&stage->recorder);
	stage->now.cycle++;
	stage->now.release++;
	stage->now.release_ns += ns;
	stage->now.wake_ns += ns;
	stage->now.dt_ns = ns;
	recorder_begin(&stage->recorder, stage->now.cycle, stage->now.wake_ns);
}

struct endpoint *actor_endpoint(struct actor *actor, int fd, enum endpoint_op op,
				uint32_t bytes, uint32_t budget)
{
	unsigned index = actor->endpoint_count++;

	assert_in_range(index, 0, ACTOR_ENDPOINTS_MAX - 1);
	actor->endpoints[index] = (struct endpoint){
		.fd = fd, .op = op, .bytes = bytes, .budget = budget, .tag = index
	};
	return &actor->endpoints[index];
}

struct poll_link *actor_open(struct device *device)
{
	struct poll_link *link;
	struct link opened;

	assert_int_equal(device->driver->open(device, &opened, NULL), 0);
	link = poll_link_create(device, &opened);
	assert_non_null(link);
	return link;
}

unsigned actor_calls(const struct actor *actor, enum call call)
{
	return atomic_load(&actor->calls[call]);
}

static void keep_record(struct stage *stage, const struct record *record)
{
	struct stage_record *kept = &stage->records[stage->record_count++];

	assert_in_range(stage->record_count, 1, STAGE_RECORDS_MAX);
	assert_in_range(record->bytes, 0, STAGE_BODY_BYTES);
	kept->topic = record->topic;
	kept->bytes = record->bytes;
	kept->time_ns = record->time_ns;
	memcpy(kept->body, record + 1, record->bytes);
}

static void collect(struct stage *stage)
{
	uint64_t bytes = 0, done = 0;
	const uint8_t *data = ring_peek(&stage->ring, &bytes);

	while (done < bytes) {
		const struct record *record = (const struct record *)(data + done);

		keep_record(stage, record);
		done += record_bytes(record->bytes);
	}
	ring_take(&stage->ring, bytes);
}

unsigned stage_records(struct stage *stage, uint16_t topic)
{
	unsigned count = 0;

	collect(stage);
	for (unsigned i = 0; i < stage->record_count; i++) {
		count += stage->records[i].topic == topic;
	}
	return count;
}

const void *stage_last(struct stage *stage, uint16_t topic)
{
	collect(stage);
	for (unsigned i = stage->record_count; i-- > 0;) {
		if (stage->records[i].topic == topic) {
			return stage->records[i].body;
		}
	}
	fail_msg("no record of topic %u", topic);
	return NULL;
}

static const struct record_event *event_at(const struct stage *stage, unsigned index,
					   enum event_code code)
{
	const struct record_event *event =
		(const struct record_event *)stage->records[index].body;

	return stage->records[index].topic == TOPIC_EVENT && event->code == code ? event
										 : NULL;
}

unsigned stage_events(struct stage *stage, enum event_code code)
{
	unsigned count = 0;

	collect(stage);
	for (unsigned i = 0; i < stage->record_count; i++) {
		count += event_at(stage, i, code) != NULL;
	}
	return count;
}

const struct record_event *stage_event(struct stage *stage, enum event_code code)
{
	collect(stage);
	for (unsigned i = stage->record_count; i-- > 0;) {
		if (event_at(stage, i, code)) {
			return event_at(stage, i, code);
		}
	}
	fail_msg("no event %s", event_kind(code)->name);
	return NULL;
}

void stage_forget(struct stage *stage)
{
	collect(stage);
	stage->record_count = 0;
}

uint64_t stage_count(const struct stage *stage, unsigned index, enum device_count which)
{
	return counter_get(&stage->devices[index].counts[which]);
}

enum quality stage_quality(const struct stage *stage, unsigned index)
{
	return (enum quality) * stage->devices[index].in[0].quality;
}

int64_t stage_value(const struct stage *stage, unsigned index)
{
	return channel_value(&stage->devices[index].in[0]).as_int;
}

struct fd_limit fd_limit_to_none(void)
{
	struct rlimit limit;
	struct fd_limit before;
	int fd = dup(STDIN_FILENO);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	before.before = limit.rlim_cur;
	limit.rlim_cur = (rlim_t)fd;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return before;
}

void fd_limit_restore(struct fd_limit limit)
{
	struct rlimit now;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
	now.rlim_cur = limit.before;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
}
