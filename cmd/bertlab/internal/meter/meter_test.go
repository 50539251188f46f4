package meter

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"bertlab/gbert/finetune"
)

func TestPipedProgressIsPlainLinesNowAndThen(t *testing.T) {
	var out bytes.Buffer
	m := New(&out)
	m.every = time.Hour
	update := m.Count("evaluating", "examples")
	for i := range 1000 {
		update(i, 1000)
		m.Bytes("model", int64(i), 0)
		m.Train(finetune.Progress{Phase: "training", Epoch: 1, Epochs: 1, Step: i, Steps: 1000})
	}
	m.Clear()
	if text := out.String(); strings.Count(text, "\n") != 1 || strings.ContainsAny(text, "\r\x1b") || !strings.Contains(text, "compiling") {
		t.Errorf("1,000 updates wrote %q", text)
	}
}

func TestProgressSaysHowFarHowFastAndHowLongStill(t *testing.T) {
	var out bytes.Buffer
	m := New(&out)
	m.every = 0
	update := m.Count("evaluating", "examples")
	update(0, 100)
	update(10, 100)
	m.since = m.since.Add(-10 * time.Second)
	update(30, 100)
	training := finetune.Progress{Phase: "training", Epoch: 2, Epochs: 3, Step: 11, Steps: 30, Loss: 0.5, TokensPerSecond: 1234}
	m.Train(finetune.Progress{Phase: "compiling", Epoch: 2, Epochs: 3, Step: 10, Steps: 30})
	m.Train(training)
	m.since = m.since.Add(-10 * time.Second)
	training.Step = 21
	m.Train(training)
	for _, want := range []string{
		"evaluating: 30 of 100 examples, 2 a second, 35s left",
		"training: epoch 2 of 3, step 10 of 30, compiling",
		"training: epoch 2 of 3, step 21 of 30, loss 0.5000, 1234 tokens/s, 9s left",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

func TestQuietShowsWarningsAlone(t *testing.T) {
	var out bytes.Buffer
	m := New(&out)
	m.Silence()
	m.Count("evaluating", "examples")(1, 2)
	m.Say("fetching")
	m.Warn("warning: %s", "slow")
	if out.String() != "warning: slow\n" {
		t.Errorf("wrote %q", out.String())
	}
}
