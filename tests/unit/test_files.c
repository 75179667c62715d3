/* wraps: unlink */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rtloop/log/files.h"
#include "tests/fakes/folder.h"

#define BOOT "0123abcd" /* of files of earlier boots */

static bool keeps_names; /* as a disk does that is read-only */

int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int __wrap_unlink(const char *path)
{
	if (keeps_names) {
		errno = EROFS;
		return -1;
	}
	return __real_unlink(path);
}

static int set_up(void **state)
{
	static struct folder folder;

	folder_init(&folder);
	keeps_names = false;
	*state = &folder;
	return 0;
}

static int tear_down(void **state)
{
	folder_fini(*state);
	return 0;
}

static void init(struct files *files, struct folder *folder, int64_t keep_bytes)
{
	assert_int_equal(files_init(files, folder->path, NULL, "oven", keep_bytes, NULL),
			 0);
}

static void create(struct files *files)
{
	int fd = files_create(files, NULL);

	assert_true(fd >= 0);
	close(fd);
}

/* The name that the newest file has, without its folder. */
static const char *name_of(const struct files *files)
{
	return strrchr(files->path, '/') + 1;
}

static void a_file_is_named_by_loop_sequence_and_boot(void **state)
{
	struct folder *folder = *state;
	char boot[9] = "", expected[64];
	FILE *stream = fopen("/proc/sys/kernel/random/boot_id", "r");
	struct files files;

	assert_non_null(stream);
	assert_int_equal(fread(boot, 1, 8, stream), 8);
	fclose(stream);
	snprintf(expected, sizeof(expected), "oven-000001-%s.mcap", boot);
	init(&files, folder, 0);
	create(&files);
	assert_string_equal(name_of(&files), expected);
	assert_true(folder_has(folder, expected));
}

static void the_next_file_has_the_next_number(void **state)
{
	struct files files;

	init(&files, *state, 0);
	create(&files);
	create(&files);
	assert_memory_equal(name_of(&files), "oven-000002-", 12);
	assert_int_equal(files.sequence, 2);
	assert_int_equal(folder_list(*state), 2);
}

static void numbering_goes_on_after_the_files_of_earlier_runs(void **state)
{
	struct files files;

	folder_put(*state, "oven-000002-" BOOT ".mcap", 0);
	folder_put(*state, "oven-000041-" BOOT ".mcap", 0);
	folder_put(*state, "oven-000007-ffffffff.mcap", 0);
	init(&files, *state, 0);
	create(&files);
	assert_memory_equal(name_of(&files), "oven-000042-", 12);
}

static void a_number_may_have_outgrown_its_six_digits(void **state)
{
	struct files files;

	folder_put(*state, "oven-12345678-" BOOT ".mcap", 0);
	init(&files, *state, 0);
	create(&files);
	assert_memory_equal(name_of(&files), "oven-12345679-", 14);
}

static const char *const foreign_names[] = {
	"oven-000009-" BOOT ".mcap.old",
	"oven-000009-" BOOT ".txt",
	"oven-000009-0123ABCD.mcap",
	"oven-000009-0123abc.mcap",
	"oven-000009-0123abcde.mcap",
	"oven-9-" BOOT ".mcap",
	"oven--00009-" BOOT ".mcap",
	"oven-+00009-" BOOT ".mcap",
	"oven- 00009-" BOOT ".mcap",
	"oven-99999999999-" BOOT ".mcap",
	"oven-4294967295-" BOOT ".mcap",
	"oven-00000x-" BOOT ".mcap",
	"oven-18446744073709551625-" BOOT ".mcap", /* 2^64 + 9 */
	"oven_2-000009-" BOOT ".mcap",
	"xoven-000009-" BOOT ".mcap",
	"ove-000009-" BOOT ".mcap",
	"oven",
	"oven-",
	"oven-000009",
	"oven-000009-" BOOT "-0001-.mcap",
	"oven-000000-" BOOT ".mcap",
};

#define FOREIGN_COUNT (sizeof(foreign_names) / sizeof(*foreign_names))

static void foreign_names_do_not_count(void **state)
{
	for (size_t i = 0; i < FOREIGN_COUNT; i++) {
		struct files files;

		folder_put(*state, foreign_names[i], 0);
		init(&files, *state, 0);
		if (files.sequence != 0) {
			fail_msg("'%s' was taken for a log of oven", foreign_names[i]);
		}
	}
}

static void a_folder_is_made_with_its_parents(void **state)
{
	struct folder *folder = *state;
	struct files files;
	struct stat info;
	char dir[128];

	snprintf(dir, sizeof(dir), "%s/a/b/c/", folder->path);
	assert_int_equal(files_init(&files, dir, NULL, "oven", 0, NULL), 0);
	create(&files);
	assert_int_equal(stat(dir, &info), 0);
	assert_true(S_ISDIR(info.st_mode));
	assert_int_equal(info.st_mode & 0007, 0);
}

static void a_file_can_be_read_by_its_group_and_by_no_one_else(void **state)
{
	mode_t before = umask(0);
	struct files files;
	struct stat info;

	init(&files, *state, 0);
	create(&files);
	umask(before);
	assert_int_equal(stat(files.path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0640);
}

static void a_folder_below_a_file_cannot_be_made(void **state)
{
	struct folder *folder = *state;
	struct err err = { "" };
	struct files files;
	char dir[128];

	folder_put(folder, "file", 0);
	snprintf(dir, sizeof(dir), "%s/file/logs", folder->path);
	assert_int_equal(files_init(&files, dir, NULL, "oven", 0, &err), -ENOTDIR);
	assert_non_null(strstr(err.text, dir));
	assert_int_equal(
		files_init(&files, folder_file(folder, "file"), NULL, "oven", 0, NULL),
		-ENOTDIR);
}

static void a_folder_without_the_right_to_it_is_refused(void **state)
{
	struct folder *folder = *state;
	struct files files;
	struct err err = { "" };
	int fd, code;

	init(&files, folder, 0);
	assert_int_equal(chmod(folder->path, 0500), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(folder->path, 65534, (gid_t)-1), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	fd = files_create(&files, &err);
	code = files_init(&files, folder_file(folder, "below"), NULL, "oven", 0, NULL);
	if (getuid() == 0) {
		assert_int_equal(seteuid(0), 0);
	}
	assert_int_equal(chmod(folder->path, 0700), 0);
	assert_int_equal(fd, -EACCES);
	assert_non_null(strstr(err.text, "cannot create the log"));
	assert_int_equal(code, -EACCES);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
	struct folder *folder = *state;
	char dir[PATH_MAX + 2];
	struct files files;

	memset(dir, 'a', sizeof(dir) - 1);
	dir[sizeof(dir) - 1] = '\0';
	assert_int_equal(files_init(&files, dir, NULL, "oven", 0, NULL), -ENAMETOOLONG);
	assert_int_equal(files_init(&files, NULL, dir, "oven", 0, NULL), 0);
	assert_int_equal(files_create(&files, NULL), -ENAMETOOLONG);
	/* a part of a path is limited, too */
	dir[PATH_MAX / 2] = '\0';
	assert_int_equal(
		files_init(&files, folder_file(folder, dir), NULL, "oven", 0, NULL),
		-ENAMETOOLONG);
}

static void numbers_taken_since_the_start_are_passed_over(void **state)
{
	struct files files, others;

	init(&files, *state, 0);
	init(&others, *state, 0);
	create(&others);
	create(&others);
	create(&files);
	assert_memory_equal(name_of(&files), "oven-000003-", 12);
	assert_int_equal(folder_list(*state), 3);
}

static void a_link_is_never_followed(void **state)
{
	struct folder *folder = *state;
	struct files files, others;
	char target[128];

	snprintf(target, sizeof(target), "%s/precious", folder->path);
	init(&others, folder, 0);
	create(&others);
	assert_int_equal(unlink(others.path), 0);
	init(&files, folder, 0);
	assert_int_equal(symlink(target, others.path), 0);
	create(&files);
	assert_memory_equal(name_of(&files), "oven-000002-", 12);
	assert_false(folder_has(folder, "precious"));

	assert_int_equal(files_init(&files, NULL, others.path, "oven", 0, NULL), 0);
	assert_int_equal(files_create(&files, NULL), -EEXIST);
	assert_false(folder_has(folder, "precious"));
}

static void one_file_is_made_once_and_never_overwritten(void **state)
{
	struct folder *folder = *state;
	char path[128];
	struct err err = { "" };
	struct files files;
	struct stat info;
	int fd;

	snprintf(path, sizeof(path), "%s", folder_file(folder, "one.mcap"));
	assert_int_equal(files_init(&files, NULL, path, "oven", 0, NULL), 0);
	fd = files_create(&files, NULL);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "data", 4), 4);
	close(fd);
	assert_string_equal(files.path, path);
	files.sequence = 0; /* as another run */
	assert_int_equal(files_create(&files, &err), -EEXIST);
	assert_non_null(strstr(err.text, path));
	assert_non_null(strstr(err.text, "never overwritten"));
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_size, 4);
	assert_int_equal(files_prune(&files, 0), 0);
	assert_true(folder_has(folder, "one.mcap"));
}

static void a_discarded_file_is_gone_and_its_number_is_free(void **state)
{
	struct files before, files;
	int fd;

	init(&before, *state, 0);
	files = before;
	fd = files_create(&files, NULL);
	assert_true(fd >= 0);
	files_discard(&files, fd);
	assert_int_equal(folder_list(*state), 0);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	create(&before);
	assert_memory_equal(name_of(&before), "oven-000001-", 12);
}

/* A file that could not be discarded, as the logger goes on behind it. */
static void leave_one(struct files *files, const char *text)
{
	struct files discarded = *files;
	int fd = files_create(&discarded, NULL);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	keeps_names = true;
	files_discard(&discarded, fd);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	files->left = discarded.left;
}

static void what_could_not_be_discarded_goes_before_the_next_file(void **state)
{
	struct files files;

	init(&files, *state, 0);
	leave_one(&files, "");
	assert_int_equal(folder_list(*state), 1);
	keeps_names = false;
	create(&files);
	assert_memory_equal(name_of(&files), "oven-000001-", 12);
	create(&files);
	assert_int_equal(folder_list(*state), 2);
}

static void what_cannot_be_discarded_yet_is_tried_again(void **state)
{
	struct files files;

	init(&files, *state, 0);
	leave_one(&files, "");
	create(&files);
	assert_memory_equal(name_of(&files), "oven-000002-", 12);
	assert_int_equal(folder_list(*state), 2);
	keeps_names = false;
	create(&files);
	assert_memory_equal(name_of(&files), "oven-000003-", 12);
	assert_int_equal(folder_list(*state), 2);
}

static void what_was_left_and_is_not_empty_is_never_removed(void **state)
{
	struct files files;

	init(&files, *state, 0);
	leave_one(&files, "half a head");
	keeps_names = false;
	create(&files);
	assert_memory_equal(name_of(&files), "oven-000002-", 12);
	assert_int_equal(folder_list(*state), 2);
}

static void a_file_that_is_cut_goes_on_where_it_was_cut(void **state)
{
	struct files files;
	char text[16] = "";
	int fd;

	init(&files, *state, 0);
	fd = files_create(&files, NULL);
	assert_int_equal(write(fd, "whole torn", 10), 10);
	assert_int_equal(files_cut(fd, 5), 0);
	assert_int_equal(write(fd, "!", 1), 1);
	close(fd);
	fd = open(files.path, O_RDONLY);
	assert_int_equal(read(fd, text, sizeof(text)), 6);
	assert_memory_equal(text, "whole!", 6);
	/* not for writing; and no descriptor at all */
	assert_int_equal(files_cut(fd, 0), -EINVAL);
	close(fd);
	assert_int_equal(files_cut(fd, 0), -EBADF);
}

static void put_numbered(struct folder *folder, unsigned first, unsigned last)
{
	for (unsigned i = first; i <= last; i++) {
		char name[64];

		snprintf(name, sizeof(name), "oven-%06u-" BOOT ".mcap", i);
		folder_put(folder, name, 1000);
	}
}

static void the_oldest_go_until_the_rest_fits(void **state)
{
	struct files files;

	put_numbered(*state, 8, 12);
	init(&files, *state, 3000);
	assert_int_equal(files_prune(&files, 0), 2);
	assert_int_equal(folder_list(*state), 3);
	assert_true(folder_has(*state, "oven-000010-" BOOT ".mcap"));
	assert_int_equal(files_prune(&files, 0), 0);
}

static void age_goes_by_the_number_and_not_by_the_name(void **state)
{
	struct files files;

	folder_put(*state, "oven-1000000-" BOOT ".mcap", 1000);
	folder_put(*state, "oven-999999-" BOOT ".mcap", 1000);
	init(&files, *state, 1000);
	assert_int_equal(files_prune(&files, 0), 1);
	assert_true(folder_has(*state, "oven-1000000-" BOOT ".mcap"));
}

static void room_is_made_for_what_is_to_come(void **state)
{
	struct files files;

	put_numbered(*state, 1, 5);
	init(&files, *state, 5000);
	assert_int_equal(files_prune(&files, 0), 0);
	assert_int_equal(files_prune(&files, 1000), 1);
	assert_int_equal(files_prune(&files, 1001), 1);
	assert_int_equal(folder_list(*state), 3);
}

static void the_newest_stays_however_large_it_is(void **state)
{
	struct files files;

	put_numbered(*state, 1, 3);
	init(&files, *state, 10);
	assert_int_equal(files_prune(&files, 100000), 2);
	assert_int_equal(folder_list(*state), 1);
	assert_true(folder_has(*state, "oven-000003-" BOOT ".mcap"));
}

static void nothing_goes_where_all_is_to_be_kept(void **state)
{
	struct files files;

	put_numbered(*state, 1, 3);
	init(&files, *state, 0);
	assert_int_equal(files_prune(&files, 1000), 0);
	assert_int_equal(folder_list(*state), 3);
}

static void what_is_not_a_log_of_this_loop_is_left_alone(void **state)
{
	struct folder *folder = *state;
	struct files files;

	for (size_t i = 0; i < FOREIGN_COUNT; i++) {
		folder_put(folder, foreign_names[i], 1000);
	}
	assert_int_equal(
		symlink("oven", folder_file(folder, "oven-000001-" BOOT ".mcap")), 0);
	assert_int_equal(mkdir(folder_file(folder, "oven-000002-" BOOT ".mcap"), 0700),
			 0);
	put_numbered(folder, 3, 4);
	init(&files, folder, 1);
	assert_int_equal(files_prune(&files, 0), 1);
	assert_int_equal(folder_list(folder), FOREIGN_COUNT + 3);
	assert_true(folder_has(folder, "oven-000004-" BOOT ".mcap"));
}

static void traces_go_with_their_log(void **state)
{
	struct files files;

	put_numbered(*state, 8, 10);
	folder_put(*state, "oven-000008-" BOOT ".cycle-5.trace", 500);
	folder_put(*state, "oven-000009-" BOOT ".cycle-12.trace", 500);
	folder_put(*state, "oven-000010-" BOOT ".cycle-20.trace", 500);
	init(&files, *state, 3000);
	assert_int_equal(files_prune(&files, 0), 2);
	assert_false(folder_has(*state, "oven-000008-" BOOT ".cycle-5.trace"));
	assert_false(folder_has(*state, "oven-000008-" BOOT ".mcap"));
	assert_true(folder_has(*state, "oven-000009-" BOOT ".cycle-12.trace"));
	files.keep_bytes = 1;
	assert_int_equal(files_prune(&files, 0), 3);
	assert_int_equal(folder_list(*state), 1);
	assert_true(folder_has(*state, "oven-000010-" BOOT ".mcap"));
}

static void what_is_no_trace_of_a_log_is_left_alone(void **state)
{
	struct files files;

	put_numbered(*state, 9, 10);
	folder_put(*state, "oven-000008-" BOOT ".cycle-.trace.txt", 5000);
	folder_put(*state, "oven-000008-" BOOT ".trace", 5000);
	folder_put(*state, "oven-000008-" BOOT ".cycle-", 5000);
	init(&files, *state, 2000);
	assert_int_equal(files_prune(&files, 0), 0);
	assert_int_equal(folder_list(*state), 5);
}

static void a_trace_is_named_after_its_log(void **state)
{
	char path[128];

	(void)state;
	files_name_trace("/var/oven-000012-0a1b2c3d.mcap", 8123, path, sizeof(path));
	assert_string_equal(path, "/var/oven-000012-0a1b2c3d.cycle-8123.trace");
	files_name_trace("log", 8123, path, sizeof(path));
	assert_string_equal(path, "log.cycle-8123.trace");
}

static void a_folder_that_is_gone_cannot_be_pruned(void **state)
{
	struct folder *folder = *state;
	struct files files;
	char dir[128];

	snprintf(dir, sizeof(dir), "%s/logs", folder->path);
	assert_int_equal(files_init(&files, dir, NULL, "oven", 1, NULL), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(files_prune(&files, 0), -ENOENT);
}

static void a_folder_that_was_removed_is_made_again(void **state)
{
	struct folder *folder = *state;
	struct files files;
	char dir[128];

	snprintf(dir, sizeof(dir), "%s/all/logs", folder->path);
	assert_int_equal(files_init(&files, dir, NULL, "oven", 1, NULL), 0);
	create(&files);
	assert_int_equal(unlink(files.path), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(rmdir(folder_file(folder, "all")), 0);
	create(&files);
	assert_int_equal(access(files.path, F_OK), 0);
	assert_int_equal(files.sequence, 2);
}

static void a_folder_is_not_made_on_another_file_system(void **state)
{
	struct folder *folder = *state;
	struct files files;
	char dir[128];

	snprintf(dir, sizeof(dir), "%s/logs", folder->path);
	assert_int_equal(files_init(&files, dir, NULL, "oven", 1, NULL), 0);
	assert_int_equal(rmdir(dir), 0);
	files.device++; /* what it was on is no longer mounted here */
	assert_int_equal(files_create(&files, NULL), -ENOENT);
	assert_false(folder_has(folder, "logs"));
}

static void what_follows_one_file_is_beside_it_and_numbered(void **state)
{
	struct folder *folder = *state;
	struct files files;
	char path[128];

	snprintf(path, sizeof(path), "%s", folder_file(folder, "one.mcap"));
	folder_put(folder, "one.2.mcap", 4);
	assert_int_equal(files_init(&files, NULL, path, "oven", 0, NULL), 0);
	create(&files);
	create(&files);
	assert_string_equal(name_of(&files), "one.3.mcap");
	snprintf(path, sizeof(path), "%s", folder_file(folder, "plain"));
	assert_int_equal(files_init(&files, NULL, path, "oven", 0, NULL), 0);
	create(&files);
	create(&files);
	assert_string_equal(name_of(&files), "plain.2");
}

static void a_file_that_is_removed_while_it_is_open_is_known(void **state)
{
	struct files files;
	int fd;

	init(&files, *state, 0);
	fd = files_create(&files, NULL);
	assert_true(fd >= 0);
	assert_false(files_is_removed(fd));
	assert_int_equal(files_remove(&files), 0);
	assert_true(files_is_removed(fd));
	assert_int_equal(files_remove(&files), -ENOENT);
	close(fd);
	assert_false(files_is_removed(fd));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_named_by_loop_sequence_and_boot),
		TEST(the_next_file_has_the_next_number),
		TEST(numbering_goes_on_after_the_files_of_earlier_runs),
		TEST(a_number_may_have_outgrown_its_six_digits),
		TEST(foreign_names_do_not_count),
		TEST(a_folder_is_made_with_its_parents),
		TEST(a_file_can_be_read_by_its_group_and_by_no_one_else),
		TEST(a_folder_below_a_file_cannot_be_made),
		TEST(a_folder_without_the_right_to_it_is_refused),
		TEST(a_path_that_is_too_long_is_refused),
		TEST(numbers_taken_since_the_start_are_passed_over),
		TEST(a_link_is_never_followed),
		TEST(one_file_is_made_once_and_never_overwritten),
		TEST(a_discarded_file_is_gone_and_its_number_is_free),
		TEST(what_could_not_be_discarded_goes_before_the_next_file),
		TEST(what_cannot_be_discarded_yet_is_tried_again),
		TEST(what_was_left_and_is_not_empty_is_never_removed),
		TEST(a_file_that_is_cut_goes_on_where_it_was_cut),
		TEST(the_oldest_go_until_the_rest_fits),
		TEST(age_goes_by_the_number_and_not_by_the_name),
		TEST(room_is_made_for_what_is_to_come),
		TEST(the_newest_stays_however_large_it_is),
		TEST(nothing_goes_where_all_is_to_be_kept),
		TEST(what_is_not_a_log_of_this_loop_is_left_alone),
		TEST(traces_go_with_their_log),
		TEST(what_is_no_trace_of_a_log_is_left_alone),
		TEST(a_trace_is_named_after_its_log),
		TEST(a_folder_that_is_gone_cannot_be_pruned),
		TEST(a_folder_that_was_removed_is_made_again),
		TEST(a_folder_is_not_made_on_another_file_system),
		TEST(what_follows_one_file_is_beside_it_and_numbered),
		TEST(a_file_that_is_removed_while_it_is_open_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
