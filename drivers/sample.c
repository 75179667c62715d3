#include "drivers/sample.h"

#include <errno.h>
#include <math.h>
#include <string.h>

struct sample sample_of_int(uint64_t raw, int64_t width, bool is_signed)
{
	struct sample sample = { .is_int = true };

	if (is_signed) {
		uint64_t sign = UINT64_C(1) << (width - 1);

		sample.as_int = (int64_t)((raw ^ sign) - sign);
		sample.as_float = (double)sample.as_int;
	} else {
		sample.as_int = raw > (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)raw;
		sample.as_float = (double)raw;
	}
	return sample;
}

struct sample sample_of_float(uint64_t raw, int64_t bytes)
{
	struct sample sample = { .is_int = false };
	uint32_t raw_single = (uint32_t)raw;
	float as_single;

	if (bytes == 4) {
		memcpy(&as_single, &raw_single, sizeof(as_single));
		sample.as_float = (double)as_single;
	} else {
		memcpy(&sample.as_float, &raw, sizeof(sample.as_float));
	}
	return sample;
}

int sample_put(const struct sample *sample, const struct scaling *scaling,
	       struct channel *channel, int64_t sample_ns)
{
	bool is_scaled = scaling->has_scale || scaling->has_offset;
	double value = sample->as_float;

	if (!is_scaled && sample->is_int && channel->type != VALUE_FLOAT) {
		channel_put_int(channel, sample->as_int, sample_ns);
		return 0;
	}
	if (scaling->has_scale) {
		value *= scaling->scale;
	}
	if (scaling->has_offset) {
		value += scaling->offset;
	}
	if (!isfinite(value)) {
		return -ERANGE;
	}
	channel_put_float(channel, value, sample_ns);
	return 0;
}
