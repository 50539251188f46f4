package workbench

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/gbert/onnx"
	"bertlab/techniques/layerdrop"
	"bertlab/techniques/sharing"
)

// given says that these flags, and no others, were given.
func given(flags ...string) func(string) bool {
	return func(flag string) bool { return slices.Contains(flags, flag) }
}

func TestFlagsThatDoNotGoTogetherAreWrongCallsThatNameThem(t *testing.T) {
	quantising := func(q Quantising, flags ...string) error {
		if q.Inputs == "" {
			q.Inputs = "dynamic"
		}
		if q.Calibration == "" {
			q.Calibration = "percentile"
		}
		return q.Check(given(flags...))
	}
	for name, c := range map[string]struct {
		err      error
		mentions string // empty: right
	}{
		"dynamic":                      {quantising(Quantising{Method: "dynamic", Calibrate: 1}), ""},
		"a method that there is not":   {quantising(Quantising{Method: "static8", Calibrate: 1}), "--method static8"},
		"training without training":    {quantising(Quantising{Method: "row", Calibrate: 1}, "epochs"), "--epochs goes with --method qat"},
		"training":                     {quantising(Quantising{Method: AwareMethod, Inputs: "row", Calibrate: 1}, "epochs", "inputs"), ""},
		"a range that is not stored":   {quantising(Quantising{Method: "row", Calibrate: 1}, "calibration"), "--calibration goes with"},
		"no examples":                  {quantising(Quantising{Method: "static"}), "--calibrate 0"},
		"auto and roles":               {quantising(Quantising{Method: "row", Calibrate: 1, KeepFloat: []string{"auto", "words"}}), "--keep-float auto,words"},
		"a role that there is not":     {quantising(Quantising{Method: "row", Calibrate: 1, KeepFloat: []string{"word"}}), "did you mean words"},
		"a rule that there is not":     {quantising(Quantising{Method: "static", Calibration: "best", Calibrate: 1}), "--calibration best"},
		"a ridge without weights":      {(&Factoring{Form: SVDForm}).Check(given("ridge")), "--ridge goes with --weighted"},
		"a least rank without a rule":  {(&Factoring{Form: SVDForm}).Check(given("min-rank")), "--min-rank goes with --rank-by"},
		"a core of each matrix":        {(&Factoring{Form: SVDForm}).Check(given("core")), "--core goes with --form shared"},
		"sweeps of each matrix":        {(&Factoring{Form: SVDForm}).Check(given("sweeps")), "--sweeps goes with --form shared and bank"},
		"a form that there is not":     {(&Factoring{Form: "bnak"}).Check(given()), "did you mean bank"},
		"a bank":                       {(&Factoring{Form: BankForm}).Check(given("sweeps")), ""},
		"nothing to share":             {(&Sharing{Options: sharing.Options{What: ShareNothing, Init: sharing.First}}).Check(given()), "--what none"},
		"the word table alone":         {(&Sharing{Options: sharing.Options{What: ShareNothing, Init: sharing.First}}).Check(given("embedding")), ""},
		"for other programs and none":  {(&Exporting{Dense: true, Compact: true, Opset: onnx.DefaultOpset}).Check(false), "--dense"},
		"int8 without a graph":         {(&Exporting{Int8: true, Opset: onnx.DefaultOpset}).Check(false), "give --onnx as well"},
		"an opset that there is not":   {(&Exporting{ONNX: true, Opset: onnx.MaxOpset + 1}).Check(true), "--opset"},
		"a list and a number":          {(&Dropping{Strategy: layerdrop.List}).Check(given("k")), "--k goes with --strategy top, bottom"},
		"a threshold for contribution": {(&Dropping{Strategy: layerdrop.Contribution}).Check(given("threshold")), ""},
	} {
		switch wrong := new(call.Wrong); {
		case c.mentions == "" && c.err != nil:
			t.Errorf("%s: %v", name, c.err)
		case c.mentions != "" && (!errors.As(c.err, wrong) || !strings.Contains(c.err.Error(), c.mentions)):
			t.Errorf("%s: %v, want a wrong call about %q", name, c.err, c.mentions)
		}
	}
}

func TestTextsArePairedAsTheFlagsSay(t *testing.T) {
	for name, c := range map[string]struct {
		q     Asking
		stdin string
		args  []string
		want  [][2]string // nil: an error
	}{
		"arguments":            {Asking{}, "not read\n", []string{"a", "b"}, [][2]string{{"a"}, {"b"}}},
		"lines":                {Asking{}, "a\r\n\n b \n", nil, [][2]string{{"a"}, {}, {" b "}}},
		"pairs":                {Asking{Pair: true}, "", []string{"a", "b", "c", "d"}, [][2]string{{"a", "b"}, {"c", "d"}}},
		"pairs of lines":       {Asking{Pair: true}, "a\tb\n", nil, [][2]string{{"a", "b"}}},
		"half a pair":          {Asking{Pair: true}, "", []string{"a", "b", "c"}, nil},
		"a line of three":      {Asking{Pair: true}, "a\tb\tc\n", nil, nil},
		"one question":         {Asking{Question: "q"}, "", []string{"a", "b"}, [][2]string{{"q", "a"}, {"q", "b"}}},
		"one context":          {Asking{Context: "c"}, "a\n", nil, [][2]string{{"a", "c"}}},
		"question and context": {Asking{Question: "q", Context: "c"}, "not read\n", nil, [][2]string{{"q", "c"}}},
		"nothing left to be":   {Asking{Question: "q", Context: "c"}, "", []string{"a"}, nil},
		"no text":              {Asking{}, "\n \n", nil, nil},
		"an empty text":        {Asking{}, "", []string{"a", " "}, nil},
		"a line without end":   {Asking{}, strings.Repeat("a", longestLine+1), nil, nil},
	} {
		texts, err := c.q.Texts(strings.NewReader(c.stdin), c.args)
		if (err != nil) != (c.want == nil) || err == nil && !slices.Equal(texts.List, c.want) {
			t.Errorf("%s: %q, %v", name, texts.List, err)
		}
		if err == nil && (texts.Pairs != (c.want[0][1] != "") || texts.Questions != (c.q.Question+c.q.Context != "")) {
			t.Errorf("%s: %+v", name, texts)
		}
	}
}
