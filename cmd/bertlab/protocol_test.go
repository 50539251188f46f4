package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bertlab/papers/combined"
	"bertlab/papers/experiment"
	"bertlab/papers/ganesh2021"
	"bertlab/papers/hao2019"
	"bertlab/papers/lan2020"
	"bertlab/papers/michel2019"
	"bertlab/papers/sajjad2020"
	"bertlab/papers/sanh2020"
	"bertlab/papers/wang2022"
)

func TestAProtocolReplacesFieldsOfThePapersOwn(t *testing.T) {
	r := reproduction{quick: true, protocol: []byte(`{"task": "sst2", "ratios": [0.5], "seeds": [7, 8]}`)}
	got, err := choose(r, wang2022.Quick, wang2022.Full)
	if err != nil {
		t.Fatal(err)
	}
	if quick := wang2022.Quick(); got.Task != "sst2" || len(got.Ratios) != 1 || len(got.Seeds) != 2 || got.Model != quick.Model || got.TrainExamples != quick.TrainExamples {
		t.Errorf("%+v", got)
	}
	for text, mentions := range map[string]string{
		`{"ratio": 1}`:       `"ratio"`,
		`{"ratios": "many"}`: "ratios",
		`{"seeds": [1]} {}`:  "more",
		`[]`:                 "array",
		``:                   "",
	} {
		_, err := choose(reproduction{protocol: []byte(text)}, wang2022.Quick, wang2022.Full)
		if (err == nil) != (mentions == "") || err != nil && !strings.Contains(err.Error(), mentions) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestAProtocolGoesWithOnePaper(t *testing.T) {
	file := write(t, "protocol.json", `{"sedes": [1]}`)
	bertlab(t, "reproduce", "--protocol", file).fails(exitWrongCall, "--protocol", "one paper")
	bertlab(t, "reproduce", "heads", "layers", "--protocol", file).fails(exitWrongCall, "--protocol")
	bertlab(t, "reproduce", "heads", "--protocol", file, "--out", filepath.Join(t.TempDir(), "results")).fails(exitFailure, "sedes")
	bertlab(t, "reproduce", "heads", "--protocol", file+"x").fails(exitFailure, file+"x")
}

// The names of the protocols that come with the documentation begin with their paper's.
func TestTheDocumentedProtocolsAreProtocols(t *testing.T) {
	read := map[string]func(reproduction) error{
		"profile": func(r reproduction) error {
			_, err := ganesh2021.Experiment.Protocol(experiment.Request{Quick: r.quick, Protocol: r.protocol})
			return err
		},
		"heads": func(r reproduction) error {
			_, err := michel2019.Experiment.Protocol(experiment.Request{Quick: r.quick, Protocol: r.protocol})
			return err
		},
		"layers": func(r reproduction) error {
			_, err := sajjad2020.Experiment.Protocol(experiment.Request{Quick: r.quick, Protocol: r.protocol})
			return err
		},
		"movement": func(r reproduction) error {
			_, err := sanh2020.Experiment.Protocol(experiment.Request{Quick: r.quick, Protocol: r.protocol})
			return err
		},
		"tucker": func(r reproduction) error {
			_, err := wang2022.Experiment.Protocol(experiment.Request{Quick: r.quick, Protocol: r.protocol})
			return err
		},
		"sharing": func(r reproduction) error {
			_, err := lan2020.Experiment.Protocol(experiment.Request{Quick: r.quick, Protocol: r.protocol})
			return err
		},
		"landscape": func(r reproduction) error {
			_, err := hao2019.Experiment.Protocol(experiment.Request{Quick: r.quick, Protocol: r.protocol})
			return err
		},
		"recipes": func(r reproduction) error { _, err := choose(r, combined.Quick, combined.Full); return err },
	}
	files, err := filepath.Glob("../../docs/protocols/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		paper, _, _ := strings.Cut(filepath.Base(file), "-")
		check := read[paper]
		if check == nil {
			t.Fatalf("%s belongs to no paper", file)
		}
		if err := check(reproduction{protocol: text}); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}
