#include "tests/sim/wire.h"

#include <errno.h>
#include <string.h>

#include "tests/sim/sim.h"

void wire_begin(struct wire *wire, bool is_messages)
{
	*wire = (struct wire){ .taken = wire->taken,
			       .told = wire->told,
			       .owner = wire->owner,
			       .is_messages = is_messages,
			       .is_up = true,
			       .out_room = WIRE_OUT_BYTES };
}

static size_t waiting(const struct wire *wire)
{
	return (size_t)(wire->sent - wire->read);
}

bool wire_put_piece(struct wire *wire, const void *data, size_t bytes)
{
	size_t at = waiting(wire);

	if (!wire->is_up || wire->has_ended || at + bytes > WIRE_BYTES) {
		return false;
	}
	memcpy(wire->in + at, data, bytes);
	wire->sent += bytes;
	return true;
}

static void add_mark(struct wire *wire, enum mark_kind kind, uint32_t number)
{
	unsigned at = (wire->mark_first + wire->mark_count) % WIRE_MARKS;

	wire->marks[at] =
		(struct wire_mark){ .end = wire->sent, .number = number, .kind = kind };
	wire->mark_count++;
}

bool wire_put(struct wire *wire, const void *data, size_t bytes, enum mark_kind kind,
	      uint32_t number)
{
	if (wire->mark_count == WIRE_MARKS || !wire_put_piece(wire, data, bytes)) {
		return false;
	}
	add_mark(wire, kind, number);
	return true;
}

bool wire_has_input(const struct wire *wire)
{
	return wire->error || wire->sent > wire->read || wire->has_ended ||
	       (wire->is_messages && wire->mark_count > 0);
}

static void take_marks(struct wire *wire)
{
	while (wire->mark_count > 0 && wire->marks[wire->mark_first].end <= wire->read) {
		struct wire_mark mark = wire->marks[wire->mark_first];

		wire->mark_first = (wire->mark_first + 1) % WIRE_MARKS;
		wire->mark_count--;
		wire->taken(wire, &mark);
		if (wire->is_messages) {
			return;
		}
	}
}

static void consume(struct wire *wire, size_t bytes)
{
	memmove(wire->in, wire->in + bytes, waiting(wire) - bytes);
	wire->read += bytes;
}

/* A message that is longer than what there is room for is cut. */
static ssize_t read_message(struct wire *wire, void *data, size_t bytes, bool *ret_is_cut)
{
	size_t all = (size_t)(wire->marks[wire->mark_first].end - wire->read);
	size_t taken = all < bytes ? all : bytes;

	memcpy(data, wire->in, taken);
	*ret_is_cut = all > bytes;
	consume(wire, all);
	take_marks(wire);
	return (ssize_t)taken;
}

ssize_t wire_read(struct wire *wire, void *data, size_t bytes, bool *ret_is_cut)
{
	size_t left = waiting(wire);
	int error = wire->error;

	*ret_is_cut = false;
	wire->error = 0;
	if (error) {
		return error;
	}
	if (wire->has_ended && wire->end_code) {
		return wire->end_code;
	}
	if (wire->is_messages && wire->mark_count > 0) {
		return read_message(wire, data, bytes, ret_is_cut);
	}
	if (left == 0) {
		return wire->has_ended ? 0 : -EAGAIN;
	}
	bytes = bytes < left ? bytes : left;
	memcpy(data, wire->in, bytes);
	consume(wire, bytes);
	wire->taken(wire, NULL);
	take_marks(wire);
	return (ssize_t)bytes;
}

/* Half a part that was thrown away leaves a rest that is none: see whoever puts in the other half. */
void wire_flush_input(struct wire *wire)
{
	wire->read = wire->sent;
	wire->mark_count = 0;
}

ssize_t wire_write(struct wire *wire, const void *data, size_t bytes)
{
	size_t room =
		wire->out_room > wire->out_bytes ? wire->out_room - wire->out_bytes : 0;

	if (wire->has_ended && wire->end_code) {
		return wire->end_code;
	}
	if (wire->is_messages && room < bytes) {
		room = 0;
	}
	if (wire->is_choked && !wire->is_messages) {
		size_t most = (size_t)rng_below(sim_rng(STREAM_WORLD), bytes + 1);

		room = most < room ? most : room;
	}
	if (room < bytes || wire->is_stalled) {
		wire->refused++;
	}
	if (room == 0 || wire->is_stalled) {
		return -EAGAIN;
	}
	bytes = bytes < room ? bytes : room;
	if (!wire->is_buffered) {
		wire->told(wire, data, bytes);
		return (ssize_t)bytes;
	}
	memcpy(wire->out + wire->out_bytes, data, bytes);
	wire->out_bytes += bytes;
	return (ssize_t)bytes;
}

void wire_drain(struct wire *wire, size_t bytes)
{
	bytes = bytes < wire->out_bytes ? bytes : wire->out_bytes;
	if (bytes == 0 || wire->is_stalled) {
		return;
	}
	wire->told(wire, wire->out, bytes);
	wire->out_bytes -= bytes;
	memmove(wire->out, wire->out + bytes, wire->out_bytes);
}

void wire_flush_output(struct wire *wire)
{
	wire->out_bytes = 0;
}

void wire_end(struct wire *wire, int code)
{
	wire->has_ended = true;
	wire->end_code = code;
}
