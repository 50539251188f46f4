package figures

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
)

//go:embed turn.js
var turnScript string

// Interactive is the surface as a piece of HTML that can be turned with the mouse, a finger or the arrow keys. It needs no network:
// the script and the numbers, to four digits, are in it. Where scripts are not run it shows nothing, so the static figure should
// stand beside it. hint says how to turn it; "": in English. The same options give the same bytes.
func (o SurfaceOptions) Interactive(hint string) (string, error) {
	s, err := newSurface(o)
	if err != nil {
		return "", err
	}
	heights := make([][]*json.Number, len(s.values))
	for j, row := range s.values {
		heights[j] = make([]*json.Number, len(row))
		for i, v := range row {
			if finite(v) {
				n := short(s.share(v))
				heights[j][i] = &n
			}
		}
	}
	ticks := func(list []tick, place func(float64) float64) [][2]any {
		out := [][2]any{}
		for _, t := range list {
			out = append(out, [2]any{short(place(t.at)), t.label})
		}
		return out
	}
	marks := []map[string]any{}
	for _, m := range s.Marks {
		if v := s.at(m.X, m.Y); finite(v) {
			marks = append(marks, map[string]any{"x": short(span(s.xr, m.X)), "y": short(span(s.yr, m.Y)), "z": short(s.share(v)), "label": clean(m.Label)})
		}
	}
	var palette [][3]uint8
	for i := range 17 {
		c := s.Palette.at(float64(i) / 16)
		palette = append(palette, [3]uint8{c.R, c.G, c.B})
	}
	axis := func(values []float64) []json.Number {
		out := make([]json.Number, len(values))
		for i, v := range values {
			out[i] = json.Number(strconv.FormatFloat(v, 'g', 6, 64))
		}
		return out
	}
	data := map[string]any{
		"x": axis(s.x), "y": axis(s.y), "z": heights, "palette": palette, "marks": marks,
		"xticks": ticks(s.xr.ticks(5, nil), func(v float64) float64 { return span(s.xr, v) }),
		"yticks": ticks(s.yr.ticks(5, nil), func(v float64) float64 { return span(s.yr, v) }),
		"zticks": ticks(s.levels(5), s.share), "xlabel": s.XLabel, "ylabel": s.YLabel, "zlabel": s.ZLabel,
		"azimuth": azimuth, "elevation": elevation, "tall": tallness,
		"alt": s.Title, "hint": cmp.Or(clean(hint), s.say("Drag, or use the arrow keys, to turn the surface.")),
	}
	return scripted("surface", s.Title, turnScript, data)
}

// scripted is a piece of HTML that a script fills from data. Its id is a hash of them, so that two pieces of a page do not meet.
func scripted(kind, title, script string, data map[string]any) (string, error) {
	text, err := json.Marshal(data)
	if err != nil {
		return "", fmt.Errorf("figures: %w", err)
	}
	sum := sha256.Sum256(text)
	data["id"] = kind + "-" + hex.EncodeToString(sum[:6])
	if text, err = json.Marshal(data); err != nil { // <, > and & are escaped, so that no label ends the script
		return "", fmt.Errorf("figures: %w", err)
	}
	return fmt.Sprintf("<div id=\"%s\" title=\"%s\"></div>\n<script>\n%s</script>\n", data["id"], html.EscapeString(title), strings.Replace(script, "DATA", string(text), 1)), nil
}

// InteractivePage is [SurfaceOptions.Interactive] as a whole page, with title and caption.
func (o SurfaceOptions) InteractivePage(hint string) (string, error) {
	piece, err := o.Interactive(hint)
	if err != nil {
		return "", err
	}
	esc := func(s string) string { return html.EscapeString(clean(s)) }
	return fmt.Sprintf("<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"+
		"<title>%s</title>\n<style>body{font:16px/1.5 sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}h1{font-size:1.3rem}p{opacity:.75;font-size:.9rem}</style>\n</head>\n<body>\n<h1>%s</h1>\n%s<p>%s</p>\n</body>\n</html>\n",
		esc(o.Title), esc(o.Title), piece, esc(o.Caption)), nil
}

func short(v float64) json.Number {
	if math.Abs(v) < 5e-5 {
		v = 0
	}
	return json.Number(strconv.FormatFloat(math.Round(v*1e4)/1e4, 'f', -1, 64))
}
