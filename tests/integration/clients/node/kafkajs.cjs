// SPDX-License-Identifier: Apache-2.0
// @kafkajs/confluent-schema-registry, driven line by line: see ../README.md.
const { SchemaRegistry, SchemaType } = require("@kafkajs/confluent-schema-registry");
const { logicalTypes, plain } = require("./logical.cjs");
const { receive, send, serve } = require("./driver.cjs");

const client = () => new SchemaRegistry({ host: process.argv[2], retry: { retries: 0 } },
    { [SchemaType.AVRO]: { logicalTypes } });
const made = (ask) => ({ type: SchemaType.AVRO, schema: ask.schema, references: ask.references });
const register = async (c, ask, subject) =>
    (await c.register(made(ask), { subject, ...(ask.level ? { compatibility: ask.level } : {}) })).id;

serve({
    register: (ask) => register(client(), ask, ask.subject),
    by_id: async (ask) => ({ parsed: (await client().getSchema(ask.id)).name }),
    version: async (ask) => ({ id: ask.version === "latest" ? await client().getLatestSchemaId(ask.subject)
        : await client().getRegistryId(ask.subject, ask.version) }),
    lookup: async (ask) => ({ id: await client().getRegistryIdBySchema(ask.subject, made(ask)) }),
    produce: async (ask) => {
        const c = client();
        const subject = `${ask.topic}-value`;
        const id = ask.how === "latest" ? await c.getLatestSchemaId(subject) : await register(c, ask, subject);
        return send(ask, (value) => c.encode(id, value));
    },
    consume: (ask) => {
        const c = client();
        return receive(ask, async (record) => plain(await c.decode(record.value)));
    },
}, (error) => ({ status: error.status }));
