package main

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"bertlab/internal/files"
)

const (
	// settle is the pause before each sample, in which the other sides' threads come to rest.
	settle = 50 * time.Millisecond
	// restWindow is how long a peer is watched, and restShare the share of it in which a peer at rest may compute.
	restWindow, restShare = 10 * time.Millisecond, 0.1
	// patience is how long a peer may take to come to rest.
	patience = 5 * time.Second
)

// processorTime is the time that all threads of a process have computed; 0 where the system does not say.
func processorTime(pid int) time.Duration {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	var sum time.Duration
	for _, task := range tasks {
		text, err := files.Read(task, 1<<12)
		if err != nil { // the thread has ended
			continue
		}
		if fields := strings.Fields(string(text)); len(fields) > 0 {
			nanoseconds, _ := strconv.ParseInt(fields[0], 10, 64)
			sum += time.Duration(nanoseconds)
		}
	}
	return sum
}

// rest waits until no peer computes: threads that spin for more work would take the processor from whoever is timed next.
func (s *suite) rest() error {
	time.Sleep(settle)
	for began := time.Now(); ; {
		before := s.peersTime()
		time.Sleep(restWindow)
		if float64(s.peersTime()-before) <= restShare*float64(restWindow) {
			return nil
		}
		if time.Since(began) > s.patience {
			return fmt.Errorf("bench: a peer computes though nobody asks it to: what runs beside it would not be timed fairly")
		}
	}
}

// peersTime is the processor time of all peers.
func (s *suite) peersTime() (sum time.Duration) {
	for _, p := range s.peers {
		sum += processorTime(p.command.Process.Pid)
	}
	return sum
}
