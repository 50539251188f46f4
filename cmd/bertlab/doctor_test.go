package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"bertlab/internal/testbed"
)

func TestDoctorAnswersWithinASecond(t *testing.T) {
	began := time.Now()
	document := bertlab(t, "doctor", "--json").document()
	if took := time.Since(began); took > time.Second {
		t.Errorf("doctor took %v", took)
	}
	if document["go"] != runtime.Version() || document["backend"] != "go" {
		t.Errorf("go %v, backend %v", document["go"], document["backend"])
	}
	for _, key := range []string{"versions", "device", "plugin", "kernel", "caches", "model", "data", "problems"} {
		if document[key] == nil {
			t.Errorf("doctor does not say %s", key)
		}
	}
}

func TestDoctorListsTheDevices(t *testing.T) {
	if devices, _ := bertlab(t, "doctor", "--json").document()["devices"].([]any); len(devices) != 1 || devices[0].(map[string]any)["kind"] != "Go Backend" {
		t.Errorf("pure Go has the devices %v", devices)
	}
	there := testbed.XLA(t).NumDevices()
	devices, _ := onXLA(t, "doctor", "--json").document()["devices"].([]any)
	if len(devices) != there {
		t.Fatalf("%d devices are listed, there are %d", len(devices), there)
	}
	for i, device := range devices {
		if device := device.(map[string]any); number(t, device, "number") != float64(i) || device["kind"] != "cpu" {
			t.Errorf("device %d is %v", i, device)
		}
	}
	if text := onXLA(t, "doctor").stdout; !strings.Contains(text, "device 0") || !strings.Contains(text, "cpu") {
		t.Errorf("doctor prints\n%s", text)
	}
}

func TestSetupUsesWhatIsHere(t *testing.T) {
	dir := filepath.Dir(reviews(t, 9))
	for _, name := range []string{"train.tsv", "dev.tsv"} {
		if err := os.Link(filepath.Join(dir, "reviews.tsv"), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	model := tinyModel(t, 2)
	for range 2 {
		document := bertlab(t, "setup", "--model", model, "--task", "sst2", "--data", dir, "--json").document()
		if document["model"].(map[string]any)["dir"] != model || len(document["data"].([]any)) != 2 {
			t.Errorf("setup found %v", document)
		}
	}
	bertlab(t, "setup", "--model", filepath.Join(dir, "none"), "--task", "sst2", "--data", dir, "--json").fails(exitFailure, "none")
}
