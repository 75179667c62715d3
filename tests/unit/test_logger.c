/* wraps: sys_now sys_realtime sys_datasync sys_writev_all files_cut files_discard unlink
 * wraps: writer_open writer_settle writer_written writer_synced writer_has_room thread_start sys_uring_register */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/thread.h"
#include "rtloop/base/time.h"
#include "rtloop/base/uring.h"
#include "rtloop/log/logger.h"
#include "rtloop/log/topics_state.h"
#include "rtloop/mcap/log.h"
#include "rtloop/mcap/survey.h"
#include "tests/fakes/aio.h"
#include "tests/fakes/folder.h"
#include "tests/fakes/kernel.h"
#include "tests/fakes/log_look.h"
#include "tests/fakes/sweep.h"

#define KIB	   1024
#define RING_BYTES (64 * KIB)
#define NEVER_NS   (3600 * NS_PER_SEC)
#define CHANNELS   4
/* More than a writer has under way. */
#define QUEUE_BYTES (3 * KIB * KIB)

/* --- the clocks and the disk, as a test wants them ------------------------------------------ */

static _Atomic int64_t skipped_ns; /* time that went by at once */
static _Atomic int64_t held_ns;	   /* since when the clocks stand still; 0: they go */
static _Atomic int64_t stepped_ns; /* by which CLOCK_REALTIME was set */

static struct {
	_Atomic bool is_held;	    /* a write does not come back */
	_Atomic bool is_limited;    /* to so many more bytes: */
	_Atomic int64_t left_bytes; /* then it takes what fits, and is full */
	_Atomic bool removes;	    /* the file, when it is settled next */
	_Atomic bool keeps_names;   /* nothing can be removed, */
	_Atomic unsigned kept;	    /* which was tried so often */
	_Atomic unsigned waiting;   /* writes that are held */
	_Atomic unsigned no_rooms;  /* so often in a row the writer had no room */
	_Atomic int put_code;	    /* of the next write, which takes nothing; 0: none */
	_Atomic int cut_code;	    /* of each cut, likewise */
	_Atomic int sync_code;	    /* of the next sync that ends */
	_Atomic bool is_sync_held;  /* a sync does not come back */
	_Atomic unsigned syncs_held;
	_Atomic unsigned syncs;
	_Atomic int64_t taken_bytes;  /* of blocks, as far as the writer knows */
	_Atomic int64_t synced_ns;    /* when the last one was noted, */
	_Atomic int64_t synced_bytes; /* and what was taken by then */
} disk;

int64_t __real_sys_now(void);
int64_t __wrap_sys_now(void);
int64_t __wrap_sys_now(void)
{
	int64_t held = held_ns;

	return (held ? held : __real_sys_now()) + skipped_ns;
}

/* However slow the machine is: nothing is due before the test says so. */
static void hold_clocks(void)
{
	if (held_ns == 0) {
		held_ns = __real_sys_now();
	}
}

int64_t __real_sys_realtime(void);
int64_t __wrap_sys_realtime(void);
int64_t __wrap_sys_realtime(void)
{
	int64_t held = held_ns;
	int64_t stood_ns = held ? __real_sys_now() - held : 0;

	return __real_sys_realtime() - stood_ns + skipped_ns + stepped_ns;
}

int __real_sys_datasync(int fd);
int __wrap_sys_datasync(int fd);
int __wrap_sys_datasync(int fd)
{
	int code;

	disk.synced_ns = __wrap_sys_now();
	disk.synced_bytes = disk.taken_bytes;
	disk.syncs++;
	disk.syncs_held += disk.is_sync_held;
	while (disk.is_sync_held) {
		sched_yield();
	}
	code = atomic_exchange(&disk.sync_code, 0);
	return code ? code : __real_sys_datasync(fd);
}

int __real_sys_writev_all(int fd, struct iovec *parts, int part_count);
int __wrap_sys_writev_all(int fd, struct iovec *parts, int part_count);
int __wrap_sys_writev_all(int fd, struct iovec *parts, int part_count)
{
	int64_t bytes = (int64_t)parts[0].iov_len;
	int code;

	assert_int_equal(part_count, 1);
	disk.waiting++;
	while (disk.is_held) {
		sched_yield();
	}
	disk.waiting--;
	code = atomic_exchange(&disk.put_code, 0);
	if (code) {
		return code;
	}
	if (disk.is_limited && bytes > disk.left_bytes) {
		parts[0].iov_len = (size_t)disk.left_bytes;
		bytes -= disk.left_bytes;
		disk.left_bytes = 0;
		assert_int_equal(__real_sys_writev_all(fd, parts, 1), 0);
		parts[0].iov_len = (size_t)bytes;
		return -ENOSPC;
	}
	disk.left_bytes -= bytes;
	return __real_sys_writev_all(fd, parts, part_count);
}

/* --- the same of what does not go through these calls: io_uring's, AIO's ------------------------ */

static struct {
	const struct writer_ops *real;
	struct writer_ops ops;
	bool has_sync; /* one that has ended, and is held */
	int sync_code;
	uint64_t refused_at; /* least offset in the file that was refused */
} spy;

static void spy_start(struct writer *writer, struct writer_block *block)
{
	disk.waiting += disk.is_held;
	spy.real->start(writer, block);
}

static void spy_reap(struct writer *writer, int64_t most_ns)
{
	if (disk.is_held) {
		sched_yield();
		return;
	}
	disk.waiting = 0;
	if (spy.has_sync && !disk.is_sync_held) {
		spy.has_sync = false;
		writer_synced(writer, spy.sync_code);
	}
	spy.real->reap(writer, most_ns);
}

int __real_writer_open(struct writer *writer, int kind, size_t chunk_bytes,
		       struct syncer *syncer, struct err *err);
int __wrap_writer_open(struct writer *writer, int kind, size_t chunk_bytes,
		       struct syncer *syncer, struct err *err);
int __wrap_writer_open(struct writer *writer, int kind, size_t chunk_bytes,
		       struct syncer *syncer, struct err *err)
{
	int code = __real_writer_open(writer, kind, chunk_bytes, syncer, err);

	if (code == 0 && writer->ops != &writer_write) {
		spy.real = writer->ops;
		spy.ops = *writer->ops;
		spy.ops.start = spy_start;
		spy.ops.reap = spy_reap;
		spy.has_sync = false;
		spy.refused_at = UINT64_MAX;
		writer->ops = &spy.ops;
	}
	return code;
}

int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __wrap_unlink(const char *path)
{
	if (disk.keeps_names) {
		atomic_fetch_add(&disk.kept, 1);
		errno = EROFS;
		return -1;
	}
	return __real_unlink(path);
}

int __real_writer_settle(struct writer *writer);
int __wrap_writer_settle(struct writer *writer);
int __wrap_writer_settle(struct writer *writer)
{
	int code = __real_writer_settle(writer);
	char link[64], path[PATH_MAX] = "";

	if (atomic_exchange(&disk.removes, false)) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", writer->fd);
		assert_true(readlink(link, path, sizeof(path) - 1) > 0);
		assert_int_equal(__real_unlink(path), 0);
	}
	return code;
}

bool __real_writer_has_room(const struct writer *writer);
bool __wrap_writer_has_room(const struct writer *writer);
bool __wrap_writer_has_room(const struct writer *writer)
{
	bool has_room = __real_writer_has_room(writer);

	if (has_room) {
		disk.no_rooms = 0;
	} else {
		disk.no_rooms++;
	}
	return has_room;
}

/* What the disk has not taken is not there. */
static void shorten(int fd, uint64_t bytes)
{
	struct stat info;

	assert_int_equal(fstat(fd, &info), 0);
	if ((uint64_t)info.st_size > bytes) {
		assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	}
}

/* A short write comes before the refusal, as the kernel does it. */
void __real_writer_written(struct writer *writer, struct writer_block *block,
			   int64_t result);
void __wrap_writer_written(struct writer *writer, struct writer_block *block,
			   int64_t result);
void __wrap_writer_written(struct writer *writer, struct writer_block *block,
			   int64_t result)
{
	int code;

	if (writer->ops != &spy.ops) {
		disk.taken_bytes += result > 0 ? result : 0;
		__real_writer_written(writer, block, result);
		return;
	}
	code = atomic_exchange(&disk.put_code, 0);
	if (code) {
		result = code;
	} else if (result > 0 && disk.is_limited && result > disk.left_bytes) {
		result = disk.left_bytes > 0 ? disk.left_bytes : -ENOSPC;
	}
	disk.left_bytes -= result > 0 ? result : 0;
	disk.taken_bytes += result > 0 ? result : 0;
	if (result < 0) {
		uint64_t offset = block->offset + block->done_bytes;

		spy.refused_at = offset < spy.refused_at ? offset : spy.refused_at;
		shorten(writer->fd, spy.refused_at);
	}
	__real_writer_written(writer, block, result);
}

void __real_writer_synced(struct writer *writer, int code);
void __wrap_writer_synced(struct writer *writer, int code);
void __wrap_writer_synced(struct writer *writer, int code)
{
	if (code == -ECANCELED) {
		__real_writer_synced(writer, code);
		return;
	}
	if (disk.is_sync_held) {
		spy.has_sync = true;
		spy.sync_code = code;
		disk.syncs_held++;
		return;
	}
	disk.synced_ns = __wrap_sys_now();
	disk.synced_bytes = disk.taken_bytes;
	disk.syncs++;
	if (code == 0) {
		code = atomic_exchange(&disk.sync_code, 0);
	}
	__real_writer_synced(writer, code);
}

static int64_t file_bytes(int fd)
{
	struct stat info;

	assert_int_equal(fstat(fd, &info), 0);
	return info.st_size;
}

/* What is cut off or removed is room again. */
int __real_files_cut(int fd, uint64_t bytes);
int __wrap_files_cut(int fd, uint64_t bytes);
int __wrap_files_cut(int fd, uint64_t bytes)
{
	if (disk.cut_code) {
		return disk.cut_code;
	}
	disk.left_bytes += file_bytes(fd) - (int64_t)bytes;
	spy.refused_at = UINT64_MAX;
	return __real_files_cut(fd, bytes);
}

void __real_files_discard(struct files *files, int fd);
void __wrap_files_discard(struct files *files, int fd);
void __wrap_files_discard(struct files *files, int fd)
{
	disk.left_bytes += file_bytes(fd);
	__real_files_discard(files, fd);
}

/* --- what the logger's thread finds when it begins ----------------------------------------- */

static struct {
	int enable_code; /* of putting a ring to use; 0: the kernel's own */
	int thread_code; /* of starting the writer's thread, likewise */
	int places;	 /* that rings have among its own */
} refusal;

int __real_thread_start(struct thread *thread, const struct thread_options *options,
			void *(*main)(void *), void *arg, struct err *err);
int __wrap_thread_start(struct thread *thread, const struct thread_options *options,
			void *(*main)(void *), void *arg, struct err *err);
int __wrap_thread_start(struct thread *thread, const struct thread_options *options,
			void *(*main)(void *), void *arg, struct err *err)
{
	if (refusal.thread_code && strcmp(options->name, "rtloop-writer") == 0) {
		return err_set(err, refusal.thread_code, "no thread %s", options->name);
	}
	return __real_thread_start(thread, options, main, arg, err);
}

#ifdef HAVE_IO_URING

int __real_sys_uring_register(int fd, unsigned op, void *argument, unsigned count);
int __wrap_sys_uring_register(int fd, unsigned op, void *argument, unsigned count);
int __wrap_sys_uring_register(int fd, unsigned op, void *argument, unsigned count)
{
	int code = op == IORING_REGISTER_ENABLE_RINGS && refusal.enable_code
			   ? refusal.enable_code
			   : __real_sys_uring_register(fd, op, argument, count);

	refusal.places += op == IORING_REGISTER_RING_FDS && code == 1;
	refusal.places -= op == IORING_UNREGISTER_RING_FDS && code == 1;
	return code;
}

#endif

static void fill_disk(int64_t left_bytes)
{
	disk.left_bytes = left_bytes;
	disk.is_limited = true;
}

/* --- a logger with one device, and a cycle that records ------------------------------------- */

struct bench {
	struct folder folder;
	char file[128];
	struct log_options options;
	struct log_description description;
	struct channel channels[CHANNELS];
	struct log_device device;
	uint32_t body_bytes;
	struct recorder recorder;
	struct logger logger;
	struct log_look look;
	uint64_t cycle; /* cycles run */
	bool has_device;
};

static const char config[] = "loop: { period: 1ms }\n# ours\n";

static struct bench the_bench;

/* A test begins with the kind as its state; one that begins anew has the bench of before. */
static int kind_of(void *state)
{
	return state == &the_bench ? the_bench.options.writer : *(const int *)state;
}

static int set_up(void **state)
{
	int kind = kind_of(*state);
	static const char *const names[CHANNELS] = { "a", "b", "c", "d" };

	memset(&the_bench, 0, sizeof(the_bench));
	memset(&disk, 0, sizeof(disk));
	memset(&refusal, 0, sizeof(refusal));
	skipped_ns = 0;
	stepped_ns = 0;
	held_ns = 0;
	folder_init(&the_bench.folder);
	snprintf(the_bench.file, sizeof(the_bench.file), "%s/one.mcap",
		 the_bench.folder.path);
	for (int i = 0; i < CHANNELS; i++) {
		the_bench.channels[i] =
			(struct channel){ .name = names[i], .type = VALUE_FLOAT };
	}
	the_bench.device = (struct log_device){ .name = "probe",
						.channels = the_bench.channels,
						.channel_count = CHANNELS };
	the_bench.body_bytes = image_part_bytes(the_bench.channels, CHANNELS);
	the_bench.options = (struct log_options){ .dir = the_bench.folder.path,
						  .rotate_bytes = 100 * KIB * KIB,
						  .sync_ns = NEVER_NS,
						  .writer = kind,
						  .chunk_bytes = 64 * KIB };
	the_bench.description = (struct log_description){
		.loop = "oven",
		.version = "rtloop test",
		.kernel = "6.1-rt",
		.period_ns = NS_PER_MS,
		.config_name = "config.yaml",
		.config_folder = "/etc/rtloop",
		.config = config,
		.config_bytes = sizeof(config) - 1,
	};
	*state = &the_bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	disk.is_held = false;
	disk.is_sync_held = false;
	logger_stop(&bench->logger, NULL);
	logger_fini(&bench->logger);
	folder_fini(&bench->folder);
	return 0;
}

static int try_start(struct bench *bench, struct err *err)
{
	assert_int_equal(logger_set_devices(&bench->logger, &bench->device, 1), 0);
	return logger_start(&bench->logger, &bench->options, &bench->description,
			    &bench->recorder, RING_BYTES, err);
}

static void start(struct bench *bench)
{
	struct err err = { "" };

	if (try_start(bench, &err)) {
		fail_msg("%s", err.text);
	}
}

static void run_cycle_begun(struct bench *bench)
{
	struct recorder *recorder = &bench->recorder;
	struct record_cycle *record;
	uint8_t *body;

	body = recorder_add(recorder, TOPIC_DEVICES, bench->body_bytes);
	if (body) {
		memset(body, 0, bench->body_bytes);
		memcpy(body, &bench->cycle, sizeof(bench->cycle));
	}
	record = recorder_add(recorder, TOPIC_CYCLE, sizeof(*record));
	if (record) {
		*record = (struct record_cycle){ .cycle = bench->cycle };
	}
	recorder_end(recorder);
	bench->cycle++;
}

static void run_cycle(struct bench *bench)
{
	recorder_begin(&bench->recorder, bench->cycle, sys_now());
	run_cycle_begun(bench);
}

/* Cycles at the logger's pace: none is dropped. */
static void run_cycles(struct bench *bench, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		while (ring_used(&bench->logger.ring) > RING_BYTES / 4) {
			sched_yield();
		}
		run_cycle(bench);
	}
}

/* An event of the next cycle. */
static void add_event(struct bench *bench, uint32_t code, uint32_t device, int64_t value)
{
	bench->recorder.cycle = bench->cycle;
	recorder_event(&bench->recorder, (enum event_code)code, device, value);
}

/* As app.c ends a run; the logger's own answer. */
static int stop(struct bench *bench, struct err *err)
{
	while (recorder_close(&bench->recorder)) {
		sched_yield();
	}
	return logger_stop(&bench->logger, err);
}

static bool is_drained(void *context)
{
	struct bench *bench = context;

	return ring_used(&bench->logger.ring) == 0;
}

static bool is_degraded(void *context)
{
	struct bench *bench = context;

	return atomic_load(&bench->logger.is_degraded);
}

static bool is_well(void *context)
{
	return !is_degraded(context);
}

/* All files in the order of their names; the events of each are of its cycles. */
static void look_at_all(struct bench *bench)
{
	struct log_look *look = &bench->look;

	memset(look, 0, sizeof(*look));
	folder_list(&bench->folder);
	for (unsigned i = 0; i < bench->folder.count; i++) {
		log_look_at(look, folder_file(&bench->folder, bench->folder.names[i]));
	}
}

static void assert_valid(const struct log_look *look)
{
	if (look->problems > 0) {
		fail_msg("%llu problems, the first: %s",
			 (unsigned long long)look->problems, look->problem);
	}
}

/* Every cycle that ran is in the files or in a gap of theirs; and the counters say the same. */
static void assert_accounted(const struct bench *bench)
{
	const struct log_look *look = &bench->look;
	const struct recorder *recorder = &bench->recorder;
	const struct logger *logger = &bench->logger;
	uint64_t lost = counter_get(&logger->cycles_lost);

	assert_int_equal(look->cycles.missing, 0);
	assert_int_equal(look->cycles.logged + look->cycles.in_gaps, bench->cycle);
	assert_int_equal(counter_get(&recorder->cycles) - lost, look->cycles.logged);
	assert_int_equal(counter_get(&recorder->cycles_dropped) + lost,
			 look->cycles.in_gaps);
	assert_int_equal(counter_get(&logger->gaps), look->gap_count);
	assert_int_equal(counter_get(&logger->files_begun), look->files);
}

/* --- the ordinary run ----------------------------------------------------------------------- */

static void a_run_becomes_a_whole_log(void **state)
{
	struct bench *bench = *state;

	start(bench);
	run_cycles(bench, 2000);
	assert_int_equal(stop(bench, NULL), 0);
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_accounted(bench);
	assert_int_equal(bench->look.cycles.logged, 2000);
	assert_int_equal(bench->look.io_messages, 2000);
	assert_int_equal(bench->look.files, 1);
}

static void a_run_without_a_cycle_is_a_whole_log_too(void **state)
{
	struct bench *bench = *state;

	start(bench);
	assert_int_equal(stop(bench, NULL), 0);
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_int_equal(bench->look.messages, 0);
}

static void the_bytes_counted_are_those_of_the_files(void **state)
{
	struct bench *bench = *state;
	int64_t bytes = 0;
	struct stat info;

	bench->options.rotate_bytes = 64 * KIB;
	start(bench);
	run_cycles(bench, 1000);
	assert_int_equal(stop(bench, NULL), 0);
	assert_true(folder_list(&bench->folder) > 1);
	for (unsigned i = 0; i < bench->folder.count; i++) {
		assert_int_equal(
			stat(folder_file(&bench->folder, bench->folder.names[i]), &info),
			0);
		bytes += info.st_size;
	}
	assert_int_equal(counter_get(&bench->logger.bytes), bytes);
}

static void stopping_what_never_started_is_nothing(void **state)
{
	struct bench *bench = *state;
	const struct record_event event = { .code = EVENT_OPEN_FAILED };

	logger_note(&bench->logger, &event);
	assert_int_equal(logger_stop(&bench->logger, NULL), 0);
	logger_fini(&bench->logger);
	assert_int_equal(logger_set_devices(&bench->logger, &bench->device, 1), 0);
	assert_int_equal(logger_stop(&bench->logger, NULL), 0);
	assert_int_equal(folder_list(&bench->folder), 0);
}

/* --- what a log says of itself -------------------------------------------------------------- */

struct pairs {
	unsigned count;
	char keys[16][32];
	char values[16][64];
};

static void copy(char *to, size_t bytes, struct mcap_text text)
{
	snprintf(to, bytes, "%.*s", (int)text.length, text.data);
}

static void take_pairs(struct pairs *pairs, const struct mcap_record *record)
{
	struct mcap_metadata metadata;
	struct mcap_text key, value;

	assert_int_equal(mcap_parse_metadata(record, &metadata), 0);
	assert_true(mcap_text_is(metadata.name, "rtloop"));
	while (mcap_next_pair(&metadata.pairs, &key, &value)) {
		assert_true(pairs->count < 16);
		copy(pairs->keys[pairs->count], sizeof(pairs->keys[0]), key);
		copy(pairs->values[pairs->count], sizeof(pairs->values[0]), value);
		pairs->count++;
	}
}

static const char *find_pair(const struct pairs *pairs, const char *key)
{
	for (unsigned i = 0; i < pairs->count; i++) {
		if (strcmp(pairs->keys[i], key) == 0) {
			return pairs->values[i];
		}
	}
	fail_msg("the metadata has no '%s'", key);
	return NULL;
}

/* Metadata and attachment of a file; each must be there once. */
static void read_head(const char *path, struct pairs *pairs, char *text, size_t bytes)
{
	struct mcap_reader *reader = NULL;
	struct mcap_record record;
	unsigned metadata = 0, attachments = 0;

	pairs->count = 0;
	assert_int_equal(mcap_reader_open(path, &reader, NULL), 0);
	while (mcap_reader_next(reader, &record) == 1) {
		struct mcap_attachment attachment;

		if (record.op == MCAP_METADATA) {
			take_pairs(pairs, &record);
			metadata++;
		} else if (record.op == MCAP_ATTACHMENT) {
			assert_int_equal(mcap_parse_attachment(&record, &attachment), 0);
			assert_true(mcap_text_is(attachment.name, "config.yaml"));
			assert_true(
				mcap_text_is(attachment.media_type, "application/yaml"));
			snprintf(text, bytes, "%.*s", (int)attachment.bytes,
				 (const char *)attachment.data);
			attachments++;
		}
	}
	assert_int_equal(metadata, 1);
	assert_int_equal(attachments, text ? 1 : 0);
	mcap_reader_close(reader);
}

static void every_file_says_where_it_comes_from_and_holds_the_configuration(void **state)
{
	struct bench *bench = *state;
	char sequence[16], text[256];
	struct pairs pairs;

	bench->options.rotate_bytes = 64 * KIB;
	start(bench);
	run_cycles(bench, 600);
	assert_int_equal(stop(bench, NULL), 0);
	assert_true(folder_list(&bench->folder) > 1);
	for (unsigned i = 0; i < bench->folder.count; i++) {
		const char *name = bench->folder.names[i];

		read_head(folder_file(&bench->folder, name), &pairs, text, sizeof(text));
		assert_string_equal(text, config);
		assert_string_equal(find_pair(&pairs, "loop"), "oven");
		assert_string_equal(find_pair(&pairs, "version"), "rtloop test");
		assert_string_equal(find_pair(&pairs, "kernel"), "6.1-rt");
		assert_string_equal(find_pair(&pairs, "period_ns"), "1000000");
		assert_string_equal(find_pair(&pairs, "config_folder"), "/etc/rtloop");
		snprintf(sequence, sizeof(sequence), "%u", i + 1);
		assert_string_equal(find_pair(&pairs, "sequence"), sequence);
		assert_non_null(strstr(name, find_pair(&pairs, "boot")));
	}
}

static void a_configuration_that_was_replaced_is_in_the_files_that_follow(void **state)
{
	struct bench *bench = *state;
	struct pairs pairs;
	char text[256];

	assert_int_equal(logger_replace_config(&bench->logger, "early", 5), 0);
	bench->options.rotate_bytes = 64 * KIB;
	start(bench);
	assert_int_equal(logger_replace_config(&bench->logger, "never seen", 10), 0);
	assert_int_equal(logger_replace_config(&bench->logger, "loop: {}", 8), 0);
	run_cycles(bench, 600);
	assert_int_equal(stop(bench, NULL), 0);
	assert_true(folder_list(&bench->folder) > 1);
	for (unsigned i = 0; i < bench->folder.count; i++) {
		read_head(folder_file(&bench->folder, bench->folder.names[i]), &pairs,
			  text, sizeof(text));
		assert_string_equal(text, i == 0 ? config : "loop: {}");
	}
}

static void a_log_without_a_configuration_has_no_attachment(void **state)
{
	struct bench *bench = *state;
	struct pairs pairs;

	bench->description.config = NULL;
	start(bench);
	assert_int_equal(stop(bench, NULL), 0);
	folder_list(&bench->folder);
	read_head(folder_file(&bench->folder, bench->folder.names[0]), &pairs, NULL, 0);
}

static void log_time_is_the_monotonic_clock_plus_the_stated_offset(void **state)
{
	struct bench *bench = *state;
	const struct look_event *event;
	int64_t now_ns = sys_now(), offset_ns;
	struct pairs pairs;
	char text[256];

	start(bench);
	add_event(bench, EVENT_LATE_WAKE, EVENT_NO_DEVICE, 1);
	run_cycles(bench, 1);
	assert_int_equal(stop(bench, NULL), 0);
	look_at_all(bench);
	event = log_look_find(&bench->look, "late_wake");
	read_head(folder_file(&bench->folder, bench->folder.names[0]), &pairs, text,
		  sizeof(text));
	offset_ns = strtoll(find_pair(&pairs, "monotonic_to_log_time_ns"), NULL, 10);
	assert_in_range(event->time_ns, now_ns, sys_now());
	assert_int_equal((int64_t)event->log_time_ns, event->time_ns + offset_ns);
	assert_in_range(event->log_time_ns, sys_realtime() - 60 * NS_PER_SEC,
			sys_realtime());
}

/* --- events --------------------------------------------------------------------------------- */

static void an_event_has_its_words_its_device_and_its_number(void **state)
{
	struct bench *bench = *state;
	const struct look_event *event;

	start(bench);
	run_cycles(bench, 7);
	add_event(bench, EVENT_DEVICE_LOST, 0, 5);
	run_cycles(bench, 1);
	assert_int_equal(stop(bench, NULL), 0);
	look_at_all(bench);
	assert_valid(&bench->look);
	event = log_look_find(&bench->look, "device_lost");
	assert_int_equal(event->cycle, 7);
	assert_int_equal(event->value, 5);
	assert_int_equal(event->level, EVENT_ERROR);
	assert_string_equal(event->device, "probe");
	assert_string_equal(event->text,
			    "the device went away; value: errno, 0 for end of file");
}

static void an_event_of_no_known_device_names_none(void **state)
{
	struct bench *bench = *state;

	start(bench);
	add_event(bench, EVENT_LATE_WAKE, EVENT_NO_DEVICE, 1);
	add_event(bench, EVENT_DEVICE_STALE, 1, 1);
	add_event(bench, EVENT_DEVICE_OPENED, 99, 1);
	run_cycles(bench, 1);
	assert_int_equal(stop(bench, NULL), 0);
	look_at_all(bench);
	assert_int_equal(bench->look.event_count, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_string_equal(bench->look.events[i].device, "");
	}
}

static void an_event_of_no_known_kind_says_so(void **state)
{
	struct bench *bench = *state;
	const struct look_event *event;

	start(bench);
	add_event(bench, 9999, EVENT_NO_DEVICE, 3);
	run_cycles(bench, 1);
	assert_int_equal(stop(bench, NULL), 0);
	look_at_all(bench);
	event = log_look_find(&bench->look, "unknown");
	assert_int_equal(event->value, 3);
}

static void an_event_of_a_plugin_has_its_name_and_its_words(void **state)
{
	static const char *const reports[] = { "all is well", NULL };
	const struct log_plugin plugins[] = {
		{ .name = "first" },
		{ .name = "voter", .reports = reports, .report_count = 2 }
	};
	struct bench *bench = *state;
	const char *const texts[] = { "all is well (code 0)",
				      "the plugin reports (code 1)",
				      "the plugin reports (code 9)" };
	unsigned codes[] = { 0, 1, 9 }, found = 0;

	logger_set_plugins(&bench->logger, plugins, ARRAY_SIZE(plugins));
	start(bench);
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		add_event(bench, EVENT_PLUGIN_REPORT | codes[i] << EVENT_DETAIL_SHIFT,
			  EVENT_PLUGINS + 1, (int64_t)i);
	}
	add_event(bench, EVENT_PLUGIN_OVER_BUDGET, EVENT_PLUGINS, 5);
	run_cycles(bench, 1);
	assert_int_equal(stop(bench, NULL), 0);
	look_at_all(bench);
	for (unsigned i = 0; i < bench->look.event_count; i++) {
		const struct look_event *event = &bench->look.events[i];

		if (strcmp(event->kind, "plugin_report") == 0) {
			assert_string_equal(event->device, "voter");
			assert_string_equal(event->text, texts[event->value]);
			found++;
		}
	}
	assert_int_equal(found, 3);
	assert_string_equal(log_look_find(&bench->look, "plugin_over_budget")->device,
			    "first");
}

static void an_event_of_the_supervisor_needs_no_cycle(void **state)
{
	struct bench *bench = *state;
	const struct record_event event = {
		.code = EVENT_OPEN_FAILED, .device = 0, .cycle = 12, .value = ENOENT
	};
	const struct look_event *seen;
	int64_t before_ns;

	start(bench);
	before_ns = sys_now();
	logger_note(&bench->logger, &event);
	assert_int_equal(stop(bench, NULL), 0);
	look_at_all(bench);
	assert_valid(&bench->look);
	seen = log_look_find(&bench->look, "open_failed");
	assert_int_equal(seen->cycle, 12);
	assert_int_equal(seen->value, ENOENT);
	assert_string_equal(seen->device, "probe");
	assert_in_range(seen->time_ns, before_ns, sys_now());
}

static void an_event_may_bring_words_of_its_own(void **state)
{
	struct bench *bench = *state;
	const struct record_event event = {
		.code = EVENT_EVIDENCE, .device = EVENT_NO_DEVICE, .cycle = 12, .value = 3
	};
	const struct look_event *seen;

	start(bench);
	logger_tell(&bench->logger, &event, "softirqs cpu=1 NET_RX=7");
	logger_note(&bench->logger, &event);
	assert_int_equal(stop(bench, NULL), 0);
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_int_equal(log_look_count(&bench->look, "evidence"), 2);
	seen = log_look_find(&bench->look, "evidence");
	assert_int_equal(seen->value, 3);
	assert_string_equal(seen->text, "softirqs cpu=1 NET_RX=7");
	assert_string_equal(seen[1].text, event_kind(EVENT_EVIDENCE)->text);
}

static void the_longest_words_fit_into_the_log(void **state)
{
	struct bench *bench = *state;
	const struct record_event event = { .code = EVENT_REQUEST_REFUSED, .device = 0 };
	char text[NOTE_TEXT_BYTES];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	start(bench);
	logger_tell(&bench->logger, &event, text);
	assert_int_equal(stop(bench, NULL), 0);
	look_at_all(bench);
	assert_string_equal(log_look_find(&bench->look, "request_refused")->text, text);
}

/* --- the clock ------------------------------------------------------------------------------ */

static bool has_seen_step(void *context)
{
	struct bench *bench = context;

	look_at_all(bench);
	return log_look_count(&bench->look, "clock_stepped") > 0;
}

static void a_step_of_the_clock_is_an_event_and_moves_no_log_time(void **state)
{
	struct bench *bench = *state;
	const struct look_event *event;
	struct pairs pairs;
	char text[256];
	int64_t offset_ns;

	bench->options.sync_ns = 20 * NS_PER_MS;
	start(bench);
	run_cycles(bench, 5);
	wait_until(is_drained, bench);
	stepped_ns = -3600 * NS_PER_SEC;
	wait_until(has_seen_step, bench);
	assert_int_equal(stop(bench, NULL), 0);
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_int_equal(log_look_count(&bench->look, "clock_stepped"), 1);
	event = log_look_find(&bench->look, "clock_stepped");
	assert_in_range(event->value + 3601 * NS_PER_SEC, 999 * NS_PER_MS,
			1001 * NS_PER_MS);
	assert_int_equal(event->cycle, 4);
	read_head(folder_file(&bench->folder, bench->folder.names[0]), &pairs, text,
		  sizeof(text));
	offset_ns = strtoll(find_pair(&pairs, "monotonic_to_log_time_ns"), NULL, 10);
	assert_int_equal((int64_t)event->log_time_ns, event->time_ns + offset_ns);
}

static void the_file_after_a_step_has_the_new_offset(void **state)
{
	struct bench *bench = *state;
	struct pairs pairs;
	char text[256];
	int64_t offsets_ns[2];

	bench->options.rotate_bytes = 64 * KIB;
	bench->options.sync_ns = 20 * NS_PER_MS;
	start(bench);
	stepped_ns = 3600 * NS_PER_SEC;
	wait_until(has_seen_step, bench);
	run_cycles(bench, 400);
	assert_int_equal(stop(bench, NULL), 0);
	assert_true(folder_list(&bench->folder) >= 2);
	for (unsigned i = 0; i < 2; i++) {
		read_head(folder_file(&bench->folder, bench->folder.names[i]), &pairs,
			  text, sizeof(text));
		offsets_ns[i] =
			strtoll(find_pair(&pairs, "monotonic_to_log_time_ns"), NULL, 10);
	}
	assert_in_range(offsets_ns[1] - offsets_ns[0], 3599 * NS_PER_SEC,
			3601 * NS_PER_SEC);
}

/* --- gaps of the producer ------------------------------------------------------------------- */

/* More often than the logger asks before it gives back what it has taken of the ring. */
#define NO_ROOMS 10

/* Until the writer takes no more: what comes now stays in the ring. */
static void hold_disk(struct bench *bench)
{
	disk.is_held = true;
	while (disk.waiting == 0 || disk.no_rooms < NO_ROOMS) {
		if (ring_used(&bench->logger.ring) < RING_BYTES / 4) {
			run_cycle(bench);
		}
	}
}

static void a_disk_that_stalls_makes_a_gap_of_the_exact_range(void **state)
{
	struct bench *bench = *state;

	start(bench);
	run_cycles(bench, 100);
	hold_disk(bench);
	while (counter_get(&bench->recorder.cycles_dropped) < 50) {
		run_cycle(bench);
	}
	disk.is_held = false;
	run_cycles(bench, 100);
	assert_int_equal(stop(bench, NULL), 0);
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_accounted(bench);
	assert_int_equal(bench->look.gap_count, 1);
	assert_true(bench->look.cycles.in_gaps >= 50);
}

static void a_run_may_end_with_the_ring_full(void **state)
{
	struct bench *bench = *state;

	start(bench);
	hold_disk(bench);
	while (counter_get(&bench->recorder.cycles_dropped) < 50) {
		run_cycle(bench);
	}
	disk.is_held = false;
	add_event(bench, EVENT_RUN_ENDED, EVENT_NO_DEVICE, (int64_t)bench->cycle);
	assert_int_equal(stop(bench, NULL), 0);
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_accounted(bench);
	assert_int_equal(bench->look.gaps[0].last, bench->cycle - 1);
	assert_int_equal(log_look_find(&bench->look, "run_ended")->value, bench->cycle);
}

/* --- many files ----------------------------------------------------------------------------- */

static void files_are_changed_between_two_cycles_and_their_events(void **state)
{
	struct bench *bench = *state;
	struct log_look *look = &bench->look;
	unsigned event = 0;

	bench->options.rotate_bytes = 64 * KIB;
	bench->options.chunk_bytes = 16 * KIB;
	start(bench);
	for (int i = 0; i < 1000; i++) {
		add_event(bench, EVENT_LATE_WAKE, EVENT_NO_DEVICE, i);
		run_cycles(bench, 1);
	}
	assert_int_equal(stop(bench, NULL), 0);
	assert_true(folder_list(&bench->folder) >= 4);
	for (unsigned i = 0; i < bench->folder.count; i++) {
		uint64_t first = look->cycles.next, io_before = look->io_messages;

		log_look_at(look, folder_file(&bench->folder, bench->folder.names[i]));
		assert_int_equal(look->io_messages - io_before,
				 look->cycles.next - first);
		assert_int_equal(look->event_count, look->cycles.next);
		for (; event < look->event_count; event++) {
			assert_int_equal(look->events[event].cycle, event);
		}
	}
	assert_valid(look);
	assert_accounted(bench);
	assert_int_equal(look->cycles.logged, 1000);
	assert_int_equal(look->cycles.runs, 1);
}

static void a_file_is_not_much_larger_than_stated(void **state)
{
	struct bench *bench = *state;
	struct stat info;

	bench->options.rotate_bytes = 128 * KIB;
	start(bench);
	run_cycles(bench, 2000);
	assert_int_equal(stop(bench, NULL), 0);
	folder_list(&bench->folder);
	for (unsigned i = 0; i + 1 < bench->folder.count; i++) {
		assert_int_equal(
			stat(folder_file(&bench->folder, bench->folder.names[i]), &info),
			0);
		/* the summary and the message indexes come on top */
		assert_in_range(info.st_size, 128 * KIB, 160 * KIB);
	}
}

/* --- files that begin with a state of the logic ---------------------------------------------- */

static void start_with_states(struct bench *bench)
{
	struct err err = { "" };
	struct logger *logger = &bench->logger;

	assert_int_equal(logger_set_devices(logger, &bench->device, 1), 0);
	assert_int_equal(topics_add_state(&logger->topics, &logger->state_topic), 0);
	if (logger_start(logger, &bench->options, &bench->description, &bench->recorder,
			 RING_BYTES, &err)) {
		fail_msg("%s", err.text);
	}
}

/* As the cycle answers it; the ring is empty when it does, and when it goes on. */
static void run_answering(struct bench *bench, unsigned count)
{
	struct recorder *recorder = &bench->recorder;

	for (unsigned i = 0; i < count; i++) {
		if (i % 8 == 0) {
			wait_until(is_drained, bench);
		}
		if (atomic_exchange(&recorder->is_state_wanted, false)) {
			recorder_begin(recorder, bench->cycle, sys_now());
			assert_non_null(
				recorder_add(recorder, bench->logger.state_topic, 32));
			run_cycle_begun(bench);
		} else {
			run_cycle(bench);
		}
	}
}

/* The topic of a file's first message. */
static void assert_begins_with(struct bench *bench, unsigned file, const char *topic)
{
	const char *path = folder_file(&bench->folder, bench->folder.names[file]);
	struct mcap_log_message message;
	struct mcap_log log;

	assert_int_equal(mcap_log_open(&log, path, &MCAP_LOG_ALL, NULL), 0);
	assert_int_equal(mcap_log_next(&log, &message), 1);
	assert_string_equal(message.stream->name, topic);
	mcap_log_close(&log);
}

static void a_full_file_ends_where_a_state_begins(void **state)
{
	struct bench *bench = *state;

	bench->options.rotate_bytes = 64 * KIB;
	start_with_states(bench);
	run_answering(bench, 1500);
	assert_int_equal(stop(bench, NULL), 0);
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_accounted(bench);
	assert_true(bench->folder.count >= 4);
	for (unsigned i = 1; i < bench->folder.count; i++) {
		assert_begins_with(bench, i, "/state");
	}
	assert_int_equal(log_look_messages(&bench->look, "/state"),
			 bench->folder.count - 1);
}

static void a_full_file_does_not_wait_for_ever_for_a_state(void **state)
{
	struct bench *bench = *state;
	struct stat info;

	bench->options.rotate_bytes = 128 * KIB;
	start_with_states(bench);
	run_cycles(bench, 2000);
	assert_int_equal(stop(bench, NULL), 0);
	assert_true(folder_list(&bench->folder) >= 2);
	assert_int_equal(stat(folder_file(&bench->folder, bench->folder.names[0]), &info),
			 0);
	assert_in_range(info.st_size, 128 * KIB, 160 * KIB);
	assert_begins_with(bench, 1, "/io/probe");
	assert_true(atomic_load(&bench->recorder.is_state_wanted));
}

static uint64_t folder_bytes(struct folder *folder)
{
	uint64_t bytes = 0;
	struct stat info;

	folder_list(folder);
	for (unsigned i = 0; i < folder->count; i++) {
		assert_int_equal(stat(folder_file(folder, folder->names[i]), &info), 0);
		bytes += (uint64_t)info.st_size;
	}
	return bytes;
}

static void the_oldest_files_go_and_the_rest_is_consecutive(void **state)
{
	struct bench *bench = *state;

	bench->options.rotate_bytes = 64 * KIB;
	bench->options.keep_bytes = 256 * KIB;
	start(bench);
	run_cycles(bench, 3000);
	assert_int_equal(stop(bench, NULL), 0);
	assert_true(counter_get(&bench->logger.files_begun) > 6);
	assert_true(folder_bytes(&bench->folder) <= 256 * KIB);
	assert_in_range(bench->folder.count, 2, 4);
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_int_equal(bench->look.cycles.next, 3000);
	assert_int_equal(bench->look.cycles.logged, 3000 - bench->look.cycles.first);
}

static void old_files_go_at_the_start_too(void **state)
{
	struct bench *bench = *state;

	folder_put(&bench->folder, "oven-000001-0123abcd.mcap", 100 * KIB);
	folder_put(&bench->folder, "oven-000002-0123abcd.mcap", 100 * KIB);
	folder_put(&bench->folder, "other-000001-0123abcd.mcap", 100 * KIB);
	bench->options.rotate_bytes = 64 * KIB;
	bench->options.keep_bytes = 200 * KIB;
	start(bench);
	assert_int_equal(folder_list(&bench->folder), 3);
	assert_false(folder_has(&bench->folder, "oven-000001-0123abcd.mcap"));
	assert_true(folder_has(&bench->folder, "oven-000002-0123abcd.mcap"));
	assert_int_equal(stop(bench, NULL), 0);
}

static void one_file_is_never_rotated(void **state)
{
	struct bench *bench = *state;

	bench->options.dir = NULL;
	bench->options.file = bench->file;
	bench->options.rotate_bytes = 64 * KIB;
	start(bench);
	run_cycles(bench, 1000);
	assert_int_equal(stop(bench, NULL), 0);
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_accounted(bench);
	assert_int_equal(bench->look.files, 1);
}

/* --- durable in time ------------------------------------------------------------------------ */

static bool has_synced_data(void *bytes)
{
	return disk.synced_bytes > *(int64_t *)bytes;
}

static void what_was_recorded_is_on_the_disk_within_the_stated_time(void **state)
{
	struct bench *bench = *state;
	struct log_look *look = &bench->look;
	int64_t recorded_ns, bytes = 0;

	bench->options.sync_ns = 2 * NS_PER_SEC;
	start(bench);
	recorded_ns = sys_now();
	run_cycles(bench, 3);
	wait_until(has_synced_data, &bytes);
	assert_in_range(disk.synced_ns - recorded_ns, 0, bench->options.sync_ns);
	/* as a power cut would leave it */
	folder_list(&bench->folder);
	log_look_at(look, folder_file(&bench->folder, bench->folder.names[0]));
	assert_int_equal(look->cycles.logged, 3);
	assert_int_equal(look->problems, 1);
	assert_non_null(strstr(look->problem, "was not closed"));
}

static bool has_synced_often(void *count)
{
	return disk.syncs >= *(unsigned *)count;
}

static void a_silent_loop_is_synced_too(void **state)
{
	struct bench *bench = *state;
	unsigned count = 3;

	bench->options.sync_ns = 10 * NS_PER_MS;
	start(bench);
	wait_until(has_synced_often, &count);
	assert_int_equal(stop(bench, NULL), 0);
	assert_true(counter_get(&bench->logger.syncer.syncs) >= 4);
}

/* --- the disk refuses ----------------------------------------------------------------------- */

/* It is tried again once recover() lets time pass, and not before. */
static void run_until_degraded(struct bench *bench)
{
	hold_clocks();
	while (!is_degraded(bench)) {
		run_cycles(bench, 1);
	}
}

static void a_limit_of_the_file_size_loses_what_the_gap_says(void **state)
{
	const struct rlimit tight = { 150 * KIB, RLIM_INFINITY };
	struct bench *bench = *state;
	struct log_look *look = &bench->look;
	struct err err = { "" };
	struct rlimit before;
	uint64_t refused_at;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	start(bench);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	run_until_degraded(bench);
	refused_at = bench->cycle;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	run_cycles(bench, 300);
	wait_until(is_drained, bench);
	skipped_ns += 2 * NS_PER_SEC;
	wait_until(is_well, bench);
	run_cycles(bench, 500);
	assert_int_equal(stop(bench, &err), -EIO);
	assert_non_null(strstr(err.text, "File too large"));
	logger_failure(&bench->logger, &err);
	assert_non_null(strstr(err.text, "File too large"));

	look_at_all(bench);
	assert_valid(look);
	assert_accounted(bench);
	assert_int_equal(look->files, 2);
	assert_int_equal(look->gap_count, 1);
	assert_int_equal(look->gaps[0].file, 1);
	assert_in_range(look->gaps[0].first, 1, refused_at - 1);
	assert_true(look->gaps[0].last >= refused_at - 1 + 300 - 1);
	assert_int_equal(log_look_find(look, "log_failed")->value, EFBIG);
	assert_int_equal(log_look_find(look, "log_failed")->level, EVENT_ERROR);
}

/* An event in each cycle, whose value is the cycle. */
static void run_telling(struct bench *bench, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		add_event(bench, EVENT_LATE_WAKE, EVENT_NO_DEVICE, (int64_t)bench->cycle);
		run_cycles(bench, 1);
	}
}

static void recover(struct bench *bench)
{
	disk.is_limited = false;
	wait_until(is_drained, bench);
	skipped_ns += 2 * NS_PER_SEC;
	wait_until(is_well, bench);
}

static bool has_asked_for_state(void *context)
{
	struct bench *bench = context;

	return atomic_load(&bench->recorder.is_state_wanted);
}

static void a_file_begun_after_a_refusal_asks_for_a_state(void **state)
{
	struct bench *bench = *state;
	uint64_t begun;

	start_with_states(bench);
	fill_disk(100 * KIB);
	run_until_degraded(bench);
	/* none, where a block ahead of the others was refused: then that file is no more */
	begun = counter_get(&bench->logger.files_begun);
	atomic_store(&bench->recorder.is_state_wanted, false);
	recover(bench);
	wait_until(has_asked_for_state, bench);
	assert_int_equal(counter_get(&bench->logger.files_begun), begun + 1);
}

static void no_event_is_lost_when_the_disk_refuses(void **state)
{
	struct bench *bench = *state;
	struct log_look *look = &bench->look;
	unsigned next = 0;

	bench->options.chunk_bytes = 16 * KIB;
	start(bench);
	fill_disk(40 * KIB);
	while (!is_degraded(bench)) {
		run_telling(bench, 1);
	}
	run_telling(bench, 20);
	recover(bench);
	run_telling(bench, 20);
	assert_int_equal(stop(bench, NULL), -EIO);
	look_at_all(bench);
	assert_valid(look);
	assert_accounted(bench);
	assert_int_equal(look->files, 2);
	for (unsigned i = 0; i < look->event_count; i++) {
		if (strcmp(look->events[i].kind, "late_wake") == 0) {
			assert_int_equal(look->events[i].value, next);
			assert_int_equal(look->events[i].cycle, next);
			next++;
		}
	}
	assert_int_equal(next, bench->cycle);
	assert_int_equal(log_look_count(look, "log_failed"), 1);
	assert_int_equal(counter_get(&bench->logger.notes.lost), 0);
}

static void events_without_room_are_told_of_when_the_disk_is_well(void **state)
{
	struct bench *bench = *state;
	struct log_look *look = &bench->look;
	uint64_t lost;

	start(bench);
	fill_disk(40 * KIB);
	run_until_degraded(bench);
	run_telling(bench, NOTES_MAX + 100);
	recover(bench);
	assert_int_equal(stop(bench, NULL), -EIO);
	look_at_all(bench);
	assert_valid(look);
	lost = counter_get(&bench->logger.notes.lost);
	assert_int_equal(lost, 101); /* and log_failed took a place */
	assert_int_equal(log_look_find(look, "events_lost")->value, lost);
	assert_int_equal(log_look_count(look, "late_wake") + lost, NOTES_MAX + 100);
}

/* Exactly one chunk, and not a byte more: not even the summary finds room. */
static void a_log_that_could_not_be_closed_is_read_to_its_last_chunk(void **state)
{
	struct bench *bench = *state;
	struct log_look *look = &bench->look;
	int64_t bytes = 20 * KIB;
	struct stat info;

	bench->options.sync_ns = 10 * NS_PER_MS;
	start(bench);
	run_cycles(bench, 100);
	wait_until(is_drained, bench);
	wait_until(has_synced_data, &bytes);
	fill_disk(3);
	run_until_degraded(bench);
	recover(bench);
	run_cycles(bench, 10);
	assert_int_equal(stop(bench, NULL), -EIO);
	look_at_all(bench);
	assert_accounted(bench);
	assert_int_equal(look->files, 2);
	assert_int_equal(look->problems, 1);
	assert_non_null(strstr(look->problem, "was not closed"));
	assert_int_equal(look->gap_count, 1);
	assert_int_equal(look->gaps[0].file, 1);
	assert_int_equal(stat(folder_file(&bench->folder, bench->folder.names[0]), &info),
			 0);
	assert_true(info.st_size > 20 * KIB);
}

static void a_refused_file_that_cannot_be_cut_keeps_what_is_in_it(void **state)
{
	struct bench *bench = *state;
	int64_t bytes = 20 * KIB;

	bench->options.sync_ns = 10 * NS_PER_MS;
	start(bench);
	run_cycles(bench, 100);
	wait_until(is_drained, bench);
	wait_until(has_synced_data, &bytes);
	hold_clocks();
	disk.cut_code = -EIO;
	disk.put_code = -EIO;
	/* of one chunk: of those that are on their way behind it some would stay, and be told as lost */
	run_cycles(bench, 10);
	wait_until(is_drained, bench);
	skipped_ns += NS_PER_SEC;
	wait_until(is_degraded, bench);
	recover(bench);
	run_cycles(bench, 10);
	assert_int_equal(stop(bench, NULL), -EIO);
	look_at_all(bench);
	assert_accounted(bench);
	assert_int_equal(bench->look.files, 2);
	/* it was not closed, and may end in a piece */
	assert_int_equal(bench->look.problems, 1);
}

static bool has_failed_often(void *context)
{
	struct bench *bench = context;

	skipped_ns += NS_PER_SEC;
	return counter_get(&bench->logger.failures) > 10;
}

static void a_full_disk_is_not_littered_with_beginnings(void **state)
{
	struct bench *bench = *state;

	bench->options.chunk_bytes = 16 * KIB;
	start(bench);
	fill_disk(40 * KIB);
	run_until_degraded(bench);
	fill_disk(100);
	wait_until(has_failed_often, bench);
	assert_int_equal(folder_list(&bench->folder), 1);
	assert_true(is_degraded(bench));
	recover(bench);
	run_cycles(bench, 10);
	assert_int_equal(stop(bench, NULL), -EIO);
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_accounted(bench);
	assert_int_equal(bench->look.files, 2);
	assert_non_null(strstr(bench->folder.names[1], "-000002-"));
	assert_int_equal(log_look_count(&bench->look, "log_failed"), 1);
}

static bool has_kept_a_name(void *context)
{
	return atomic_load(&disk.kept) > 0;
}

/* As a disk does that became read-only when the file had just been made. */
static void
a_beginning_that_the_disk_keeps_goes_when_it_takes_something_again(void **state)
{
	struct bench *bench = *state;

	bench->options.chunk_bytes = 16 * KIB;
	start(bench);
	fill_disk(40 * KIB);
	run_until_degraded(bench);
	fill_disk(0);
	disk.keeps_names = true;
	skipped_ns += 2 * NS_PER_SEC;
	wait_until(has_kept_a_name, bench);
	assert_int_equal(folder_list(&bench->folder), 2);
	disk.keeps_names = false;
	recover(bench);
	run_cycles(bench, 10);
	assert_int_equal(stop(bench, NULL), -EIO);
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_accounted(bench);
	assert_int_equal(bench->look.files, 2);
	assert_non_null(strstr(bench->folder.names[1], "-000002-"));
}

/* The second file takes its head and the gap, and nothing more. */
static void refuse_twice(struct bench *bench, bool keeps_names)
{
	bench->options.chunk_bytes = 16 * KIB;
	start(bench);
	fill_disk(40 * KIB);
	run_until_degraded(bench);
	run_cycles(bench, 10);
	wait_until(is_drained, bench);
	fill_disk(20 * KIB);
	skipped_ns += 2 * NS_PER_SEC;
	wait_until(is_well, bench);
	disk.keeps_names = keeps_names;
	run_until_degraded(bench);
	disk.keeps_names = false;
	recover(bench);
	run_cycles(bench, 10);
	assert_int_equal(stop(bench, NULL), -EIO);
	look_at_all(bench);
}

/* The second file is not left behind. */
static void a_second_refusal_forgets_nothing_of_the_first(void **state)
{
	struct bench *bench = *state;
	struct log_look *look = &bench->look;

	refuse_twice(bench, false);
	assert_valid(look);
	assert_accounted(bench);
	assert_int_equal(look->files, 2);
	assert_int_equal(look->gap_count, 1);
	assert_int_equal(log_look_count(look, "log_failed"), 2);
}

/* As the one before, but the second file cannot be removed: the gap in it is told, and is not told again. */
static void a_beginning_that_cannot_be_removed_keeps_its_gap(void **state)
{
	struct bench *bench = *state;
	struct log_look *look = &bench->look;

	refuse_twice(bench, true);
	assert_accounted(bench);
	assert_int_equal(look->files, 3);
	assert_int_equal(look->gap_count, 2);
	assert_int_equal(look->gaps[1].first, look->gaps[0].last + 1);
}

/* At every length of what the disk takes: in heads, gaps, chunks, summaries. */
static void wherever_the_disk_is_full_all_cycles_are_accounted_for(void **state)
{
	struct bench *bench = *state;

	for (int64_t room = 0; room < 60 * KIB; room += 1777 * (int64_t)sweep_step()) {
		tear_down(state);
		set_up(state);
		bench->options.chunk_bytes = 8 * KIB;
		bench->options.rotate_bytes = 64 * KIB;
		start(bench);
		fill_disk(room);
		run_cycles(bench, 300);
		run_until_degraded(bench);
		fill_disk(room / 2);
		skipped_ns += 2 * NS_PER_SEC;
		run_cycles(bench, 50);
		wait_until(is_drained, bench);
		disk.is_limited = false;
		skipped_ns += 2 * NS_PER_SEC;
		run_cycles(bench, 50);
		assert_int_equal(stop(bench, NULL), -EIO);
		look_at_all(bench);
		assert_accounted(bench);
		assert_int_equal(bench->look.cycles.runs, 1);
	}
}

static void cycles_dropped_by_both_are_counted_once(void **state)
{
	struct bench *bench = *state;
	struct log_look *look = &bench->look;

	start(bench);
	run_cycles(bench, 100);
	hold_disk(bench);
	while (counter_get(&bench->recorder.cycles_dropped) < 50) {
		run_cycle(bench);
	}
	fill_disk(20 * KIB);
	disk.is_held = false;
	run_until_degraded(bench);
	run_cycles(bench, 10);
	recover(bench);
	run_cycles(bench, 10);
	assert_int_equal(stop(bench, NULL), -EIO);
	look_at_all(bench);
	assert_valid(look);
	assert_accounted(bench);
	assert_int_equal(look->gap_count, 1);
	assert_true(counter_get(&bench->logger.cycles_lost) > 0);
}

/* The gap of a producer that was written, but whose chunk the disk refuses. */
static void a_gap_in_a_refused_chunk_is_part_of_the_next_gap(void **state)
{
	struct bench *bench = *state;
	struct log_look *look = &bench->look;

	start(bench);
	hold_disk(bench);
	while (counter_get(&bench->recorder.cycles_dropped) < 50) {
		run_cycle(bench);
	}
	disk.is_held = false;
	wait_until(is_drained, bench);
	run_cycles(bench, 10);
	wait_until(is_drained, bench);
	assert_int_equal(counter_get(&bench->logger.gaps), 1);
	fill_disk(20 * KIB);
	run_until_degraded(bench);
	recover(bench);
	assert_int_equal(stop(bench, NULL), -EIO);
	look_at_all(bench);
	assert_valid(look);
	assert_accounted(bench);
	assert_int_equal(look->gap_count, 1);
	assert_int_equal(look->gaps[0].file, 1);
}

static void a_gap_that_was_put_stays_where_it_is(void **state)
{
	struct bench *bench = *state;
	struct log_look *look = &bench->look;
	uint64_t bytes;

	start(bench);
	hold_disk(bench);
	while (counter_get(&bench->recorder.cycles_dropped) < 50) {
		run_cycle(bench);
	}
	disk.is_held = false;
	run_cycles(bench, 1);
	wait_until(is_drained, bench);
	bytes = counter_get(&bench->logger.bytes) + QUEUE_BYTES;
	while (counter_get(&bench->logger.bytes) < bytes) {
		run_cycles(bench, 1);
	}
	wait_until(is_drained, bench);
	disk.put_code = -ENOSPC;
	run_until_degraded(bench);
	recover(bench);
	assert_int_equal(stop(bench, NULL), -EIO);
	look_at_all(bench);
	assert_valid(look);
	assert_accounted(bench);
	assert_int_equal(look->gap_count, 2);
	assert_int_equal(look->gaps[0].file, 0);
	assert_int_equal(look->gaps[1].file, 1);
}

static void at_the_end_it_is_tried_once_more(void **state)
{
	struct bench *bench = *state;

	bench->options.chunk_bytes = 16 * KIB;
	start(bench);
	fill_disk(40 * KIB);
	run_until_degraded(bench);
	run_telling(bench, 10);
	wait_until(is_drained, bench);
	disk.is_limited = false;
	assert_int_equal(stop(bench, NULL), -EIO);
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_accounted(bench);
	assert_int_equal(bench->look.files, 2);
	assert_int_equal(log_look_count(&bench->look, "late_wake"), 10);
	assert_int_equal(log_look_count(&bench->look, "log_failed"), 1);
}

/* So many that the writer has no room for all of them at once. */
static void events_that_wait_at_the_end_all_come_into_the_log(void **state)
{
	struct bench *bench = *state;

	bench->options.chunk_bytes = 4 * KIB;
	start(bench);
	fill_disk(40 * KIB);
	run_until_degraded(bench);
	run_telling(bench, NOTES_MAX - 10);
	wait_until(is_drained, bench);
	disk.is_limited = false;
	assert_int_equal(stop(bench, NULL), -EIO);
	look_at_all(bench);
	/* for the end of the first one there may have been no room */
	assert_accounted(bench);
	assert_int_equal(log_look_count(&bench->look, "late_wake"), NOTES_MAX - 10);
	assert_int_equal(counter_get(&bench->logger.notes.lost), 0);
}

static void events_told_shortly_before_the_end_all_come_into_the_log(void **state)
{
	const struct record_event event = { .code = EVENT_DEVICE_LOST };
	struct bench *bench = *state;

	bench->options.chunk_bytes = 4 * KIB;
	start(bench);
	/* at once: the logger finds them in its last turn, as a rule */
	for (unsigned i = 0; i < NOTES_MAX; i++) {
		logger_note(&bench->logger, &event);
	}
	assert_int_equal(stop(bench, NULL), 0);
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_int_equal(log_look_count(&bench->look, "device_lost"), NOTES_MAX);
}

/* Only the last chunk is refused: the run is over before anyone has seen it. */
static void a_refusal_at_the_very_end_is_a_gap_too(void **state)
{
	struct bench *bench = *state;

	start(bench);
	run_cycles(bench, 50);
	wait_until(is_drained, bench);
	disk.put_code = -ENOSPC;
	assert_int_equal(stop(bench, NULL), -EIO);
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_accounted(bench);
	/* the one in which nothing is but its head is not left behind */
	assert_int_equal(bench->look.files, 1);
	assert_int_equal(bench->look.cycles.in_gaps, 50);
}

static void a_disk_that_stays_full_is_an_error_at_the_end(void **state)
{
	struct bench *bench = *state;
	struct err err = { "" };

	bench->options.chunk_bytes = 16 * KIB;
	start(bench);
	fill_disk(40 * KIB);
	run_until_degraded(bench);
	fill_disk(100);
	run_telling(bench, 10);
	assert_int_equal(stop(bench, &err), -EIO);
	assert_non_null(strstr(err.text, "not complete"));
	assert_non_null(strstr(err.text, "No space left"));
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_int_equal(bench->look.files, 1);
	assert_int_equal(bench->look.cycles.missing, 0);
	assert_int_equal(bench->look.cycles.logged,
			 bench->cycle - counter_get(&bench->logger.cycles_lost));
	/* those of the end, and log_failed */
	assert_int_equal(counter_get(&bench->logger.notes.lost), 11);
}

static void one_file_that_is_refused_is_followed_by_another(void **state)
{
	struct bench *bench = *state;

	bench->options.dir = NULL;
	bench->options.file = bench->file;
	start(bench);
	fill_disk(150 * KIB);
	run_until_degraded(bench);
	recover(bench);
	run_cycles(bench, 100);
	assert_int_equal(stop(bench, NULL), -EIO);
	folder_list(&bench->folder);
	assert_string_equal(bench->folder.names[0], "one.2.mcap");
	assert_string_equal(bench->folder.names[1], "one.mcap");
	assert_int_equal(bench->folder.count, 2);
	log_look_at(&bench->look, bench->file);
	log_look_at(&bench->look, folder_file(&bench->folder, "one.2.mcap"));
	assert_accounted(bench);
}

static bool has_failed(void *context)
{
	struct bench *bench = context;

	return counter_get(&bench->logger.failures) > 0;
}

static void a_sync_that_fails_ends_the_file_and_is_an_error(void **state)
{
	struct bench *bench = *state;
	struct err err = { "" };

	bench->options.sync_ns = 20 * NS_PER_MS;
	start(bench);
	run_cycles(bench, 10);
	disk.sync_code = -EIO;
	wait_until(has_failed, bench);
	wait_until(is_well, bench);
	run_cycles(bench, 10);
	assert_int_equal(stop(bench, &err), -EIO);
	assert_non_null(strstr(err.text, "cannot sync"));
	assert_non_null(strstr(err.text, "Input/output error"));
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_accounted(bench);
	assert_int_equal(bench->look.files, 2);
	assert_int_equal(log_look_count(&bench->look, "log_failed"), 1);
	assert_int_equal(log_look_find(&bench->look, "log_failed")->value, EIO);
	assert_non_null(strstr(log_look_find(&bench->look, "log_failed")->text,
			       "cannot sync the log"));
	/* no cycle is known to be lost, and none is known to be there */
	assert_int_equal(bench->look.cycles.logged, bench->cycle);
	assert_int_equal(counter_get(&bench->logger.degradations), 1);
}

static bool has_begun_two(void *context)
{
	struct bench *bench = context;

	return counter_get(&bench->logger.files_begun) == 2;
}

/* This sync is the syncer's, whoever writes. */
static bool is_first_on_disk(void *context)
{
	struct bench *bench = context;

	return syncer_good(&bench->logger.syncer).number > 0;
}

/* They may be in the file that is not trusted, or not: so they come again. */
static void events_that_a_failed_sync_may_have_lost_come_again(void **state)
{
	struct bench *bench = *state;
	struct log_look *look = &bench->look;

	bench->options.sync_ns = 20 * NS_PER_MS;
	start(bench);
	wait_until(is_first_on_disk, bench);
	disk.is_sync_held = true;
	add_event(bench, EVENT_LATE_WAKE, EVENT_NO_DEVICE, 77);
	run_cycles(bench, 1);
	disk.sync_code = -EIO;
	disk.is_sync_held = false;
	wait_until(has_failed, bench);
	wait_until(is_well, bench);
	assert_int_equal(stop(bench, NULL), -EIO);
	folder_list(&bench->folder);
	assert_int_equal(bench->folder.count, 2);
	log_look_at(look, folder_file(&bench->folder, bench->folder.names[1]));
	assert_int_equal(log_look_count(look, "late_wake"), 1);
	assert_int_equal(log_look_find(look, "late_wake")->value, 77);
	assert_int_equal(log_look_count(look, "log_failed"), 1);
}

/* More than are kept of one chunk. */
static void events_that_a_failed_sync_may_have_lost_are_at_least_counted(void **state)
{
	struct bench *bench = *state;
	struct log_look *look = &bench->look;

	/* not before time is skipped */
	bench->options.sync_ns = 100 * NS_PER_SEC;
	bench->options.chunk_bytes = 256 * KIB;
	start(bench);
	wait_until(is_first_on_disk, bench);
	run_telling(bench, NOTES_MAX + 50);
	wait_until(is_drained, bench);
	disk.sync_code = -EIO;
	skipped_ns += 100 * NS_PER_SEC;
	wait_until(has_failed, bench);
	wait_until(is_well, bench);
	assert_int_equal(stop(bench, NULL), -EIO);
	folder_list(&bench->folder);
	assert_int_equal(bench->folder.count, 2);
	log_look_at(look, folder_file(&bench->folder, bench->folder.names[1]));
	assert_int_equal(log_look_count(look, "late_wake") +
				 log_look_find(look, "events_lost")->value,
			 NOTES_MAX + 50);
}

static bool is_sync_held(void *context)
{
	return disk.syncs_held > 0;
}

/* Whether this process has nothing open in the folder. */
static bool is_let_go(void *context)
{
	struct bench *bench = context;
	size_t bytes = strlen(bench->folder.path);
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	bool is_open = false;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char path[512] = "";

		if (readlinkat(dirfd(dir), entry->d_name, path, sizeof(path) - 1) > 0) {
			is_open |= strncmp(path, bench->folder.path, bytes) == 0;
		}
	}
	closedir(dir);
	return !is_open;
}

/* Whoever wants to mount the disk anew has to unmount it first. */
static void a_sync_that_ends_when_there_is_no_file_lets_the_last_one_go(void **state)
{
	struct bench *bench = *state;

	bench->options.sync_ns = 20 * NS_PER_MS;
	start(bench);
	wait_until(is_first_on_disk, bench);
	disk.is_sync_held = true;
	run_cycles(bench, 10);
	wait_until(is_sync_held, bench);
	fill_disk(0);
	run_cycles(bench, 10);
	wait_until(is_degraded, bench);
	disk.is_sync_held = false;
	wait_until(is_let_go, bench);
	assert_true(is_degraded(bench));
}

static void a_file_of_which_a_sync_failed_late_ends_no_other(void **state)
{
	struct bench *bench = *state;
	const struct look_event *event;

	bench->options.rotate_bytes = 64 * KIB;
	start(bench);
	wait_until(is_first_on_disk, bench);
	disk.is_sync_held = true;
	while (!has_begun_two(bench)) {
		run_cycles(bench, 1);
	}
	disk.sync_code = -EIO;
	disk.is_sync_held = false;
	wait_until(has_failed, bench);
	run_cycles(bench, 10);
	assert_int_equal(stop(bench, NULL), -EIO);
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_accounted(bench);
	assert_int_equal(bench->look.files, 2);
	assert_int_equal(bench->look.gap_count, 0);
	assert_int_equal(counter_get(&bench->logger.degradations), 0);
	assert_int_equal(log_look_count(&bench->look, "log_failed"), 1);
	event = log_look_find(&bench->look, "log_failed");
	assert_non_null(strstr(event->text, "the log before"));
}

static bool has_begun_another(void *context)
{
	struct bench *bench = context;

	return counter_get(&bench->logger.files_begun) > 1;
}

/* Written is not yet durable. */
static void the_log_is_degraded_until_the_new_file_is_on_the_disk(void **state)
{
	struct bench *bench = *state;

	bench->options.chunk_bytes = 16 * KIB;
	start(bench);
	fill_disk(40 * KIB);
	run_until_degraded(bench);
	disk.is_sync_held = true;
	disk.is_limited = false;
	skipped_ns += 2 * NS_PER_SEC;
	wait_until(has_begun_another, bench);
	run_cycles(bench, 100);
	wait_until(is_drained, bench);
	assert_true(is_degraded(bench));
	disk.is_sync_held = false;
	wait_until(is_well, bench);
	assert_int_equal(stop(bench, NULL), -EIO);
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_accounted(bench);
	assert_int_equal(bench->look.files, 2);
}

/* --- somebody removes them ------------------------------------------------------------------ */

static void remove_file(struct bench *bench)
{
	char path[PATH_MAX];

	logger_path(&bench->logger, path);
	assert_int_equal(unlink(path), 0);
}

/* The run goes on in another file, to its end. */
static void assert_noticed_and_made_good(struct bench *bench)
{
	wait_until(has_failed, bench);
	wait_until(is_well, bench);
	run_cycles(bench, 200);
	assert_int_equal(stop(bench, NULL), -EIO);
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_accounted(bench);
	assert_int_equal(bench->look.gap_count, 1);
	assert_int_equal(log_look_find(&bench->look, "log_failed")->value, ENOENT);
	assert_non_null(
		strstr(log_look_find(&bench->look, "log_failed")->text, "was removed"));
}

/* Far from full: where a file ends by itself, there is nothing to notice. */
static void a_file_that_was_removed_is_a_gap_in_the_next_one(void **state)
{
	struct bench *bench = *state;

	bench->options.sync_ns = 20 * NS_PER_MS;
	bench->options.chunk_bytes = 16 * KIB;
	bench->options.rotate_bytes = 64 * KIB;
	start(bench);
	while (!has_begun_two(bench)) {
		run_cycles(bench, 1);
	}
	run_cycles(bench, 100);
	remove_file(bench);
	run_cycles(bench, 1);
	assert_noticed_and_made_good(bench);
	assert_true(bench->look.gaps[0].last - bench->look.gaps[0].first >= 100);
}

/* The writer has it all by then, and the disk does not. */
static void a_file_that_is_removed_while_it_is_ended_is_a_gap_too(void **state)
{
	struct bench *bench = *state;

	bench->options.rotate_bytes = 64 * KIB;
	start(bench);
	disk.removes = true;
	run_cycles(bench, 400);
	assert_noticed_and_made_good(bench);
	assert_int_equal(bench->look.gaps[0].first, 0);
	assert_true(bench->look.gaps[0].last >= 200);
}

static void a_folder_that_was_removed_is_made_again(void **state)
{
	struct bench *bench = *state;
	char dir[128];

	snprintf(dir, sizeof(dir), "%s/logs", bench->folder.path);
	bench->options.dir = dir;
	bench->options.sync_ns = 20 * NS_PER_MS;
	start(bench);
	run_cycles(bench, 100);
	remove_file(bench);
	assert_int_equal(rmdir(dir), 0);
	wait_until(has_failed, bench);
	wait_until(is_well, bench);
	run_cycles(bench, 100);
	assert_int_equal(stop(bench, NULL), -EIO);
	log_look_at(&bench->look, bench->logger.files.path);
	remove_file(bench);
	assert_int_equal(rmdir(dir), 0);
	assert_valid(&bench->look);
	assert_accounted(bench);
	assert_int_equal(bench->look.gaps[0].first, 0);
}

static void a_file_that_was_removed_at_the_very_end_is_a_gap_too(void **state)
{
	struct bench *bench = *state;

	start(bench);
	run_cycles(bench, 100);
	remove_file(bench);
	assert_int_equal(stop(bench, NULL), -EIO);
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_accounted(bench);
	assert_int_equal(bench->look.files, 1);
	assert_int_equal(bench->look.cycles.in_gaps, 100);
}

static bool has_ended_a_sync(void *context)
{
	struct bench *bench = context;

	return counter_get(&bench->logger.syncer.syncs) > 0;
}

static void a_sync_that_fails_at_the_end_is_an_error(void **state)
{
	struct bench *bench = *state;
	struct err err = { "" };

	start(bench);
	/* a new file is synced at once: that one is not to fail, or another file is begun */
	wait_until(has_ended_a_sync, bench);
	run_cycles(bench, 10);
	disk.sync_code = -EIO;
	assert_int_equal(stop(bench, &err), -EIO);
	assert_non_null(strstr(err.text, bench->logger.files.path));
	assert_non_null(strstr(err.text, "Input/output error"));
}

/* --- starts that fail ----------------------------------------------------------------------- */

static void one_file_that_is_there_refuses_to_start(void **state)
{
	struct bench *bench = *state;
	struct err err = { "" };
	struct stat info;

	folder_put(&bench->folder, "one.mcap", 10);
	bench->options.dir = NULL;
	bench->options.file = bench->file;
	assert_int_equal(try_start(bench, &err), -EEXIST);
	assert_non_null(strstr(err.text, bench->file));
	assert_int_equal(logger_stop(&bench->logger, NULL), 0);
	assert_int_equal(stat(bench->file, &info), 0);
	assert_int_equal(info.st_size, 10);
}

static void a_full_disk_refuses_to_start_and_leaves_no_file(void **state)
{
	struct bench *bench = *state;
	struct err err = { "" };
	int64_t head_bytes;

	start(bench);
	head_bytes = (int64_t)counter_get(&bench->logger.bytes);
	assert_true(head_bytes > KIB);
	for (int64_t room = 0; room < head_bytes; room += 97 * (int64_t)sweep_step()) {
		tear_down(state);
		set_up(state);
		fill_disk(room);
		assert_int_equal(try_start(bench, &err), -ENOSPC);
		assert_non_null(strstr(err.text, bench->folder.path));
		assert_int_equal(folder_list(&bench->folder), 0);
	}
}

static void a_folder_that_cannot_be_made_refuses_to_start(void **state)
{
	struct bench *bench = *state;
	char dir[160];

	folder_put(&bench->folder, "one.mcap", 0);
	snprintf(dir, sizeof(dir), "%s/logs", bench->file);
	bench->options.dir = dir;
	assert_int_equal(try_start(bench, NULL), -ENOTDIR);
}

static void a_folder_without_the_right_to_it_refuses_to_start(void **state)
{
	struct bench *bench = *state;
	int code;

	assert_int_equal(chmod(bench->folder.path, 0500), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(bench->folder.path, 65534, (gid_t)-1), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	code = try_start(bench, NULL);
	if (getuid() == 0) {
		assert_int_equal(seteuid(0), 0);
	}
	assert_int_equal(chmod(bench->folder.path, 0700), 0);
	assert_int_equal(code, -EACCES);
}

static void without_memory_it_does_not_start(void **state)
{
	struct bench *bench = *state;
	const struct rlimit none = { 0, RLIM_INFINITY };
	struct rlimit before;
	int code;

	need_address_limit();
	assert_int_equal(logger_set_devices(&bench->logger, &bench->device, 1), 0);
	bench->options.chunk_bytes = 256 << 20;
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
	code = logger_start(&bench->logger, &bench->options, &bench->description,
			    &bench->recorder, RING_BYTES, NULL);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(code, -ENOMEM);
	assert_int_equal(folder_list(&bench->folder), 0);
}

#ifdef HAVE_IO_URING

/* A test of what comes of it where that can be had. */
static void need_writer_uring(struct bench *bench)
{
	struct writer writer;
	struct err note;

	assert_int_equal(__real_writer_open(&writer, WRITER_URING, 64 * KIB, NULL, NULL),
			 0);
	note = writer.note;
	writer_close(&writer);
	if (note.text[0]) {
		print_message("%s\n", note.text);
		skip();
	}
}

static void which_kind_writes_is_settled_when_it_has_started(void **state)
{
	struct bench *bench = *state;
	struct logger *logger = &bench->logger;
	struct err err = { "" };

	need_writer_uring(bench);
	refusal.enable_code = -EACCES;
	start(bench);
	assert_string_equal(logger->writer.ops->name, "write");
	assert_non_null(strstr(logger->writer.note.text, "no writer uring: "));
	assert_int_equal(refusal.places, 0);
	run_cycles(bench, 3000);
	assert_int_equal(stop(bench, &err), 0);
	look_at_all(bench);
	assert_valid(&bench->look);
	assert_accounted(bench);
	assert_int_equal(bench->look.gap_count, 0);
	assert_int_equal(counter_get(&logger->failures), 0);
}

static void where_no_kind_can_write_it_does_not_start_and_leaves_no_file(void **state)
{
	struct bench *bench = *state;
	struct err err = { "" };

	need_writer_uring(bench);
	refusal.enable_code = -EACCES;
	refusal.thread_code = -EAGAIN;
	assert_int_equal(try_start(bench, &err), -EAGAIN);
	assert_string_equal(err.text, "no thread rtloop-writer");
	assert_int_equal(folder_list(&bench->folder), 0);
}

#endif

/* A request that is refused is what that test is about, not an error of its own. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "allocator_may_return_null=1";
}

#define TEST(function)                                                                   \
	{                                                                                \
#function, function, set_up, tear_down, (void *)&kinds[WRITER_WRITE]     \
	}
#define TEST_OF(function, k)                                                             \
	{                                                                                \
#function " (" #k ")", function, set_up, tear_down, (void *)&kinds[k]    \
	}

/* What the disk has a part in, each kind has to pass alike. */
#define EACH_KIND(function)                                                              \
	TEST(function), TEST_OF(function, WRITER_URING), TEST_OF(function, WRITER_AIO)

int main(void)
{
	static const int kinds[] = { WRITER_WRITE, WRITER_URING, WRITER_AIO };
	const struct CMUnitTest tests[] = {
		/* first: who was root is so in all threads, and those of AIO have no right to be another; they
		 * stay for a second */
		TEST(a_folder_without_the_right_to_it_refuses_to_start),
		EACH_KIND(a_run_becomes_a_whole_log),
		TEST(a_run_without_a_cycle_is_a_whole_log_too),
		EACH_KIND(the_bytes_counted_are_those_of_the_files),
		TEST(stopping_what_never_started_is_nothing),
		TEST(every_file_says_where_it_comes_from_and_holds_the_configuration),
		TEST(a_configuration_that_was_replaced_is_in_the_files_that_follow),
		TEST(a_log_without_a_configuration_has_no_attachment),
		TEST(log_time_is_the_monotonic_clock_plus_the_stated_offset),
		TEST(an_event_has_its_words_its_device_and_its_number),
		TEST(an_event_of_no_known_device_names_none),
		TEST(an_event_of_no_known_kind_says_so),
		TEST(an_event_of_a_plugin_has_its_name_and_its_words),
		TEST(an_event_of_the_supervisor_needs_no_cycle),
		TEST(an_event_may_bring_words_of_its_own),
		TEST(the_longest_words_fit_into_the_log),
		TEST(a_step_of_the_clock_is_an_event_and_moves_no_log_time),
		TEST(the_file_after_a_step_has_the_new_offset),
		EACH_KIND(a_disk_that_stalls_makes_a_gap_of_the_exact_range),
		EACH_KIND(a_run_may_end_with_the_ring_full),
		EACH_KIND(files_are_changed_between_two_cycles_and_their_events),
		EACH_KIND(a_file_is_not_much_larger_than_stated),
		TEST(a_full_file_ends_where_a_state_begins),
		EACH_KIND(a_full_file_does_not_wait_for_ever_for_a_state),
		EACH_KIND(a_file_begun_after_a_refusal_asks_for_a_state),
		EACH_KIND(the_oldest_files_go_and_the_rest_is_consecutive),
		EACH_KIND(old_files_go_at_the_start_too),
		EACH_KIND(one_file_is_never_rotated),
		EACH_KIND(what_was_recorded_is_on_the_disk_within_the_stated_time),
		EACH_KIND(a_silent_loop_is_synced_too),
		EACH_KIND(a_limit_of_the_file_size_loses_what_the_gap_says),
		EACH_KIND(no_event_is_lost_when_the_disk_refuses),
		EACH_KIND(events_without_room_are_told_of_when_the_disk_is_well),
		EACH_KIND(a_log_that_could_not_be_closed_is_read_to_its_last_chunk),
		EACH_KIND(a_refused_file_that_cannot_be_cut_keeps_what_is_in_it),
		EACH_KIND(a_full_disk_is_not_littered_with_beginnings),
		EACH_KIND(
			a_beginning_that_the_disk_keeps_goes_when_it_takes_something_again),
		EACH_KIND(a_second_refusal_forgets_nothing_of_the_first),
		EACH_KIND(a_beginning_that_cannot_be_removed_keeps_its_gap),
		EACH_KIND(wherever_the_disk_is_full_all_cycles_are_accounted_for),
		EACH_KIND(cycles_dropped_by_both_are_counted_once),
		EACH_KIND(a_gap_in_a_refused_chunk_is_part_of_the_next_gap),
		EACH_KIND(a_gap_that_was_put_stays_where_it_is),
		EACH_KIND(at_the_end_it_is_tried_once_more),
		EACH_KIND(events_that_wait_at_the_end_all_come_into_the_log),
		EACH_KIND(events_told_shortly_before_the_end_all_come_into_the_log),
		EACH_KIND(a_refusal_at_the_very_end_is_a_gap_too),
		EACH_KIND(a_disk_that_stays_full_is_an_error_at_the_end),
		EACH_KIND(one_file_that_is_refused_is_followed_by_another),
		EACH_KIND(a_sync_that_fails_ends_the_file_and_is_an_error),
		EACH_KIND(a_sync_that_fails_at_the_end_is_an_error),
		EACH_KIND(events_that_a_failed_sync_may_have_lost_come_again),
		EACH_KIND(events_that_a_failed_sync_may_have_lost_are_at_least_counted),
		EACH_KIND(a_sync_that_ends_when_there_is_no_file_lets_the_last_one_go),
		EACH_KIND(a_file_of_which_a_sync_failed_late_ends_no_other),
		EACH_KIND(the_log_is_degraded_until_the_new_file_is_on_the_disk),
		EACH_KIND(a_file_that_was_removed_is_a_gap_in_the_next_one),
		EACH_KIND(a_file_that_is_removed_while_it_is_ended_is_a_gap_too),
		EACH_KIND(a_folder_that_was_removed_is_made_again),
		EACH_KIND(a_file_that_was_removed_at_the_very_end_is_a_gap_too),
		TEST(one_file_that_is_there_refuses_to_start),
		EACH_KIND(a_full_disk_refuses_to_start_and_leaves_no_file),
		TEST(a_folder_that_cannot_be_made_refuses_to_start),
		TEST(without_memory_it_does_not_start),
#ifdef HAVE_IO_URING
		TEST_OF(which_kind_writes_is_settled_when_it_has_started, WRITER_URING),
		TEST_OF(where_no_kind_can_write_it_does_not_start_and_leaves_no_file,
			WRITER_URING),
#endif
	};

	aio_keep_to_one_thread();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
