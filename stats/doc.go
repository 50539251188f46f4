// Package stats says how sure a number is: whether two models that were judged on the same examples differ by more than chance, how
// far a mean or a correlation could be from what it was found to be, and how long a thing takes that takes longer now and then.
//
// [Answers] are a model's on a test set. [McNemar] tests two models' answers, [PairedBootstrap] estimates the difference of any
// two scores by example, [Bootstrap] that of any statistic of a data set. An [Interval] is a number with its interval, an [Estimate]
// one that a bootstrap found, a [Difference] that of two means. [Pearson] and [Spearman] correlate, and say how stable a ranking is
// when the two lists were measured on the two [Halves] of a data set. [Quantile], [Median] and [Quartiles] describe times.
//
// # Limits
//
// Examples are resampled, so an interval says what other test examples would change, not what another training run would. Pool the
// seeds of an experiment with [Pool] first: answers to one example under several seeds are not independent.
//
// # What gonum has
//
// gonum.org/v1/gonum/stat has means, deviations and distributions, which are used as they are. It has no bootstrap, test of pairs, rank
// correlation or Wilson interval. Three of its functions are not used where one could think so: stat.Quantile with LinInterp
// interpolates Hyndman and Fan's type 4, and not their type 7, which is the default of NumPy and R; stat.Correlation overflows where
// squares of the values do; distuv.Binomial.CDF sums no terms but evaluates the incomplete beta function, whose last digits differ
// from those of an exact test.
//
// # Randomness
//
// What is drawn comes from math/rand/v2's PCG with the state (seed, 0), whose stream Go keeps from version to version.
package stats
