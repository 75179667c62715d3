/*
 * What comes from a wire, through a whole driver: framing, fields, quality, budget. The first byte picks the device; then
 * each message, or piece of a stream, is a byte of length and that many bytes.
 */
#include <math.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "tests/fakes/rig.h"
#include "tests/fuzz/fuzz.h"

#define BUDGET "budget: 4, max_age: 20ms, "

static const char *const devices[] = {
	"d: { driver: serial, path: /x, " BUDGET "frame: { kind: line, checksum: nmea }, "
	"in: { a: { column: 0, type: integer }, b: { column: 1, scale: 0.1 }, "
	"c: { column: 2, type: bool }, d: { column: 3, base: 16, bit: 3, bits: 4, type: "
	"integer } } }",
	"d: { driver: serial, path: /x, " BUDGET
	"separator: ' ', frame: { kind: line, match: M }, "
	"in: { a: { column: 1 }, b: { column: 255, on_bad: 3 }, c: { column: 2, match: "
	"Mx, type: bool } } }",
	"d: { driver: serial, path: /x, " BUDGET
	"frame: { kind: length, sync: \"\\xaa\", "
	"length: { at: 1, add: 4 }, checksum: crc16-modbus, max: 64B }, "
	"in: { a: { byte: 2, bytes: 3, type: integer }, b: { byte: 2, bytes: 8, "
	"encoding: float, order: big }, c: { byte: 5, bit: 7, type: bool }, d: { byte: "
	"4, "
	"bytes: 4, encoding: float, scale: -1e300, offset: 1e300 } } }",
	"d: { driver: serial, path: /x, " BUDGET
	"frame: { kind: cobs, checksum: crc32 }, "
	"in: { a: { byte: 0, bytes: 7, encoding: signed, type: integer }, b: { byte: 1, "
	"bytes: 2, bit: 3, bits: 9, type: integer } } }",
	"d: { driver: serial, path: /x, " BUDGET "frame: { kind: fixed, size: 6, sync: "
	"\"\\x55\", checksum: sum8 }, in: { a: { byte: 1, bytes: 4, encoding: signed, "
	"order: big } } }",
	"d: { driver: udp, listen: ':9', " BUDGET "frame: { kind: line }, "
	"in: { a: { column: 0 }, b: { column: 1, type: integer } } }",
	"d: { driver: udp, listen: ':9', " BUDGET
	"in: { a: { byte: 0, bytes: 8, encoding: float }, b: { byte: 8, bytes: 1, type: "
	"bool }, c: { byte: 0, bytes: 8, encoding: unsigned, type: integer } } }",
	"d: { driver: chardev, path: /dev/x, size: 24, " BUDGET
	"in: { a: { match: \"\\x03\\x00\", match_at: 16, byte: 20, bytes: 4, encoding: "
	"signed, type: integer } } }",
	"d: { driver: chardev, path: /dev/x, bytes: 6, " BUDGET
	"frame: { kind: raw, match: \"\\x03\" }, in: { a: { byte: 1, bit: 2, type: bool "
	"} } }",
	"d: { driver: can, interface: c, fd: true, " BUDGET
	"in: { a: { id: 0x100, start: 24, length: 16, scale: 0.125 }, b: { id: 0x100, "
	"start: 7, length: 12, order: big, encoding: signed, type: integer }, c: { id: "
	"0x101, start: 8, length: 32, encoding: float, mux: { start: 0, length: 8, "
	"value: "
	"3 } } } }",
	"d: { driver: modbus, serial: { path: /x }, unit_id: 17, " BUDGET
	"in: { a: { input: 12, registers: 2, encoding: float }, b: { holding: 100, bit: "
	"3, type: bool }, c: { coil: 0 } } }",
	"d: { driver: modbus, tcp: '127.0.0.1:502', " BUDGET
	"in: { a: { holding: 0, registers: 4, type: integer }, b: { discrete: 7 } } }",
};

static void check_channels(const struct rig *rig)
{
	for (unsigned i = 0; i < rig->device.spec->in_count; i++) {
		const struct channel *channel = &rig->device.in[i];

		FUZZ_CHECK(*channel->quality <= QUALITY_BAD);
		if (channel->type == VALUE_FLOAT) {
			FUZZ_CHECK(isfinite(channel_value(channel).as_float));
		}
		FUZZ_CHECK(channel->sample_ns <= rig->now.wake_ns);
	}
}

/* The poller reads no more than there is room for, and into memory that is aligned. */
static void hand_over(struct rig *rig, const struct fuzz_input *piece)
{
	const struct driver *driver = rig->device.driver;
	size_t bytes = piece->bytes;
	uint8_t *copy;

	if (driver->room && driver->room(&rig->device, 0) < bytes) {
		bytes = driver->room(&rig->device, 0);
	}
	if (bytes == 0) {
		return;
	}
	copy = malloc(bytes);
	FUZZ_CHECK(copy != NULL);
	memcpy(copy, piece->data, bytes);
	rig_receive(rig, copy, bytes, NULL);
	free(copy);
}

static void run_cycle(struct rig *rig, struct fuzz_input *input)
{
	uint64_t before = rig_count(rig, COUNT_FRAMES);

	for (unsigned i = 0; i < 2 && input->bytes > 0; i++) {
		struct fuzz_input piece = fuzz_piece(input, fuzz_byte(input));

		hand_over(rig, &piece);
	}
	if (rig->device.driver->tick) {
		rig_tick(rig);
	}
	device_age(&rig->device, &rig->now);
	check_channels(rig);
	FUZZ_CHECK(rig_count(rig, COUNT_FRAMES) - before <= 2 * 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input input = { data, bytes };
	unsigned picked = fuzz_below(&input, ARRAY_SIZE(devices));
	struct rig rig;

	rig_init(&rig, devices[picked]);
	if (rig.device.driver->attach) {
		rig.device.driver->attach(&rig.device, &rig.now);
	}
	while (input.bytes > 0) {
		run_cycle(&rig, &input);
		rig_step(&rig, NS_PER_MS);
	}
	rig_fini(&rig);
	return 0;
}
