package saves_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"bertlab/gbert/saves"
)

// Both files of a folder are replaced, or neither.
func Example() {
	dir, err := os.MkdirTemp("", "model")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	save, err := saves.Begin(dir)
	if err != nil {
		log.Fatal(err)
	}
	defer save.Discard()
	for name, text := range map[string]string{"config.json": "{}", "vocab.txt": "[PAD]"} {
		if err := os.WriteFile(filepath.Join(save.Dir, name), []byte(text), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	if err := save.Commit(); err != nil {
		log.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "vocab.txt"))
	fmt.Println(string(text), err)
	// Output: [PAD] <nil>
}
