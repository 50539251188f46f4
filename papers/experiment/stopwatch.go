package experiment

import "time"

// Elapsed is how long something took: on the wall, and on the processors of this machine, counting this process alone. What other
// programs do lengthens the first and hardly the second. The second is 0 where the system does not tell it.
type Elapsed struct {
	Wall      time.Duration `json:"wall"`
	Processor time.Duration `json:"processor"`
}

// Stopwatch measures from when it was started.
type Stopwatch struct {
	wall      time.Time
	processor time.Duration
}

// Start starts a stopwatch.
func Start() Stopwatch { return Stopwatch{time.Now(), processorTime()} }

// Elapsed is the time since the start.
func (s Stopwatch) Elapsed() Elapsed {
	return Elapsed{time.Since(s.wall), processorTime() - s.processor}
}

// Clock says which of the two times counts.
type Clock string

// The clocks.
const (
	// Wall counts where something else computes, such as a GPU.
	Wall Clock = "wall"
	// Processor counts where this machine's processors compute.
	Processor Clock = "processor"
)

// Clock is the clock that tells how long this environment's backend computes.
func (e *Environment) Clock() Clock { return clockOf(e.Choice.Name) }

// clockOf is the clock that tells how long a backend computes, by its name.
func clockOf(backend string) Clock {
	if backend == "xla:cpu" || backend == "go" {
		return Processor
	}
	return Wall
}

// String names the time that the clock tells.
func (c Clock) String() string {
	if c == Processor {
		return "processor time"
	}
	return "wall-clock time"
}

// Seconds is an elapsed time by the clock; by the wall's where the system does not tell processor time.
func (c Clock) Seconds(e Elapsed) float64 {
	if c == Processor && e.Processor > 0 {
		return e.Processor.Seconds()
	}
	return e.Wall.Seconds()
}
