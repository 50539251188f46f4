//go:build !unix

package profile

import "time"

// processorTime is what the process has taken of all processors so far; 0 where the system does not say.
func processorTime() time.Duration { return 0 }
