package tokenizer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// An edit makes a new value of a member of a JSON object.
type edit func(value json.RawMessage) (json.RawMessage, error)

// edited is a JSON object with new values of some of its members, in its order.
// A member that is null stays so.
func edited(object json.RawMessage, edits map[string]edit) (json.RawMessage, error) {
	all, err := members(object)
	if err != nil {
		return nil, err
	}
	for i, m := range all {
		change := edits[m.key]
		if change == nil || string(m.value) == "null" {
			continue
		}
		if all[i].value, err = change(m.value); err != nil {
			return nil, fmt.Errorf("%s: %w", m.key, err)
		}
	}
	return joined(all)
}

// joined is the JSON object of its members.
func joined(all []member) (json.RawMessage, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, m := range all {
		if i > 0 {
			out.WriteByte(',')
		}
		key, err := plainJSON(m.key)
		if err != nil {
			return nil, err
		}
		out.Write(key)
		out.WriteByte(':')
		out.Write(m.value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// plainJSON is a value as JSON in which <, > and & stand as they are.
func plainJSON(value any) (json.RawMessage, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSpace(out.Bytes()), err
}

// each edits all elements of a JSON list.
func each(change edit) edit {
	return func(value json.RawMessage) (json.RawMessage, error) {
		var list []json.RawMessage
		err := json.Unmarshal(value, &list)
		for i := 0; i < len(list) && err == nil; i++ {
			list[i], err = change(list[i])
		}
		if err != nil {
			return nil, err
		}
		return plainJSON(list)
	}
}

// within edits members of a JSON object.
func within(edits map[string]edit) edit {
	return func(value json.RawMessage) (json.RawMessage, error) { return edited(value, edits) }
}

// laidOut is JSON in lines where the text that it takes the place of was.
func laidOut(value json.RawMessage, like []byte) ([]byte, error) {
	if !bytes.Contains(bytes.TrimSpace(like), []byte("\n")) {
		return value, nil
	}
	var out bytes.Buffer
	if err := json.Indent(&out, value, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// id edits the number of a token.
func (k *keeper) id(value json.RawMessage) (json.RawMessage, error) {
	var id int32
	if err := json.Unmarshal(value, &id); err != nil {
		return nil, fmt.Errorf("want a token's id: %w", err)
	}
	now, err := k.renumbered(id)
	if err != nil {
		return nil, err
	}
	return strconv.AppendInt(nil, int64(now), 10), nil
}

// json writes a tokenizer.json.
func (k *keeper) json(text []byte) ([]byte, error) {
	model := map[string]edit{"vocab": k.vocabulary, "unk_id": k.id}
	value, err := edited(text, map[string]edit{
		"padding": within(map[string]edit{"pad_id": k.id}), "added_tokens": each(within(map[string]edit{"id": k.id})),
		"post_processor": k.postProcessor, "model": within(model),
	})
	if err != nil {
		return nil, err
	}
	return laidOut(value, text)
}

// postProcessor edits what puts special tokens around texts.
func (k *keeper) postProcessor(value json.RawMessage) (json.RawMessage, error) {
	paired := func(value json.RawMessage) (json.RawMessage, error) {
		var pair []json.RawMessage
		if err := json.Unmarshal(value, &pair); err != nil || len(pair) != 2 {
			return nil, fmt.Errorf("want a token and its id, not %s", value)
		}
		id, err := k.id(pair[1])
		if err != nil {
			return nil, err
		}
		return plainJSON([]json.RawMessage{pair[0], id})
	}
	return edited(value, map[string]edit{
		"cls": paired, "sep": paired, "processors": each(k.postProcessor),
		"special_tokens": func(value json.RawMessage) (json.RawMessage, error) {
			all, err := members(value)
			for i := 0; i < len(all) && err == nil; i++ {
				all[i].value, err = edited(all[i].value, map[string]edit{"ids": each(k.id)})
			}
			if err != nil {
				return nil, err
			}
			return joined(all)
		},
	})
}

// vocabulary edits that of the model: an object of token → id, or a list of
// tokens and their log probabilities.
func (k *keeper) vocabulary(value json.RawMessage) (json.RawMessage, error) {
	if bytes.HasPrefix(value, []byte("[")) {
		var all, kept []json.RawMessage
		if err := json.Unmarshal(value, &all); err != nil {
			return nil, err
		}
		for i, piece := range all {
			if _, stays := k.number[int32(i)]; stays {
				kept = append(kept, piece)
			}
		}
		return plainJSON(kept)
	}
	all, err := members(value)
	if err != nil {
		return nil, err
	}
	kept := all[:0]
	for _, m := range all {
		var id int32
		if err := json.Unmarshal(m.value, &id); err != nil {
			return nil, err
		}
		now, stays := k.number[id]
		if !stays {
			continue
		}
		kept = append(kept, member{m.key, strconv.AppendInt(nil, int64(now), 10)})
	}
	return joined(kept)
}

// config writes a tokenizer_config.json, in which added tokens have their ids
// as keys.
func (k *keeper) config(text []byte) ([]byte, error) {
	value, err := edited(text, map[string]edit{"added_tokens_decoder": func(value json.RawMessage) (json.RawMessage, error) {
		all, err := members(value)
		if err != nil {
			return nil, err
		}
		for i, m := range all {
			id, err := k.id(json.RawMessage(m.key))
			if err != nil {
				return nil, err
			}
			all[i].key = string(id)
		}
		return joined(all)
	}})
	if err != nil {
		return nil, err
	}
	return laidOut(value, text)
}

// added writes an added_tokens.json, an object of token → id.
func (k *keeper) added(text []byte) ([]byte, error) {
	all, err := members(text)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].value, err = k.id(all[i].value); err != nil {
			return nil, fmt.Errorf("%q: %w", all[i].key, err)
		}
	}
	value, err := joined(all)
	if err != nil {
		return nil, err
	}
	return laidOut(value, text)
}
