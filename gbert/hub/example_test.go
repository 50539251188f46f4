package hub_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"bertlab/gbert/hub"
)

// A folder with a config.json is a model; a name would be looked for in the caches and on the Hub.
func ExampleClient_Model() {
	dir, err := os.MkdirTemp("", "model")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte("{}"), 0o644); err != nil {
		fmt.Println(err)
		return
	}
	m, err := hub.New(hub.Options{}).Model(context.Background(), dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Source, m.Dir == dir)
	// Output: folder true
}

// Files of a data set on the Hub, and the four sentiment sets; what is cached is not asked for again.
func ExampleClient_DatasetFiles() {
	ctx, c := context.Background(), hub.New(hub.Options{})
	files, err := c.DatasetFiles(ctx, "nyu-mll/glue", "sst2", "validation")
	if err != nil {
		log.Fatal(err)
	}
	sentiment, err := c.Sentiment(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(files, sentiment)
}
