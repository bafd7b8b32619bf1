// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"
)

const instant = "2006-01-02T15:04:05.000000Z"

// produce registers (unless the latest is asked for), then sends the values framed by sr.Serde.
func produce(ctx context.Context, c *sr.Client, a *ask) (any, error) {
	var found sr.SubjectSchema
	var err error
	if a.How == "latest" {
		found, err = c.SchemaByVersion(ctx, a.Topic+"-value", -1)
	} else {
		found, err = c.CreateSchema(ctx, a.Topic+"-value", a.made())
	}
	if err != nil {
		return nil, err
	}
	schema, err := avro.Parse(found.Schema.Schema)
	if err != nil {
		return nil, err
	}
	var serde sr.Serde
	serde.Register(found.ID, map[string]any{}, sr.EncodeFn(func(v any) ([]byte, error) { return avro.Marshal(schema, v) }))
	k, err := kgo.NewClient(kgo.SeedBrokers(a.Brokers), kgo.ProducerBatchCompression(kgo.Lz4Compression()))
	if err != nil {
		return nil, err
	}
	defer k.Close()
	for _, value := range a.Values {
		framed, err := serde.Encode(native(schema, value))
		if err != nil {
			return nil, err
		}
		record := &kgo.Record{Topic: a.Topic, Key: []byte("k"), Value: framed}
		if err := k.ProduceSync(ctx, record).FirstErr(); err != nil {
			return nil, err
		}
	}
	return len(a.Values), nil
}

// consume reads n records from the given offsets on, each by the schema of its own id.
func consume(ctx context.Context, c *sr.Client, a *ask) (any, error) {
	from := map[int32]kgo.Offset{}
	for partition, offset := range a.From {
		from[partition] = kgo.NewOffset().At(offset)
	}
	k, err := kgo.NewClient(kgo.SeedBrokers(a.Brokers), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{a.Topic: from}))
	if err != nil {
		return nil, err
	}
	defer k.Close()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	values := []any{}
	for len(values) < a.N {
		fetches := k.PollRecords(ctx, a.N-len(values))
		if err := fetches.Err(); err != nil {
			return nil, fmt.Errorf("%d of %d records: %w", len(values), a.N, err)
		}
		for _, record := range fetches.Records() {
			value, err := decoded(ctx, c, record.Value)
			if err != nil {
				return nil, err
			}
			values = append(values, value)
		}
	}
	return values, nil
}

func decoded(ctx context.Context, c *sr.Client, framed []byte) (any, error) {
	var serde sr.Serde
	id, _, err := serde.DecodeID(framed)
	if err != nil {
		return nil, err
	}
	text, err := c.SchemaByID(ctx, id)
	if err != nil {
		return nil, err
	}
	schema, err := avro.Parse(text.Schema)
	if err != nil {
		return nil, err
	}
	serde.Register(id, map[string]any{}, sr.DecodeFn(func(b []byte, v any) error { return avro.Unmarshal(schema, b, v) }))
	value := map[string]any{}
	err = serde.Decode(framed, &value)
	return plain(schema, value), err
}

func named(schema avro.Schema) string {
	if one, ok := schema.(avro.NamedSchema); ok {
		return one.FullName()
	}
	if one, ok := schema.(avro.LogicalTypeSchema); ok && one.Logical() != nil {
		return string(schema.Type()) + "." + string(one.Logical().Type())
	}
	return string(schema.Type())
}

func deref(schema avro.Schema) avro.Schema {
	if ref, ok := schema.(*avro.RefSchema); ok {
		return ref.Schema()
	}
	return schema
}

// walk applies one to every child of a record, array or map.
func walk(schema avro.Schema, value any, one func(avro.Schema, any) any) any {
	switch s := schema.(type) {
	case *avro.RecordSchema:
		out := map[string]any{}
		for _, field := range s.Fields() {
			out[field.Name()] = one(field.Type(), value.(map[string]any)[field.Name()])
		}
		return out
	case *avro.ArraySchema:
		out := []any{}
		for _, item := range value.([]any) {
			out = append(out, one(s.Items(), item))
		}
		return out
	case *avro.MapSchema:
		out := map[string]any{}
		for key, item := range value.(map[string]any) {
			out[key] = one(s.Values(), item)
		}
		return out
	}
	return value
}

// plain: a decoded value as `millrace tail` prints it; this library tags the branches of unions.
func plain(schema avro.Schema, value any) any {
	schema = deref(schema)
	if union, ok := schema.(*avro.UnionSchema); ok {
		tagged, isMap := value.(map[string]any)
		for _, branch := range union.Types() {
			branch = deref(branch)
			if value == nil && branch.Type() == avro.Null {
				return nil
			}
			if inner, has := tagged[named(branch)]; isMap && has {
				return plain(branch, inner)
			}
			if branch.Type() != avro.Null && !isMap {
				return plain(branch, value)
			}
		}
	}
	switch v := value.(type) {
	case *big.Rat:
		return trimmed(v)
	case big.Rat:
		return trimmed(&v)
	case time.Time:
		return v.UTC().Format(instant)
	case []byte:
		return latin1(v)
	}
	return walk(schema, value, plain)
}

func trimmed(amount *big.Rat) string {
	return strings.TrimSuffix(strings.TrimRight(amount.FloatString(9), "0"), ".")
}

func latin1(raw []byte) string {
	runes := make([]rune, len(raw))
	for i, b := range raw {
		runes[i] = rune(b)
	}
	return string(runes)
}

// native: what this library encodes, of a value in the form of `plain`.
func native(schema avro.Schema, value any) any {
	schema = deref(schema)
	if union, ok := schema.(*avro.UnionSchema); ok {
		if value == nil {
			return nil
		}
		for _, branch := range union.Types() {
			if branch.Type() != avro.Null {
				return map[string]any{named(deref(branch)): native(branch, value)}
			}
		}
	}
	switch named(schema) {
	case "bytes.decimal":
		amount, _ := new(big.Rat).SetString(value.(string))
		return amount
	case "long.timestamp-micros":
		moment, _ := time.Parse(instant, value.(string))
		return moment
	case "long":
		return int64(value.(float64))
	case "int":
		return int(value.(float64))
	}
	return walk(schema, value, native)
}
