#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "drivers/intake.h"
#include "drivers/registry.h"
#include "rtloop/base/sys.h"

struct mqueue_options {
	const char *queue;
	bool is_created;
	int64_t max_messages;
	int64_t message_bytes;
	struct frame_options frame;
	struct option_bytes separator;
	bool has_max_messages;
	bool has_message_bytes;
};

struct mqueue {
	struct intake intake;
};

/* The kernel's own bounds; those of /proc/sys/fs/mqueue are lower as a rule. */
#define QUEUE_NAME_MAX	   255
#define QUEUE_MESSAGES_MAX 65536

static const struct option mqueue_rows[] = {
	{
		.name = "queue",
		.type = OPTION_TEXT,
		.offset = offsetof(struct mqueue_options, queue),
		.is_required = true,
		.min = 2,
		.max = QUEUE_NAME_MAX + 1,
		.help = "the queue's name: a slash, then anything without another one",
	},
	{
		.name = "create",
		.type = OPTION_BOOL,
		.offset = offsetof(struct mqueue_options, is_created),
		.fallback = "false",
		.help = "whether the queue is made if it is not there; otherwise the "
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
		.name = "frame",
		.type = OPTION_GROUP,
		.offset = offsetof(struct mqueue_options, frame),
		.rows = frame_rows,
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

static void mqueue_check(const struct device_spec *spec)
{
	const struct mqueue_options *options = spec->options;

	if (options->queue[0] != '/' || strchr(options->queue + 1, '/')) {
		place_error(&spec->place, "queue",
			    "'%s' is no queue's name; expected one slash, in front",
			    options->queue);
	}
	if (options->has_max_messages && !options->is_created) {
		place_error(&spec->place, "max_messages",
			    "is of a queue that is made; expected create: true");
	}
	frame_check(&options->frame, false, &spec->place);
	fields_check(spec, &options->frame, &options->separator);
}

static int mqueue_init(struct device *device, struct err *err)
{
	const struct mqueue_options *options = device->spec->options;
	struct mqueue *mqueue = device->state;
	int rc = intake_init(&mqueue->intake, device->spec, &options->frame,
			     &options->separator, (uint32_t)options->message_bytes);

	return rc ? err_set_errno(err, rc, "device '%s'", device->spec->name) : 0;
}

static void mqueue_fini(struct device *device)
{
	struct mqueue *mqueue = device->state;

	intake_fini(&mqueue->intake);
}

/* What the errors of mq_open(3) mean for the user. */
static const char *advice(int code)
{
	switch (code) {
	case -ENOENT:
		return "; its sender has to make it, or create: true";
	case -EINVAL:
		return "; max_messages or message_bytes is over the limits in "
		       "/proc/sys/fs/mqueue";
	case -EMFILE:
		return "; the queues of this user take more than `ulimit -q` bytes";
	default:
		return "";
	}
}

static int open_queue(const struct mqueue_options *options, int *ret_fd, struct err *err)
{
	int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
	struct mq_attr wanted = {
		.mq_maxmsg = (long)options->max_messages,
		.mq_msgsize = (long)options->message_bytes,
	};
	mqd_t queue = options->is_created
			      ? mq_open(options->queue, flags | O_CREAT, 0666, &wanted)
			      : mq_open(options->queue, flags);
	int code = -errno;

	if (queue == (mqd_t)-1) {
		return err_set(err, code, "%s: %s%s", options->queue, strerror(-code),
			       advice(code));
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

static int mqueue_open(const struct device *device, struct link *ret_link,
		       struct err *err)
{
	const struct mqueue_options *options = device->spec->options;
	struct endpoint *endpoint = calloc(1, sizeof(*endpoint));
	uint32_t message_bytes = 0;
	int fd = -1;
	int rc;

	if (!endpoint) {
		return err_set(err, -ENOMEM, "no memory for device '%s'",
			       device->spec->name);
	}
	rc = open_queue(options, &fd, err);
	rc = rc ? rc : check_queue(fd, options, &message_bytes, err);
	if (rc) {
		sys_close(fd);
		free(endpoint);
		return rc;
	}
	*endpoint = (struct endpoint){
		.fd = fd,
		.op = ENDPOINT_MQ,
		.bytes = message_bytes,
		.budget = (uint32_t)device->spec->budget,
	};
	*ret_link = (struct link){ .endpoints = endpoint, .endpoint_count = 1 };
	return 0;
}

/* A sender that starts anew may have removed the queue and made another of the same name:
 * this one would stay silent for ever, and nothing tells. */
static int mqueue_tend(const struct device *device, const struct link *link,
		       struct link *ret_next, struct err *err)
{
	int fd = link->endpoints[0].fd;
	struct mq_attr attr;
	struct stat status;
	int rc;

	if (fstat(fd, &status) || status.st_nlink > 0 || mq_getattr(fd, &attr) ||
	    attr.mq_curmsgs > 0) {
		return 0;
	}
	rc = mqueue_open(device, ret_next, err);
	return rc ? rc : 1;
}

static void mqueue_close(const struct device *device, struct link *link)
{
	(void)device;
	if (link->endpoints) {
		sys_close(link->endpoints[0].fd);
	}
	free(link->endpoints);
	*link = (struct link){ .endpoints = NULL };
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
	.summary = "Messages of a POSIX message queue, taken apart into channels",
	.description = description,
	.example = example,
	.options = mqueue_rows,
	.options_bytes = sizeof(struct mqueue_options),
	.in_options = field_rows,
	.in_bytes = sizeof(struct field_options),
	.state_bytes = sizeof(struct mqueue),
	.check = mqueue_check,
	.init = mqueue_init,
	.fini = mqueue_fini,
	.open = mqueue_open,
	.tend = mqueue_tend,
	.close = mqueue_close,
	.receive = mqueue_receive,
};
