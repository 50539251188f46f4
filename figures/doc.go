// Package figures draws plots and writes tables from plain numbers. It knows nothing of BERT.
//
// A figure is a value: make it, then save it or show it, as the example of [Heatmap] does.
//
// There are [Heatmap], [Histogram], [Curves], [Scatter], [Bars], [Contour] and [Surface], which can also be had to be turned by hand
// ([SurfaceOptions.Interactive]); each comes as PNG (200 dots per inch), SVG and PDF (in
// both text stays text, and the glyphs in use are embedded), and hands back the numbers behind it as a [Table]. A table comes as HTML, Markdown, LaTeX, CSV and
// aligned text. Package figures/report puts them into a page, with prose and the verdicts on claims.
//
// The same data give the same bytes: no time, no random number and no map order gets in.
//
// Colours: viridis for what grows, blue–white–orange for what has a sign, and the palette of Okabe and Ito (2008) for kinds, with
// a marker or a dash for each kind, so that nothing rests on colour alone. Text is at least 6.5 points; words never cover data:
// lines are named at their ends, legends stand above the plot.
//
// Text is in Liberation Sans, Korean in a font made from Nanum Barun Gothic (hangul/make.py); a figure may have a font of its own.
//
// Limits: one plot a figure, linear axes (the values of contours and surfaces may be logarithmic), magnitudes up to 1e100. Text runs
// left to right, one glyph a character: scripts that need shaping (Arabic, Devanagari) do not come out, and Chinese and Japanese need
// a [Font] ([Figure.Undrawn] tells what is lacking).
package figures
