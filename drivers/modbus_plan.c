#include "drivers/modbus_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/modbus_options.h"
#include "drivers/out_field.h"

/* A channel to be sorted in. */
struct entry {
	struct modbus_span span;
	unsigned channel;
};

/* -1, 0 or 1 */
static int order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare(const void *left, const void *right)
{
	const struct entry *a = left;
	const struct entry *b = right;
	int result = order(a->span.unit, b->span.unit);

	result = result ? result : order(a->span.function, b->span.function);
	result = result ? result : order(a->span.address, b->span.address);
	return result ? result : order(a->channel, b->channel);
}

/* What goes together into one request. */
struct rule {
	const struct modbus_options *options;
	const struct channel_spec *list;
	unsigned count;
	int64_t gap;
	int64_t bits_max;
	int64_t registers_max;
};

/* Makes room in the request for a channel that is not before its first address; false where it
 * belongs into another one. */
static bool extend(struct modbus_request *request, const struct modbus_span *span,
		   const struct rule *rule)
{
	int64_t end = request->address + request->count;
	int64_t span_end = span->address + span->count;
	int64_t max = span->function <= MODBUS_READ_DISCRETE ? rule->bits_max
							     : rule->registers_max;

	if (request->unit != span->unit || request->function != span->function ||
	    span->address > end + rule->gap || span_end - request->address > max) {
		return false;
	}
	if (span_end > end) {
		request->count = (uint16_t)(span_end - request->address);
	}
	return true;
}

static struct modbus_request request_for(const struct modbus_span *span)
{
	return (struct modbus_request){
		.unit = span->unit,
		.function = span->function,
		.address = (uint16_t)span->address,
		.count = (uint16_t)span->count,
	};
}

/* Without bit and bits the part is the whole. */
static void set_part(struct modbus_item *item, const struct modbus_channel *channel)
{
	item->bits = 16 * item->registers;
	if (channel->has_bit || channel->has_bits) {
		item->bit = (uint32_t)channel->bit;
		item->bits = channel->has_bits ? (uint32_t)channel->bits : 1;
	}
}

static struct modbus_item make_item(const struct rule *rule, const struct entry *entry,
				    uint32_t first)
{
	const struct modbus_channel *channel = rule->list[entry->channel].options;
	struct modbus_item item = {
		.channel = entry->channel,
		.at = (uint32_t)entry->span.address - first,
		.is_low_first = channel->words == MODBUS_LOW_FIRST,
		.is_swapped = channel->is_swapped,
		.is_float = channel->encoding == MODBUS_FLOAT,
		.is_signed = channel->encoding == MODBUS_SIGNED,
		.scaling = channel->scaling,
	};

	if (entry->span.function >= MODBUS_READ_HOLDING) {
		item.registers = (uint32_t)entry->span.count;
		set_part(&item, channel);
	}
	return item;
}

static void lay_out(struct modbus_plan *plan, const struct rule *rule,
		    const struct entry *entries)
{
	struct modbus_query *query = NULL;

	for (unsigned i = 0; i < rule->count; i++) {
		if (!query || !extend(&query->request, &entries[i].span, rule)) {
			query = &plan->queries[plan->query_count++];
			query->request = request_for(&entries[i].span);
			query->items = &plan->items[i];
		}
		plan->items[i] = make_item(rule, &entries[i], query->request.address);
		query->item_count++;
	}
}

static int make_plan(struct modbus_plan *plan, const struct rule *rule)
{
	struct entry *entries = calloc(rule->count + 1, sizeof(*entries));

	*plan = (struct modbus_plan){
		.items = calloc(rule->count + 1, sizeof(*plan->items)),
		.queries = calloc(rule->count + 1, sizeof(*plan->queries)),
	};
	if (!entries || !plan->items || !plan->queries) {
		free(entries);
		return -ENOMEM;
	}
	for (unsigned i = 0; i < rule->count; i++) {
		entries[i] = (struct entry){
			.span = modbus_span_of(rule->options, rule->list[i].options),
			.channel = i,
		};
	}
	qsort(entries, rule->count, sizeof(*entries), compare);
	lay_out(plan, rule, entries);
	free(entries);
	return 0;
}

int modbus_plan_init(struct modbus_plan *plan, const struct device_spec *spec)
{
	const struct modbus_options *options = spec->options;
	const struct rule rule = { .options = options,
				   .list = spec->in,
				   .count = spec->in_count,
				   .gap = options->gap,
				   .bits_max = MODBUS_BITS_MAX,
				   .registers_max = options->registers_max };

	return make_plan(plan, &rule);
}

static int64_t lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int modbus_plan_init_out(struct modbus_plan *plan, const struct device_spec *spec)
{
	const struct modbus_options *options = spec->options;
	const struct rule rule = { .options = options,
				   .list = spec->out,
				   .count = spec->out_count,
				   .bits_max = MODBUS_WRITE_COILS_MAX,
				   .registers_max = lesser(options->registers_max,
							   MODBUS_WRITE_REGISTERS_MAX) };

	return make_plan(plan, &rule);
}

void modbus_plan_fini(struct modbus_plan *plan)
{
	free(plan->items);
	free(plan->queries);
	*plan = (struct modbus_plan){ .items = NULL };
}

static uint64_t read_registers(const struct modbus_item *item, const uint8_t *data)
{
	uint64_t raw = 0;

	for (uint32_t i = 0; i < item->registers; i++) {
		uint32_t from = item->is_low_first ? item->registers - 1 - i : i;
		const uint8_t *word = data + 2 * (size_t)(item->at + from);

		raw = raw << 8 | word[item->is_swapped];
		raw = raw << 8 | word[!item->is_swapped];
	}
	return raw;
}

static struct sample decode(const struct modbus_item *item, const uint8_t *data)
{
	uint64_t raw;

	if (item->registers == 0) {
		return sample_of_int(data[item->at / 8] >> item->at % 8 & 1, 1, false);
	}
	raw = read_registers(item, data);
	if (item->is_float) {
		return sample_of_float(raw, INT64_C(2) * item->registers);
	}
	raw = raw >> item->bit & UINT64_MAX >> (64 - item->bits);
	return sample_of_int(raw, item->bits, item->is_signed);
}

unsigned modbus_query_put(const struct modbus_query *query, struct device *device,
			  const uint8_t *data, int64_t sample_ns)
{
	unsigned good = 0;

	for (unsigned i = 0; i < query->item_count; i++) {
		const struct modbus_item *item = &query->items[i];
		struct channel *channel = &device->in[item->channel];
		struct sample sample = decode(item, data);
		int rc = sample_put(&sample, &item->scaling, channel, sample_ns);

		if (rc) {
			channel_set_quality(channel, QUALITY_BAD);
			device_count(device, COUNT_BAD_FIELD, 1);
		}
		good += rc == 0;
	}
	return good;
}

void modbus_query_mark_bad(const struct modbus_query *query, struct device *device)
{
	for (unsigned i = 0; i < query->item_count; i++) {
		channel_set_quality(&device->in[query->items[i].channel], QUALITY_BAD);
	}
}

static void write_registers(const struct modbus_item *item, uint64_t raw, uint8_t *data)
{
	for (uint32_t i = item->registers; i-- > 0; raw >>= 16) {
		uint32_t to = item->is_low_first ? item->registers - 1 - i : i;
		uint8_t *word = data + 2 * (size_t)(item->at + to);

		word[!item->is_swapped] = (uint8_t)raw;
		word[item->is_swapped] = (uint8_t)(raw >> 8);
	}
}

static void encode(const struct modbus_item *item, const struct channel *channel,
		   uint8_t *data)
{
	enum field_encoding encoding = item->is_float	 ? FIELD_FLOAT
				       : item->is_signed ? FIELD_SIGNED
							 : FIELD_UNSIGNED;
	uint64_t mask, raw;

	if (item->registers == 0) {
		raw = out_value_raw(channel, &item->scaling, FIELD_UNSIGNED, 1);
		data[item->at / 8] |= (uint8_t)(raw << item->at % 8);
		return;
	}
	mask = UINT64_MAX >> (64 - item->bits) << item->bit;
	raw = out_value_raw(channel, &item->scaling, encoding, item->bits) << item->bit;
	raw = (raw & mask) | (read_registers(item, data) & ~mask);
	write_registers(item, raw, data);
}

void modbus_query_compose(const struct modbus_query *query, const struct device *device,
			  uint8_t *data)
{
	memset(data, 0, modbus_data_bytes(&query->request));
	for (unsigned i = 0; i < query->item_count; i++) {
		const struct modbus_item *item = &query->items[i];

		encode(item, &device->out[item->channel], data);
	}
}
