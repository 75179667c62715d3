/*
 * The ring between cycle and logger, for SPIN: rtloop/base/ring.h, record.c and logger.c, step by step, on a
 * machine with weak memory. The logger's own look every few milliseconds is left out, so that a wake-up that is
 * lost shows as one that never comes.
 *
 * What is shown, for every order of steps: no cycle is lost, comes twice, or out of order; a cycle is in the log
 * whole or in a gap of the exact range; each event comes once or is counted as lost; and when nothing moves any
 * more, the logger does not sleep on a ring that is filled up to the mark, or that holds something urgent.
 *
 * Memory: a store goes to a place of its own first, and from there to memory later, in any order among different
 * places (as on Arm; x86 keeps the order). A release store waits for the stores before it, an acquire load makes the
 * loads after it look anew, an exchange is one step that waits for the stores before it, as is a call of the kernel.
 *
 * One slot stands for 8 bytes and more: the records have any length in the program, and 1 slot here.
 */

#ifndef CYCLES
#define CYCLES 4
#endif
#define SLOTS	4
#define MARK	2 /* recorder->wake_mark_bytes */
#define RESERVE 1 /* EVENT_RESERVE_BYTES */

/* A record: what it is, and one or two cycles. */
#define NOTHING		0
#define DATA(c)		(64 + (c) * 8)
#define CYCLE(c)	(128 + (c) * 8)
#define GAP(first, last) (192 + (first) * 8 + (last))
#define EVENT(c)	(1 + (c) * 8)

/* --- memory --- */

byte slot[SLOTS];
byte head, tail;
bool asleep;
byte woken; /* the eventfd */
bool asked_to_stop;

/* stores that are on their way */
bool slot_leaves[SLOTS];
byte slot_left[SLOTS];
bool head_leaves, tail_leaves, asleep_leaves;
byte head_left, tail_left;

#ifdef NO_ACQUIRE
/* loads that were done before their time */
bool is_early[SLOTS];
byte early[SLOTS];
#endif

/* what the property needs to know */
byte ran;	    /* cycles */
byte events_raised, events_lost, events_seen;
byte urgent_in_ring; /* committed, not taken */
bool producer_is_done;

inline let_slots_go()
{
	byte s = 0;
	do
	:: s < SLOTS ->
		if
		:: slot_leaves[s] -> slot[s] = slot_left[s]; slot_leaves[s] = false
		:: else
		fi;
		s++
	:: else -> break
	od;
	s = 0
}

/* What waits in the producer's stores; in the logger's. */
inline let_producer_go()
{
	let_slots_go();
	if
	:: head_leaves -> head = head_left; head_leaves = false
	:: else
	fi
}

inline let_logger_go()
{
	if
	:: tail_leaves -> tail = tail_left; tail_leaves = false
	:: else
	fi;
	if
	:: asleep_leaves -> asleep = true; asleep_leaves = false
	:: else
	fi
}

/* Any of them, at any time. */
active proctype memory()
{
end:
	do
#ifdef NO_RELEASE
	/* otherwise nobody looks there before they have gone */
	:: slot_leaves[0] -> d_step { slot[0] = slot_left[0]; slot_leaves[0] = false }
	:: slot_leaves[1] -> d_step { slot[1] = slot_left[1]; slot_leaves[1] = false }
	:: slot_leaves[2] -> d_step { slot[2] = slot_left[2]; slot_leaves[2] = false }
	:: slot_leaves[3] -> d_step { slot[3] = slot_left[3]; slot_leaves[3] = false }
#endif
	:: head_leaves -> d_step { head = head_left; head_leaves = false }
	:: tail_leaves -> d_step { tail = tail_left; tail_leaves = false }
	:: asleep_leaves -> d_step { asleep = true; asleep_leaves = false }
#ifdef NO_ACQUIRE
	:: !is_early[0] -> d_step { early[0] = slot[0]; is_early[0] = true }
#endif
	od
}

/* --- the cycle: ring_reserve(), ring_commit(), recorder_*() --- */

/* put(): a record, where @spare slots stay free behind it. */
inline put(record, spare)
{
	atomic {
		has_room = true;
#ifndef NO_ROOM
		if
		:: next + 1 + spare - tail_seen > SLOTS ->
			tail_seen = tail; /* acquire */
			has_room = next + 1 + spare - tail_seen <= SLOTS
		:: else
		fi;
#endif
		if
		:: has_room ->
			slot_left[next % SLOTS] = record;
			slot_leaves[next % SLOTS] = true;
			next++
		:: else
		fi
	}
}

inline commit()
{
	d_step {
#ifndef NO_RELEASE
		let_slots_go();
#endif
		head_left = next;
		head_leaves = true;
		urgent_in_ring = urgent_in_ring + urgent_put;
		urgent_put = 0
	}
}

inline signal()
{
	d_step {
		let_producer_go();
		woken++
	}
}

/* wake_logger() */
inline wake()
{
	if
	:: is_urgent || next - tail >= MARK ->
#ifdef WAKE_PLAIN
		was_asleep = asleep;
		if
		:: was_asleep -> asleep = false
		:: else
		fi;
#else
#ifdef CLEAR_LATE
		d_step { let_producer_go(); was_asleep = asleep };
#else
		d_step { let_producer_go(); was_asleep = asleep; asleep = false };
#endif
#endif
		if
		:: was_asleep ->
			is_urgent = false;
			signal();
#ifdef CLEAR_LATE
			asleep = false
#endif
		:: else
		fi
	:: else
	fi
}

active proctype producer()
{
	byte next, tail_seen, urgent_put, gap_first, gap_last;
	bool has_room, is_dropped, is_gap, is_urgent, was_asleep;

	do
	:: ran < CYCLES ->
		/* recorder_begin() */
		if
		:: is_gap ->
			put(GAP(gap_first, gap_last), RESERVE);
			is_dropped = !has_room
		:: else
		fi;
		/* recorder_add(), once or twice */
		if
		:: !is_dropped ->
			put(DATA(ran), RESERVE);
			is_dropped = !has_room
		:: true
		fi;
		if
		:: !is_dropped ->
			put(CYCLE(ran), RESERVE);
			is_dropped = !has_room
		:: else
		fi;
		/* recorder_end() */
		d_step {
			if
			:: is_dropped ->
#ifndef ABORT_KEEPS
				next = head_left;
#endif
				if
				:: !is_gap -> gap_first = ran; gap_last = ran
#ifdef GAP_SHORT
				:: else
#else
				:: else -> gap_last = ran
#endif
				fi;
				is_gap = true
			:: else -> is_gap = false
			fi;
#ifdef GAP_FORGOTTEN
			is_gap = false;
#endif
			is_dropped = false
		};
		if
		:: true ->
			is_urgent = true;
			events_raised++;
			put(EVENT(ran), 0);
			if
			:: has_room -> urgent_put++
			:: else -> events_lost++
			fi
		:: true
		fi;
		commit();
		wake();
		ran++
	:: break /* it may be the last one */
	od;

	/* Nothing moves: nothing may be left that the logger should have been woken for. */
	timeout ->
	assert(next - tail < MARK);
	assert(urgent_in_ring == 0);

	/* recorder_close(), logger_stop() */
	if
	:: is_gap ->
		put(GAP(gap_first, gap_last), RESERVE);
		assert(has_room)
	:: else
	fi;
	commit();
	signal();
	asked_to_stop = true;
	signal()
}

/* --- the logger: drain(), sleep_until_woken() --- */

inline look(record)
{
	d_step {
		if
		:: record / 64 == 1 -> assert((record % 64) / 8 == want)
		:: record / 64 == 2 ->
			assert((record % 64) / 8 == want);
			want++
		:: record / 64 == 3 ->
			assert((record % 64) / 8 == want);
			assert(record % 8 >= want);
			want = record % 8 + 1
		:: record / 64 == 0 ->
			assert(record % 8 == 1);
			/* of the last cycle, or of one that is in a gap not told yet */
			assert(record / 8 + 1 >= want && record / 8 + 1 > event_want);
			event_want = record / 8 + 1;
			events_seen++;
			urgent_in_ring--
		fi
	}
}

inline read_slot()
{
#ifdef NO_ACQUIRE
	d_step {
		if
		:: is_early[done % SLOTS] -> record = early[done % SLOTS]
		:: else -> record = slot[done % SLOTS]
		fi;
		is_early[done % SLOTS] = false
	}
#else
	record = slot[done % SLOTS]
#endif
}

inline take()
{
	d_step { tail_left = done; tail_leaves = true }
}

active proctype logger()
{
	byte end_of, done, record, want, event_want;
	bool is_last;

	do
	:: is_last = asked_to_stop;
		end_of = head; /* acquire */
#ifdef TAKE_FIRST
		d_step { tail_left = end_of; tail_leaves = true };
#endif
		do
		:: done < end_of ->
			atomic {
				read_slot();
				look(record);
				record = NOTHING;
				done++
			};
#ifndef TAKE_FIRST
			if
			:: done < end_of -> take() /* TAKE_BYTES */
			:: true
			fi
#endif
		:: else -> break
		od;
#ifndef TAKE_FIRST
		take();
#endif
		if
		:: is_last -> break
		:: else
		fi;
		/* recorder_fall_asleep() */
#ifdef SLEEP_PLAIN
		asleep_leaves = true;
#else
		d_step { let_logger_go(); asleep = true };
#endif
#ifdef CLEAR_BEFORE_SLEEP
		woken = 0;
#endif
		if
#ifndef NO_LOOK
		:: head != done
#endif
#ifdef NO_LOOK
		:: true ->
#else
		:: else ->
#endif
			/* poll(), without its time-out; read() */
			d_step { woken > 0 -> let_logger_go(); woken = 0 }
		fi;
		/* recorder_get_up() */
		d_step { let_logger_go(); asleep = false }
	od;
	assert(want == ran);
	assert(events_seen + events_lost == events_raised)
}
