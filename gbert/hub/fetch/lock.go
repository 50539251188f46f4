package fetch

import (
	"context"
	"fmt"
	"time"

	"github.com/gofrs/flock"

	"bertlab/internal/files"
)

// Lock takes the file lock at path, which it makes if missing, and waits for it until ctx ends; say, unless it is nil, is told that
// it waits, and for what. Locks belong to open files, so they end with their process however it ends; the empty lock file stays.
// Call unlock exactly once.
func Lock(ctx context.Context, path string, say func(line string)) (unlock func(), err error) {
	if err := files.Check(path); err != nil { // opening a pipe would wait where nothing can interrupt it
		return nil, fmt.Errorf("fetch: %w", err)
	}
	lock := flock.New(path, flock.SetPermissions(0o644)) // other users of a shared cache may take it too
	ok, err := lock.TryLock()
	if err == nil && !ok {
		if say != nil {
			say("waiting for another process, which holds " + path)
		}
		ok, err = lock.TryLockContext(ctx, 100*time.Millisecond)
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("fetch: another process holds %s: %w", path, ctx.Err())
		}
		return nil, fmt.Errorf("fetch: locking %s: %w", path, err)
	}
	if !ok {
		return nil, fmt.Errorf("fetch: locking %s failed", path)
	}
	return func() { _ = lock.Unlock() }, nil
}
