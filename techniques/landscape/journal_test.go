package landscape

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"bertlab/internal/mutate/mutation"
	"bertlab/stats"
)

// journalText is a journal of two points, with one data set of two examples.
func journalText(t testing.TB) []byte {
	t.Helper()
	var text bytes.Buffer
	line := func(v any) {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(append(raw, '\n'))
	}
	line(journalHead{"sweep"})
	for point := range 2 {
		done, err := json.Marshal(journalLine{point, []Measure{{Loss: 0.5, Error: 0.5, Losses: []float32{0.25, 0.75}, Wrong: stats.Answers{false, true}}}})
		if err != nil {
			t.Fatal(err)
		}
		line(summedLine{sumOf(done), done})
	}
	return text.Bytes()
}

func readJournal(text []byte) ([][]Measure, error) {
	j := &journal{done: make([][]Measure, 3)}
	_, err := j.read(text, "sweep", []int{2})
	return j.done, err
}

// TestAChangedJournalIsRefusedOrHasLessPoints: none of its numbers becomes another.
func TestAChangedJournalIsRefusedOrHasLessPoints(t *testing.T) {
	whole := journalText(t)
	want, err := readJournal(whole)
	if err != nil {
		t.Fatal(err)
	}
	check := func(text []byte) bool {
		t.Helper()
		got, err := readJournal(text)
		if err != nil {
			return false
		}
		for point, sets := range got {
			if sets != nil && (want[point] == nil || sets[0].Loss != want[point][0].Loss || !slices.Equal(sets[0].Wrong, want[point][0].Wrong)) {
				t.Fatalf("%q gives %+v", text, got)
			}
		}
		return true
	}
	accepted := 0
	for at := range whole {
		for bit := range 8 {
			text := bytes.Clone(whole)
			text[at] ^= 1 << bit
			if check(text) {
				accepted++
			}
		}
	}
	if accepted > len(whole) {
		t.Errorf("%d of %d flips were accepted", accepted, 8*len(whole))
	}
	change := mutation.Several(mutation.Line(mutation.JSON), mutation.Lines(","), mutation.Bytes)
	for seed := range uint64(2000) {
		check(change(rand.New(rand.NewPCG(seed, 1)), whole))
	}
}

func FuzzJournal(f *testing.F) {
	f.Add(journalText(f))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, text []byte) { _, _ = readJournal(text) })
}
