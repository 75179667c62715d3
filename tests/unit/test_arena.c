/*
 * The arena, and what becomes of a configuration when memory runs out anywhere on its way.
 *
 * wraps: calloc malloc
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/arena.h"
#include "rtloop/setup.h"

/* Allocations until one fails; negative: none does. */
static int countdown = -1;

void *__real_calloc(size_t count, size_t bytes);
void *__real_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_malloc(size_t bytes);

static bool fails_now(void)
{
	if (countdown < 0) {
		return false;
	}
	return countdown-- == 0;
}

void *__wrap_calloc(size_t count, size_t bytes)
{
	return fails_now() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_malloc(size_t bytes)
{
	return fails_now() ? NULL : __real_malloc(bytes);
}

static void what_is_taken_is_zeroed_and_aligned(void **state)
{
	static const char zeros[100];
	struct arena arena;

	arena_init(&arena);
	for (size_t bytes = 0; bytes < sizeof(zeros); bytes++) {
		char *data = arena_take(&arena, bytes);

		assert_non_null(data);
		assert_int_equal((uintptr_t)data % alignof(max_align_t), 0);
		assert_memory_equal(data, zeros, bytes);
		memset(data, 0xff, bytes);
	}
	arena_fini(&arena);
}

static void much_can_be_taken_at_once(void **state)
{
	struct arena arena;
	char *small;
	char *large;

	arena_init(&arena);
	small = arena_take(&arena, 1);
	large = arena_take(&arena, 1 << 20);
	assert_non_null(small);
	assert_non_null(large);
	memset(large, 1, 1 << 20);
	assert_int_equal(*small, 0);
	arena_fini(&arena);
	arena_fini(&arena);
}

static void copies_end_with_a_nul(void **state)
{
	struct arena arena;

	arena_init(&arena);
	assert_string_equal(arena_copy(&arena, "abcdef", 3), "abc");
	assert_string_equal(arena_copy(&arena, "", 0), "");
	arena_fini(&arena);
}

static void without_memory_nothing_is_taken(void **state)
{
	struct arena arena;

	arena_init(&arena);
	countdown = 0;
	assert_null(arena_take(&arena, 1));
	countdown = 0;
	assert_null(arena_copy(&arena, "a", 1));
	assert_non_null(arena_take(&arena, 1));
	arena_fini(&arena);
}

/* Enough for several blocks of the arena, in each of its users. */
static void write_config(FILE *stream)
{
	fputs("name: oven\nlog: { dir: logs }\nloop: { period: 1ms }\ndevices:\n",
	      stream);
	for (unsigned i = 0; i < 50; i++) {
		fprintf(stream,
			"  d%u: { driver: sim, in: { a: { unit: V }, b: { on_bad: 1 } } "
			"}\n",
			i);
	}
}

static void a_configuration_without_memory_is_given_up_cleanly(void **state)
{
	char path[] = "/tmp/test_arena_XXXXXX";
	FILE *stream = fdopen(mkstemp(path), "w");
	struct setup *setup = NULL;
	int code = -ENOMEM;
	int failures = 0;

	assert_non_null(stream);
	write_config(stream);
	fclose(stream);
	for (; code == -ENOMEM; failures++) {
		struct diag diag;

		diag_init(&diag, path);
		assert_null(setup);
		countdown = failures;
		code = setup_load(path, &setup, &diag);
		countdown = -1;
		assert_int_equal(diag_total(&diag) > 0, code < 0);
		diag_fini(&diag);
	}
	assert_int_equal(code, 0);
	assert_true(failures > 10);
	setup_destroy(setup);
	unlink(path);
}

static void errors_without_memory_are_still_counted(void **state)
{
	char *text = NULL;
	size_t bytes = 0;
	struct diag diag;
	FILE *stream;

	diag_init(&diag, "f");
	countdown = 0;
	diag_add(&diag, 1, 1, "wrong");
	assert_int_equal(diag_total(&diag), 1);
	stream = open_memstream(&text, &bytes);
	diag_print(&diag, stream);
	fclose(stream);
	assert_string_equal(text, "f: out of memory\n");
	free(text);
	diag_fini(&diag);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_taken_is_zeroed_and_aligned),
		cmocka_unit_test(much_can_be_taken_at_once),
		cmocka_unit_test(copies_end_with_a_nul),
		cmocka_unit_test(without_memory_nothing_is_taken),
		cmocka_unit_test(a_configuration_without_memory_is_given_up_cleanly),
		cmocka_unit_test(errors_without_memory_are_still_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
