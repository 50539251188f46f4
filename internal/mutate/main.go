// Command mutate changes files of every kind that bertlab reads, in ten thousand ways each that follow their structure, and reads
// each in a process of its own: none may end the process, take more memory than four times the file and 200 MB, or longer than 30 s.
//
//	go run ./internal/mutate
//	go run ./internal/mutate -kind parquet -n 1000 -from 5000
//
// What fails is kept in a folder, with the number that makes it again. It takes minutes; go test reads a few hundred of each.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func main() {
	n := flag.Int("n", 10000, "mutations of each kind")
	from := flag.Int("from", 0, "number of the first")
	only := flag.String("kind", "", "kinds, separated by commas (default: all)")
	keep := flag.String("keep", "", "folder for what fails (default: a temporary one)")
	child := flag.Bool("child", false, "read in this process; for the program itself")
	flag.Parse()
	if *child {
		os.Exit(readAll(*only, *from, *from+*n, os.Stdout))
	}
	if *keep == "" {
		var err error
		if *keep, err = os.MkdirTemp("", "mutate-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	failed := false
	for _, kind := range kindNames() {
		if *only != "" && !strings.Contains(","+*only+",", ","+kind+",") {
			continue
		}
		if faults := survey(kind, *from, *from+*n, *keep); faults > 0 {
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

// mostFaults is after how many faults a kind is given up.
const mostFaults = 20

// survey reads the mutations of a kind in child processes and prints the outcome. It returns the number of faults.
func survey(kind string, from, to int, keep string) int {
	var total tally
	faults := 0
	for at := from; at < to && faults < mostFaults; {
		last, got, trouble := runChild(kind, at, to)
		total.add(got)
		if trouble == "" {
			break
		}
		faults++
		path := filepath.Join(keep, fmt.Sprintf("%s-%d", kind, last))
		if file, err := mutated(kind, last); err == nil {
			if err := os.WriteFile(path, file, 0o600); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}
		fmt.Printf("%-24s mutation %d, kept as %s: %s\n", kind, last, path, trouble)
		at = last + 1
	}
	fmt.Printf("%-24s %6d read: %d accepted, %d refused, %d faults; longest %v, most memory %.1f MB, largest file %d bytes\n",
		kind, total.Accepted+total.Refused, total.Accepted, total.Refused, faults, total.Longest.Round(time.Millisecond), float64(total.Memory)/(1<<20), total.Largest)
	return faults
}

// runChild reads mutations in another process. last is the one that it was at when it ended with trouble.
func runChild(kind string, from, to int) (last int, got tally, trouble string) {
	command := exec.Command(os.Args[0], "-child", "-kind", kind, "-from", strconv.Itoa(from), "-n", strconv.Itoa(to-from))
	var stderr bytes.Buffer
	command.Stderr = &stderr
	output, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		return from, got, err.Error()
	}
	last = from
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if number, err := strconv.Atoi(lines.Text()); err == nil {
			last = number
			continue
		}
		_ = json.Unmarshal(lines.Bytes(), &got) // the last line
	}
	if err := command.Wait(); err != nil {
		text := stderr.String()
		return last, got, fmt.Sprintf("%v\n%s", err, text[:min(len(text), 3000)])
	}
	return last, got, ""
}
