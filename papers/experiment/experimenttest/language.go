package experimenttest

import (
	"fmt"
	"html"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

var (
	hangul  = regexp.MustCompile(`\p{Hangul}+`)
	english = regexp.MustCompile(`[A-Za-z]+[A-Za-z0-9]*[a-z][A-Za-z0-9]*|[A-Z]{2,}[0-9]*`)
	// unspoken is what is not said in a report: styles, pictures, addresses, what machine and protocol were, listings.
	unspoken = regexp.MustCompile(`(?s)<style>.*?</style>|<details>.*?</details>|<pre.*?</pre>|<code>.*?</code>`)
	tag      = regexp.MustCompile(`<[^>]*>`)
	path     = regexp.MustCompile(`(figures)?/[^\s,;:)"]+`)
	// typed is what one types as it stands: commands and options.
	typed = regexp.MustCompile(`bertlab [a-z]+( [a-z]+)*|--[a-z][a-z-]*`)
)

// names may stand in a Korean text as they are: of models, data sets, methods, authors, units, files and options, and what a CSV says to
// programs.
var names = strings.Fields(`
	BERT ALBERT XLNet RoBERTa TinyBERT bert base large xlarge xxlarge uncased MiniLM
	sst2 SST MNLI MRPC CoLA QNLI QQP STS RTE GLUE SQuAD RACE WMT MTNT matched mismatched BLEU EM
	Michel Levy Neubig Sajjad Dalvi Durrani Nakov Sanh Wolf Rush Lagunas Wang Ren Lan Kolda Bader Ganesh Hao Dong Wei Xu Eckart Young
	McNemar Holm Adam AdamW HOOI HOSVD TensorLy II III IV UV HI FFN LayerNorm ln
	NeurIPS ICLR EMNLP TACL Computer Speech Language arXiv
	nat ms MB MACs kMACs GMACs MAC float16 float32 gzip GPU CPU XLA GTX Ti CLS SHA
	bertlab go true false NaN
`)

// speaks looks for words of another language in all that is published in one.
func speaks(t *testing.T, say *words.Printer, p *experiment.Published, own []string) {
	t.Helper()
	processor, _, _ := strings.Cut(experiment.Machine(), ",")
	for where, text := range said(t, p) {
		text = path.ReplaceAllString(strings.NewReplacer(processor, "", runtime.GOOS, "").Replace(text), "")
		if say == words.English {
			if other := hangul.FindString(text); other != "" {
				t.Errorf("the English %s says %s", where, around(text, other))
			}
			continue
		}
		for _, word := range Foreign(text, own...) {
			t.Errorf("the Korean %s says %q: %s", where, word, around(text, word))
		}
	}
}

// Foreign are the words in Latin letters of a Korean text that are no names: of all papers, or of one's own.
func Foreign(text string, own ...string) []string {
	found := english.FindAllString(typed.ReplaceAllString(text, ""), -1)
	slices.Sort(found)
	return slices.DeleteFunc(slices.Compact(found), func(word string) bool { return slices.Contains(names, word) || slices.Contains(own, word) })
}

// around is a word with what stands beside it.
func around(text, word string) string {
	at := strings.Index(text, word)
	return strings.ToValidUTF8("…"+text[max(at-60, 0):min(at+60, len(text))]+"…", "")
}

// said are all words that are published, by where they stand.
func said(t *testing.T, p *experiment.Published) map[string]string {
	t.Helper()
	raw, err := p.Report.HTML()
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"report": html.UnescapeString(tag.ReplaceAllString(unspoken.ReplaceAllString(string(raw), " "), " "))}
	for _, f := range p.Figures {
		svg, err := f.Figure.SVG()
		if err != nil {
			t.Fatal(err)
		}
		texts["figure "+f.Name] = html.UnescapeString(tag.ReplaceAllString(unspoken.ReplaceAllString(string(svg), " "), " ")) + f.Caption + f.Figure.Data().CSV()
	}
	for _, table := range p.Tables {
		texts["table "+table.Name] = fmt.Sprintln(table.Table.Title, table.Table.Caption, table.Table.CSV(), table.Table.Text())
	}
	for _, page := range p.Pages {
		texts["page "+page.Name] = html.UnescapeString(tag.ReplaceAllString(regexp.MustCompile(`(?s)<(script|style)>.*?</(script|style)>`).ReplaceAllString(page.HTML, " "), " "))
	}
	return texts
}
