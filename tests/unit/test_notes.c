#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rtloop/log/notes.h"

static int set_up(void **state)
{
	static struct notes notes;

	memset(&notes, 0, sizeof(notes));
	notes_init(&notes);
	*state = &notes;
	return 0;
}

static int tear_down(void **state)
{
	notes_fini(*state);
	return 0;
}

/* An event is told from others by its value. */
static struct record_event event_of(int64_t value)
{
	return (struct record_event){ .cycle = 1000 + (uint64_t)value,
				      .value = value,
				      .code = EVENT_LATE_WAKE,
				      .device = 3 };
}

static void add(struct notes *notes, int64_t value)
{
	const struct record_event event = event_of(value);

	notes_add(notes, &event, 10 * value, NULL);
}

static void put_back(struct notes *notes, int64_t first, unsigned count, uint64_t lost)
{
	struct log_note list[NOTES_MAX];

	for (unsigned i = 0; i < count; i++) {
		list[i] = (struct log_note){ .event = event_of(first + i),
					     .time_ns = 10 * (first + i) };
	}
	notes_put_back(notes, list, count, lost);
}

static void assert_next(struct notes *notes, int64_t value)
{
	struct log_note note;

	assert_true(notes_take(notes, &note));
	assert_int_equal(note.event.code, EVENT_LATE_WAKE);
	assert_int_equal(note.event.value, value);
	assert_int_equal(note.event.cycle, 1000 + value);
	assert_int_equal(note.event.device, 3);
	assert_int_equal(note.time_ns, 10 * value);
}

/* That @count events were lost, of which @newest was the last. */
static void assert_told_lost(struct notes *notes, int64_t count, int64_t newest)
{
	struct log_note note;

	assert_true(notes_take(notes, &note));
	assert_int_equal(note.event.code, EVENT_EVENTS_LOST);
	assert_int_equal(note.event.value, count);
	assert_int_equal(note.event.device, EVENT_NO_DEVICE);
	assert_int_equal(note.event.cycle, 1000 + newest);
	assert_int_equal(note.time_ns, 10 * newest);
}

static void assert_none(struct notes *notes)
{
	struct log_note note;

	assert_false(notes_take(notes, &note));
}

static void a_note_keeps_words_of_its_own(void **state)
{
	const struct record_event event = event_of(1);
	struct log_note note;
	char text[] = "words";

	notes_add(*state, &event, 10, text);
	memset(text, 'x', sizeof(text));
	add(*state, 2);
	assert_true(notes_take(*state, &note));
	assert_string_equal(note.text, "words");
	assert_true(notes_take(*state, &note));
	assert_string_equal(note.text, "");
}

static void words_that_are_too_long_are_cut(void **state)
{
	const struct record_event event = event_of(1);
	struct log_note note;
	char text[2 * NOTE_TEXT_BYTES];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	notes_add(*state, &event, 10, text);
	assert_true(notes_take(*state, &note));
	assert_int_equal(strlen(note.text), NOTE_TEXT_BYTES - 1);
	assert_memory_equal(note.text, text, NOTE_TEXT_BYTES - 1);
}

static void the_words_of_a_lost_note_are_lost(void **state)
{
	const struct record_event event = event_of(NOTES_MAX);
	struct log_note note;

	for (int i = 0; i < NOTES_MAX; i++) {
		add(*state, i);
	}
	notes_add(*state, &event, 10, "words");
	for (int i = 0; i < NOTES_MAX; i++) {
		assert_next(*state, i);
	}
	assert_true(notes_take(*state, &note));
	assert_int_equal(note.event.code, EVENT_EVENTS_LOST);
	assert_string_equal(note.text, "");
}

static void events_come_out_in_their_order(void **state)
{
	assert_none(*state);
	add(*state, 1);
	add(*state, 2);
	assert_next(*state, 1);
	add(*state, 3);
	assert_next(*state, 2);
	assert_next(*state, 3);
	assert_none(*state);
}

static void those_without_room_are_told_of_once(void **state)
{
	struct notes *notes = *state;

	for (int i = 0; i < NOTES_MAX + 5; i++) {
		add(notes, i);
	}
	assert_int_equal(counter_get(&notes->lost), 5);
	for (int i = 0; i < NOTES_MAX; i++) {
		assert_next(notes, i);
	}
	assert_told_lost(notes, 5, NOTES_MAX + 4);
	assert_none(notes);
	add(notes, 1);
	assert_next(notes, 1);
	assert_none(notes);
}

static void add_rare(struct notes *notes, int64_t value)
{
	struct record_event event = event_of(value);

	event.code = EVENT_FORCED;
	notes_add(notes, &event, 10 * value, NULL);
}

/* As many as there are of each kind, until the notes are empty. */
static void count_all(struct notes *notes, unsigned counts[EVENT_CODES])
{
	struct log_note note;

	memset(counts, 0, EVENT_CODES * sizeof(*counts));
	while (notes_take(notes, &note)) {
		counts[note.event.code]++;
	}
}

static void an_overrun_makes_room_for_what_is_rare(void **state)
{
	struct notes *notes = *state;
	struct log_note note;

	for (int i = 0; i < NOTES_MAX + 5; i++) {
		add(notes, i);
	}
	add_rare(notes, 1000);
	add_rare(notes, 1001);
	add(notes, 1002);
	for (int i = 0; i < NOTES_MAX - 2; i++) {
		assert_next(notes, i);
	}
	for (int64_t value = 1000; value <= 1001; value++) {
		assert_true(notes_take(notes, &note));
		assert_int_equal(note.event.code, EVENT_FORCED);
		assert_int_equal(note.event.value, value);
	}
	assert_told_lost(notes, 8, 1002);
	assert_none(notes);
}

static void what_is_rare_makes_no_room_for_its_like(void **state)
{
	struct notes *notes = *state;
	unsigned counts[EVENT_CODES];

	for (int i = 0; i < NOTES_MAX + 3; i++) {
		add_rare(notes, i);
	}
	count_all(notes, counts);
	assert_int_equal(counts[EVENT_FORCED], NOTES_MAX);
	assert_int_equal(counter_get(&notes->lost), 3);
}

static void overruns_that_wait_make_room_for_what_is_put_back(void **state)
{
	struct notes *notes = *state;
	unsigned counts[EVENT_CODES];

	for (int i = 0; i < NOTES_MAX - 1; i++) {
		add(notes, i);
	}
	add_rare(notes, 1000);
	put_back(notes, -10, 10, 0);
	count_all(notes, counts);
	assert_int_equal(counts[EVENT_FORCED], 1);
	assert_int_equal(counts[EVENT_LATE_WAKE], NOTES_MAX - 1);
	assert_int_equal(counter_get(&notes->lost), 10);
}

static void what_is_put_back_comes_first(void **state)
{
	add(*state, 10);
	add(*state, 11);
	put_back(*state, 5, 3, 0);
	for (int i = 5; i < 8; i++) {
		assert_next(*state, i);
	}
	assert_next(*state, 10);
	assert_next(*state, 11);
	assert_none(*state);
}

static void putting_nothing_back_changes_nothing(void **state)
{
	add(*state, 1);
	put_back(*state, 0, 0, 0);
	assert_next(*state, 1);
	assert_none(*state);
}

static void what_is_put_back_pushes_the_newest_out(void **state)
{
	struct notes *notes = *state;

	for (int i = 0; i < NOTES_MAX - 1; i++) {
		add(notes, 100 + i);
	}
	put_back(notes, 0, 3, 0);
	assert_int_equal(counter_get(&notes->lost), 2);
	for (int i = 0; i < 3; i++) {
		assert_next(notes, i);
	}
	for (int i = 0; i < NOTES_MAX - 3; i++) {
		assert_next(notes, 100 + i);
	}
	assert_told_lost(notes, 2, 100 + NOTES_MAX - 2);
	assert_none(notes);
}

static void a_full_list_put_back_leaves_no_room(void **state)
{
	struct notes *notes = *state;

	add(notes, 1000);
	put_back(notes, 0, NOTES_MAX, 0);
	for (int i = 0; i < NOTES_MAX; i++) {
		assert_next(notes, i);
	}
	assert_told_lost(notes, 1, 1000);
	assert_none(notes);
}

static void those_that_none_kept_are_told_of_too(void **state)
{
	struct notes *notes = *state;

	put_back(notes, 0, 2, 7);
	assert_int_equal(counter_get(&notes->lost), 7);
	assert_next(notes, 0);
	assert_next(notes, 1);
	assert_told_lost(notes, 7, 1);
	assert_none(notes);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_note_keeps_words_of_its_own),
		TEST(words_that_are_too_long_are_cut),
		TEST(the_words_of_a_lost_note_are_lost),
		TEST(events_come_out_in_their_order),
		TEST(those_without_room_are_told_of_once),
		TEST(an_overrun_makes_room_for_what_is_rare),
		TEST(what_is_rare_makes_no_room_for_its_like),
		TEST(overruns_that_wait_make_room_for_what_is_put_back),
		TEST(what_is_put_back_comes_first),
		TEST(putting_nothing_back_changes_nothing),
		TEST(what_is_put_back_pushes_the_newest_out),
		TEST(a_full_list_put_back_leaves_no_room),
		TEST(those_that_none_kept_are_told_of_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
