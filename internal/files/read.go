package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// ErrNotPlain is the error of what is no plain file: a folder, a pipe, a device, a socket.
var ErrNotPlain = errors.New("is not a file")

// ErrTooLarge is the error of a file beyond its limit.
var ErrTooLarge = errors.New("check that it is the file that you mean")

// Open opens a plain file, or a link to one, for reading. The error names the file. It never waits: not for a writer of a pipe, nor
// for a device.
func Open(path string) (*os.File, error) {
	info, err := stat(path)
	if err != nil {
		return nil, err
	}
	if err := plain(path, info); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if info, err = file.Stat(); err == nil { // of what was opened, which may have taken the other's place
		err = plain(path, info)
	}
	if err != nil {
		_ = file.Close() // it was only opened
		return nil, err
	}
	return file, nil
}

// plain refuses what is no plain file.
func plain(path string, info fs.FileInfo) error {
	kind := ""
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		kind = "folder"
	case mode&fs.ModeNamedPipe != 0:
		kind = "pipe"
	case mode&fs.ModeSocket != 0:
		kind = "socket"
	case mode&fs.ModeDevice != 0:
		kind = "device"
	default:
		kind = "special file"
	}
	return fmt.Errorf("%s %w but a %s", path, ErrNotPlain, kind)
}

// Check refuses what is there and is no plain file, before something that would wait for it is done with path.
func Check(path string) error {
	info, err := stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return plain(path, info)
}

// stat follows links. One that leads nowhere is not the same as no file: what it led to is missing.
func stat(path string) (fs.FileInfo, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		switch there, err := os.Lstat(path); {
		case err != nil: // there is none
		case there.Mode()&fs.ModeSymlink == 0: // put there by another process a moment ago
			return there, nil
		default:
			return nil, fmt.Errorf("%s %w but a link that leads nowhere", path, ErrNotPlain)
		}
	}
	return info, err
}

// Read reads a plain file of at most limit bytes as a whole. The error names the file; of a larger one it is an [ErrTooLarge], and
// nothing was read.
func Read(path string, limit int64) ([]byte, error) {
	file, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, tooLarge(path, info.Size(), limit)
	}
	text := make([]byte, 0, info.Size()+1)
	for { // the size is a promise: files of /proc have none, and another process may write
		n, err := file.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		switch {
		case int64(len(text)) > limit:
			return nil, tooLarge(path, int64(len(text)), limit)
		case err == io.EOF:
			return text, nil
		case err != nil:
			return nil, err
		case len(text) == cap(text):
			text = append(text, 0)[:len(text)]
		}
	}
}

func tooLarge(path string, size, limit int64) error {
	return fmt.Errorf("%s is larger than %s, the most that is read of a file of its kind, and has %d bytes or more: %w", path, amount(limit), size, ErrTooLarge)
}

// amount is a number of bytes as a person says it.
func amount(bytes int64) string {
	switch {
	case bytes >= 1<<20:
		return fmt.Sprintf("%d MB", bytes>>20)
	case bytes >= 1<<10:
		return fmt.Sprintf("%d kB", bytes>>10)
	}
	return fmt.Sprintf("%d bytes", bytes)
}
