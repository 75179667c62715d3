#include "tests/sim/peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "tests/sim/chip.h"
#include "tests/sim/judge.h"
#include "tests/sim/sched.h"
#include "tests/sim/sim.h"

/* An answer comes so long after it was asked for, at most. */
#define ANSWER_MAX_NS (2 * NS_PER_MS)

/* A serial line takes so many bytes in so long. */
#define DRAIN_NS    NS_PER_MS
#define DRAIN_BYTES 64

static struct rng *rng(void)
{
	return sim_rng(STREAM_WORLD);
}

static bool is_stream(const struct peer *peer)
{
	return peer->plan->kind != PLAN_UDP && peer->plan->kind != PLAN_UNIX;
}

/* --- what it says ------------------------------------------------------------------------------------ */

struct frame {
	char text[64];
	unsigned bytes;
	enum mark_kind kind;
	uint32_t number;
};

static void add_checksum(struct frame *frame)
{
	uint8_t sum = 0;

	for (unsigned i = 0; i < frame->bytes; i++) {
		sum ^= (uint8_t)frame->text[i];
	}
	frame->bytes += (unsigned)snprintf(frame->text + frame->bytes, 8, "*%02X", sum);
}

/* One bit of it, or all behind some byte. */
static void spoil(struct frame *frame)
{
	unsigned at = (unsigned)rng_below(rng(), frame->bytes);

	if (rng_one_in(rng(), 4) && frame->bytes > 2) {
		frame->bytes = at < 2 ? 2 : at;
		frame->text[0] = 'N';
	} else {
		frame->text[at] ^= 1;
	}
}

static void make_frame(struct peer *peer, struct frame *frame)
{
	frame->kind = peer->next_kind;
	frame->number = ++peer->number;
	frame->bytes =
		(unsigned)(frame->kind == MARK_BAD_FIELD
				   ? snprintf(frame->text, sizeof(frame->text), "M,x,y")
				   : snprintf(frame->text, sizeof(frame->text), "M,%u,%u",
					      frame->number, 2 * frame->number + 1));
	add_checksum(frame);
	if (frame->kind == MARK_DROPPED) {
		spoil(frame);
	}
	if (is_stream(peer)) {
		frame->text[frame->bytes++] = '\n';
	}
	peer->next_kind = MARK_GOOD;
}

/* What has come before it may have no end: then it is the end of that. */
static enum mark_kind kind_on(struct peer_line *line, enum mark_kind kind)
{
	if (line->is_after_mess) {
		line->is_after_mess = false;
		return MARK_UNSURE;
	}
	return kind;
}

static void finish_half(struct peer_line *line)
{
	if (wire_put(&line->wire, line->half, line->half_bytes,
		     kind_on(line, line->half_kind), line->half_number)) {
		line->is_half = false;
	}
}

static void begin_half(struct peer_line *line, const struct frame *frame)
{
	unsigned first = 1 + (unsigned)rng_below(rng(), frame->bytes - 1);

	if (!wire_put_piece(&line->wire, frame->text, first)) {
		return;
	}
	line->is_half = true;
	line->half_bytes = frame->bytes - first;
	line->half_kind = frame->kind;
	line->half_number = frame->number;
	memcpy(line->half, frame->text + first, line->half_bytes);
}

static void say_on(struct peer_line *line, const struct frame *frame)
{
	struct peer *peer = line->peer;

	if (is_stream(peer) && rng_one_in(rng(), 8)) {
		begin_half(line, frame);
		return;
	}
	if (!line->wire.is_up || line->wire.has_ended ||
	    line->wire.sent - line->wire.read + frame->bytes > WIRE_BYTES ||
	    line->wire.mark_count == WIRE_MARKS) {
		return;
	}
	wire_put(&line->wire, frame->text, frame->bytes, kind_on(line, frame->kind),
		 frame->number);
}

static void say(struct peer *peer)
{
	for (unsigned i = 0; i < PEER_WIRES_MAX; i++) {
		struct peer_line *line = &peer->lines[i];
		struct frame frame;

		if (!line->is_used) {
			continue;
		}
		if (line->is_half) {
			finish_half(line);
		} else {
			make_frame(peer, &frame);
			say_on(line, &frame);
			sim_note(NOTE_SAID, peer->index, frame.number);
		}
	}
}

static bool has_half(const struct peer *peer)
{
	for (unsigned i = 0; i < PEER_WIRES_MAX; i++) {
		if (peer->lines[i].is_used && peer->lines[i].is_half) {
			return true;
		}
	}
	return false;
}

static int64_t next_word(const struct peer *peer)
{
	int64_t now_ns = sched_now();

	if (peer->flood > 0) {
		return now_ns + rng_between(rng(), 2000, 50000);
	}
	if (has_half(peer)) {
		return now_ns + rng_between(rng(), 20000, NS_PER_MS);
	}
	return peer->plan->request_ns > 0
		       ? SCHED_NEVER
		       : now_ns + peer->plan->talk_ns / 2 +
				 rng_between(rng(), 1, peer->plan->talk_ns);
}

static void speak(struct world_actor *actor)
{
	struct peer *peer = container_of(actor, struct peer, speaker);

	if (peer->is_there && sched_now() >= peer->silent_until_ns) {
		say(peer);
	}
	peer->flood -= peer->flood > 0;
	actor->next_ns = next_word(peer);
}

static void say_garbage(struct peer_line *line)
{
	unsigned lines = 1 + (unsigned)rng_below(rng(), 6);
	char text[48];

	for (unsigned i = 0; i < lines; i++) {
		unsigned bytes = 1 + (unsigned)rng_below(rng(), 40);
		bool is_open =
			is_stream(line->peer) && i + 1 == lines && rng_one_in(rng(), 2);

		for (unsigned j = 0; j < bytes; j++) {
			text[j] = (char)rng_below(rng(), 256);
			text[j] = text[j] == '\n' || text[j] == 'M' ? 'm' : text[j];
		}
		if (is_stream(line->peer) && !is_open) {
			text[bytes++] = '\n';
		}
		if (wire_put(&line->wire, text, bytes,
			     is_open ? MARK_NOTHING : kind_on(line, MARK_DROPPED), 0)) {
			line->is_after_mess = is_open;
		}
	}
}

static void say_endless(struct peer_line *line)
{
	char text[512];

	memset(text, 'x', sizeof(text));
	for (int64_t i = rng_between(rng(), 1, 7); i > 0; i--) {
		if (wire_put(&line->wire, text, sizeof(text),
			     is_stream(line->peer) ? MARK_NOTHING : MARK_DROPPED, 0)) {
			line->is_after_mess = is_stream(line->peer);
		}
	}
}

/* --- what it hears ----------------------------------------------------------------------------------- */

static void answer(struct peer *peer)
{
	int64_t at_ns = sched_now() + rng_between(rng(), 1000, ANSWER_MAX_NS);

	if (peer->speaker.next_ns > at_ns) {
		world_plan(&peer->speaker, at_ns);
	}
}

static void hear_line(struct peer_line *line)
{
	struct peer *peer = line->peer;
	char *end = line->heard;
	double value;

	line->heard[line->heard_bytes] = '\0';
	line->lines++;
	if (strcmp(line->heard, "M?") == 0) {
		answer(peer);
		return;
	}
	if (strcmp(line->heard, "HELLO") == 0) {
		SIM_CHECK(line->lines == 1, "%s: on_open is not the first that is sent",
			  peer->plan->name);
		return;
	}
	SIM_CHECK(strncmp(line->heard, "P,", 2) == 0, "%s was sent '%s'",
		  peer->plan->name, line->heard);
	value = strtod(line->heard + 2, &end);
	SIM_CHECK(end != line->heard + 2 && *end == '\0', "%s was sent '%s'",
		  peer->plan->name, line->heard);
	line->driven++;
	line->last = value;
	sim_note(NOTE_HEARD, peer->index, (int64_t)(value * 1000));
	judge_heard(line, value);
}

static void hear(struct wire *wire, const uint8_t *data, size_t bytes)
{
	struct peer_line *line = wire->owner;

	for (size_t i = 0; i < bytes; i++) {
		if (data[i] == '\n') {
			hear_line(line);
			line->heard_bytes = 0;
			continue;
		}
		SIM_CHECK(line->heard_bytes + 1 < sizeof(line->heard),
			  "%s was sent a line without an end", line->peer->plan->name);
		line->heard[line->heard_bytes++] = (char)data[i];
	}
}

static void take(struct wire *wire, const struct wire_mark *mark)
{
	const struct peer_line *line = wire->owner;

	judge_taken(line, mark);
}

static void drain(struct world_actor *actor)
{
	struct peer *peer = container_of(actor, struct peer, drainer);
	int64_t now_ns = sched_now();

	for (unsigned i = 0; i < PEER_WIRES_MAX; i++) {
		if (peer->lines[i].is_used && now_ns >= peer->deaf_until_ns) {
			peer->lines[i].wire.is_stalled = false;
			peer->lines[i].wire.is_choked = false;
			wire_drain(&peer->lines[i].wire, DRAIN_BYTES);
		}
	}
	actor->next_ns = now_ns + DRAIN_NS;
}

/* --- connections ------------------------------------------------------------------------------------- */

struct peer_line *peer_line_of(struct peer *peer)
{
	for (unsigned i = 0; i < PEER_WIRES_MAX; i++) {
		if (peer->lines[i].is_used && !peer->lines[i].wire.has_ended) {
			return &peer->lines[i];
		}
	}
	return NULL;
}

static struct peer_line *begin_line(struct peer *peer)
{
	for (unsigned i = 0; i < PEER_WIRES_MAX; i++) {
		struct peer_line *line = &peer->lines[i];

		if (line->is_used) {
			continue;
		}
		*line = (struct peer_line){ .peer = peer,
					    .is_used = true,
					    .number = ++peer->connections };
		line->wire = (struct wire){ .taken = take, .told = hear, .owner = line };
		wire_begin(&line->wire, !is_stream(peer));
		line->wire.is_buffered = peer->plan->kind == PLAN_SERIAL;
		line->wire.is_stalled = sched_now() < peer->deaf_until_ns;
		return line;
	}
	return NULL;
}

struct peer_line *peer_connect(struct peer *peer)
{
	return peer->is_there ? begin_line(peer) : NULL;
}

struct peer_line *peer_call(struct peer *peer)
{
	return peer->is_there ? begin_line(peer) : NULL;
}

void peer_hang_up(struct peer_line *line)
{
	line->is_used = false;
	line->wire.is_up = false;
}

/* --- what it does wrong ------------------------------------------------------------------------------ */

static int pick(const int *codes, unsigned count)
{
	return codes[rng_below(rng(), count)];
}

static int end_code(const struct peer *peer)
{
	static const int of_lines[] = { -EIO, 0 };
	static const int of_sockets[] = { 0, -ECONNRESET, -ETIMEDOUT };

	return peer->plan->kind == PLAN_SERIAL ? pick(of_lines, ARRAY_SIZE(of_lines))
					       : pick(of_sockets, ARRAY_SIZE(of_sockets));
}

static int away_code(const struct peer *peer)
{
	static const int of_serial[] = { -ENOENT, -EACCES, -EBUSY, -EIO, -ENXIO };
	static const int of_udp[] = { -EADDRINUSE };
	static const int of_tcp[] = { -ECONNREFUSED, -EHOSTUNREACH, -ETIMEDOUT };
	static const int of_gpio[] = { -ENOENT, -EACCES, -EBUSY };
	static const int of_unix[] = { -ECONNREFUSED, -ENOENT, -EAGAIN };

	switch (peer->plan->kind) {
	case PLAN_SERIAL:
		return pick(of_serial, ARRAY_SIZE(of_serial));
	case PLAN_UDP:
	case PLAN_SERVER:
		return pick(of_udp, ARRAY_SIZE(of_udp));
	case PLAN_GPIO:
		return pick(of_gpio, ARRAY_SIZE(of_gpio));
	case PLAN_UNIX:
		return pick(of_unix, ARRAY_SIZE(of_unix));
	default:
		return pick(of_tcp, ARRAY_SIZE(of_tcp));
	}
}

/* A datagram socket has no other end that it could lose. */
static void end_lines(struct peer *peer)
{
	for (unsigned i = 0; i < PEER_WIRES_MAX; i++) {
		if (peer->lines[i].is_used && peer->plan->kind != PLAN_UDP &&
		    !peer->lines[i].wire.has_ended) {
			wire_end(&peer->lines[i].wire, end_code(peer));
			judge_ended(&peer->lines[i]);
		}
	}
}

static void come_back(struct world_actor *actor)
{
	struct peer *peer = container_of(actor, struct peer, returner);

	actor->next_ns = SCHED_NEVER;
	if (!peer->is_there) {
		peer->is_there = true;
		peer->there_ns = sched_now();
		sim_note(NOTE_MEND, PEER_VANISHES, peer->index);
	}
}

static void vanish(struct peer *peer)
{
	end_lines(peer);
	peer->is_there = false;
	peer->away_code = away_code(peer);
	world_plan(&peer->returner,
		   sched_now() + rng_span(rng(), NS_PER_MS,
					  rng_one_in(rng(), 8) ? 20 * NS_PER_SEC
							       : NS_PER_SEC / 2));
}

static void make_deaf(struct peer *peer)
{
	bool is_half_deaf = rng_one_in(rng(), 2);

	peer->deaf_until_ns = sched_now() + rng_span(rng(), NS_PER_MS, 2 * NS_PER_SEC);
	for (unsigned i = 0; i < PEER_WIRES_MAX; i++) {
		peer->lines[i].wire.is_stalled = !is_half_deaf;
		peer->lines[i].wire.is_choked = is_half_deaf;
	}
}

static void on_each_line(struct peer *peer, void (*act)(struct peer_line *line))
{
	for (unsigned i = 0; i < PEER_WIRES_MAX; i++) {
		/* whatever is said in the middle of a frame belongs to it */
		if (peer->lines[i].is_used && peer->lines[i].is_half) {
			finish_half(&peer->lines[i]);
		}
		if (peer->lines[i].is_used && !peer->lines[i].is_half) {
			act(&peer->lines[i]);
		}
	}
}

static void report_error(struct peer_line *line)
{
	if (line->peer->plan->kind == PLAN_UDP) {
		line->wire.error = -ECONNREFUSED;
	}
}

bool peer_do(struct peer *peer, enum peer_fault fault)
{
	if (peer->plan->kind == PLAN_WAVE || !peer->is_there) {
		return false;
	}
	sim_note(NOTE_FAULT, fault, peer->index);
	if (peer->plan->kind == PLAN_GPIO && fault != PEER_VANISHES &&
	    fault != PEER_SLOW) {
		return chip_do(chip_of(peer), fault);
	}
	switch (fault) {
	case PEER_VANISHES:
		vanish(peer);
		break;
	case PEER_ENDS:
		end_lines(peer);
		break;
	case PEER_FLOODS:
		peer->flood = (uint32_t)rng_span(rng(), 10, 2000);
		world_plan(&peer->speaker, sched_now());
		break;
	case PEER_GARBAGE:
		on_each_line(peer, say_garbage);
		break;
	case PEER_ENDLESS:
		on_each_line(peer, say_endless);
		break;
	case PEER_CORRUPTS:
		peer->next_kind = MARK_DROPPED;
		break;
	case PEER_NONSENSE:
		peer->next_kind = MARK_BAD_FIELD;
		break;
	case PEER_SILENT:
		peer->silent_until_ns =
			sched_now() + rng_span(rng(), NS_PER_MS, 5 * NS_PER_SEC);
		break;
	case PEER_DEAF:
		make_deaf(peer);
		break;
	case PEER_ERROR:
		on_each_line(peer, report_error);
		break;
	case PEER_SLOW:
		peer->open_ns = rng_span(rng(), NS_PER_MS, 3 * NS_PER_SEC);
		peer->close_ns = rng_span(rng(), NS_PER_MS, 5 * NS_PER_SEC);
		break;
	case PEER_FAULTS:
		break;
	}
	return true;
}

void peer_mend(struct peer *peer)
{
	int64_t now_ns = sched_now();

	peer->silent_until_ns = 0;
	peer->deaf_until_ns = 0;
	peer->open_ns = 0;
	peer->close_ns = 0;
	peer->flood = 0;
	peer->next_kind = MARK_GOOD;
	if (!peer->is_there) {
		world_plan(&peer->returner, now_ns);
	}
}

void peer_begin(struct peer *peer, const struct plan_device *plan, unsigned index)
{
	int64_t now_ns = sched_now();

	*peer = (struct peer){ .plan = plan,
			       .index = index,
			       .is_there = true,
			       .there_ns = now_ns,
			       .speaker = { .next_ns = SCHED_NEVER, .act = speak },
			       .returner = { .next_ns = SCHED_NEVER, .act = come_back },
			       .drainer = { .next_ns = SCHED_NEVER, .act = drain } };
	if (plan->kind == PLAN_WAVE) {
		return;
	}
	world_add(&peer->returner);
	if (rng_one_in(rng(), 4)) {
		vanish(peer);
	}
	if (plan->kind == PLAN_GPIO) {
		chip_begin(chip_of(peer), peer);
		return;
	}
	if (plan->request_ns == 0) {
		peer->speaker.next_ns = now_ns + plan->talk_ns;
	}
	peer->drainer.next_ns = now_ns + DRAIN_NS;
	world_add(&peer->speaker);
	world_add(&peer->drainer);
}
