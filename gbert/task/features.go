package task

import (
	"encoding/json"
	"fmt"
	"strings"
)

// featuresKey is the key under which the Hugging Face datasets library keeps what it knows of a Parquet file's columns.
const featuresKey = "huggingface"

// classNames gives the names of the classes whose numbers a column has, from its ClassLabel feature; nil where the file says nothing.
//
//	{"info": {"features": {"label": {"names": ["neg", "pos"], "_type": "ClassLabel"}}}}
func classNames(metadata []byte, column string) ([]string, error) {
	if len(metadata) == 0 {
		return nil, nil
	}
	var document struct {
		Info struct {
			Features map[string]json.RawMessage `json:"features"`
		} `json:"info"`
	}
	if err := json.Unmarshal(metadata, &document); err != nil {
		return nil, fmt.Errorf("its metadata under the key %q, in which the datasets library names the classes, cannot be read: %w", featuresKey, err)
	}
	features, name := document.Info.Features, column
	for {
		if feature, ok := features[name]; ok {
			return featureNames(feature), nil
		}
		outer, inner, ok := strings.Cut(name, ".")
		if !ok {
			return nil, nil
		}
		nested := map[string]json.RawMessage{}
		if json.Unmarshal(features[outer], &nested) != nil {
			return nil, nil
		}
		features, name = nested, inner
	}
}

// featureNames gives the names of a ClassLabel, or of the ClassLabels in a list.
func featureNames(feature json.RawMessage) []string {
	const mostLists = 8
	for range mostLists {
		var one struct {
			Type    string          `json:"_type"`
			Names   []string        `json:"names"`
			Feature json.RawMessage `json:"feature"`
		}
		var list []json.RawMessage
		switch {
		case json.Unmarshal(feature, &list) == nil && len(list) == 1:
			feature = list[0]
		case json.Unmarshal(feature, &one) == nil && one.Type == "ClassLabel":
			return one.Names
		case len(one.Feature) > 0:
			feature = one.Feature
		default:
			return nil
		}
	}
	return nil
}
