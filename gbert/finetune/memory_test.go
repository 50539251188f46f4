package finetune

import (
	"strings"
	"testing"

	"bertlab/gbert/task"
)

func TestAMemoryLimitLeavesFewerPaddedLengths(t *testing.T) {
	model := learner(t, 2, 0)
	data := sentiment(60, 1, task.Classification)
	for i := range data.Examples {
		data.Examples[i].TextA = strings.Repeat(data.Examples[i].TextA+" ", 1+i%4)
	}
	read, err := read(model, inOrder(model, data), 64)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{BatchSize: 2, Epochs: 3, LengthGrouping: 0}
	// Steps that cost much, so that each length is worth its compilation.
	lengths := func(limit int64) []int {
		o.MemoryLimit, o.Epochs = limit, 3000
		list, err := paddedLengths(nil, model, read.Encodings, o)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	all := lengths(0)
	if len(all) < 4 {
		t.Fatalf("the test needs data of more lengths than %v", all)
	}
	two := Memory(model.Config, 0, 0, 0, 0, 2)
	weights := model.NumParameters()
	two += Memory(model.Config, weights, weights, o.BatchSize, all[len(all)-1], 0) - Memory(model.Config, 0, 0, 0, 0, 0)
	if got := lengths(two); len(got) != 2 || got[1] != all[len(all)-1] {
		t.Errorf("%v where there is memory for two of %v", got, all)
	}
	if got := lengths(1 << 40); len(got) != len(all) {
		t.Errorf("%v with all the memory there is, %v without a limit", got, all)
	}
	o.MemoryLimit = 200e6
	if _, err := paddedLengths(nil, model, read.Encodings, o); err == nil || !strings.Contains(err.Error(), "the limit is 200 MB") {
		t.Errorf("a limit below the program itself: %v", err)
	}
	frozen, whole := o, o
	frozen.FreezeEmbeddings = true
	frozen.MemoryLimit, whole.MemoryLimit = two, two
	a, errA := frozen.fitting(model, 16)
	b, errB := whole.fitting(model, 16)
	if errA != nil || errB != nil || a < b {
		t.Errorf("%d lengths fit with frozen embeddings (%v), %d without (%v)", a, errA, b, errB)
	}
}
