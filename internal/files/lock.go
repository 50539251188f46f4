package files

import (
	"fmt"
	"os"
	"time"
)

// outcome is what an attempt to lock gave.
type outcome int

const (
	locked   outcome = iota
	held             // by somebody else
	lockless         // the file system has no locks
)

// patience is how long [LockFolder] waits. What is done under such a lock is a few renames: who holds it longer hangs.
const patience = 10 * time.Second

// LockFolder locks a folder against other processes that lock it, for the moment in which several files are put in place. It waits
// for ten seconds at most, and its error says whom to look for. A file system without locks does without. unlock is never nil.
func LockFolder(dir string) (unlock func(), err error) {
	none := func() {}
	folder, err := os.Open(dir)
	if err != nil {
		return none, err
	}
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		switch tryLock(folder) {
		case locked:
			return func() { _ = folder.Close() }, nil // and with it the lock
		case lockless:
			_ = folder.Close() // it was only opened
			return none, nil
		}
		if time.Since(began) > patience {
			_ = folder.Close() // it was only opened
			return none, fmt.Errorf("another process has been putting files into %s for more than %v: wait until it is done, or end it", dir, patience)
		}
	}
}

// HoldFolder locks a folder as long as its maker lives; see [Abandoned].
func HoldFolder(dir string) (release func(), err error) {
	folder, err := os.Open(dir)
	if err != nil {
		return func() {}, err
	}
	tryLock(folder)
	return func() { _ = folder.Close() }, nil
}
