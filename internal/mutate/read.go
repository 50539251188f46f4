package main

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"bertlab/internal/files"
)

// What a file may cost its reader.
const (
	longest = 30 * time.Second
	memory  = 200 << 20 // beside four times the file
)

// A tally counts the outcomes of reading files.
type tally struct {
	Accepted, Refused int
	Longest           time.Duration
	Memory            uint64 // taken for a file, at most
	Largest           int    // bytes of a file
}

func (t *tally) add(other tally) {
	t.Accepted += other.Accepted
	t.Refused += other.Refused
	t.Longest = max(t.Longest, other.Longest)
	t.Memory = max(t.Memory, other.Memory)
	t.Largest = max(t.Largest, other.Largest)
}

// mutated is a mutation of a kind's file.
func mutated(name string, number int) ([]byte, error) {
	k, err := kindNamed(name)
	if err != nil {
		return nil, err
	}
	base, err := k.base()
	if err != nil {
		return nil, err
	}
	return k.mutation(base, number), nil
}

func (k *kind) mutation(base []byte, number int) []byte {
	seed := fnv.New64a()
	seed.Write([]byte(k.name))
	return k.mutate(rand.New(rand.NewPCG(seed.Sum64(), uint64(number))), base)
}

// readAll reads mutations in this process and prints the number of each before it does, and a tally in the end. It returns the exit
// status; a reader that panics ends the process.
func readAll(name string, from, to int, progress io.Writer) int {
	k, err := kindNamed(name)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	dir, err := os.MkdirTemp("", "mutate-"+name+"-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	go watchMemory()
	var t tally
	for number := from; number < to; number++ {
		fmt.Fprintln(progress, number)
		if err := k.readOne(dir, number, &t); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 4
		}
	}
	text, err := json.Marshal(t)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Fprintln(progress, string(text))
	return 0
}

// readOne reads a mutation and says what it cost too much.
func (k *kind) readOne(top string, number int, t *tally) error {
	right, dir := filepath.Join(top, "right"), filepath.Join(top, fmt.Sprint(number))
	defer os.RemoveAll(dir)
	if _, err := os.Stat(right); err != nil {
		if _, err := k.lay(right); err != nil {
			return err
		}
	}
	base, err := files.Read(filepath.Join(right, k.file), 1<<20)
	if err == nil {
		err = os.CopyFS(dir, os.DirFS(right))
	}
	if err != nil {
		return err
	}
	file := k.mutation(base, number)
	if err := os.WriteFile(filepath.Join(dir, k.file), file, 0o600); err != nil {
		return err
	}
	watch := time.AfterFunc(longest, func() {
		fmt.Fprintf(os.Stderr, "still reading after %v\n", longest)
		os.Exit(3)
	})
	defer watch.Stop()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	err = k.read(dir)
	t.Longest = max(t.Longest, time.Since(began))
	runtime.ReadMemStats(&after)
	used := after.TotalAlloc - before.TotalAlloc
	t.Memory, t.Largest = max(t.Memory, used), max(t.Largest, len(file))
	if err == nil {
		t.Accepted++
	} else {
		t.Refused++
	}
	if most := uint64(4*len(file) + memory); used > most {
		return fmt.Errorf("%d bytes of memory for a file of %d, more than %d", used, len(file), most)
	}
	return nil
}

// watchMemory ends the process before the machine has to.
func watchMemory() {
	var now runtime.MemStats
	for {
		runtime.ReadMemStats(&now)
		if now.HeapAlloc > 3<<30 {
			fmt.Fprintf(os.Stderr, "%d bytes of memory are in use\n", now.HeapAlloc)
			os.Exit(4)
		}
		time.Sleep(200 * time.Millisecond)
	}
}
