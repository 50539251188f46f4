package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// limited is a tiny model whose tokenizer has a limit.
func limited(t *testing.T, limit string) string {
	t.Helper()
	dir := tinyModel(t, 2)
	if err := os.WriteFile(filepath.Join(dir, "tokenizer_config.json"), []byte(`{"tokenizer_class": "BertTokenizer", "model_max_length": `+limit+`}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTheSmallestLimitCutsTextsUnlessALengthIsNamed(t *testing.T) {
	long := write(t, "long.tsv", "sentence\tlabel\nthe film is good .\t1\n"+strings.Repeat("very ", 20)+"bad\t0\n")
	for name, c := range map[string]struct {
		model     string
		args      []string
		length    float64
		truncated bool
		says      string
	}{
		"positions":             {tinyModel(t, 2), nil, 32, false, "texts are read up to 32 tokens, not 128: the model has no more positions"},
		"the tokenizer's":       {limited(t, "10"), nil, 10, true, "texts are read up to 10 tokens, not 128: so says the tokenizer (model_max_length)"},
		"none of the tokenizer": {limited(t, "1e30"), nil, 32, false, "max_position_embeddings"},
		"a larger one":          {limited(t, "512"), nil, 32, false, "max_position_embeddings"},
		"a length that is said": {limited(t, "10"), []string{"--max-length", "16"}, 16, true, ""},
		"the usual one, said":   {tinyModel(t, 2), []string{"--max-length", "128"}, 128, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, command := range [][]string{{"eval"}, {"heads", "importance", "--split", "dev"}} {
				run := bertlab(t, append(append(command, "--model", c.model, "--task", "sst2", "--data", long, "--json"), c.args...)...)
				document := run.document()
				if got := number(t, document, "max_length"); got != c.length {
					t.Errorf("%v: read %g tokens, want %g", command, got, c.length)
				}
				if _, cut := document["truncated"]; cut != c.truncated || cut != strings.Contains(run.stderr, "1 of the 2 examples are longer than") {
					t.Errorf("%v: truncated %v: %s", command, document["truncated"], run.stderr)
				}
				if notes := strings.Count(run.stderr, "texts are read up to"); c.says == "" && notes != 0 || c.says != "" && (notes != 1 || !strings.Contains(run.stderr, c.says)) {
					t.Errorf("%v said %q", command, run.stderr)
				}
			}
		})
	}
}
