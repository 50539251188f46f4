package tensor

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"
)

// randomised is Halko, Martinsson and Tropp 2011: subspace iteration from Gaussian vectors (algorithm 4.4), then the
// decomposition of the matrix projected on that subspace (algorithm 5.1).
func (s *SVD) randomised(u unfolding, rank int, o SVDOptions) error {
	l := rank + o.Oversampling
	source := rand.New(rand.NewPCG(o.Seed, 0))
	gaussian := mat.NewDense(u.cols(), l, nil)
	for i := range gaussian.RawMatrix().Data {
		gaussian.RawMatrix().Data[i] = source.NormFloat64()
	}
	q := orthonormalise(u.times(gaussian))
	for range o.PowerIterations {
		q = orthonormalise(u.times(orthonormalise(u.transposedTimes(q))))
	}
	if err := s.fromLeft(u, q, rank); err != nil {
		return err
	}
	kept := floats.Norm(s.Values, 2)
	s.Residual = math.Sqrt(max(0, (s.Norm-kept)*(s.Norm+kept)))
	return nil
}

// orthonormalise replaces the columns of a matrix that is not wider than high by an orthonormal basis of what they span. It
// takes LAPACK's factorisation at hand since mat.QR would make the whole square Q.
func orthonormalise(a *mat.Dense) *mat.Dense {
	raw := a.RawMatrix()
	tau := make([]float64, raw.Cols)
	withWorkspace(func(work []float64, size int) { lapack64.Geqrf(raw, tau, work, size) })
	withWorkspace(func(work []float64, size int) { lapack64.Orgqr(raw, tau, work, size) })
	return a
}
