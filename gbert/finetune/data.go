package finetune

import (
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute"

	"bertlab/gbert"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
)

// Prepared is a data set as a model reads it: tokens, and batches of examples of similar length. Make it once and evaluate
// it often.
type Prepared struct {
	Dataset   *task.Dataset        // with the model's class numbers, see [task.Dataset.InOrder]
	Encodings []tokenizer.Encoding // one an example, or one a window of it: see [Prepared.Example]
	Batches   []*gbert.Batch       // of encodings, by their numbers

	windows []window // of tagging and spans, for each encoding; nil where encoding i is that of example i
}

// Prepare encodes a data set with the model's tokenizer, cut to maxLength tokens, and makes batches of batchSize to be computed
// passes times on the backend (nil: a CPU's). With a batchSize of 0 it is 32, or less where long texts in a wide model would
// take much memory ([BatchSize]).
//
// Where the model has a classification head whose classes have the task's names in another order, they are matched by name: the
// prepared data have the model's class numbers. Classes with other names are refused by whatever needs labels ([Prepared.CheckLabels]).
func Prepare(backend compute.Backend, model *gbert.Model, d *task.Dataset, maxLength, batchSize, passes int) (*Prepared, error) {
	d = inOrder(model, d)
	p, err := read(model, d, maxLength)
	if err != nil {
		return nil, err
	}
	if batchSize == 0 {
		batchSize = BatchSize(model.Config, p.Encodings)
	}
	p.Batches = gbert.MakeBatches(p.Encodings, gbert.BatchOptions{
		Size: batchSize, PadID: model.Config.PadTokenID, Passes: passes, Compilation: gbert.CompilationCost(backend),
	})
	return p, nil
}

// activationBytes bounds the activations of a layer in the forward pass, by [BatchSize].
const activationBytes = 128 << 20

// BatchSize is the number of examples for a forward pass, a power of two up to 32: so many that the activations that a layer
// holds for the longest of them, the feed-forward network's before and after its activation function, the attention's weights
// before and after the softmax, and four vectors of the model's width, take at most 128 MiB.
func BatchSize(c *gbert.Config, examples []tokenizer.Encoding) int {
	longest := 1
	for _, e := range examples {
		longest = max(longest, len(e.IDs))
	}
	perRow := 4 * longest * (2*c.IntermediateSize + 2*c.NumAttentionHeads*longest + 4*c.HiddenSize)
	size := 32
	for size > 1 && size*perRow > activationBytes {
		size /= 2
	}
	return size
}

// BatchSize is the number of rows of a batch.
func (p *Prepared) BatchSize() int { return p.Batches[0].Rows }

// Cut counts the examples of which tokens are left out, because they are longer than what they were prepared for.
func (p *Prepared) Cut() int {
	n := 0
	for _, cut := range p.isCut() {
		if cut {
			n++
		}
	}
	return n
}

// Tokens counts the real tokens of the examples and those that are computed with padding.
func (p *Prepared) Tokens() (real, computed int) {
	for _, e := range p.Encodings {
		real += len(e.IDs)
	}
	for _, b := range p.Batches {
		computed += b.Rows * b.Length
	}
	return real, computed
}

// chunkBatches is how many batches are drawn together before they are sorted by length: enough that the examples of a batch
// are about equally long, few enough that an epoch stays well shuffled.
const chunkBatches = 50

// epochOrder deals an epoch's examples into batches: shuffled, then sorted by length within chunks, then the batches
// shuffled. It depends only on its arguments.
func epochOrder(encodings []tokenizer.Encoding, o Options, epoch int) [][]int {
	rng := rand.New(rand.NewPCG(o.Seed, uint64(epoch)))
	order := rng.Perm(len(encodings))
	if o.LengthGrouping >= 0 {
		for chunk := range slices.Chunk(order, chunkBatches*o.BatchSize) {
			slices.SortStableFunc(chunk, func(a, b int) int { return len(encodings[a].IDs) - len(encodings[b].IDs) })
		}
	}
	batches := slices.Collect(slices.Chunk(order, o.BatchSize))
	rng.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
	return batches
}

// PrepareLike encodes a data set as [Prepare] does, with the batch size and the padded lengths of another, so that both run on
// the same executables.
func PrepareLike(model *gbert.Model, d *task.Dataset, maxLength int, like *Prepared) (*Prepared, error) {
	p, err := read(model, inOrder(model, d), maxLength)
	if err != nil {
		return nil, err
	}
	o := gbert.BatchOptions{PadID: model.Config.PadTokenID, Lengths: []int{}}
	for _, b := range like.Batches {
		o.Size = b.Rows
		if n := len(o.Lengths); n == 0 || o.Lengths[n-1] < b.Length {
			o.Lengths = append(o.Lengths, b.Length)
		}
	}
	p.Batches = gbert.MakeBatches(p.Encodings, o)
	return p, nil
}

// plannedEpochs bounds the epochs that are looked at for the choice of padded lengths: one is much like another.
const plannedEpochs = 3

// paddedLengths chooses the padded lengths of a run from the longest examples of the batches it will have.
func paddedLengths(backend compute.Backend, model *gbert.Model, encodings []tokenizer.Encoding, o Options) ([]int, error) {
	epochs := min(o.Epochs, plannedEpochs)
	var longest []int
	for epoch := range epochs {
		for _, batch := range epochOrder(encodings, o, epoch) {
			longest = append(longest, gbert.PadBatch(encodings, batch, len(batch), nil, 0).Length)
		}
	}
	most, err := o.fitting(model, slices.Max(longest))
	if err != nil {
		return nil, err
	}
	return gbert.PaddedLengths(longest, o.BatchSize*o.Epochs/epochs, gbert.CompilationCost(backend), most), nil
}
