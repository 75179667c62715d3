#include "drivers/modbus_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/due.h"

#define COIL_ON 0xFF00

static bool is_of_coils(const struct modbus_request *request)
{
	return request->function == MODBUS_READ_COILS;
}

/* The plan's requests are named by the functions that read their table. */
static uint8_t function_for(const struct modbus_request *request, bool is_multiple)
{
	bool is_single = request->count == 1 && !is_multiple;

	if (is_of_coils(request)) {
		return is_single ? MODBUS_WRITE_COIL : MODBUS_WRITE_COILS;
	}
	return is_single ? MODBUS_WRITE_REGISTER : MODBUS_WRITE_REGISTERS;
}

static void set_up(struct modbus_writer *writer, unsigned index)
{
	struct modbus_write *write = &writer->writes[index];

	write->query = &writer->plan.queries[index];
	write->bytes = modbus_data_bytes(&write->query->request);
	write->request = write->query->request;
	write->request.function =
		function_for(&write->query->request, writer->options->is_multiple);
}

int modbus_writer_init(struct modbus_writer *writer, const struct device_spec *spec)
{
	const struct modbus_options *options = spec->options;
	int rc;

	*writer = (struct modbus_writer){ .options = &options->send, .under_way = -1 };
	rc = modbus_plan_init_out(&writer->plan, spec);
	if (rc) {
		return rc;
	}
	writer->writes = calloc(writer->plan.query_count + 1, sizeof(*writer->writes));
	if (!writer->writes) {
		return -ENOMEM;
	}
	for (unsigned i = 0; i < writer->plan.query_count; i++) {
		set_up(writer, i);
	}
	return 0;
}

void modbus_writer_fini(struct modbus_writer *writer)
{
	modbus_plan_fini(&writer->plan);
	free(writer->writes);
	writer->writes = NULL;
}

void modbus_writer_attach(struct modbus_writer *writer, const struct cycle_time *now)
{
	writer->due_ns = now->release_ns;
	writer->under_way = -1;
	for (unsigned i = 0; i < writer->plan.query_count; i++) {
		writer->writes[i].is_noted = false;
		writer->writes[i].wants = false;
		writer->writes[i].retry_ns = 0;
		writer->writes[i].query->refused_with = 0;
	}
}

void modbus_writer_plan(struct modbus_writer *writer, struct device *device,
			const struct cycle_time *now)
{
	bool looks_at_changes = writer->options->has_on || !writer->options->has_every;
	bool is_time =
		writer->options->has_every &&
		due_take(&writer->due_ns, writer->options->every_ns, now->release_ns);
	bool is_due = is_time || device->must_emit;

	for (unsigned i = 0; i < writer->plan.query_count; i++) {
		struct modbus_write *write = &writer->writes[i];
		uint8_t data[MODBUS_WRITE_DATA_BYTES_MAX];
		bool has_changed;

		modbus_query_compose(write->query, device, data);
		has_changed =
			!write->is_noted || memcmp(data, write->data, write->bytes) != 0;
		memcpy(write->data, data, write->bytes);
		write->is_noted = true;
		if (is_due || (looks_at_changes && has_changed)) {
			device_count(device, COUNT_SEND_DROPPED, write->wants);
			write->wants = true;
		}
	}
}

static const struct modbus_request *begin(struct modbus_writer *writer, unsigned index)
{
	struct modbus_write *write = &writer->writes[index];
	struct modbus_request *request = &write->request;

	writer->under_way = (int)index;
	writer->next = index + 1;
	write->wants = false;
	memcpy(writer->sent, write->data, write->bytes);
	request->data = writer->sent;
	if (request->function == MODBUS_WRITE_COIL) {
		request->count = write->data[0] & 1 ? COIL_ON : 0;
	} else if (request->function == MODBUS_WRITE_REGISTER) {
		request->count = (uint16_t)(write->data[0] << 8 | write->data[1]);
	}
	return request;
}

const struct modbus_request *modbus_writer_take(struct modbus_writer *writer,
						const struct cycle_time *now)
{
	unsigned count = writer->plan.query_count;

	for (unsigned i = 0; i < count; i++) {
		unsigned index = (writer->next + i) % count;
		const struct modbus_write *write = &writer->writes[index];

		if (write->wants && now->wake_ns >= write->retry_ns) {
			return begin(writer, index);
		}
	}
	return NULL;
}

const struct modbus_request *modbus_writer_request(const struct modbus_writer *writer)
{
	return writer->under_way < 0 ? NULL : &writer->writes[writer->under_way].request;
}

void modbus_writer_done(struct modbus_writer *writer)
{
	if (writer->under_way >= 0) {
		writer->writes[writer->under_way].query->refused_with = 0;
	}
	writer->under_way = -1;
}

void modbus_writer_failed(struct modbus_writer *writer, int64_t retry_ns)
{
	if (writer->under_way >= 0) {
		writer->writes[writer->under_way].wants = true;
		writer->writes[writer->under_way].retry_ns = retry_ns;
	}
	writer->under_way = -1;
}

bool modbus_writer_is_behind(const struct modbus_writer *writer)
{
	bool wants = writer->under_way >= 0;

	for (unsigned i = 0; i < writer->plan.query_count; i++) {
		wants |= writer->writes[i].wants;
	}
	return wants;
}
