package backend_test

import (
	"context"
	"fmt"

	"bertlab/gbert/backend"
)

func ExampleOpen() {
	b, choice, err := backend.Open(context.Background(), backend.Options{Name: "go"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Finalize()
	fmt.Println(choice)
	// Output: go: named by --backend
}
