// SPDX-License-Identifier: Apache-2.0
// avsc leaves logical types to its users; these show them as `millrace tail` prints them.
const { types } = require("avsc");

class Instant extends types.LogicalType {
    _fromValue(micros) {
        const fraction = String(micros % 1e6).padStart(6, "0");
        return new Date(Math.floor(micros / 1e3)).toISOString().slice(0, 20) + fraction + "Z";
    }
    _toValue(text) {
        return typeof text === "string" ? Date.parse(text.slice(0, 19) + "Z") * 1e3 + Number(text.slice(20, 26)) : undefined;
    }
}

class Decimal extends types.LogicalType {
    constructor(schema, options) {
        super(schema, options);
        this.scale = schema.scale || 0;
    }
    _fromValue(bytes) {
        const unscaled = BigInt.asIntN(bytes.length * 8, BigInt("0x" + (bytes.toString("hex") || "0")));
        const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(this.scale + 1, "0");
        const cut = digits.length - this.scale;
        const text = this.scale ? `${digits.slice(0, cut)}.${digits.slice(cut)}`.replace(/\.?0+$/, "") : digits;
        return unscaled < 0n ? "-" + text : text;
    }
    _toValue(text) {
        if (typeof text !== "string") return undefined;
        const [whole, part = ""] = text.split(".");
        const unscaled = BigInt(whole + part.padEnd(this.scale, "0"));
        let size = 1;
        while (BigInt.asIntN(size * 8, unscaled) !== unscaled) size++;
        return Buffer.from(BigInt.asUintN(size * 8, unscaled).toString(16).padStart(size * 2, "0"), "hex");
    }
}

// What is left of Buffers and prototypes, as plain JSON.
function plain(value) {
    if (Buffer.isBuffer(value)) return value.toString("latin1");
    if (Array.isArray(value)) return value.map(plain);
    if (value && typeof value === "object")
        return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
    return value;
}

module.exports = { plain, logicalTypes: { "timestamp-micros": Instant, decimal: Decimal } };
