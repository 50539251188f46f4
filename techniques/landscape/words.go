package landscape

import (
	"maps"
	"slices"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
)

// The word embeddings are half of a small model, and a few hundred examples read a fraction of their rows. Only those rows are
// sent to the device and moved: the rest has no effect on any loss.

// usedRows are the token ids of the sets, ascending, [PAD] included.
func usedRows(pad int, sets []*finetune.Prepared) []int32 {
	used := map[int32]bool{int32(pad): true}
	for _, set := range sets {
		for _, e := range set.Encodings {
			for _, id := range e.IDs {
				used[id] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(used))
}

// narrow is the model with those rows of the word embeddings alone, numbered in their order.
func narrow(m *gbert.Model, rows []int32) (*gbert.Model, error) {
	values, shape, err := m.Weight(gbert.WordTableName())
	if err != nil {
		return nil, err
	}
	width := shape[1]
	kept := make([]float32, 0, len(rows)*width)
	for _, row := range rows {
		kept = append(kept, values[int(row)*width:(int(row)+1)*width]...)
	}
	small := m.WithoutCarried()
	if small.HasMaskedLM() { // of the whole vocabulary
		small = small.WithoutHead()
	}
	small.Config.VocabSize = len(rows)
	small.Config.PadTokenID = int(place(rows, int32(m.Config.PadTokenID)))
	return small, small.SetWeight(gbert.WordTableName(), []int{len(rows), width}, kept)
}

// renumber gives a set the row numbers of a narrowed model.
func renumber(set *finetune.Prepared, rows []int32) []*gbert.Batch {
	batches := make([]*gbert.Batch, len(set.Batches))
	for i, b := range set.Batches {
		renumbered := *b
		renumbered.IDs = make([]int32, len(b.IDs))
		for j, id := range b.IDs {
			renumbered.IDs[j] = place(rows, id)
		}
		batches[i] = &renumbered
	}
	return batches
}

func place(rows []int32, id int32) int32 {
	at, _ := slices.BinarySearch(rows, id)
	return int32(at)
}

// checkRows reports a token that the model has no row for.
func checkRows(c *gbert.Config, sets []*finetune.Prepared) error {
	for _, set := range sets {
		for _, b := range set.Batches {
			if err := b.Check(c); err != nil {
				return err
			}
		}
	}
	return nil
}
