package files_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"bertlab/internal/files"
)

func Example() {
	dir, err := os.MkdirTemp("", "files")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "vocab.txt")
	if err := files.Write(path, []byte("[PAD]\n")); err != nil {
		log.Fatal(err)
	}
	text, err := files.Read(path, 64<<20)
	fmt.Printf("%q %v\n", text, err)
	_, err = files.Read(path, 3)
	fmt.Println(err != nil)
	// Output:
	// "[PAD]\n" <nil>
	// true
}
