// SPDX-License-Identifier: Apache-2.0
// The line protocol of ../README.md, and Kafka for both libraries (kafkajs, without compression: it lacks lz4).
const readline = require("node:readline");
const { Kafka, logLevel } = require("kafkajs");

const kafka = (brokers) => new Kafka({ clientId: "clients", brokers: [brokers], logLevel: logLevel.NOTHING });

async function send(ask, encode) {
    const producer = kafka(ask.brokers).producer();
    await producer.connect();
    try {
        const messages = [];
        for (const value of ask.values) {
            const headers = {};
            messages.push({ key: ask.key || "k", value: await encode(value, headers), headers });
        }
        await producer.send({ topic: ask.topic, messages });
    } finally {
        await producer.disconnect();
    }
    return ask.values.length;
}

async function receive(ask, decode) {
    const consumer = kafka(ask.brokers).consumer({ groupId: `clients-${ask.topic}-${process.pid}` });
    const values = [];
    await consumer.connect();
    try {
        await consumer.subscribe({ topics: [ask.topic], fromBeginning: true });
        await new Promise((done, failed) => {
            const each = async ({ message }) => {
                if (values.length === ask.n) return;
                try {
                    values.push(await decode(message));
                } catch (error) {
                    failed(error);
                }
                if (values.length === ask.n) done();
            };
            consumer.run({ autoCommit: false, eachMessage: each }).catch(failed);
            for (const [partition, offset] of Object.entries(ask.from))
                consumer.seek({ topic: ask.topic, partition: Number(partition), offset: String(offset) });
            setTimeout(() => failed(new Error(`${values.length} of ${ask.n} records`)), 30000).unref();
        });
    } finally {
        await consumer.disconnect();
    }
    return values;
}

function serve(ops, describe) {
    readline.createInterface({ input: process.stdin }).on("line", async (line) => {
        const ask = JSON.parse(line);
        let answer = { unsupported: ask.op };
        if (ops[ask.op]) {
            try {
                answer = { ok: await ops[ask.op](ask) };
            } catch (error) {
                answer = { error: { type: error.constructor.name, message: error.message, ...describe(error) } };
            }
        }
        process.stdout.write(JSON.stringify(answer) + "\n");
    }).on("close", () => process.exit(0));
}

module.exports = { send, receive, serve };
