//go:build linux || darwin || freebsd || netbsd || openbsd

package files

import (
	"errors"
	"os"
	"syscall"
)

// tryLock locks an open file or folder until it is closed, without waiting.
func tryLock(file *os.File) outcome {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return locked
		case errors.Is(err, syscall.EWOULDBLOCK):
			return held
		case !errors.Is(err, syscall.EINTR):
			return lockless
		}
	}
}
