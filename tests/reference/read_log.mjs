// Reads logs with the MCAP reference library, as someone who knows nothing of rtloop would: by the index
// and as a stream, every CRC checked and every message decoded by its own schema.
//
// usage: read_log.mjs [--unclosed] [--values TOPIC.FIELD]... FILE...
//
// Prints what it found as JSON: each file, each topic with its first and last message, and whether the
// cycles in /cycle and /gap are complete over all files in the order given. With --values it prints
// these fields of all messages instead, in order, one message a line. --unclosed: the files end where
// power failed, and have no index. Exit status 1 and a sentence on stderr if anything does not match.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { parseArgs } from "node:util";

import { crc32Final, crc32Init, crc32Update } from "@foxglove/crc";
import { parse as parseSchema } from "@foxglove/rosmsg";
import { MessageReader } from "@foxglove/rosmsg2-serialization";
import { McapIndexedReader, McapStreamReader } from "@mcap/core";
import { FileHandleReadable } from "@mcap/nodejs";

class Mismatch extends Error {}

function expect(condition, text) {
	if (!condition) {
		throw new Mismatch(text);
	}
}

/*
 * Counts, bounds and a digest of the messages of one topic. The stream has them as they were written, the index
 * by their time, and an event may be told later than one that came after it: so the digest is of all, in no
 * order.
 */
class Topic {
	count = 0;
	hashes = [];

	take(logTime, data, value) {
		const head = Buffer.alloc(16);

		head.writeBigUInt64LE(logTime, 0);
		head.writeUInt32LE(data.byteLength, 8);
		this.hashes.push(createHash("sha256").update(head).update(data).digest("hex"));
		if (this.count++ === 0) {
			this.first_log_time = logTime;
			this.first = value;
		}
		this.last_log_time = logTime;
		this.last = value;
	}

	digest() {
		return createHash("sha256").update(this.hashes.sort().join()).digest("hex");
	}
}

/* The messages of one file by topic; decodes each. */
class Messages {
	topics = new Map();
	schemas = new Map();
	channels = new Map();
	decoders = new Map();
	count = 0;

	declare(record) {
		(record.type === "Schema" ? this.schemas : this.channels).set(record.id, record);
	}

	decoder(channel) {
		let decoder = this.decoders.get(channel.id);

		if (!decoder) {
			const schema = this.schemas.get(channel.schemaId);

			expect(schema, `channel ${channel.topic} has no schema`);
			expect(schema.encoding === "ros2msg", `schema ${schema.name} is not ros2msg`);
			expect(channel.messageEncoding === "cdr", `${channel.topic} is not cdr`);
			const definition = new TextDecoder("utf-8", { fatal: true }).decode(schema.data);

			decoder = new MessageReader(parseSchema(definition, { ros2: true }));
			this.decoders.set(channel.id, decoder);
		}
		return decoder;
	}

	take(message) {
		const channel = this.channels.get(message.channelId);

		expect(channel, `a message is of channel ${message.channelId}, which is not there`);
		const value = this.decoder(channel).readMessage(message.data);
		let topic = this.topics.get(channel.topic);

		if (!topic) {
			topic = new Topic();
			this.topics.set(channel.topic, topic);
		}
		topic.take(message.logTime, message.data, value);
		this.count++;
		return { topic: channel.topic, value };
	}
}

async function readStream(path, listener) {
	const messages = new Messages();
	const reader = new McapStreamReader({ includeChunks: true, validateCrcs: true });
	const kinds = {};
	let inSummary = false;

	for await (const data of createReadStream(path, { highWaterMark: 1 << 20 })) {
		reader.append(data);
		for (let record; (record = reader.nextRecord()); ) {
			kinds[record.type] = (kinds[record.type] ?? 0) + 1;
			inSummary ||= record.type === "DataEnd";
			if (!inSummary && (record.type === "Schema" || record.type === "Channel")) {
				messages.declare(record);
			} else if (record.type === "Message") {
				const { topic, value } = messages.take(record);

				listener(topic, value);
			}
		}
	}
	return { messages, kinds, isDone: reader.done() };
}

async function checkDataCrc(path, reader) {
	let crc = crc32Init();
	const end = Number(reader.dataEndOffset) - 1;

	expect(reader.dataSectionCrc !== undefined, "the data has no CRC");
	for await (const data of createReadStream(path, { end })) {
		crc = crc32Update(crc, data);
	}
	expect(crc32Final(crc) === reader.dataSectionCrc, "the CRC of the data is wrong");
}

function checkStatistics(reader, messages, kinds) {
	const statistics = reader.statistics;

	expect(statistics, "there are no statistics");
	expect(
		statistics.messageCount === BigInt(messages.count),
		`the statistics count ${statistics.messageCount} messages, there are ${messages.count}`,
	);
	for (const [id, channel] of messages.channels) {
		const told = statistics.channelMessageCounts.get(id) ?? 0n;
		const count = messages.topics.get(channel.topic)?.count ?? 0;

		expect(told === BigInt(count), `${channel.topic}: ${told} messages told, ${count} there`);
	}
	expect(statistics.chunkCount === (kinds.Chunk ?? 0), "the statistics' chunks are wrong");
	expect(reader.chunkIndexes.length === (kinds.Chunk ?? 0), "a chunk has no index");
	expect(statistics.schemaCount === messages.schemas.size, "the statistics' schemas are wrong");
	expect(statistics.channelCount === messages.channels.size, "their channels are wrong");
	expect(statistics.attachmentCount === (kinds.Attachment ?? 0), "their attachments are wrong");
	expect(statistics.metadataCount === (kinds.Metadata ?? 0), "their metadata are wrong");
}

async function readIndexed(path, streamed) {
	const handle = await open(path);

	try {
		const reader = await McapIndexedReader.Initialize({
			readable: new FileHandleReadable(handle),
		});
		const messages = new Messages();
		const attachments = [];
		const metadata = {};

		expect(reader.header.profile === "ros2", "the profile is not ros2");
		reader.schemasById.forEach((schema) => messages.declare(schema));
		reader.channelsById.forEach((channel) => messages.declare(channel));
		for await (const message of reader.readMessages({ validateCrcs: true })) {
			messages.take(message);
		}
		for await (const attachment of reader.readAttachments({ validateCrcs: true })) {
			attachments.push(attachment.name);
		}
		for await (const record of reader.readMetadata()) {
			metadata[record.name] = Object.fromEntries(record.metadata);
		}
		checkStatistics(reader, streamed.messages, streamed.kinds);
		await checkDataCrc(path, reader);
		return { messages, attachments, metadata };
	} finally {
		await handle.close();
	}
}

function checkSame(streamed, indexed) {
	expect(
		streamed.topics.size === indexed.topics.size,
		"the index leads to other topics than the stream",
	);
	for (const [name, topic] of streamed.topics) {
		const other = indexed.topics.get(name);

		expect(other?.count === topic.count, `${name}: the index leads to ${other?.count} messages`);
		expect(
			other.digest() === topic.digest(),
			`${name}: the index leads to other messages than the stream`,
		);
	}
}

/* Every cycle once and in order, in /cycle or in /gap; 0 at the start of a file begins another run. */
class Cycles {
	runs = 0;
	logged = 0n;
	in_gaps = 0n;

	beginFile() {
		this.isAtStart = true;
	}

	take(topic, value) {
		if (topic === "/cycle") {
			this.advance(value.cycle, value.cycle);
			this.logged++;
		} else if (topic === "/gap") {
			expect(value.last >= value.first, `the gap from ${value.first} ends before it begins`);
			this.advance(value.first, value.last);
			this.in_gaps += value.last - value.first + 1n;
		}
	}

	advance(first, last) {
		if (this.runs === 0 || (this.isAtStart && first === 0n)) {
			this.runs++;
			this.first ??= first;
			this.last = first - 1n;
		}
		this.isAtStart = false;
		expect(first === this.last + 1n, `cycle ${first} follows cycle ${this.last}`);
		this.last = last;
	}
}

/* "/io/probe.quality.temp" of one message. */
function valueAt(value, path) {
	return path.reduce((at, name) => at?.[name], value);
}

function merge(topics, messages) {
	for (const [name, { count, first_log_time, first, last_log_time, last }] of messages.topics) {
		const before = topics[name];

		topics[name] = {
			count: count + (before?.count ?? 0),
			first_log_time: before?.first_log_time ?? first_log_time,
			last_log_time,
			first: before?.first ?? first,
			last,
		};
	}
}

/* BigInt, where JSON's readers would keep it, as a number; what is not a number as its name. */
function toJson(_key, value) {
	if (typeof value === "bigint") {
		return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
	}
	return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

async function readFile(path, options, report, listener) {
	const streamed = await readStream(path, listener);

	merge(report.topics, streamed.messages);
	const file = { path, messages: streamed.messages.count, chunks: streamed.kinds.Chunk ?? 0 };

	if (!options.unclosed) {
		expect(streamed.isDone, "the stream has no end");
		const indexed = await readIndexed(path, streamed);

		checkSame(streamed.messages, indexed.messages);
		file.attachments = indexed.attachments;
		file.metadata = indexed.metadata;
	}
	report.files.push(file);
}

async function main() {
	const { values: options, positionals: paths } = parseArgs({
		allowPositionals: true,
		options: {
			unclosed: { type: "boolean" },
			values: { type: "string", multiple: true, default: [] },
		},
	});
	const wanted = options.values.map((name) => {
		const [topic, ...path] = name.split(".");

		return { topic, path };
	});
	const report = { files: [], topics: {}, cycles: new Cycles() };
	const lines = [];
	const listener = (topic, value) => {
		const of = wanted.filter((field) => field.topic === topic);

		report.cycles.take(topic, value);
		if (of.length) {
			lines.push(of.map((field) => String(valueAt(value, field.path))).join(" "));
		}
	};

	for (const path of paths) {
		report.cycles.beginFile();
		try {
			await readFile(path, options, report, listener);
		} catch (error) {
			console.error(`${path}: ${error instanceof Mismatch ? error.message : error.stack}`);
			process.exitCode = 1;
			return;
		}
	}
	delete report.cycles.isAtStart;
	process.stdout.write(
		wanted.length
			? lines.map((line) => `${line}\n`).join("")
			: `${JSON.stringify(report, toJson, "\t")}\n`,
	);
}

await main();
