// SPDX-License-Identifier: Apache-2.0
// @confluentinc/schemaregistry, driven line by line: see ../README.md.
const { AvroDeserializer, AvroSerializer, HeaderSchemaIdSerializer, SchemaRegistryClient,
    SerdeType } = require("@confluentinc/schemaregistry");
const { logicalTypes, plain } = require("./logical.cjs");
const { receive, send, serve } = require("./driver.cjs");

const client = () => new SchemaRegistryClient({ baseURLs: [process.argv[2]], maxRetries: 0 });
const made = (ask) => ({ schema: ask.schema, schemaType: "AVRO", references: ask.references || [] });
const shown = ({ id, version, schema }) => ({ id, version, schema });

serve({
    subjects: () => client().getAllSubjects(),
    register: (ask) => client().register(ask.subject, made(ask), ask.normalize || false),
    by_id: async (ask) => {
        const { schema, references = [] } = await client().getBySubjectAndId(ask.subject || "", ask.id);
        return { schema, references };
    },
    guid: async (ask) => (await client().registerFullResponse(ask.subject, made(ask), false)).guid,
    by_guid: async (ask) => (await client().getByGuid(ask.guid)).schema,
    versions: (ask) => client().getAllVersions(ask.subject),
    version: async (ask) => shown(ask.version === "latest" ? await client().getLatestSchemaMetadata(ask.subject)
        : await client().getSchemaMetadata(ask.subject, ask.version, ask.deleted || false)),
    lookup: async (ask) => shown(await client().getIdFullResponse(ask.subject, made(ask), ask.normalize || false)),
    compatible: (ask) => ask.version && ask.version !== "latest"
        ? client().testCompatibility(ask.subject, ask.version, made(ask))
        : client().testSubjectCompatibility(ask.subject, made(ask)),
    level: (ask) => ask.subject ? client().getCompatibility(ask.subject) : client().getDefaultCompatibility(),
    set_level: (ask) => ask.subject ? client().updateCompatibility(ask.subject, ask.level)
        : client().updateDefaultCompatibility(ask.level),
    delete_subject: (ask) => client().deleteSubject(ask.subject, ask.permanent || false),
    delete_version: (ask) => client().deleteSubjectVersion(ask.subject, ask.version, ask.permanent || false),
    produce: async (ask) => {
        const c = client();
        const conf = { autoRegisterSchemas: false, useLatestVersion: true, normalizeSchemas: ask.normalize || false, logicalTypes };
        if (ask.how === "header") conf.schemaIdSerializer = HeaderSchemaIdSerializer;
        if (ask.how !== "latest") await c.register(`${ask.topic}-value`, made(ask), ask.normalize || false);
        const serializer = new AvroSerializer(c, SerdeType.VALUE, conf);
        return send(ask, (value, headers) => serializer.serialize(ask.topic, value, headers));
    },
    consume: (ask) => {
        const deserializer = new AvroDeserializer(client(), SerdeType.VALUE, { logicalTypes });
        return receive(ask, async (record) => plain(await deserializer.deserialize(ask.topic, record.value, record.headers)));
    },
}, (error) => ({ status: error.status, code: error.errorCode }));
