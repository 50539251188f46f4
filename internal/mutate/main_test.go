package main

import (
	"os"
	"testing"

	"bertlab/internal/testbed"
)

// TestMain keeps the thousands of small folders in memory.
func TestMain(m *testing.M) { os.Exit(testbed.Main(m)) }
