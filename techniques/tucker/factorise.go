package tucker

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	"gonum.org/v1/gonum/mat"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/tensor"
)

// FactoriseOptions say which maps of a model are factored, and at which rank: exactly one of Rank, Ratio, Energy and Noise.
type FactoriseOptions struct {
	// Rank is that of every map, from 1 to the shortest side among the chosen maps. It is obeyed also where the factors have
	// more entries than the matrix.
	Rank int
	// Ratio is the part of each matrix's entries that its factors may have, at most 1; see [tensor.BudgetRank].
	Ratio float64
	// Energy is the part of each matrix's squared singular values to keep, above 0 and at most 1; see [tensor.EnergyRank].
	Energy float64
	// Noise takes each matrix for low rank plus noise; see [tensor.EVBMF].
	Noise bool
	// MinRank is the least rank that Energy and Noise give; 0 means 1.
	MinRank int
	// Roles are the maps of a layer that are factored; nil means all of [gbert.LayerRoles].
	Roles []gbert.Role
	// Layers are the layers, by their present numbers from 0; nil means all.
	Layers []int
	// Moments, if not nil, weigh the error by what the maps meet: [tensor.WeightedSVD] instead of [tensor.TruncatedSVD]. They are measured
	// on the same model. Ranks by Energy and Noise come from the singular values of W all the same.
	Moments *SecondMoments
	// Ridge is that of [tensor.WeightedSVD]: a part of the mean second moment, at least 0.
	Ridge float64
	// SVD is how singular vectors are computed.
	SVD tensor.SVDOptions
	// Progress is told how many of the chosen maps are done; it may be nil.
	Progress func(done, total int)
}

// KeptReason says why a chosen map stays as it is: the name of the form in which it is stored already ([gbert.FormKind], such as
// "factored", or "tied" for another layer's, which it follows), or one of these.
type KeptReason string

// The reasons that are no forms.
const (
	KeptNoSaving KeptReason = "no saving" // the rank that was asked for has at least as many parameters as the matrix
	KeptEmpty    KeptReason = "empty"     // all its heads or neurons were removed
)

// FactorisedMap is what became of one linear map W [out, in].
type FactorisedMap struct {
	Layer int        `json:"layer"` // present number, from 0
	Role  gbert.Role `json:"role"`
	Out   int        `json:"out"`
	In    int        `json:"in"`
	// Rank is that of the factors, or the one that was wanted where the map was kept for want of a saving.
	Rank int `json:"rank,omitempty"`
	// Kept is empty for a map that was factored.
	Kept KeptReason `json:"kept,omitempty"`
	// RelativeError is ‖W − U·V‖ / ‖W‖; 0 for a map that was kept, infinite, and null in JSON, for one that was all zeros and is not
	// any more, as in a bank.
	RelativeError float64 `json:"relative_error"`
	// OutputError is ‖X(W − U·V)ᵀ‖ / ‖X·Wᵀ‖ on the inputs of the moments, with the ridge; 0 without moments.
	OutputError float64 `json:"output_error,omitempty"`
	// Method is how singular vectors were computed; with moments, those of W weighted.
	Method tensor.Method `json:"method,omitempty"`
	// Slices is the number of the map's matrices [hidden, hidden] in a bank.
	Slices int `json:"slices,omitempty"`
	// ParametersBefore and ParametersAfter count the map's weight, without its bias.
	ParametersBefore int `json:"parameters_before"`
	ParametersAfter  int `json:"parameters_after"`
}

type factorisedFields FactorisedMap

// MarshalJSON writes an infinite error as null.
func (f FactorisedMap) MarshalJSON() ([]byte, error) {
	if !math.IsInf(f.RelativeError, 0) {
		return json.Marshal(factorisedFields(f))
	}
	return json.Marshal(struct {
		factorisedFields
		RelativeError *float64 `json:"relative_error"`
	}{factorisedFields: factorisedFields(f)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (f *FactorisedMap) UnmarshalJSON(data []byte) error {
	fields := struct {
		*factorisedFields
		RelativeError *float64 `json:"relative_error"`
	}{factorisedFields: (*factorisedFields)(f)}
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	f.RelativeError = math.Inf(1)
	if fields.RelativeError != nil {
		f.RelativeError = *fields.RelativeError
	}
	return nil
}

// Factorisation is what [Factorise] did.
type Factorisation struct {
	// RankBy is the rule, such as "rank:64", "ratio:0.25", "energy:0.95" or "evbmf".
	RankBy string `json:"rank_by"`
	// Weighted says that the inputs' second moments weighed the error, Tokens on how many tokens they were measured.
	Weighted bool    `json:"weighted"`
	Tokens   int     `json:"tokens,omitempty"`
	Ridge    float64 `json:"ridge,omitempty"`
	// Maps are the chosen maps, by layer and in the order of the roles.
	Maps []FactorisedMap `json:"maps"`
	// Bank is what the maps share after [Bank]; nil after [Factorise].
	Bank *Banking `json:"bank,omitempty"`
	// ParametersBefore and ParametersAfter count the weights of the chosen maps, and those of their bank, without biases; a tied map
	// counts where it is held.
	ParametersBefore int `json:"maps_parameters_before"`
	ParametersAfter  int `json:"maps_parameters_after"`
}

// Factored is the number of maps that were factored.
func (f *Factorisation) Factored() int {
	n := 0
	for _, m := range f.Maps {
		if m.Kept == "" {
			n++
		}
	}
	return n
}

// Name is the form with its ranks, as in the paper: that of the bank, or II with the smallest and the largest rank.
func (f *Factorisation) Name() string {
	if f.Bank != nil {
		return f.Bank.Name
	}
	low, high := math.MaxInt, 0
	for _, m := range f.Maps {
		low, high = min(low, m.Rank), max(high, m.Rank)
	}
	if low == high {
		return fmt.Sprintf("II-%d", low)
	}
	return fmt.Sprintf("II-%d to %d", low, high)
}

// Factorise replaces each chosen linear map W [out, in] of the encoder by a product U·V, U [out, rank], V [rank, in]. U and V are
// those of [tensor.TruncatedSVD], or of [tensor.WeightedSVD] where the options hold moments. By Ratio, Energy and Noise a map stays dense
// where the rank would save no parameters; maps that are factored, tied or empty stay as they are. The result says which and
// why. Biases do not change. The given model is not changed. A singular value decomposition that has begun is finished before ctx
// is looked at.
func Factorise(ctx context.Context, m *gbert.Model, o FactoriseOptions) (*gbert.Model, *Factorisation, error) {
	rule, targets, err := o.plan(m)
	if err != nil {
		return nil, nil, err
	}
	result := &Factorisation{RankBy: rule, Weighted: o.Moments != nil, Maps: targets}
	if o.Moments != nil {
		result.Tokens, result.Ridge = o.Moments.Tokens, o.Ridge
	}
	products, err := o.factoriseMaps(ctx, m, targets)
	if err != nil {
		return nil, nil, err
	}
	for _, target := range targets {
		result.ParametersBefore += target.ParametersBefore
		result.ParametersAfter += target.ParametersAfter
	}
	smaller, err := surgery.Store(m, products, gbert.Operation{Name: "tucker.svd", Arguments: o.arguments(rule)})
	if err != nil {
		return nil, nil, fmt.Errorf("tucker: %w", err)
	}
	return smaller, result, nil
}

// Check reports options that [Factorise] refuses for this model, with what is possible.
func (o FactoriseOptions) Check(m *gbert.Model) error {
	_, _, err := o.plan(m)
	return err
}

// Limits are the largest rank that each of the chosen dense maps can have, and the smallest ratio that rank 1 reaches in each. The
// rule is not looked at.
func (o FactoriseOptions) Limits(m *gbert.Model) (maxRank int, minRatio float64, err error) {
	targets, err := o.targets(m)
	if err != nil {
		return 0, 0, err
	}
	maxRank, minRatio = limits(targets)
	return maxRank, minRatio, nil
}

// plan is the name of the rule, and the chosen maps as they are.
func (o FactoriseOptions) plan(m *gbert.Model) (string, []FactorisedMap, error) {
	rule, err := o.rule()
	if err != nil {
		return "", nil, err
	}
	targets, err := o.targets(m)
	if err != nil {
		return "", nil, err
	}
	return rule, targets, o.checkShapes(m.Config, targets)
}

// targets are the chosen maps as they are, in order.
func (o FactoriseOptions) targets(m *gbert.Model) ([]FactorisedMap, error) {
	roles, layers, err := o.chosen(m.Config)
	if err != nil {
		return nil, err
	}
	targets := make([]FactorisedMap, 0, len(roles)*len(layers))
	dense := false
	var kept []string
	for _, layer := range layers {
		for _, role := range roles {
			target := target(m.Config, layer, role)
			targets = append(targets, target)
			if target.Kept == "" {
				dense = true
			} else if !slices.Contains(kept, string(target.Kept)) {
				kept = append(kept, string(target.Kept))
			}
		}
	}
	if !dense {
		return nil, fmt.Errorf("tucker: none of the %d chosen maps is dense: they are %s already", len(targets), strings.Join(kept, " or "))
	}
	return targets, nil
}

// target describes a map as it is.
func target(c *gbert.Config, layer int, role gbert.Role) FactorisedMap {
	t := FactorisedMap{Layer: layer, Role: role}
	form := c.Layers[layer].Form(role)
	if c.Holder(layer, role) == layer && empty(c.Layers[layer], role) {
		t.Kept = KeptEmpty
		return t
	}
	if !form.IsDense() {
		t.Kept = KeptReason(form.Kind())
	}
	weights := c.MapWeights(layer, role)
	if len(weights) == 0 { // another layer's
		return t
	}
	for _, spec := range weights[:len(weights)-1] { // without the bias
		t.ParametersBefore += spec.Size()
	}
	t.ParametersAfter = t.ParametersBefore
	if t.Rank, t.Slices = form.Size(); t.Slices == 0 {
		t.Out, t.In = c.MapShape(layer, role)
	}
	return t
}

func empty(shape gbert.LayerShape, role gbert.Role) bool {
	if role == gbert.FFNIn || role == gbert.FFNOut {
		return shape.IntermediateSize == 0
	}
	return len(shape.Heads) == 0
}

// factoriseMaps factors the maps that are not kept: as many at a time as there are processors, since a decomposition of this size keeps
// one busy.
func (o FactoriseOptions) factoriseMaps(ctx context.Context, m *gbert.Model, targets []FactorisedMap) ([]surgery.Map, error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	var mu sync.Mutex // guards products and done
	var products []surgery.Map
	done := 0
	for i := range targets {
		target := &targets[i]
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			var found *factors
			if target.Kept == "" {
				var err error
				if found, err = o.factoriseMap(m, target); err != nil {
					return fmt.Errorf("tucker: layer %d, %s: %w", target.Layer, target.Role, err)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			if found != nil {
				products = append(products, surgery.Product(target.Layer, target.Role, target.Rank, float32s(found.u), float32s(found.v)))
			}
			done++
			if o.Progress != nil {
				o.Progress(done, len(targets))
			}
			return nil
		})
	}
	return products, group.Wait()
}

// factoriseMap factors one dense map; nil: it is better kept.
func (o FactoriseOptions) factoriseMap(m *gbert.Model, t *FactorisedMap) (*factors, error) {
	values, _, err := m.DenseMap(t.Layer, t.Role)
	if err != nil {
		return nil, err
	}
	w := mat.NewDense(t.Out, t.In, nil)
	for i, value := range values {
		w.RawMatrix().Data[i] = float64(value)
	}
	found, err := o.decompose(w, t)
	if err != nil || t.Kept != "" {
		return nil, err
	}
	if o.Moments != nil {
		c, err := o.Moments.Of(t.Layer, t.Role)
		if err != nil {
			return nil, err
		}
		weighted, err := tensor.WeightedSVD(w, c, t.Rank, o.Ridge, o.SVD)
		if err != nil {
			return nil, err
		}
		found = &factors{u: weighted.U, v: weighted.V, err: weighted.RelativeError}
		t.OutputError, t.Method = weighted.OutputError, weighted.Method
	}
	t.RelativeError = found.err
	t.ParametersAfter = t.Rank * (t.Out + t.In)
	return found, nil
}

func float32s(m *mat.Dense) []float32 {
	rows, cols := m.Dims()
	values := make([]float32, 0, rows*cols)
	for r := range rows {
		for _, value := range m.RawRowView(r) {
			values = append(values, float32(value))
		}
	}
	return values
}

// arguments are the line in the model's history.
func (o FactoriseOptions) arguments(rule string) map[string]any {
	arguments := map[string]any{"rank_by": rule, "weighted": o.Moments != nil}
	if o.Roles != nil {
		names := make([]string, len(o.Roles))
		for i, role := range o.Roles {
			names[i] = string(role)
		}
		arguments["roles"] = strings.Join(names, ",")
	}
	if o.Layers != nil {
		numbers := make([]string, len(o.Layers))
		for i, layer := range slices.Sorted(slices.Values(o.Layers)) {
			numbers[i] = strconv.Itoa(layer)
		}
		arguments["layers"] = strings.Join(numbers, ",")
	}
	return arguments
}
