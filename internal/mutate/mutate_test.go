package main

import (
	"fmt"
	"testing"
)

// TestMutatedFilesNeitherPanicNorTakeMuch reads a few hundred files of each kind; the program reads ten thousand.
func TestMutatedFilesNeitherPanicNorTakeMuch(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			top := t.TempDir()
			if _, err := k.lay(top + "/whole"); err != nil {
				t.Fatal(err)
			}
			if err := k.read(top + "/whole"); err != nil {
				t.Fatalf("the file is not right as it is: %v", err)
			}
			var total tally
			for number := range 200 {
				func() {
					defer func() {
						if cause := recover(); cause != nil {
							t.Errorf("go run ./internal/mutate -kind %q -from %d -n 1: %v", k.name, number, cause)
						}
					}()
					if err := k.readOne(top, number, &total); err != nil {
						t.Errorf("go run ./internal/mutate -kind %q -from %d -n 1: %v", k.name, number, err)
					}
				}()
			}
			if total.Refused == 0 && k.name != "step" { // which is made again
				t.Error(fmt.Sprint("no file was refused: ", total))
			}
		})
	}
}
