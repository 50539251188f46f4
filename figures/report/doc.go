// Package report puts prose, figures, tables and the verdicts on claims into one HTML file that needs nothing else.
//
// Its standing phrases are in English and Korean. The same parts give the same bytes.
package report
