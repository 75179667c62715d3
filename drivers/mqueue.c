#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "drivers/intake.h"
#include "drivers/out_field.h"
#include "drivers/registry.h"
#include "drivers/send.h"
#include "rtloop/base/calls.h"
#include "rtloop/base/rights.h"
#include "rtloop/base/sys.h"

struct mqueue_options {
	const char *queue;
	bool is_created;
	int64_t max_messages;
	int64_t message_bytes;
	struct frame_options frame;
	struct option_bytes separator;
	struct send_options send;
	bool has_max_messages;
	bool has_message_bytes;
	bool has_frame;
	bool has_send;
};

struct mqueue {
	struct intake intake;
	struct sender sender;
};

/* The queues of a link: -1 for one that there is not. */
struct queues {
	int in;
	int out;
};

/* The kernel's own bounds; those of /proc/sys/fs/mqueue are lower as a rule. */
#define QUEUE_NAME_MAX	   255
#define QUEUE_MESSAGES_MAX 65536

static const struct option mqueue_rows[] = {
	{
		.name = "queue",
		.type = OPTION_TEXT,
		.offset = offsetof(struct mqueue_options, queue),
		.min = 2,
		.max = QUEUE_NAME_MAX + 1,
		.help = "the name of the queue that is read: a slash, then anything "
			"without another one; required to read",
	},
	{
		.name = "create",
		.type = OPTION_BOOL,
		.offset = offsetof(struct mqueue_options, is_created),
		.fallback = "false",
		.help = "whether a queue is made if it is not there; otherwise the "
			"device is away until somebody made it",
	},
	{
		.name = "max_messages",
		.type = OPTION_INT,
		.offset = offsetof(struct mqueue_options, max_messages),
		.fallback = "10",
		.min = 1,
		.max = QUEUE_MESSAGES_MAX,
		.is_given_offset = offsetof(struct mqueue_options, has_max_messages),
		.help = "create: how many messages may wait in it; then a sender waits, "
			"or fails",
	},
	{
		.name = "message_bytes",
		.type = OPTION_SIZE,
		.offset = offsetof(struct mqueue_options, message_bytes),
		.fallback = "8KiB",
		.min = 1,
		.max = ENDPOINT_BYTES_MAX,
		.unit = "byte",
		.is_given_offset = offsetof(struct mqueue_options, has_message_bytes),
		.help = "the longest message; a queue that takes longer ones is not "
			"opened",
	},
	{
		.name = "send",
		.type = OPTION_GROUP,
		.offset = offsetof(struct mqueue_options, send),
		.rows = send_queue_rows,
		.is_given_offset = offsetof(struct mqueue_options, has_send),
		.help = "messages with the values of channels, to which queue and when",
	},
	{
		.name = "frame",
		.type = OPTION_GROUP,
		.offset = offsetof(struct mqueue_options, frame),
		.rows = frame_rows,
		.is_given_offset = offsetof(struct mqueue_options, has_frame),
		.help = "what a message holds; by default it is one frame",
	},
	{
		.name = "separator",
		.type = OPTION_BYTES,
		.offset = offsetof(struct mqueue_options, separator),
		.fallback = ",",
		.help = "between the columns of a text; a single space stands for any "
			"run of blanks",
	},
	{ .name = NULL },
};

static void check_name(const char *name, const char *key, const struct place *place)
{
	if (name && (name[0] != '/' || strchr(name + 1, '/'))) {
		place_error(place, key,
			    "'%s' is no queue's name; expected one slash, in front",
			    name);
	}
}

/* Keys that say something of reading. */
static void check_reading(const struct device_spec *spec)
{
	const struct mqueue_options *options = spec->options;
	const char *key = options->has_frame ? "frame" : spec->in_count > 0 ? "in" : NULL;

	if (!options->queue && key) {
		place_error(&spec->place, key,
			    "nothing is read without 'queue'; expected its name there");
	} else if (!options->queue && !options->has_send) {
		place_error(&spec->place, NULL,
			    "neither 'queue' nor 'send' is given; expected one of them, "
			    "or both");
	}
	if (options->queue && options->has_send &&
	    strcmp(options->queue, options->send.to) == 0) {
		place_error(&spec->place, "send.to",
			    "is the queue that is read; expected another one");
	}
}

static void mqueue_check(const struct device_spec *spec)
{
	const struct mqueue_options *options = spec->options;

	check_name(options->queue, "queue", &spec->place);
	check_name(options->send.to, "send.to", &spec->place);
	check_reading(spec);
	if (options->has_max_messages && !options->is_created) {
		place_error(&spec->place, "max_messages",
			    "is of a queue that is made; expected create: true");
	}
	frame_check(&options->frame, false, &spec->place);
	fields_check(spec, &options->frame, &options->separator);
	send_check(spec, options->has_send ? &options->send : NULL);
}

static void mqueue_check_names(const struct device_spec *spec,
			       const struct device_spec *devices, unsigned device_count)
{
	const struct mqueue_options *options = spec->options;

	send_check_names(spec, options->has_send ? &options->send : NULL, devices,
			 device_count);
}

/* Queues have a call of their own. */
static ssize_t write_message(struct device *device, struct letter *letter) RT_SAFE;
static ssize_t write_message(struct device *device, struct letter *letter)
{
	const struct mqueue_options *options = device->spec->options;
	int rc = sys_mq_send(letter->fd, letter->data, letter->bytes,
			     (unsigned)options->send.priority);

	return rc ? rc : (ssize_t)letter->bytes;
}

static void mqueue_resolve(struct device *device, const struct device *devices,
			   unsigned device_count)
{
	struct mqueue *mqueue = device->state;

	sender_resolve(&mqueue->sender, devices, device_count);
}

static uint32_t mqueue_rights(const struct device_spec *spec)
{
	const struct mqueue_options *options = spec->options;

	return options->is_created ? RIGHT_QUEUES : 0;
}

static int mqueue_init(struct device *device, struct err *err)
{
	const struct mqueue_options *options = device->spec->options;
	struct mqueue *mqueue = device->state;
	const struct send_way way = { .write = write_message };
	int rc = intake_init(&mqueue->intake, device->spec, &options->frame,
			     &options->separator, (uint32_t)options->message_bytes);

	return rc ? err_set_errno(err, rc, "device '%s'", device->spec->name)
		  : sender_init(&mqueue->sender, device->spec,
				options->has_send ? &options->send : NULL, &way, 1, err);
}

static void mqueue_fini(struct device *device)
{
	struct mqueue *mqueue = device->state;

	intake_fini(&mqueue->intake);
	sender_fini(&mqueue->sender);
}

/* What the errors of mq_open(3) mean for the user. */
static const char *advice(int code, int access)
{
	switch (code) {
	case -ENOENT:
		return access == O_RDONLY
			       ? "; its sender has to make it, or create: true"
			       : "; its reader has to make it, or create: true";
	case -EINVAL:
		return "; max_messages or message_bytes is over the limits in "
		       "/proc/sys/fs/mqueue";
	case -EMFILE:
		return "; the queues of this user take more than `ulimit -q` bytes";
	default:
		return "";
	}
}

/* @access: O_RDONLY or O_WRONLY */
static int open_queue(const struct mqueue_options *options, const char *name, int access,
		      int *ret_fd, struct err *err)
{
	int flags = access | O_NONBLOCK | O_CLOEXEC;
	struct mq_attr wanted = {
		.mq_maxmsg = (long)options->max_messages,
		.mq_msgsize = (long)options->message_bytes,
	};
	mqd_t queue = options->is_created ? mq_open(name, flags | O_CREAT, 0666, &wanted)
					  : mq_open(name, flags);
	int code = -errno;

	if (queue == (mqd_t)-1) {
		return err_set(err, code, "%s: %s%s", name, strerror(-code),
			       advice(code, access));
	}
	*ret_fd = queue;
	return 0;
}

/* A queue that was there keeps its own attributes, whatever was asked for. */
static int check_queue(int fd, const struct mqueue_options *options,
		       uint32_t *ret_message_bytes, struct err *err)
{
	struct mq_attr attr;

	if (mq_getattr(fd, &attr)) {
		return err_set_errno(err, -errno, "%s", options->queue);
	}
	if (attr.mq_msgsize > options->message_bytes) {
		return err_set(err, -EMSGSIZE,
			       "%s takes messages of %ld bytes; expected at most "
			       "message_bytes: %ld",
			       options->queue, attr.mq_msgsize,
			       (long)options->message_bytes);
	}
	if (options->is_created &&
	    ((options->has_message_bytes && attr.mq_msgsize != options->message_bytes) ||
	     (options->has_max_messages && attr.mq_maxmsg != options->max_messages))) {
		return err_set(err, -EEXIST,
			       "%s was there already, with max_messages: %ld and "
			       "message_bytes: %ld; state these, or remove it",
			       options->queue, attr.mq_maxmsg, attr.mq_msgsize);
	}
	*ret_message_bytes = (uint32_t)attr.mq_msgsize;
	return 0;
}

/* The reader's limit must hold the longest message that there can be. */
static int check_room(int fd, const struct device *device, struct err *err)
{
	const struct mqueue_options *options = device->spec->options;
	const struct mqueue *mqueue = device->state;
	struct mq_attr attr;

	if (mq_getattr(fd, &attr)) {
		return err_set_errno(err, -errno, "%s", options->send.to);
	}
	if (attr.mq_msgsize < (long)sender_bytes_max(&mqueue->sender)) {
		return err_set(err, -EMSGSIZE,
			       "%s takes messages of %ld bytes; what is sent can have %u",
			       options->send.to, attr.mq_msgsize,
			       sender_bytes_max(&mqueue->sender));
	}
	return 0;
}

static int open_queues(const struct device *device, struct queues *queues,
		       uint32_t *ret_message_bytes, struct err *err)
{
	const struct mqueue_options *options = device->spec->options;
	int rc = 0;

	*queues = (struct queues){ -1, -1 };
	if (options->queue) {
		rc = open_queue(options, options->queue, O_RDONLY, &queues->in, err);
		rc = rc ? rc : check_queue(queues->in, options, ret_message_bytes, err);
	}
	if (rc == 0 && options->has_send && !device->is_dry) {
		rc = open_queue(options, options->send.to, O_WRONLY, &queues->out, err);
		rc = rc ? rc : check_room(queues->out, device, err);
	}
	return rc;
}

static int make_link(const struct device *device, struct queues *queues,
		     struct link *ret_link, struct err *err)
{
	struct endpoint *endpoint = calloc(1, sizeof(*endpoint));
	uint32_t message_bytes = 0;
	int rc;

	if (!endpoint) {
		return err_set(err, -ENOMEM, "no memory for device '%s'",
			       device->spec->name);
	}
	rc = open_queues(device, queues, &message_bytes, err);
	if (rc) {
		sys_close(queues->in);
		sys_close(queues->out);
		free(endpoint);
		return rc;
	}
	*endpoint = (struct endpoint){
		.fd = queues->in,
		.op = ENDPOINT_MQ,
		.bytes = message_bytes,
		.budget = (uint32_t)device->spec->budget,
	};
	*ret_link =
		(struct link){ .endpoints = endpoint, .endpoint_count = queues->in >= 0 };
	return 0;
}

static int mqueue_open(const struct device *device, struct link *ret_link,
		       struct err *err)
{
	struct queues *queues = malloc(sizeof(*queues));
	int rc;

	if (!queues) {
		return err_set(err, -ENOMEM, "no memory for device '%s'",
			       device->spec->name);
	}
	rc = make_link(device, queues, ret_link, err);
	if (rc) {
		free(queues);
		return rc;
	}
	ret_link->handle = queues;
	return 0;
}

/* Whether the queue has no name any more, and nothing in it that could still be read. */
static bool is_removed(int fd)
{
	struct mq_attr attr;
	struct stat status;

	return fd >= 0 && fstat(fd, &status) == 0 && status.st_nlink == 0 &&
	       mq_getattr(fd, &attr) == 0 && attr.mq_curmsgs == 0;
}

/* One whose reader is gone with what was in it: it may be full, and is looked at no further. */
static bool is_abandoned(int fd)
{
	struct stat status;

	return fd >= 0 && fstat(fd, &status) == 0 && status.st_nlink == 0;
}

/* Who starts anew may have removed a queue and made another of the same name: this one would stay silent
 * for ever, and nothing tells. */
static int mqueue_tend(const struct device *device, const struct link *link,
		       struct link *ret_next, struct err *err)
{
	const struct queues *queues = link->handle;
	int rc;

	/* both are opened anew, whichever is gone: what waits in this one is read first */
	if (is_abandoned(queues->in) && !is_removed(queues->in)) {
		return 0;
	}
	if (!is_removed(queues->in) && !is_abandoned(queues->out)) {
		return 0;
	}
	rc = mqueue_open(device, ret_next, err);
	return rc ? rc : 1;
}

static void mqueue_close(const struct device *device, struct link *link)
{
	const struct queues *queues = link->handle;

	(void)device;
	if (queues) {
		sys_close(queues->in);
		sys_close(queues->out);
	}
	free(link->handle);
	free(link->endpoints);
	*link = (struct link){ .endpoints = NULL };
}

static void mqueue_attach(struct device *device, const struct cycle_time *now) RT_SAFE;
static void mqueue_attach(struct device *device, const struct cycle_time *now)
{
	struct mqueue *mqueue = device->state;

	sender_attach(&mqueue->sender, device, now);
}

static bool mqueue_emits(const struct device *device)
{
	const struct mqueue *mqueue = device->state;

	return sender_sends(&mqueue->sender);
}

static void mqueue_emit(struct device *device, const struct cycle_time *now) RT_SAFE;
static void mqueue_emit(struct device *device, const struct cycle_time *now)
{
	const struct queues *queues = device->link->handle;
	struct mqueue *mqueue = device->state;

	sender_emit(&mqueue->sender, device, &queues->out, now);
}

static void mqueue_receive(struct device *device, const struct message *message,
			   const struct cycle_time *now) RT_SAFE;
static void mqueue_receive(struct device *device, const struct message *message,
			   const struct cycle_time *now)
{
	struct mqueue *mqueue = device->state;

	intake_message(&mqueue->intake, device, message, now);
}

static const char description[] =
	"Takes messages from a POSIX message queue, where programs on this machine leave "
	"them with mq_send(3). The queue is opened, or with `create` made if it is not "
	"there; it stays when rtloop ends, with what waits in it.\n"
	"\n"
	"By default a message is one frame. With `frame` it may hold several: lines, "
	"frames of a fixed length, frames that hold their length, or COBS; match and "
	"checksum are tested as on a line. At most `budget` messages and `budget` frames "
	"are taken in a cycle; frames of a message beyond that are dropped and counted "
	"as "
	"over_budget, messages wait in the queue. Messages of a higher priority come "
	"first, whatever their age.\n"
	"\n"
	"`send` says what is sent, to which queue and when: a text with the values of "
	"channels in it, of any device, or the binary fields of the channels of `out`. A "
	"message that finds the queue full is counted as send_dropped once the next one "
	"is "
	"due, and the newest values are sent.\n"
	"\n"
	"Where a queue was removed with mq_unlink(3) and another of its name is there, "
	"rtloop goes on with that one, once the old one is empty.\n"
	"\n"
	"Each input channel names its place: column for text, byte and bytes for binary "
	"values.";

static const char example[] =
	"scale:\n"
	"  driver: mqueue\n"
	"  queue: /scale\n"
	"  create: true\n"
	"  max_messages: 8\n"
	"  message_bytes: 64\n"
	"  frame: { kind: raw, match: \"W\", checksum: sum8 }\n"
	"  max_age: 500ms\n"
	"  in:\n"
	"    weight: { byte: 1, bytes: 4, encoding: signed, scale: 0.001, unit: kg }\n"
	"    stable: { byte: 5, bit: 0, type: bool }\n";

const struct driver mqueue_driver = {
	.name = "mqueue",
	.summary = "Messages of POSIX message queues, read and sent",
	.description = description,
	.example = example,
	.options = mqueue_rows,
	.options_bytes = sizeof(struct mqueue_options),
	.in_options = field_rows,
	.in_bytes = sizeof(struct field_options),
	.out_options = out_field_rows,
	.out_bytes = sizeof(struct out_field_options),
	.state_bytes = sizeof(struct mqueue),
	.calls = CALLS_MQ_RECEIVE,
	.emit_calls = CALLS_MQ_SEND,
	.check = mqueue_check,
	.rights = mqueue_rights,
	.check_names = mqueue_check_names,
	.init = mqueue_init,
	.resolve = mqueue_resolve,
	.fini = mqueue_fini,
	.open = mqueue_open,
	.tend = mqueue_tend,
	.close = mqueue_close,
	.attach = mqueue_attach,
	.receive = mqueue_receive,
	.emits = mqueue_emits,
	.emit = mqueue_emit,
};
