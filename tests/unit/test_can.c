/* wraps: socket setsockopt __setsockopt64 ioctl __ioctl_time64 bind sys_now sys_realtime */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/can.h>
#include <linux/can/error.h>
#include <linux/can/raw.h>
#include <linux/time_types.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "rtloop/base/time.h"
#include "tests/fakes/rig.h"

#define AHEAD_NS (INT64_C(1700000000) * NS_PER_SEC)

/* A kernel with CAN, and one interface: what it is asked for and what it answers. */
static struct {
	int socket_error; /* errno; 0: none */
	int option_error; /* of option_failing */
	int option_failing;
	int bind_error;
	const char *interface;
	unsigned short hardware;
	short flags;
	int mtu;

	struct can_filter filters[CAN_RAW_FILTER_MAX];
	size_t filter_count;
	can_err_mask_t errors;
	int fd_frames;
	int own_messages;
	int bound_to;
	bool is_bound;
	bool set_after_bind;
} kernel;

static int64_t now_ns;

int64_t __wrap_sys_now(void);
int64_t __wrap_sys_now(void)
{
	return now_ns;
}

int64_t __wrap_sys_realtime(void);
int64_t __wrap_sys_realtime(void)
{
	return now_ns + AHEAD_NS;
}

static int answer(int error)
{
	errno = error;
	return error ? -1 : 0;
}

int __wrap_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol)
{
	assert_int_equal(domain, AF_CAN);
	assert_int_equal(type, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_int_equal(protocol, CAN_RAW);
	return kernel.socket_error ? answer(kernel.socket_error)
				   : open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t bytes);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t bytes)
{
	kernel.set_after_bind |= kernel.is_bound;
	if (kernel.option_error && name == kernel.option_failing) {
		return answer(kernel.option_error);
	}
	if (level == SOL_SOCKET) {
		return 0;
	}
	assert_int_equal(level, SOL_CAN_RAW);
	switch (name) {
	case CAN_RAW_FILTER:
		assert_in_range(bytes, 0, sizeof(kernel.filters));
		memcpy(kernel.filters, value, bytes);
		kernel.filter_count = bytes / sizeof(kernel.filters[0]);
		break;
	case CAN_RAW_ERR_FILTER:
		memcpy(&kernel.errors, value, sizeof(kernel.errors));
		break;
	case CAN_RAW_FD_FRAMES:
		memcpy(&kernel.fd_frames, value, sizeof(kernel.fd_frames));
		break;
	case CAN_RAW_RECV_OWN_MSGS:
		memcpy(&kernel.own_messages, value, sizeof(kernel.own_messages));
		break;
	default:
		fail_msg("option %d", name);
	}
	return 0;
}

/* What both are called on 32-bit machines with 64 bits of time. */
int __wrap___setsockopt64(int fd, int level, int name, const void *value,
			  socklen_t bytes);
int __wrap___setsockopt64(int fd, int level, int name, const void *value, socklen_t bytes)
{
	return __wrap_setsockopt(fd, level, name, value, bytes);
}

int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap___ioctl_time64(int fd, unsigned long request, void *argument);
int __wrap___ioctl_time64(int fd, unsigned long request, void *argument)
{
	return __wrap_ioctl(fd, request, argument);
}

int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	struct ifreq *question = argument;

	if (strcmp(question->ifr_name, kernel.interface) != 0) {
		return answer(ENODEV);
	}
	switch (request) {
	case SIOCGIFHWADDR:
		question->ifr_hwaddr.sa_family = kernel.hardware;
		break;
	case SIOCGIFFLAGS:
		question->ifr_flags = kernel.flags;
		break;
	case SIOCGIFMTU:
		question->ifr_mtu = kernel.mtu;
		break;
	case SIOCGIFINDEX:
		question->ifr_ifindex = 7;
		break;
	default:
		fail_msg("request %lu", request);
	}
	return 0;
}

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t bytes);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t bytes)
{
	struct sockaddr_can can;

	assert_int_equal(bytes, sizeof(can));
	memcpy(&can, address, sizeof(can));
	assert_int_equal(can.can_family, AF_CAN);
	kernel.bound_to = can.can_ifindex;
	kernel.is_bound = true;
	return answer(kernel.bind_error);
}

/* A device, and the frames that come to it. */
static struct rig rig;

static void reset_kernel(void)
{
	memset(&kernel, 0, sizeof(kernel));
	kernel.interface = "can0";
	kernel.hardware = ARPHRD_CAN;
	kernel.flags = IFF_UP;
	kernel.mtu = CAN_MTU;
	now_ns = NS_PER_SEC;
}

static int set_up(void **state)
{
	reset_kernel();
	*state = &rig;
	return 0;
}

static int tear_down(void **state)
{
	rig_fini(&rig);
	return 0;
}

static void make(const char *options, const char *channels)
{
	char text[2048];

	snprintf(text, sizeof(text), "bus: { driver: can, %s in: { %s } }", options,
		 channels);
	rig_init(&rig, text);
}

static void hear(uint32_t id, const char *data, uint8_t bytes)
{
	struct can_frame frame = { .can_id = id, .len = bytes };

	memcpy(frame.data, data, bytes);
	rig_receive(&rig, &frame, sizeof(frame), NULL);
}

static uint64_t count(enum device_count which)
{
	return rig_count(&rig, which);
}

/* decoding */

static void a_frame_updates_the_channels_of_its_id_and_no_others(void **state)
{
	make("", "a: { id: 0x100, start: 0, length: 8 }, "
		 "b: { id: 0x200, start: 0, length: 8 }, "
		 "c: { id: 0x100, start: 15, length: 16, order: big, type: integer }");
	hear(0x100, "\x01\x02\x03", 3);
	assert_true(rig_float(&rig, "a") == 1);
	assert_int_equal(rig_int(&rig, "c"), 0x0203);
	assert_int_equal(rig_quality(&rig, "b"), QUALITY_BAD);
	rig_step(&rig, NS_PER_MS);
	hear(0x200, "\x09", 1);
	assert_true(rig_float(&rig, "b") == 9);
	assert_true(rig_float(&rig, "a") == 1);
	assert_int_equal(rig.device.in[0].sample_ns, rig.now.wake_ns - NS_PER_MS);
	assert_int_equal(rig.device.in[1].sample_ns, rig.now.wake_ns);
	assert_int_equal(count(COUNT_FRAMES), 2);
}

static void scale_offset_sign_and_float_are_as_stated(void **state)
{
	make("",
	     "a: { id: 1, start: 0, length: 16, encoding: signed, scale: 0.5, offset: "
	     "-10 }, "
	     "b: { id: 1, start: 23, length: 32, order: big, encoding: float }, "
	     "c: { id: 1, start: 48, type: bool }, "
	     "d: { id: 1, start: 0, length: 16, encoding: signed, type: integer }");
	hear(1, "\xfe\xff\x40\x49\x0f\xdb\x01\x00", 8);
	assert_true(rig_float(&rig, "a") == -11);
	assert_true(rig_float(&rig, "b") == (double)3.14159274f);
	assert_true(rig_bool(&rig, "c"));
	assert_int_equal(rig_int(&rig, "d"), -2);
}

static void standard_and_extended_ids_are_told_apart(void **state)
{
	make("", "a: { id: 0x123, start: 0, length: 8 }, "
		 "b: { id: 0x123, extended: true, start: 0, length: 8 }, "
		 "c: { id: 0x18FEF100, start: 0, length: 8 }");
	hear(0x123, "\x01", 1);
	hear(0x123 | CAN_EFF_FLAG, "\x02", 1);
	hear(0x18FEF100 | CAN_EFF_FLAG, "\x03", 1);
	assert_true(rig_float(&rig, "a") == 1);
	assert_true(rig_float(&rig, "b") == 2);
	assert_true(rig_float(&rig, "c") == 3);
}

static void a_frame_of_no_channel_is_counted_and_dropped(void **state)
{
	make("", "a: { id: 0x123, start: 0, length: 8 }");
	hear(0x124, "\x01", 1);
	hear(0x123 | CAN_EFF_FLAG, "\x01", 1);
	hear(0x123 | CAN_RTR_FLAG, "\x01", 1);
	assert_int_equal(count(COUNT_BAD_MATCH), 3);
	assert_int_equal(count(COUNT_FRAMES), 0);
	assert_int_equal(rig_quality(&rig, "a"), QUALITY_BAD);
}

static void a_frame_too_short_turns_its_channel_bad(void **state)
{
	make("", "a: { id: 1, start: 0, length: 8 }, b: { id: 1, start: 8, length: 9 }");
	hear(1, "\x01\x02\x03", 3);
	assert_int_equal(count(COUNT_BAD_FIELD), 0);
	hear(1, "\x04\x05", 2);
	assert_true(rig_float(&rig, "a") == 4);
	assert_int_equal(rig_quality(&rig, "b"), QUALITY_BAD);
	assert_true(rig_float(&rig, "b") == 0x102);
	assert_int_equal(count(COUNT_BAD_FIELD), 1);
	assert_int_equal(count(COUNT_FRAMES), 2);
	/* nothing of it decodes: no frame, and no sample */
	rig_step(&rig, NS_PER_MS);
	hear(1, "", 0);
	assert_int_equal(count(COUNT_FRAMES), 2);
	assert_int_equal(count(COUNT_BAD_FIELD), 3);
	assert_int_equal(counter_get(&rig.device.last_ns), rig.now.wake_ns - NS_PER_MS);
}

static void what_is_not_finite_turns_its_channel_bad(void **state)
{
	make("", "a: { id: 1, start: 0, length: 32, encoding: float }");
	hear(1, "\x00\x00\xc0\x7f", 4);
	assert_int_equal(rig_quality(&rig, "a"), QUALITY_BAD);
	assert_int_equal(count(COUNT_BAD_FIELD), 1);
}

static void a_multiplexed_channel_waits_for_its_value(void **state)
{
	make("",
	     "a: { id: 1, start: 8, length: 8, mux: { start: 0, length: 4, value: 1 } }, "
	     "b: { id: 1, start: 8, length: 8, mux: { start: 3, length: 4, order: big, "
	     "value: 2 } }");
	hear(1, "\xf1\x05", 2);
	assert_true(rig_float(&rig, "a") == 5);
	assert_int_equal(rig_quality(&rig, "b"), QUALITY_BAD);
	hear(1, "\x02\x06", 2);
	assert_true(rig_float(&rig, "a") == 5);
	assert_true(rig_float(&rig, "b") == 6);
	assert_int_equal(count(COUNT_FRAMES), 2);
	/* of neither: nothing to tell */
	hear(1, "\x03\x07", 2);
	assert_int_equal(count(COUNT_FRAMES), 2);
	assert_int_equal(count(COUNT_BAD_FIELD), 0);
	assert_int_equal(rig_quality(&rig, "a"), QUALITY_GOOD);
}

static void an_fd_frame_has_up_to_64_bytes(void **state)
{
	struct canfd_frame frame = { .can_id = 5, .len = 64, .flags = CANFD_BRS };

	make("fd: true,", "a: { id: 5, start: 504, length: 8 }, b: { id: 5, start: 0, "
			  "length: 8 }");
	frame.data[63] = 77;
	frame.data[0] = 1;
	rig_receive(&rig, &frame, sizeof(frame), NULL);
	assert_true(rig_float(&rig, "a") == 77);
	/* a classic frame comes beside them */
	hear(5, "\x02", 1);
	assert_true(rig_float(&rig, "b") == 2);
	assert_int_equal(rig_quality(&rig, "a"), QUALITY_BAD);
}

static void what_is_no_frame_is_dropped_and_counted(void **state)
{
	struct canfd_frame frame = { .can_id = 5, .len = 9 };
	struct message message = { .data = (const uint8_t *)&frame,
				   .bytes = CAN_MTU,
				   .is_truncated = true };

	make("fd: true,", "a: { id: 5, start: 0, length: 8 }");
	rig_receive(&rig, &frame, CAN_MTU, NULL);
	rig_receive(&rig, &frame, CAN_MTU - 1, NULL);
	rig_receive(&rig, &frame, 0, NULL);
	frame.len = 65;
	rig_receive(&rig, &frame, CANFD_MTU, NULL);
	frame.len = 1;
	rig.device.driver->receive(&rig.device, &message, &rig.now);
	assert_int_equal(count(COUNT_BAD_LENGTH), 5);
	assert_int_equal(count(COUNT_FRAMES), 0);
}

/* what the kernel says beside a frame */

static void hear_with(const void *content, int type, size_t bytes)
{
	struct can_frame frame = { .can_id = 1, .len = 1 };
	_Alignas(8) uint8_t control[64] = { 0 };
	struct cmsghdr head = { .cmsg_len = CMSG_LEN(bytes),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = type };
	struct msghdr header = { .msg_control = control,
				 .msg_controllen = CMSG_SPACE(bytes) };
	struct message message = { .data = (const uint8_t *)&frame,
				   .bytes = sizeof(frame),
				   .header = &header };

	memcpy(control, &head, sizeof(head));
	memcpy(control + CMSG_LEN(0), content, bytes);
	rig.device.driver->receive(&rig.device, &message, &rig.now);
}

static void a_sample_is_of_the_time_at_which_the_kernel_received_it(void **state)
{
	struct __kernel_timespec stamp;
	int64_t came_ns;

	make("", "a: { id: 1, start: 0, length: 8 }");
	rig_step(&rig, NS_PER_SEC);
	now_ns = rig.now.wake_ns + 5000;
	came_ns = rig.now.wake_ns - 700000;
	stamp.tv_sec = (came_ns + AHEAD_NS) / NS_PER_SEC;
	stamp.tv_nsec = (came_ns + AHEAD_NS) % NS_PER_SEC;
	hear_with(&stamp, SO_TIMESTAMPNS_NEW, sizeof(stamp));
	assert_int_equal(rig.device.in[0].sample_ns, came_ns);
	assert_int_equal(counter_get(&rig.device.last_ns), came_ns);
}

static void frames_that_the_kernel_lost_are_counted(void **state)
{
	uint32_t losses = 3;

	make("", "a: { id: 1, start: 0, length: 8 }");
	hear_with(&losses, SO_RXQ_OVFL, sizeof(losses));
	losses = 7;
	hear_with(&losses, SO_RXQ_OVFL, sizeof(losses));
	hear_with(&losses, SO_RXQ_OVFL, sizeof(losses));
	assert_int_equal(count(COUNT_MISSED), 7);
	assert_int_equal(count(COUNT_FRAMES), 3);
	/* another socket counts from 0 */
	rig.device.driver->attach(&rig.device, &rig.now);
	losses = 2;
	hear_with(&losses, SO_RXQ_OVFL, sizeof(losses));
	assert_int_equal(count(COUNT_MISSED), 9);
}

static void error_frames_are_counted_and_are_no_frames(void **state)
{
	make("", "a: { id: 4, start: 0, length: 8 }");
	hear(CAN_ERR_FLAG | CAN_ERR_CRTL, "\0\4\0\0\0\0\0\0", 8);
	hear(CAN_ERR_FLAG | CAN_ERR_BUSOFF, "\0\0\0\0\0\0\0\0", 8);
	assert_int_equal(count(COUNT_ERRORS), 2);
	assert_int_equal(count(COUNT_FRAMES), 0);
	assert_int_equal(count(COUNT_BAD_MATCH), 0);
	assert_int_equal(rig_quality(&rig, "a"), QUALITY_BAD);
}

/* opening */

static int try_open(const char *options, struct err *err)
{
	make(options, "a: { id: 0x123, start: 0 }, b: { id: 0x123, start: 1 }, "
		      "c: { id: 0x7ff, extended: true, start: 0 }");
	return rig_open(&rig, err);
}

static void filters_are_of_the_ids_and_set_before_it_is_bound(void **state)
{
	struct err err;

	assert_int_equal(try_open("budget: 9,", &err), 0);
	assert_int_equal(kernel.filter_count, 2);
	assert_int_equal(kernel.filters[0].can_id, 0x123);
	assert_int_equal(kernel.filters[0].can_mask,
			 CAN_SFF_MASK | CAN_EFF_FLAG | CAN_RTR_FLAG);
	assert_int_equal(kernel.filters[1].can_id, 0x7ff | CAN_EFF_FLAG);
	assert_int_equal(kernel.filters[1].can_mask,
			 CAN_EFF_MASK | CAN_EFF_FLAG | CAN_RTR_FLAG);
	assert_int_equal(kernel.errors, CAN_ERR_MASK);
	assert_int_equal(kernel.fd_frames, 0);
	assert_int_equal(kernel.bound_to, 7);
	assert_false(kernel.set_after_bind);
	assert_int_equal(rig.link.endpoint_count, 1);
	assert_int_equal(rig.link.endpoints[0].op, ENDPOINT_RECVMSG);
	assert_int_equal(rig.link.endpoints[0].bytes, CAN_MTU);
	assert_int_equal(rig.link.endpoints[0].budget, 9);
}

static void without_channels_nothing_is_taken(void **state)
{
	struct err err;

	kernel.filter_count = 99;
	make("errors: false,", "");
	assert_int_equal(rig_open(&rig, &err), 0);
	assert_int_equal(kernel.filter_count, 0);
	assert_int_equal(kernel.errors, 0);
}

static void fd_needs_an_interface_that_is_set_up_for_it(void **state)
{
	struct err err;

	assert_int_equal(try_open("fd: true,", &err), -EPROTONOSUPPORT);
	assert_non_null(strstr(err.text, "can0 is not set up for CAN FD"));
	kernel.mtu = CANFD_MTU;
	assert_int_equal(rig_open(&rig, &err), 0);
	assert_int_equal(kernel.fd_frames, 1);
	assert_int_equal(rig.link.endpoints[0].bytes, CANFD_MTU);
}

static void assert_no_open(int code, const char *part)
{
	struct err err;

	assert_int_equal(try_open("", &err), code);
	if (!strstr(err.text, part)) {
		fail_msg("'%s' is not in '%s'", part, err.text);
	}
	rig_fini(&rig);
	reset_kernel();
}

static void what_keeps_it_from_opening_is_told(void **state)
{
	kernel.socket_error = EAFNOSUPPORT;
	assert_no_open(-EAFNOSUPPORT, "modprobe can_raw");
	kernel.socket_error = EMFILE;
	assert_no_open(-EMFILE, "a CAN socket: ");
	kernel.interface = "can1";
	assert_no_open(-ENODEV, "interface can0: ");
	kernel.hardware = ARPHRD_ETHER;
	assert_no_open(-ENODEV, "interface can0 is no CAN bus");
	kernel.flags = 0;
	assert_no_open(-ENETDOWN, "ip link set can0 up");
	kernel.bind_error = ENODEV;
	assert_no_open(-ENODEV, "interface can0: ");
	kernel.option_error = EINVAL;
	kernel.option_failing = CAN_RAW_FILTER;
	assert_no_open(-EINVAL, "interface can0: ");
	kernel.option_error = ENOPROTOOPT;
	kernel.option_failing = SO_TIMESTAMPNS_NEW;
	assert_no_open(-ENOPROTOOPT, "interface can0: ");
	make("", "");
}

static enum verdict hang_up(int code)
{
	return rig.device.driver->hang_up(&rig.device, 0, code);
}

static void an_interface_that_went_down_or_away_ends_it(void **state)
{
	make("", "a: { id: 1, start: 0 }");
	assert_int_equal(hang_up(-ENETDOWN), VERDICT_LOST);
	assert_int_equal(hang_up(-ENODEV), VERDICT_LOST);
	assert_int_equal(hang_up(-EBADF), VERDICT_LOST);
	assert_int_equal(count(COUNT_ERRORS), 0);
	assert_int_equal(hang_up(-ENOBUFS), VERDICT_KEEP);
	assert_int_equal(count(COUNT_ERRORS), 1);
}

/* DBC files */

static char dbc_path[] = "/tmp/rtloop-can-XXXXXX";

static void write_dbc(const char *text)
{
	int fd;

	strcpy(dbc_path, "/tmp/rtloop-can-XXXXXX");
	fd = mkstemp(dbc_path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static const char *const dbc_text = "BO_ 256 M: 8 X\n"
				    " SG_ a : 0|16@1- (0.5,-10) [0|0] \"\xb0"
				    "C\" A\n"
				    " SG_ which M : 16|8@1+ (1,0) [0|0] \"\" A\n"
				    " SG_ m1 m1 : 24|8@1+ (1,0) [0|0] \"V\" A\n"
				    " SG_ flag : 32|1@1+ (1,0) [0|0] \"\" A\n"
				    "BO_ 2147483904 WIDE: 64 X\n"
				    " SG_ last : 480|32@1- (1,0) [0|0] \"\" A\n"
				    "SIG_VALTYPE_ 2147483904 last : 1;\n";

static void signals_of_a_dbc_file_are_taken_by_name(void **state)
{
	struct canfd_frame wide = { .can_id = 256 | CAN_EFF_FLAG, .len = 64 };
	char options[128];

	write_dbc(dbc_text);
	snprintf(options, sizeof(options), "fd: true, dbc: %s,", dbc_path);
	make(options,
	     "a: { signal: M.a }, b: { signal: M.m1, unit: mV }, "
	     "flag: { signal: M.flag, type: bool }, last: { signal: WIDE.last }");
	unlink(dbc_path);
	hear(256, "\xfe\xff\x01\x07\x01", 5);
	assert_true(rig_float(&rig, "a") == -11);
	assert_true(rig_float(&rig, "b") == 7);
	assert_true(rig_bool(&rig, "flag"));
	memcpy(wide.data + 60, "\x00\x00\xc0\x3f", 4);
	rig_receive(&rig, &wide, sizeof(wide), NULL);
	assert_true(rig_float(&rig, "last") == 1.5);
	assert_string_equal(rig.device.in[0].unit, "\xc2\xb0"
						   "C");
	assert_string_equal(rig.device.in[1].unit, "mV");
	assert_null(rig.device.in[2].unit);
}

static void assert_errors(const char *options, const char *channel, const char *part)
{
	char text[2048];
	struct rig wrong;

	snprintf(text, sizeof(text), "bus: { driver: can, %s in: { a: { %s } } }",
		 options, channel);
	rig_load(&wrong, text);
	if (!strstr(wrong.errors, part)) {
		fail_msg("'%s' is not in '%s'", part, wrong.errors);
	}
	rig_fini(&wrong);
}

static void wrong_signals_are_told(void **state)
{
	char options[128];

	write_dbc(dbc_text);
	snprintf(options, sizeof(options), "dbc: %s,", dbc_path);
	assert_errors("", "signal: M.a", "'signal': the device has no dbc file");
	assert_errors("dbc: /nowhere.dbc,", "signal: M.a",
		      "'dbc': /nowhere.dbc: No such file");
	assert_errors(options, "signal: M.b", "no signal 'b' in message 'M'");
	assert_errors(options, "signal: M.a, start: 1",
		      "'start': the dbc file says this");
	assert_errors(options, "signal: M.a, scale: 1",
		      "'scale': the dbc file says this");
	assert_errors(options, "signal: M.a, id: 1", "'id': the dbc file says this");
	assert_errors(options, "signal: M.a, type: bool",
		      "'signal': a bool is not scaled");
	assert_errors(options, "signal: WIDE.last",
		      "its message has 64 bytes; expected fd");
	unlink(dbc_path);
	make("", "");
}

static void wrong_channels_are_told(void **state)
{
	assert_errors("", "", "expected either signal, of a dbc file, or id and start");
	assert_errors("", "start: 0", "expected either signal");
	assert_errors("", "id: 1", "id needs start");
	assert_errors("", "id: 0x20000000, start: 0", "id");
	assert_errors("", "id: 0x800, extended: false, start: 0",
		      "'extended': the id needs more than 11 bits");
	assert_errors("", "id: 1, start: 57, length: 8",
		      "'start': 8 bits from 57 on reach into byte 8");
	assert_errors("", "id: 1, start: 56, length: 9, order: big",
		      "9 bits from 56 on reach into byte 8");
	assert_errors("fd: true,", "id: 1, start: 505, length: 8", "into byte 64");
	assert_errors("", "id: 1, start: 0, length: 16, encoding: float",
		      "'length': a float has length: 32");
	assert_errors("", "id: 1, start: 0, encoding: float", "'encoding': a float has");
	assert_errors("", "id: 1, start: 0, type: bool, offset: 1",
		      "'offset': a bool is not scaled");
	assert_errors("", "id: 1, start: 0, mux: { start: 0, length: 8, value: 1 }",
		      "'mux': shares bits with the signal itself");
	assert_errors("", "id: 1, start: 0, mux: { start: 60, length: 8, value: 1 }",
		      "'start': 8 bits from 60 on");
	assert_errors("", "id: 1, start: 0, mux: { start: 8, length: 2, value: 4 }",
		      "'value': does not fit into 2 bits");
	assert_errors("lane: async,", "id: 1, start: 0", "never blocks");
	assert_errors("interface: a-name-that-is-too-long,", "id: 1, start: 0",
		      "interface");
	make("", "");
}

static void more_ids_than_the_kernel_filters_are_told(void **state)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);
	struct rig wrong;

	fprintf(out, "bus: { driver: can, in: {");
	for (unsigned i = 0; i < 514; i++) {
		fprintf(out, " c%u: { id: %u, start: 0 },", i, i == 513 ? 0 : i);
	}
	fprintf(out, "} }");
	fclose(out);
	rig_load(&wrong, text);
	assert_non_null(strstr(wrong.errors,
			       "513 different ids; the kernel filters at most 512"));
	rig_fini(&wrong);
	free(text);
	make("", "");
}

/* As docs/drivers/can.md has it. */
static void the_example_reads_what_the_guide_says(void **state)
{
	rig_init(&rig, driver_find("can")->example);
	hear(0x0CF00400 | CAN_EFF_FLAG, "\xff\xff\xff\x68\x13\xff\xff\xff", 8);
	hear(0x18FEEE00 | CAN_EFF_FLAG, "\x7d\xff\xff\xff\xff\xff\xff\xff", 8);
	hear(0x1a0, "\xff\x60\x01", 3);
	assert_true(rig_float(&rig, "speed") == 621);
	assert_true(rig_float(&rig, "coolant") == 85);
	assert_true(rig_float(&rig, "torque") == -5);
	assert_true(rig_bool(&rig, "running"));
	assert_string_equal(rig.device.in[0].unit, "rpm");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_frame_updates_the_channels_of_its_id_and_no_others),
		TEST(scale_offset_sign_and_float_are_as_stated),
		TEST(standard_and_extended_ids_are_told_apart),
		TEST(a_frame_of_no_channel_is_counted_and_dropped),
		TEST(a_frame_too_short_turns_its_channel_bad),
		TEST(what_is_not_finite_turns_its_channel_bad),
		TEST(a_multiplexed_channel_waits_for_its_value),
		TEST(an_fd_frame_has_up_to_64_bytes),
		TEST(what_is_no_frame_is_dropped_and_counted),
		TEST(a_sample_is_of_the_time_at_which_the_kernel_received_it),
		TEST(frames_that_the_kernel_lost_are_counted),
		TEST(error_frames_are_counted_and_are_no_frames),
		TEST(filters_are_of_the_ids_and_set_before_it_is_bound),
		TEST(without_channels_nothing_is_taken),
		TEST(fd_needs_an_interface_that_is_set_up_for_it),
		TEST(what_keeps_it_from_opening_is_told),
		TEST(an_interface_that_went_down_or_away_ends_it),
		TEST(signals_of_a_dbc_file_are_taken_by_name),
		TEST(wrong_signals_are_told),
		TEST(wrong_channels_are_told),
		TEST(more_ids_than_the_kernel_filters_are_told),
		TEST(the_example_reads_what_the_guide_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
