#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rtloop/log/unsynced.h"

struct stand {
	struct unsynced unsynced;
	struct notes notes;
};

static int set_up(void **state)
{
	static struct stand stand;

	memset(&stand, 0, sizeof(stand));
	notes_init(&stand.notes);
	*state = &stand;
	return 0;
}

static int tear_down(void **state)
{
	struct stand *stand = *state;

	notes_fini(&stand->notes);
	return 0;
}

static struct log_note event(int64_t value)
{
	return (struct log_note){ .event = { .value = value } };
}

static void add(struct stand *stand, int64_t first, int64_t last, uint32_t file)
{
	for (int64_t value = first; value <= last; value++) {
		struct log_note note = event(value);

		unsynced_add(&stand->unsynced, &note, file);
	}
}

/* What waits to be written is just these, in this order. */
static void expect_notes(struct stand *stand, int64_t first, int64_t last)
{
	struct log_note note;

	for (int64_t value = first; value <= last; value++) {
		assert_true(notes_take(&stand->notes, &note));
		assert_int_equal(note.event.value, value);
	}
	assert_false(notes_take(&stand->notes, &note));
}

static void what_was_not_synced_is_given_back_in_order_before_what_waits(void **state)
{
	struct stand *stand = *state;
	const struct record_event waits = { .value = 40 };

	notes_add(&stand->notes, &waits, 0, NULL);
	add(stand, 0, 39, 1);
	unsynced_give_back(&stand->unsynced, 1, &stand->notes);
	expect_notes(stand, 0, 40);
	unsynced_give_back(&stand->unsynced, 1, &stand->notes);
	expect_notes(stand, 0, -1);
}

static void what_is_on_the_disk_is_not_written_again(void **state)
{
	struct stand *stand = *state;

	add(stand, 0, 9, 1);
	unsynced_forget(&stand->unsynced, 4);
	unsynced_forget(&stand->unsynced, 3);
	unsynced_give_back(&stand->unsynced, 1, &stand->notes);
	expect_notes(stand, 4, 9);
	add(stand, 10, 12, 1);
	unsynced_forget(&stand->unsynced, stand->unsynced.end);
	unsynced_give_back(&stand->unsynced, 1, &stand->notes);
	expect_notes(stand, 0, -1);
}

static void those_of_the_next_file_stay_where_they_are(void **state)
{
	struct stand *stand = *state;

	add(stand, 0, 4, 1);
	add(stand, 5, 9, 2);
	unsynced_give_back(&stand->unsynced, 1, &stand->notes);
	expect_notes(stand, 0, 4);
	unsynced_give_back(&stand->unsynced, 2, &stand->notes);
	expect_notes(stand, 5, 9);
}

static void those_without_room_are_counted_as_lost_if_they_may_be(void **state)
{
	struct stand *stand = *state;

	add(stand, 0, NOTES_MAX + 6, 1);
	unsynced_give_back(&stand->unsynced, 1, &stand->notes);
	assert_int_equal(counter_get(&stand->notes.lost), 7);
	stand->notes.count = 0;
	stand->notes.untold = 0;
	add(stand, 0, NOTES_MAX + 6, 1);
	unsynced_forget(&stand->unsynced, stand->unsynced.end - NOTES_MAX);
	unsynced_give_back(&stand->unsynced, 1, &stand->notes);
	assert_int_equal(counter_get(&stand->notes.lost), 7);
	expect_notes(stand, 7, NOTES_MAX + 6);
}

/* Which were so many in a chunk that none of them is kept. */
static void those_that_nobody_keeps_are_counted_as_lost_if_they_may_be(void **state)
{
	struct stand *stand = *state;

	add(stand, 0, 9, 1);
	unsynced_add_more(&stand->unsynced, 5);
	add(stand, 10, 19, 2);
	unsynced_add_more(&stand->unsynced, 7);
	unsynced_give_back(&stand->unsynced, 1, &stand->notes);
	assert_int_equal(counter_get(&stand->notes.lost), 5);
	unsynced_forget(&stand->unsynced, stand->unsynced.end);
	unsynced_give_back(&stand->unsynced, 2, &stand->notes);
	assert_int_equal(counter_get(&stand->notes.lost), 5);
	add(stand, 20, 20, 3);
	unsynced_add_more(&stand->unsynced, 2);
	add(stand, 21, 20 + NOTES_MAX, 3);
	stand->notes.count = 0;
	unsynced_give_back(&stand->unsynced, 3, &stand->notes);
	assert_int_equal(counter_get(&stand->notes.lost), 5 + 1 + 2);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_not_synced_is_given_back_in_order_before_what_waits),
		TEST(what_is_on_the_disk_is_not_written_again),
		TEST(those_of_the_next_file_stay_where_they_are),
		TEST(those_without_room_are_counted_as_lost_if_they_may_be),
		TEST(those_that_nobody_keeps_are_counted_as_lost_if_they_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
