package output

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"bertlab/gbert/task"
)

// inner and document are of all kinds that documents have.
type inner struct {
	Error float64 `json:"error"`
	Small float32 `json:"small,omitempty"`
}

type exampleDocument struct {
	inner
	Pointer *float64           `json:"pointer"`
	Any     any                `json:"any"`
	Map     map[string]float64 `json:"map"`
	Nested  map[string]inner   `json:"nested"`
	List    []*inner           `json:"list"`
	Scores  task.Scores        `json:"scores"`
	hidden  float64
}

func TestADocumentWithNumbersThatAreNoneIsWrittenWithNulls(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	make := func(bad, worse float64) *exampleDocument {
		return &exampleDocument{
			inner: inner{bad, float32(worse)}, Pointer: &worse, Any: []any{bad, "NaN", inner{Error: worse}, &bad},
			Map: map[string]float64{"a": bad, "b": 1e300}, Nested: map[string]inner{"c": {worse, 2}}, List: []*inner{{bad, float32(-worse)}, nil},
			Scores: task.Scores{"accuracy": bad}, hidden: bad,
		}
	}
	document := make(nan, inf)
	var text bytes.Buffer
	if err := JSON(&text, *document); err != nil {
		t.Fatal(err)
	}
	const want = `{"error":null,"small":null,"pointer":null,"any":[null,"NaN",{"error":null},null],"map":{"a":null,"b":1e+300},` +
		`"nested":{"c":{"error":null,"small":2}},"list":[{"error":null,"small":null},null],"scores":{"accuracy":null}}`
	var compact bytes.Buffer
	if err := json.Compact(&compact, text.Bytes()); err != nil || compact.String() != want {
		t.Errorf("%v\n%s, want\n%s", err, compact.String(), want)
	}
	if !math.IsNaN(document.Error) || !math.IsInf(*document.Pointer, 1) || !math.IsNaN(document.Map["a"]) || !math.IsInf(document.Nested["c"].Error, 1) ||
		!math.IsNaN(document.Any.([]any)[0].(float64)) || !math.IsInf(float64(document.List[0].Small), -1) {
		t.Errorf("the document has changed: %+v", document)
	}
	good := make(0.5, 2)
	var plain, direct bytes.Buffer
	if err := JSON(&plain, good); err != nil {
		t.Fatal(err)
	}
	nulls, err := encodeNulls(good)
	if err != nil {
		t.Fatal(err)
	}
	if err := encodeJSON(&direct, good); err != nil || plain.String() != direct.String() || string(nulls) != direct.String() {
		t.Errorf("%v\n%s\n%s\n%s", err, plain.String(), nulls, direct.String())
	}
}
