package landscape

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
)

// Explorer evaluates losses anywhere in a [Space]. The ends of the space stay on the device; a point costs one weighted sum of
// them, whose results all batches of all sets share, and the forward passes. Close frees it. It may be used by one goroutine at
// a time. One that is opened across several devices has an explorer on each of them, and a sweep's points are shared among these.
type Explorer struct {
	backend  compute.Backend
	device   compute.DeviceNum
	others   []*Explorer // on further devices
	space    Space
	units    []*unit
	all      []*evaluated
	sets     []*evaluated // those of all that are evaluated
	session  *gbert.Session
	ends     map[*unit][][]*tensors.Tensor // θ₀, θ₁ and, if there is one, θ₂: the unit's weights
	sum      *gbert.Computation[endsOf[*tensors.Tensor]]
	pass     *gbert.LayerPass
	identity string

	part  Part
	scale float64                  // s of the part
	moved map[*unit]*gbert.Results // the present point's weights
}

// evaluated is a data set on the device.
type evaluated struct {
	prepared *finetune.Prepared
	batches  []*gbert.Batch
	prefixes []*gbert.Prefix // of each batch: they keep what enters the first layer that moves, or nothing
}

// Open sends the ends of the space to a device, with those rows of the word embeddings that the sets use. The sets' examples
// are right or wrong, those of a regression are not; every point is evaluated on all of them.
func Open(backend compute.Backend, space Space, sets ...*finetune.Prepared) (*Explorer, error) {
	return OpenAcross(gbert.Devices{Backend: backend}, space, sets...)
}

// OpenAcross is [Open] on several devices: each has all that a point needs, and [Explorer.Sweep] deals them the points.
func OpenAcross(d gbert.Devices, space Space, sets ...*finetune.Prepared) (*Explorer, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	if len(sets) == 0 {
		return nil, fmt.Errorf("landscape: at least one data set is needed")
	}
	if _, err := space.units(); err != nil {
		return nil, err
	}
	if space.To.Config.NumHiddenLayers == 0 {
		return nil, fmt.Errorf("landscape: the model has no layers")
	}
	for _, set := range sets {
		if !set.Dataset.Task.Kind.Discrete() {
			return nil, fmt.Errorf("landscape: %s is not a classification task, and its surface would have no error", set.Dataset.Task.Name)
		}
		if err := set.CheckLabels(space.To); err != nil {
			return nil, err
		}
	}
	if err := checkRows(space.To.Config, sets); err != nil {
		return nil, err
	}
	identity, err := identify(space, sets)
	if err != nil {
		return nil, fmt.Errorf("landscape: %w", err)
	}
	var first *Explorer
	for device := range max(d.Count, 1) {
		e, err := openOn(d.Backend, compute.DeviceNum(device), identity, space, sets)
		if err != nil {
			first.Close()
			return nil, err
		}
		if first == nil {
			first = e
		} else {
			first.others = append(first.others, e)
		}
	}
	return first, nil
}

// openOn opens an explorer on one device.
func openOn(backend compute.Backend, device compute.DeviceNum, identity string, space Space, sets []*finetune.Prepared) (*Explorer, error) {
	e := &Explorer{
		backend: backend, device: device, identity: identity, space: space,
		ends: map[*unit][][]*tensors.Tensor{}, moved: map[*unit]*gbert.Results{},
	}
	if err := e.open(space, sets); err != nil {
		e.Close()
		return nil, fmt.Errorf("landscape: %w", err)
	}
	if err := e.Move(Whole(space.To.Config)); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

func (e *Explorer) open(space Space, sets []*finetune.Prepared) (err error) {
	rows := usedRows(space.To.Config.PadTokenID, sets)
	var narrowed []*gbert.Model
	for _, end := range []*gbert.Model{space.From, space.To, space.Other} {
		if end == nil {
			continue
		}
		small, err := narrow(end, rows)
		if err != nil {
			return err
		}
		narrowed = append(narrowed, small)
	}
	small := Space{From: narrowed[0], To: narrowed[1]}
	if e.units, err = small.units(); err != nil {
		return err
	}
	if e.session, err = gbert.NewSessionOn(e.backend, e.device, small.To); err != nil {
		return err
	}
	for _, u := range e.units {
		for _, end := range narrowed {
			weights := make([]*tensors.Tensor, len(u.specs))
			for i, spec := range u.specs {
				if weights[i], err = end.UploadTo(e.backend, e.device, spec.Name); err != nil {
					return err
				}
			}
			e.ends[u] = append(e.ends[u], weights)
		}
	}
	for _, set := range sets {
		e.all = append(e.all, &evaluated{prepared: set, batches: renumber(set, rows)})
	}
	if e.pass, err = gbert.NewLayerPass(e.session); err != nil {
		return err
	}
	for _, set := range e.all {
		for _, b := range set.batches {
			prefix, err := e.pass.Begin(b)
			if err != nil {
				return err
			}
			set.prefixes = append(set.prefixes, prefix)
		}
	}
	e.sets = e.all
	sum, err := gbert.NewComputation[endsOf[*tensors.Tensor]](e.backend, "point of the landscape", weightedSum)
	if err == nil {
		e.sum = sum.On(e.device)
	}
	return err
}

// identify is a hash of what the losses depend on.
func identify(space Space, sets []*finetune.Prepared) (string, error) {
	hash := sha256.New()
	write := func(v any) error {
		text, err := json.Marshal(v)
		hash.Write(text)
		return err
	}
	for _, end := range []*gbert.Model{space.From, space.To, space.Other} {
		print := "none"
		if end != nil {
			var err error
			if print, err = end.Fingerprint(); err != nil {
				return "", err
			}
		}
		if err := write(print); err != nil {
			return "", err
		}
	}
	for _, set := range sets {
		for _, b := range set.Batches {
			if err := write(b); err != nil {
				return "", err
			}
		}
		if err := write(set.Dataset.Labels()); err != nil {
			return "", err
		}
		if set.Dataset.Task.Kind == task.Classification {
			continue
		}
		for _, e := range set.Dataset.Examples {
			if err := write([]any{e.Detail, set.Dataset.Task}); err != nil {
				return "", err
			}
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// endsOf are the inputs of a point: c [ends], and the weights of a unit at the first end, the second, …
type endsOf[T any] struct {
	Coefficients T
	Weights      []T
}

// weightedSum is Σ cₖ·θₖ over the ends of the space, weight by weight. It is exact where one coefficient is 1 and the others are 0:
// at the ends.
func weightedSum(in endsOf[*Node]) []*Node {
	ends := in.Coefficients.Shape().Dimensions[0]
	n := len(in.Weights) / ends
	sums := make([]*Node, n)
	for k := range ends {
		c := Squeeze(Slice(in.Coefficients, AxisElem(k)))
		for i := range n {
			term := Mul(c, in.Weights[k*n+i])
			if k == 0 {
				sums[i] = term
			} else {
				sums[i] = Add(sums[i], term)
			}
		}
	}
	return sums
}

// Close frees what is on the devices. It does nothing to a nil explorer.
func (e *Explorer) Close() {
	if e == nil {
		return
	}
	for _, other := range e.others {
		other.Close()
	}
	for _, set := range e.all {
		for _, prefix := range set.prefixes {
			prefix.Close()
		}
	}
	for _, ends := range e.ends {
		for _, weights := range ends {
			for _, w := range weights {
				if w != nil {
					w.MustFinalizeAll()
				}
			}
		}
	}
	e.forgetPoint()
	e.sum.Close()
	if e.session != nil {
		e.session.Close()
	}
	e.all, e.sets, e.ends, e.sum, e.session, e.others = nil, nil, nil, nil, nil, nil
}

func (e *Explorer) forgetPoint() {
	for u, weights := range e.moved {
		weights.Close()
		delete(e.moved, u)
	}
}

// Part is what moves.
func (e *Explorer) Part() Part { return e.part }

// Use chooses which of the sets are evaluated at the points that follow, by their numbers in [Open]; none: all of them.
func (e *Explorer) Use(sets ...int) error {
	for _, other := range e.others {
		if err := other.Use(sets...); err != nil {
			return err
		}
	}
	if len(sets) == 0 {
		e.sets = e.all
		return nil
	}
	var chosen []*evaluated
	for _, k := range sets {
		if k < 0 || k >= len(e.all) {
			return fmt.Errorf("landscape: set %d of 0…%d", k, len(e.all)-1)
		}
		chosen = append(chosen, e.all[k])
	}
	e.sets = chosen
	return nil
}

// Move chooses what moves at the points that follow; everything else is at θ₁. What lies below the part is computed once, here.
// A new Explorer moves the [Whole].
func (e *Explorer) Move(p Part) error {
	if err := p.check(e.space.To.Config.NumHiddenLayers); err != nil {
		return err
	}
	geometry, err := e.space.part(p)
	if err != nil {
		return err
	}
	if e.space.Other != nil && geometry.Second == 0 {
		return fmt.Errorf("landscape: the second direction has no length over the part %q: the model of the other data set is θ₀ there", p.Name)
	}
	e.forgetPoint()
	for _, u := range e.units {
		e.bind(u, func(i int) *tensors.Tensor { return e.ends[u][1][i] })
	}
	e.part, e.scale = p, geometry.Scale()
	from := e.firstMoving(p)
	for _, set := range e.all {
		for _, prefix := range set.prefixes {
			prefix.Forget()
		}
	}
	if from < 0 {
		return nil
	}
	for _, set := range e.all {
		for _, prefix := range set.prefixes {
			if err := prefix.Keep(from, from); err != nil {
				return fmt.Errorf("landscape: %w", err)
			}
		}
	}
	return nil
}

// firstMoving is the layer below which nothing moves; −1 where the embeddings do. A layer that borrows another's weights may move
// with it, so models with ties are computed from the embeddings on.
func (e *Explorer) firstMoving(p Part) int {
	if p.Embeddings || e.space.To.Config.SharesLayers() {
		return -1
	}
	if p.First == p.End { // the pooler alone
		return e.space.To.Config.NumHiddenLayers - 1
	}
	return p.First
}

func (e *Explorer) bind(u *unit, weight func(i int) *tensors.Tensor) {
	for i, spec := range u.specs {
		e.session.Bind(spec.Name, weight(i))
	}
}

// goTo makes the weights of a point on the device and binds them.
func (e *Explorer) goTo(p Point) error {
	e.forgetPoint()
	beta := p.Beta * e.scale
	c := []float32{float32(1 - p.Alpha - beta), float32(p.Alpha), float32(beta)}
	if e.space.Other == nil {
		if p.Beta != 0 {
			return fmt.Errorf("β is %g, but the space has no second direction: give it the model of another data set", p.Beta)
		}
		c = c[:2]
	}
	coefficients := tensors.FromFlatDataAndDimensions(c, len(c))
	defer coefficients.MustFinalizeAll()
	for _, u := range e.units {
		if !e.part.holds(u) {
			continue
		}
		weights, err := e.sum.Run(endsOf[*tensors.Tensor]{coefficients, slices.Concat(e.ends[u]...)})
		if err != nil {
			return err
		}
		e.moved[u] = weights
		e.bind(u, weights.At)
	}
	return nil
}

// At evaluates all sets at a point.
func (e *Explorer) At(ctx context.Context, p Point) ([]Measure, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if err := e.goTo(p); err != nil {
		return nil, fmt.Errorf("landscape: point (%g, %g): %w", p.Alpha, p.Beta, err)
	}
	return e.evaluate(ctx, p == Point{Alpha: 1})
}

// evaluate runs the forward passes of all sets with the weights that are bound. Where these are a model's own, logits that are not
// finite are an error; elsewhere, where numbers may grow without bound, they count as in [Measure].
func (e *Explorer) evaluate(ctx context.Context, own bool) ([]Measure, error) {
	measures := make([]Measure, len(e.sets))
	for k, set := range e.sets {
		logits := make([][]float32, len(set.prepared.Encodings))
		for i, batch := range set.batches {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			rows, err := e.logits(batch, set.prefixes[i])
			if err != nil {
				return nil, fmt.Errorf("landscape: %w", err)
			}
			for row, example := range batch.Index {
				logits[example] = rows[row]
				if !own {
					continue
				}
				if err := gbert.CheckLogits(example, rows[row]); err != nil {
					return nil, fmt.Errorf("landscape: at the model itself: %w", err)
				}
			}
		}
		var err error
		if measures[k], err = measure(set.prepared, logits); err != nil {
			return nil, fmt.Errorf("landscape: %w", err)
		}
	}
	return measures, nil
}

// logits of a batch's examples, as [gbert.Session.BatchLogits] has them.
func (e *Explorer) logits(batch *gbert.Batch, prefix *gbert.Prefix) ([][]float32, error) {
	results, err := prefix.Logits()
	if err != nil {
		return nil, err
	}
	defer results.Close()
	flat, err := results.Values(0)
	if err != nil {
		return nil, err
	}
	return e.session.Model().SplitLogits(batch, flat), nil
}
