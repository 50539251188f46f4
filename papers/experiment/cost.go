package experiment

import (
	"cmp"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/internal/files"
	"bertlab/stats"
)

// Cost is what a step takes beyond one pass of its examples through its model, and beyond its training, which its inputs tell.
type Cost struct {
	// Passes is how often the examples pass through the model, in whole forward passes; 0: once.
	Passes float64
	// Work is further work, in multiply-accumulate operations.
	Work float64
	// Slowness is how much longer training and passes take, compiling included, than plain ones with the same examples, below 1 for those
	// that take less; 0: as long. It counts where no step of the kind was measured.
	Slowness float64
	// Host is what else is computed, outside of the backend, in seconds on two cores; see [Decomposition]. It counts likewise.
	Host float64
}

// Decomposition is about how long the singular values and vectors of all maps of the layers of a model take, in seconds: n·m·min(n, m) for each.
func Decomposition(c *gbert.Config) float64 {
	const perOperation = 1e-9 // measured with maps of 384 × 384 and 384 × 1536 on two cores
	total := 0.0
	for layer := range c.Layers {
		for _, role := range gbert.LayerRoles {
			out, in := c.MapShape(layer, role)
			total += float64(out) * float64(in) * float64(min(out, in))
		}
	}
	return perOperation * total
}

// WordDecomposition is about how long those of the word table take, in seconds, by its smaller side.
func WordDecomposition(c *gbert.Config) float64 {
	const perOperation = 0.9e-9 // measured with 30,522 × 384
	rows, columns := float64(c.VocabSize), float64(c.HiddenSize)
	return perOperation * rows * columns * min(rows, columns)
}

// Storing is about how long a model's file takes to be compressed as its sizes are measured, in seconds.
func Storing(c *gbert.Config) float64 {
	const perByte = 0.04e-6
	return perByte * float64(weightBytes(c))
}

// trainingPasses is what a training step takes in forward passes: the pass itself, twice that for the gradients, and the update.
const trainingPasses = 4

// modelled is the work of a step that its inputs tell of, in multiply-accumulate operations, and the memory of its model and batches.
type modelled struct {
	work   float64
	once   float64 // what compiling takes, in operations of the same time
	slow   float64 // how much longer both take than what is plain
	host   float64 // seconds outside of the backend
	memory int64
}

// reckon adds up the work of a step from its inputs, when it is asked for: all texts of a training are looked at, and a step that is
// remembered needs no estimate.
func (n *node) reckon(in any, cost func(*gbert.Config) Cost) {
	n.config = n.configOf(reflect.ValueOf(in))
	n.expects = sync.OnceValue(func() modelled {
		if n.config == nil {
			return modelled{}
		}
		c := Cost{Passes: 1}
		if cost != nil {
			c = cost(n.config)
		}
		r := reckoning{config: n.config, passes: max(c.Passes, 1)}
		walk(reflect.ValueOf(in), false, r.add)
		return modelled{work: r.work + c.Work, once: r.once, slow: cmp.Or(max(c.Slowness, 0), 1), host: c.Host, memory: r.memory()}
	})
}

// configOf is the configuration of the first model among the inputs, or of the steps there; nil: there is none.
func (n *node) configOf(in reflect.Value) (found *gbert.Config) {
	walkModels(in, func(p *Pretrained) {
		if found == nil && p != nil && p.Model != nil {
			found = p.Model.Config
		}
	})
	for _, needed := range n.needs {
		if found == nil {
			found = needed.config
		}
	}
	return found
}

// walkModels finds pretrained models in the fields of a value.
func walkModels(v reflect.Value, found func(*Pretrained)) {
	walk(v, false, func(v reflect.Value, _ bool) (into bool) {
		switch value := v.Interface().(type) {
		case *Pretrained:
			found(value)
			return false
		case interface{ base() *node }:
			return false
		}
		return true
	})
}

// reckoning is the sum of what inputs tell of work.
type reckoning struct {
	config       *gbert.Config
	passes       float64
	work, once   float64
	rows, length int  // of the largest batch
	trains       bool // it is one of training
}

// add looks for trainings, for examples to be judged and for batches to be timed.
func (r *reckoning) add(v reflect.Value, _ bool) (into bool) {
	switch value := v.Interface().(type) {
	case interface{ base() *node }, Sample:
		return false
	case Judging:
		r.judge(value)
		return false
	case *Judging:
		r.judge(*value)
		return false
	}
	if v.Kind() == reflect.Struct {
		r.training(v)
		r.timing(v)
	}
	return true
}

func (r *reckoning) judge(j Judging) {
	r.work += r.passes * r.examples(j.Sample, j.MaxLength, j.BatchSize, false)
}

// training reckons with a struct that has options of a training and, beside them, its examples.
func (r *reckoning) training(v reflect.Value) {
	var options *finetune.Options
	var sample Sample
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() {
			continue
		}
		switch field := v.Field(i).Interface().(type) {
		case finetune.Options:
			options = &field
		case Sample:
			if sample.Dataset == nil {
				sample = field
			}
		}
	}
	if options != nil && sample.Dataset != nil {
		epochs, length, batch := cmp.Or(options.Epochs, 3), cmp.Or(options.MaxLength, 128), cmp.Or(options.BatchSize, 32)
		r.work += trainingPasses * float64(epochs) * r.examples(sample, length, batch, true)
		r.once += trainingPasses * r.compiling(sample, length, batch, epochs)
	}
}

// timing reckons with a struct that has repeats of timed batches: each is passed twice, by two models, and two more times to warm up; a
// sample takes a while in any case.
func (r *reckoning) timing(v reflect.Value) {
	ints := func(name string) (list []int) {
		found, ok := v.Type().FieldByName(name)
		if !ok || len(found.Index) > 1 { // that of an embedded struct counts there
			return nil
		}
		field := v.FieldByIndex(found.Index)
		switch {
		case field.Kind() == reflect.Int:
			list = []int{int(field.Int())}
		case field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Int:
			for i := range field.Len() {
				list = append(list, int(field.Index(i).Int()))
			}
		}
		return list
	}
	repeats, lengths := ints("Repeats"), ints("Length")
	batches := append(ints("Batches"), ints("Batch")...)
	if len(repeats) == 0 || len(lengths) == 0 || len(batches) == 0 {
		return
	}
	for _, batch := range batches {
		r.batch(batch, lengths[0], false)
		r.work += 2 * float64(repeats[0]+2) * float64(r.config.BatchMACs(batch, lengths[0], true).Total())
	}
}

// examples are the operations of one pass over a sample.
func (r *reckoning) examples(s Sample, maxLength, batch int, trains bool) float64 {
	if s.Dataset == nil || s.Len() == 0 {
		return 0
	}
	var tokens, longest int
	for _, length := range r.lengths(s, maxLength) {
		tokens, longest = tokens+length, max(longest, length)
	}
	r.batch(batch, longest, trains)
	length := max(1, tokens/s.Len())
	return float64(s.Len()) * float64(r.config.MACs(length, !trains).Total())
}

// lengths are about the numbers of tokens of a sample's examples.
func (r *reckoning) lengths(s Sample, maxLength int) []int {
	if maxLength <= 0 || maxLength > r.config.MaxPositionEmbeddings {
		maxLength = r.config.MaxPositionEmbeddings
	}
	list := make([]int, s.Len())
	for i := range s.Examples {
		list[i] = min(lengthOf(s.Examples[i].TextA)+lengthOf(s.Examples[i].TextB)+3, maxLength)
	}
	return list
}

// compiling are the operations that take as long as compiling for the padded lengths that a training of so many epochs will choose.
func (r *reckoning) compiling(s Sample, maxLength, batch, epochs int) float64 {
	if s.Len() == 0 {
		return 0
	}
	lengths := r.lengths(s, maxLength)
	slices.Sort(lengths)
	var longest []int // of each batch
	for group := range slices.Chunk(lengths, batch) {
		longest = append(longest, group[len(group)-1])
	}
	tokens := gbert.CompilationCost(nil)
	total := 0.0
	for _, length := range gbert.PaddedLengths(longest, batch*epochs, tokens, finetune.MaxLengths) {
		total += float64(tokens) / float64(length) * float64(r.config.MACs(length, false).Total())
	}
	return total
}

// lengthOf is about the number of tokens of a text: letters of a word piece, in English.
func lengthOf(text string) int {
	return max(len(strings.Fields(text))*5/4, len(text)/6)
}

func (r *reckoning) batch(rows, length int, trains bool) {
	if rows*length > r.rows*r.length || trains && !r.trains {
		r.rows, r.length = rows, length
	}
	r.trains = r.trains || trains
}

// memory is about what a process takes with the model and the largest batch, in bytes: the weights, in training four times, and the values
// of each layer of which training keeps all.
func (r *reckoning) memory() int64 {
	c := r.config
	weights := weightBytes(c)
	values := 4 * int64(finetune.LayerValues(c, r.rows, r.length))
	if r.trains {
		return finetune.IdleMemory + 5*weights + values*int64(c.NumHiddenLayers)
	}
	return finetune.IdleMemory + 2*weights + 2*values
}

// weightBytes is about the size of a model's weights.
func weightBytes(c *gbert.Config) int64 {
	h := int64(c.HiddenSize)
	return 4 * (int64(c.VocabSize+c.MaxPositionEmbeddings)*h + int64(c.NumHiddenLayers)*(4*h*h+2*h*int64(c.IntermediateSize)))
}

// measuredCosts are what steps of a kind took, of those that a folder remembers.
type measuredCosts struct {
	pace   map[string]float64 // seconds an operation, by the name of the step; the median
	flat   map[string]float64 // seconds of steps whose work is not known
	memory map[string]int64
	all    float64 // seconds an operation of all of them; 0: not known
}

// measured reads what steps took from the folder of steps; slow is how much longer an operation of a kind takes than a plain one. Files that
// are damaged count as not there: nothing but the estimate depends on it.
func (s *stepStore) measured(slow map[string]float64) (m measuredCosts) {
	paths, _ := files.Match(s.dir, "*.json") // nothing, where the folder cannot be listed
	m = measuredCosts{pace: map[string]float64{}, flat: map[string]float64{}, memory: map[string]int64{}}
	paces, flats := map[string][]float64{}, map[string][]float64{}
	var work, seconds float64
	for _, path := range paths {
		text, err := files.Read(path, maxRecordBytes)
		var r record
		if err != nil || json.Unmarshal(text, &r) != nil || r.Version != recordVersion || r.Seconds <= 0 {
			continue
		}
		m.memory[r.Step] = max(m.memory[r.Step], r.Memory)
		if r.Work > 0 {
			paces[r.Step] = append(paces[r.Step], r.Seconds/r.Work)
			work, seconds = work+r.Work*max(slow[r.Step], 1), seconds+r.Seconds
		} else {
			flats[r.Step] = append(flats[r.Step], r.Seconds)
		}
	}
	for name, list := range paces {
		m.pace[name] = stats.Median(list)
	}
	for name, list := range flats {
		m.flat[name] = stats.Median(list)
	}
	if work > 0 {
		m.all = seconds / work
	}
	return m
}

// estimate fills in about how many seconds the missing steps take, each in a process that has done nothing yet but what it takes to begin,
// and how much memory. pace is the seconds of an operation on this machine, for kinds of steps that the folder has not seen.
func (p *Plan) estimate(pace func() (float64, error)) ([]Planned, error) {
	steps, err := p.Steps()
	if err != nil {
		return nil, err
	}
	slow := map[string]float64{}
	for _, n := range p.nodes {
		slow[n.name] = n.expects().slow
	}
	measured := p.store.measured(slow)
	for i, n := range p.nodes {
		s := &steps[i]
		if s.Done {
			s.Memory = n.record.Memory
			continue
		}
		s.Memory = max(n.expects().memory, measured.memory[n.name])
		if s.Seconds, err = measured.seconds(n, pace); err != nil {
			return nil, err
		}
	}
	return steps, nil
}

// ownSeconds is about what a step takes beside its operations: models are loaded, programs compiled.
const ownSeconds = 0.5

func (m *measuredCosts) seconds(n *node, pace func() (float64, error)) (float64, error) {
	e := n.expects()
	if known, ok := m.pace[n.name]; ok && e.work > 0 {
		return known * e.work, nil
	}
	if known, ok := m.flat[n.name]; ok {
		return known, nil
	}
	if m.all == 0 && e.work > 0 {
		var err error
		if m.all, err = pace(); err != nil {
			return 0, err
		}
	}
	return ownSeconds + e.host + m.all*e.slow*(e.work+e.once), nil
}

// resetPeak lets the peak of the resident memory begin anew, where the system can.
func resetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// costOf is a definition's cost of given inputs; nil: it has none.
func costOf[In any](cost func(In, *gbert.Config) Cost, in In) func(*gbert.Config) Cost {
	if cost == nil {
		return nil
	}
	return func(c *gbert.Config) Cost { return cost(in, c) }
}
