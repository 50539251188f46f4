package michel2019

import (
	"encoding/json"
	"testing"

	"bertlab/papers/experiment"
)

// FuzzProtocol reads any bytes as a protocol's file.
func FuzzProtocol(f *testing.F) {
	for _, c := range []any{Experiment.Quick(), Experiment.Full()} {
		text, err := json.Marshal(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"seed": -1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Experiment.Protocol(experiment.Request{Quick: true, Protocol: text})
		if err != nil {
			return
		}
		if _, err := json.Marshal(c); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
