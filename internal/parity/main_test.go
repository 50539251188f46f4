package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestQuestionsAreAnsweredLineByLine(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "vocab.txt"), []byte("[PAD]\n[UNK]\n[CLS]\n[SEP]\ncafe\n##s\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	folder, err := json.Marshal(dir)
	if err != nil {
		t.Fatal(err)
	}
	in := `{"folder": ` + string(folder) + `, "texts": [["Cafés"], ["cafe", "é"], ["cafe cafe", null, 3]]}
{"folder": "nowhere", "texts": []}
{"folder": ` + string(folder) + `, "texts": [[1]]}
`
	var out strings.Builder
	if err := run(strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	answers := strings.Split(strings.TrimSpace(out.String()), "\n")
	want := []string{`{"ids":[[2,4,5,3],[2,4,3,1,3],[2,4,3]],"types":[[0,0,0,0],[0,0,0,1,1],[0,0,0]],"offsets":[[0,0,0,4,4,5,0,0],[0,0,0,4,0,0,0,1,0,0],null]}`, "no tokenizer in nowhere", "is not [text, second, most tokens]"}
	if len(answers) != len(want) {
		t.Fatalf("%d answers, want %d: %s", len(answers), len(want), out.String())
	}
	for i := range want {
		if !strings.Contains(answers[i], want[i]) {
			t.Errorf("answer %d: got %s, want %s", i, answers[i], want[i])
		}
	}
}
