#include <errno.h>
#include <math.h>

#include "drivers/device.h"
#include "drivers/registry.h"
#include "drivers/table.h"

enum wave { WAVE_SINE, WAVE_SQUARE, WAVE_RAMP, WAVE_NOISE, WAVE_CONSTANT, WAVE_PLAYBACK };

struct sim_options {
	const char *file;
	double rate;
	bool is_looping;
};

struct sim_channel_options {
	int wave; /* enum wave */
	double center;
	double amplitude;
	int64_t period_ns;
	double phase;
	double duty;
	int64_t seed;
	int64_t column;
	bool has_column;
};

struct sim {
	struct table table; /* of playback; otherwise empty */
	int64_t first_ns;   /* the release at which time begins */
	bool has_begun;
};

static const char *const waves[] = {
	"sine", "square", "ramp", "noise", "constant", "playback", NULL,
};

static const struct option sim_rows[] = {
	{
		.name = "file",
		.type = OPTION_PATH,
		.offset = offsetof(struct sim_options, file),
		.help = "CSV for channels with wave: playback; an empty cell is a bad "
			"value",
	},
	{
		.name = "rate",
		.type = OPTION_FLOAT,
		.offset = offsetof(struct sim_options, rate),
		.min = 1e-6,
		.max = 1e6,
		.unit = "Hz",
		.help = "rows of the file a second; by default its column 0 is the time "
			"in seconds",
	},
	{
		.name = "loop",
		.type = OPTION_BOOL,
		.offset = offsetof(struct sim_options, is_looping),
		.fallback = "true",
		.help = "whether the file begins again after its end; if not, its "
			"channels turn bad "
			"there",
	},
	{ .name = NULL },
};

static const struct option sim_channel_rows[] = {
	{
		.name = "wave",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct sim_channel_options, wave),
		.fallback = "sine",
		.choices = waves,
		.help = "the shape; noise is uniform within center ± amplitude",
	},
	{
		.name = "center",
		.type = OPTION_FLOAT,
		.offset = offsetof(struct sim_channel_options, center),
		.fallback = "0",
		.help = "the middle, in the channel's unit; of a constant its value",
	},
	{
		.name = "amplitude",
		.type = OPTION_FLOAT,
		.offset = offsetof(struct sim_channel_options, amplitude),
		.fallback = "1",
		.help = "from the middle to the top",
	},
	{
		.name = "period",
		.type = OPTION_DURATION,
		.offset = offsetof(struct sim_channel_options, period_ns),
		.fallback = "1s",
		.min = 1,
		.max = 1e17,
		.help = "of sine, square and ramp",
	},
	{
		.name = "phase",
		.type = OPTION_FLOAT,
		.offset = offsetof(struct sim_channel_options, phase),
		.fallback = "0",
		.max = 1,
		.help = "where in its period the wave begins, 0 to 1",
	},
	{
		.name = "duty",
		.type = OPTION_FLOAT,
		.offset = offsetof(struct sim_channel_options, duty),
		.fallback = "0.5",
		.max = 1,
		.help = "the first part of the period, in which a square is at its top, "
			"0 to 1",
	},
	{
		.name = "seed",
		.type = OPTION_INT,
		.offset = offsetof(struct sim_channel_options, seed),
		.fallback = "0",
		.help = "of noise: the same seed and channel name give the same values "
			"in each run",
	},
	{
		.name = "column",
		.type = OPTION_INT,
		.offset = offsetof(struct sim_channel_options, column),
		.max = TABLE_COLUMNS_MAX - 1,
		.is_given_offset = offsetof(struct sim_channel_options, has_column),
		.help = "of playback: which column of the file, counted from 0",
	},
	{ .name = NULL },
};

static bool is_playback(const struct channel_spec *channel)
{
	const struct sim_channel_options *options = channel->options;

	return options->wave == WAVE_PLAYBACK;
}

static void check_column(const struct channel_spec *channel, const struct table *table)
{
	const struct sim_channel_options *options = channel->options;

	if (!options->has_column) {
		place_error(&channel->place, NULL, "wave: playback needs column");
	} else if (table->row_count > 0 && options->column >= table->column_count) {
		place_error(&channel->place, "column", "the file has columns 0 to %u",
			    table->column_count - 1);
	}
}

static void sim_check(const struct device_spec *spec)
{
	const struct sim_options *options = spec->options;
	struct table table = { .row_count = 0 };
	bool plays = false;
	struct err err;

	if (options->file && table_load(options->file, options->rate, &table, &err)) {
		place_error(&spec->place, "file", "%s", err.text);
	}
	for (unsigned i = 0; i < spec->in_count; i++) {
		if (is_playback(&spec->in[i])) {
			plays = true;
			check_column(&spec->in[i], &table);
		}
	}
	if (plays && !options->file) {
		place_error(&spec->place, "file",
			    "a channel has wave: playback; expected file");
	}
	table_free(&table);
}

static int sim_init(struct device *device, struct err *err)
{
	const struct sim_options *options = device->spec->options;
	struct sim *sim = device->state;

	return options->file ? table_load(options->file, options->rate, &sim->table, err)
			     : 0;
}

static void sim_fini(struct device *device)
{
	struct sim *sim = device->state;

	table_free(&sim->table);
}

/* Where in its period the wave is, 0 to just below 1. Exact in whole periods, however long it runs. */
static double position_at(const struct sim_channel_options *options, int64_t t_ns)
{
	double position =
		(double)(t_ns % options->period_ns) / (double)options->period_ns +
		options->phase;

	return position < 1 ? position : position - 1;
}

/* A 64-bit finalizer: every bit of the input reaches every bit of the output. */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	return x;
}

static uint64_t name_hash(const char *name)
{
	uint64_t hash = 0;

	for (; *name; name++) {
		hash = mix(hash + (uint8_t)*name + 1);
	}
	return hash;
}

/* -1 to 1, a function of seed, name and time: no state, so a missed release shifts nothing. */
static double noise_at(const struct channel_spec *channel, int64_t t_ns)
{
	const struct sim_channel_options *options = channel->options;
	uint64_t bits = mix(mix((uint64_t)options->seed + name_hash(channel->name)) +
			    (uint64_t)t_ns);

	return (double)(bits >> 11) * 0x1p-52 - 1;
}

/* -1 to 1. */
static double shape_at(const struct channel_spec *channel, int64_t t_ns)
{
	const struct sim_channel_options *options = channel->options;
	double position = position_at(options, t_ns);

	switch ((enum wave)options->wave) {
	case WAVE_SINE:
		return sin(2 * M_PI * position);
	case WAVE_SQUARE:
		return position < options->duty ? 1 : -1;
	case WAVE_RAMP:
		return 2 * position - 1;
	case WAVE_NOISE:
		return noise_at(channel, t_ns);
	default:
		return 0;
	}
}

/* A bool follows the sign of the wave: center and amplitude have no meaning to it. */
static void put_wave(const struct channel_spec *spec, struct channel *channel,
		     int64_t t_ns, int64_t sample_ns)
{
	const struct sim_channel_options *options = spec->options;
	double shape = shape_at(spec, t_ns);

	if (channel->type == VALUE_BOOL && options->wave != WAVE_CONSTANT) {
		channel_put_int(channel, shape > 0, sample_ns);
	} else {
		channel_put_float(channel, options->center + options->amplitude * shape,
				  sample_ns);
	}
}

static void put_playback(const struct device *device, unsigned index, int64_t t_ns,
			 int64_t sample_ns)
{
	const struct sim_options *options = device->spec->options;
	const struct sim_channel_options *channel = device->spec->in[index].options;
	const struct sim *sim = device->state;
	uint32_t row;

	if (!table_row_at(&sim->table, t_ns, options->is_looping, &row)) {
		channel_set_quality(&device->in[index], QUALITY_BAD);
		return;
	}
	channel_put_float(&device->in[index],
			  table_cell(&sim->table, row, (uint32_t)channel->column),
			  sample_ns);
}

static void sim_sample(struct device *device, const struct cycle_time *now) RT_SAFE;
static void sim_sample(struct device *device, const struct cycle_time *now)
{
	struct sim *sim = device->state;
	int64_t t_ns;

	if (!sim->has_begun) {
		sim->has_begun = true;
		sim->first_ns = now->release_ns;
	}
	t_ns = now->release_ns - sim->first_ns;
	for (unsigned i = 0; i < device->spec->in_count; i++) {
		if (is_playback(&device->spec->in[i])) {
			put_playback(device, i, t_ns, now->wake_ns);
		} else {
			put_wave(&device->spec->in[i], &device->in[i], t_ns,
				 now->wake_ns);
		}
	}
}

static const char description[] = "Simulated inputs: waves, noise and recorded values, "
				  "for trying a program without hardware "
				  "and for tests. Time begins with the first release at "
				  "which the device is sampled, and is "
				  "counted in released periods: the same configuration "
				  "gives the same values in each run, "
				  "whatever the machine's jitter.\n"
				  "\n"
				  "value = center + amplitude * wave. A sine begins at "
				  "its middle and rises, a square at its "
				  "top for `duty` of the period, a ramp rises from "
				  "bottom to top; phase shifts them. noise is "
				  "uniform, a new value at each release. A bool channel "
				  "is true where the wave is above its "
				  "middle.\n"
				  "\n"
				  "playback takes a column of the CSV `file`; a row is "
				  "in force until the next one's time. An "
				  "empty cell makes the channel bad for that time: a way "
				  "to rehearse a broken sensor.";

static const char example[] =
	"oven:\n"
	"  driver: sim\n"
	"  in:\n"
	"    temp:  { wave: sine, center: 180, amplitude: 5, period: 20s, type: float, "
	"unit: degC }\n"
	"    level: { wave: ramp, center: 50, amplitude: 50, period: 1min, type: integer "
	"}\n"
	"    door:  { wave: square, period: 10s, duty: 0.1, type: bool }\n"
	"    draft: { wave: noise, amplitude: 0.2, seed: 7, type: float }\n";

const struct driver sim_driver = {
	.name = "sim",
	.summary = "Simulated inputs: waves, noise and playback of a file",
	.description = description,
	.example = example,
	.options = sim_rows,
	.options_bytes = sizeof(struct sim_options),
	.in_options = sim_channel_rows,
	.in_bytes = sizeof(struct sim_channel_options),
	.state_bytes = sizeof(struct sim),
	.allows_async = true,
	.check = sim_check,
	.init = sim_init,
	.fini = sim_fini,
	.sample = sim_sample,
};
