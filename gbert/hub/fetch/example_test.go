package fetch_test

import (
	"context"
	"fmt"
	"log"

	"bertlab/gbert/hub/fetch"
)

// A file appears at its place when all of it is there and its hash is right.
func ExampleFile() {
	err := fetch.File(context.Background(), fetch.Request{
		URL:      "https://host/file",
		Dest:     "/cache/file",
		SHA256:   "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
		Progress: func(done, total int64) { fmt.Println(done, "of", total, "bytes") },
	})
	if err != nil {
		log.Fatal(err)
	}
}
