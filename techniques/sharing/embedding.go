package sharing

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/tensor"
)

// EmbeddingHistoryName is the name of a factorised word table in a model's history. Its argument is "size".
const EmbeddingHistoryName = "sharing.embedding"

// EmbeddingReport says what [FactorEmbedding] did.
type EmbeddingReport struct {
	// Size is the embedding size E.
	Size int `json:"size"`
	// RelativeError is ‖W − U·V‖ / ‖W‖ of the word table.
	RelativeError float64 `json:"relative_error"`
	// Before and After count the parameters of the word table, V·H and V·E + E·H.
	Before int `json:"parameters_before"`
	After  int `json:"parameters"`
	// BreakEven is the largest E that saves parameters.
	BreakEven int `json:"break_even"`
	// Method is how singular vectors were computed.
	Method tensor.Method `json:"method"`
}

// FactorEmbedding stores the word table W [V, H] as a product U·V, U [V, E] and V [E, H], by its truncated singular value
// decomposition, the best of its rank (Eckart and Young 1936). V has orthonormal rows and U takes the singular values, so that each
// word's vector keeps its length and learning rates mean what they meant. Positions, token types and LayerNorm stay in H: at E = H
// the model computes what it did. (ALBERT has them in E, before its map to H; a BERT cannot be turned into that, because its
// LayerNorm would stand on the other side of the map.)
//
// A word table that is factored already is multiplied out first. The size must be within 1…min(V, H); an ALBERT is an error. The
// given model is not changed.
func FactorEmbedding(m *gbert.Model, size int) (*gbert.Model, *EmbeddingReport, error) {
	if err := CheckEmbedding(m.Config, size); err != nil {
		return nil, nil, err
	}
	c := m.Config
	table, err := wordTable(m)
	if err != nil {
		return nil, nil, err
	}
	svd, err := tensor.TruncatedSVD(table, size, tensor.SVDOptions{})
	if err != nil {
		return nil, nil, fmt.Errorf("sharing: the word table: %w", err)
	}
	u, v := make([]float32, 0, c.VocabSize*size), make([]float32, 0, size*c.HiddenSize)
	for row := range c.VocabSize {
		for i, x := range svd.U.RawRowView(row) {
			u = append(u, float32(x*svd.Values[i]))
		}
	}
	for i := range size {
		for j := range c.HiddenSize {
			v = append(v, float32(svd.V.At(j, i)))
		}
	}
	done := gbert.Operation{Name: EmbeddingHistoryName, Arguments: map[string]any{"size": size}}
	factored, err := surgery.StoreWords(m, gbert.FactoredWords(size), done, u, v)
	if err != nil {
		return nil, nil, fmt.Errorf("sharing: %w", err)
	}
	return factored, &EmbeddingReport{
		Size: size, RelativeError: svd.RelativeError(), Method: svd.Method, Before: wordParameters(c), After: wordParameters(factored.Config),
		BreakEven: tensor.BreakEvenRank(c.VocabSize, c.HiddenSize),
	}, nil
}

// CheckEmbedding reports a size that [FactorEmbedding] refuses, with what is possible.
func CheckEmbedding(c *gbert.Config, size int) error {
	if c.Embedding.Projects() {
		return fmt.Errorf("sharing: the embeddings are factorised as ALBERT's already, with size %d", c.Embedding.Size())
	}
	if limit := min(c.VocabSize, c.HiddenSize); size < 1 || size > limit {
		return fmt.Errorf("sharing: embedding size %d of a word table [%d, %d]: it must be 1…%d, and up to %d saves parameters", size, c.VocabSize, c.HiddenSize, limit, tensor.BreakEvenRank(c.VocabSize, c.HiddenSize))
	}
	return nil
}

// EmbeddingErrors are the relative errors ‖W − U·V‖ / ‖W‖ of the word table at embedding sizes 1, 2, …, min(V, H).
func EmbeddingErrors(m *gbert.Model) ([]float64, error) {
	table, err := wordTable(m)
	if err != nil {
		return nil, err
	}
	rows, columns := table.Dims()
	svd, err := tensor.TruncatedSVD(table, min(rows, columns), tensor.SVDOptions{})
	if err != nil {
		return nil, fmt.Errorf("sharing: the word table: %w", err)
	}
	errors := make([]float64, len(svd.Values))
	tail := 0.0 // Σ_{i>E} σ_i², from the smallest on
	for i := len(errors) - 1; i >= 0; i-- {
		if svd.Norm > 0 {
			errors[i] = math.Sqrt(tail) / svd.Norm
		}
		tail += svd.Values[i] * svd.Values[i]
	}
	return errors, nil
}

// wordTable is a model's word table, in float64.
func wordTable(m *gbert.Model) (*mat.Dense, error) {
	values, err := m.WordTable()
	if err != nil {
		return nil, fmt.Errorf("sharing: %w", err)
	}
	table := mat.NewDense(m.Config.VocabSize, len(values)/m.Config.VocabSize, nil)
	for i, x := range values {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			return nil, fmt.Errorf("sharing: the vector of word %d holds values that are not finite numbers: the model is broken", i*m.Config.VocabSize/len(values))
		}
		table.RawMatrix().Data[i] = float64(x)
	}
	return table, nil
}

// wordParameters counts the word table in its form.
func wordParameters(c *gbert.Config) int {
	total := 0
	for _, spec := range c.WordWeights() {
		total += spec.Size()
	}
	return total
}
