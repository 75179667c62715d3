#include "rtloop/base/event.h"

static const struct event_kind kinds[EVENT_CODES] = {
	[EVENT_RUN_STARTED] = { "run_started", EVENT_INFO, "the run started" },
	[EVENT_RUN_ENDED] = { "run_ended", EVENT_INFO,
			      "the run ended; value: cycles run" },
	[EVENT_LATE_WAKE] = { "late_wake", EVENT_WARNING,
			      "woke after the next release; value: releases missed" },
	[EVENT_LONG_WORK] = { "long_work", EVENT_WARNING,
			      "still busy at the next release; value: releases missed" },
	[EVENT_DEVICE_LOST] = { "device_lost", EVENT_ERROR,
				"the device went away; value: errno, 0 for end of file" },
	[EVENT_DEVICE_OPENED] = { "device_opened", EVENT_INFO,
				  "the device is open; value: how many times so far" },
	[EVENT_DEVICE_STALE] = { "device_stale", EVENT_WARNING,
				 "channels turned stale; value: how many" },
	[EVENT_FRAME_DROPPED] = { "frame_dropped", EVENT_WARNING,
				  "frames were dropped in the last second; value: how "
				  "many" },
	[EVENT_CLOCK_STEPPED] = { "clock_stepped", EVENT_WARNING,
				  "CLOCK_REALTIME was set; value: ns that it jumped" },
	[EVENT_EVENTS_LOST] = { "events_lost", EVENT_ERROR,
				"events found no room; value: how many" },
	[EVENT_OPEN_FAILED] = { "open_failed", EVENT_WARNING,
				"the device could not be opened again; value: errno" },
	[EVENT_LOG_FAILED] = { "log_failed", EVENT_ERROR,
			       "the log could not be written; value: errno" },
	[EVENT_BUS_ERROR] = { "bus_error", EVENT_WARNING,
			      "the bus reported errors; value: their classes, as bits" },
	[EVENT_REQUEST_REFUSED] = { "request_refused", EVENT_WARNING,
				    "the device refused a request; value: the code it "
				    "gave" },
	[EVENT_EVIDENCE] = { "evidence", EVENT_INFO,
			     "what was seen around overruns; value: number of the look" },
	[EVENT_OUTPUTS_SAFE] = { "outputs_safe", EVENT_INFO,
				 "the safe values were written at the end; value: to how "
				 "many devices" },
	[EVENT_OUTPUTS_UNSAFE] = { "outputs_unsafe", EVENT_ERROR,
				   "the safe values could not be written at the end" },
	[EVENT_PROGRAM_TROUBLE] = { "program_trouble", EVENT_WARNING,
				    "a division by zero, an overflow or the like in the "
				    "program; value: its line in the configuration" },
	[EVENT_STEP_OVER_BUDGET] = { "step_over_budget", EVENT_WARNING,
				     "the logic took longer than its budget; value: ns" },
	[EVENT_FORCED] = { "forced", EVENT_WARNING,
			   "a channel is forced; value: its number in the device, "
			   "outputs after inputs" },
	[EVENT_RELEASED] = { "released", EVENT_INFO,
			     "a channel is no longer forced; value: its number in the "
			     "device, outputs after inputs" },
	[EVENT_PLUGIN_OVER_BUDGET] = { "plugin_over_budget", EVENT_WARNING,
				       "the step of the plugin took longer than its "
				       "budget; value: ns" },
	[EVENT_PLUGIN_REPORT] = { "plugin_report", EVENT_WARNING,
				  "the plugin reports; value: its own" },
	[EVENT_OVERRUN_FAULT] = { "overrun_fault", EVENT_ERROR,
				  "more overruns than 'loop: fault:' allows ended the "
				  "run; value: how many it allows" },
	[EVENT_CYCLE_HUNG] = { "cycle_hung", EVENT_ERROR,
			       "the cycle did not go on, and the watchdog ended the run; "
			       "value: ns that it had stood still" },
	[EVENT_GUARDIAN_LOST] = { "guardian_lost", EVENT_ERROR,
				  "the guardian has died: the GPIO lines of a run that "
				  "dies now stay as they are; value: its process" },
	[EVENT_TAKEN_OVER] = { "taken_over", EVENT_WARNING,
			       "GPIO lines were taken over from the guardian of an "
			       "earlier "
			       "run; value: its process" },
	[EVENT_CALL_CAUGHT] = { "call_caught", EVENT_WARNING,
				"the cycle thread made a system call that its "
				"configuration does not need; value: the call's number" },
	[EVENT_TOLD] = { "told", EVENT_INFO, "the run was told something" },
};

static const struct event_kind unknown = { "unknown", EVENT_WARNING,
					   "an event that this version does not know" };

const struct event_kind *event_kind(uint32_t code)
{
	uint32_t kind = code & ((UINT32_C(1) << EVENT_DETAIL_SHIFT) - 1);

	return kind < EVENT_CODES ? &kinds[kind] : &unknown;
}
