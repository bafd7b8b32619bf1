// SPDX-License-Identifier: Apache-2.0

// Command sr drives franz-go's sr package line by line: see ../README.md.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/twmb/franz-go/pkg/sr"
)

type ask struct {
	Op         string               `json:"op"`
	Subject    string               `json:"subject"`
	Schema     string               `json:"schema"`
	References []sr.SchemaReference `json:"references"`
	Normalize  bool                 `json:"normalize"`
	Deleted    bool                 `json:"deleted"`
	Permanent  bool                 `json:"permanent"`
	Prefix     string               `json:"prefix"`
	ID         int                  `json:"id"`
	GUID       string               `json:"guid"`
	Version    any                  `json:"version"`
	Level      string               `json:"level"`
	Mode       string               `json:"mode"`
	Brokers    string               `json:"brokers"`
	Topic      string               `json:"topic"`
	Key        string               `json:"key"`
	How        string               `json:"how"`
	N          int                  `json:"n"`
	From       map[int32]int64      `json:"from"`
	Values     []any                `json:"values"`
}

type shown struct {
	ID      int    `json:"id"`
	Version int    `json:"version"`
	Schema  string `json:"schema"`
}

type usage struct {
	Subject string `json:"subject"`
	Version int    `json:"version"`
}

func (a *ask) made() sr.Schema {
	return sr.Schema{Schema: a.Schema, References: a.References}
}

// version of a request: "latest" is -1; without one, otherwise.
func (a *ask) version(otherwise int) int {
	if n, ok := a.Version.(float64); ok {
		return int(n)
	}
	if a.Version != nil {
		return -1
	}
	return otherwise
}

func (a *ask) context() context.Context {
	params := []sr.Param{}
	if a.Normalize {
		params = append(params, sr.Normalize)
	}
	if a.Deleted {
		params = append(params, sr.ShowDeleted)
	}
	if a.Prefix != "" {
		params = append(params, sr.SubjectPrefix(a.Prefix))
	}
	return sr.WithParams(context.Background(), params...)
}

func show(s sr.SubjectSchema, err error) (any, error) {
	return shown{s.ID, s.Version, s.Schema.Schema}, err
}

type op func(context.Context, *sr.Client, *ask) (any, error)

var ops = map[string]op{
	"types": func(ctx context.Context, c *sr.Client, _ *ask) (any, error) {
		types, err := c.SupportedTypes(ctx)
		names := []string{}
		for _, one := range types {
			names = append(names, one.String())
		}
		return names, err
	},
	"contexts": func(ctx context.Context, c *sr.Client, _ *ask) (any, error) { return c.Contexts(ctx) },
	"subjects": func(ctx context.Context, c *sr.Client, _ *ask) (any, error) { return c.Subjects(ctx) },
	"register": func(ctx context.Context, c *sr.Client, a *ask) (any, error) {
		return c.RegisterSchema(ctx, a.Subject, a.made(), -1, -1)
	},
	"by_id": func(ctx context.Context, c *sr.Client, a *ask) (any, error) {
		s, err := c.SchemaByID(ctx, a.ID)
		if s.References == nil {
			s.References = []sr.SchemaReference{}
		}
		return map[string]any{"schema": s.Schema, "references": s.References}, err
	},
	"guid": func(ctx context.Context, c *sr.Client, a *ask) (any, error) {
		s, err := c.SchemaByVersion(ctx, a.Subject, -1)
		return s.GUID, err
	},
	"by_guid": func(ctx context.Context, c *sr.Client, a *ask) (any, error) {
		s, err := c.SchemaByGUID(ctx, a.GUID)
		return s.Schema.Schema, err
	},
	"subjects_of": func(ctx context.Context, c *sr.Client, a *ask) (any, error) { return c.SubjectsByID(ctx, a.ID) },
	"usages": func(ctx context.Context, c *sr.Client, a *ask) (any, error) {
		found, err := c.SchemaVersionsByID(ctx, a.ID)
		list := []usage{}
		for _, one := range found {
			list = append(list, usage{one.Subject, one.Version})
		}
		return list, err
	},
	"versions": func(ctx context.Context, c *sr.Client, a *ask) (any, error) { return c.SubjectVersions(ctx, a.Subject) },
	"version": func(ctx context.Context, c *sr.Client, a *ask) (any, error) {
		return show(c.SchemaByVersion(ctx, a.Subject, a.version(-1)))
	},
	"lookup": func(ctx context.Context, c *sr.Client, a *ask) (any, error) {
		return show(c.LookupSchema(ctx, a.Subject, a.made()))
	},
	"referenced_by": func(ctx context.Context, c *sr.Client, a *ask) (any, error) {
		found, err := c.SchemaReferences(ctx, a.Subject, a.version(-1))
		ids := []int{}
		for _, one := range found {
			ids = append(ids, one.ID)
		}
		return ids, err
	},
	"compatible": func(ctx context.Context, c *sr.Client, a *ask) (any, error) {
		found, err := c.CheckCompatibility(sr.WithParams(ctx, sr.Verbose), a.Subject, a.version(-2), a.made())
		return found.Is, err
	},
	"level": func(ctx context.Context, c *sr.Client, a *ask) (any, error) {
		found := c.Compatibility(ctx, a.Subject)[0]
		return found.Level.String(), found.Err
	},
	"set_level": func(ctx context.Context, c *sr.Client, a *ask) (any, error) {
		var level sr.CompatibilityLevel
		if err := level.UnmarshalText([]byte(a.Level)); err != nil {
			return nil, err
		}
		found := c.SetCompatibility(ctx, sr.SetCompatibility{Level: level}, a.Subject)[0]
		return found.Level.String(), found.Err
	},
	"reset_level": func(ctx context.Context, c *sr.Client, a *ask) (any, error) {
		found := c.ResetCompatibility(ctx, a.Subject)[0]
		return found.Level.String(), found.Err
	},
	"mode":       func(ctx context.Context, c *sr.Client, a *ask) (any, error) { return mode(c.Mode(ctx, a.Subject)) },
	"reset_mode": func(ctx context.Context, c *sr.Client, a *ask) (any, error) { return mode(c.ResetMode(ctx, a.Subject)) },
	"set_mode": func(ctx context.Context, c *sr.Client, a *ask) (any, error) {
		var wanted sr.Mode
		if err := wanted.UnmarshalText([]byte(a.Mode)); err != nil {
			return nil, err
		}
		return mode(c.SetMode(ctx, wanted, a.Subject))
	},
	"delete_subject": func(ctx context.Context, c *sr.Client, a *ask) (any, error) {
		return c.DeleteSubject(ctx, a.Subject, sr.DeleteHow(a.Permanent))
	},
	"delete_version": func(ctx context.Context, c *sr.Client, a *ask) (any, error) {
		return a.version(-1), c.DeleteSchema(ctx, a.Subject, a.version(-1), sr.DeleteHow(a.Permanent))
	},
	"produce": produce,
	"consume": consume,
}

func mode(found []sr.ModeResult) (any, error) {
	return found[0].Mode.String(), found[0].Err
}

func answer(c *sr.Client, line []byte) map[string]any {
	var a ask
	if err := json.Unmarshal(line, &a); err != nil {
		return map[string]any{"error": map[string]any{"type": "request", "message": err.Error()}}
	}
	do, known := ops[a.Op]
	if !known {
		return map[string]any{"unsupported": a.Op}
	}
	value, err := do(a.context(), c, &a)
	if err == nil {
		return map[string]any{"ok": value}
	}
	told := map[string]any{"type": fmt.Sprintf("%T", err), "message": err.Error()}
	var refused *sr.ResponseError
	if errors.As(err, &refused) {
		told["type"], told["status"], told["code"] = "ResponseError", refused.StatusCode, refused.ErrorCode
		if refused.SchemaError() != nil {
			told["name"] = refused.SchemaError().Name
		}
	}
	return map[string]any{"error": told}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		c, err := sr.NewClient(sr.URLs(os.Args[1]))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		text, err := json.Marshal(answer(c, lines.Bytes()))
		if err != nil {
			text, _ = json.Marshal(map[string]any{"error": map[string]any{"type": "json", "message": err.Error()}})
		}
		fmt.Println(string(text))
	}
}
