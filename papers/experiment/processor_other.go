//go:build !unix

package experiment

import "time"

func processorTime() time.Duration { return 0 }
