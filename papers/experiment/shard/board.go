package shard

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"bertlab/internal/files"
)

// Patience says when a process counts as dead. The zero value is good for network mounts.
type Patience struct {
	// Beat is how often a process says that it lives; 0: every three seconds.
	Beat time.Duration
	// Silence is how long nothing is heard of one that counts as dead; 0: 45 seconds, in which any mount shows a change.
	Silence time.Duration
}

func (p Patience) filled() Patience {
	if p.Silence <= 0 {
		p.Silence = 45 * time.Second
	}
	if p.Beat <= 0 {
		p.Beat = min(3*time.Second, p.Silence/5)
	}
	return p
}

// Board is where the processes that share a folder say what they are at, a file a shard. It is safe for concurrent use.
type Board struct {
	dir      string
	me       Shard
	patience Patience
	process  string // tells this process from an earlier one of the same shard

	mu    sync.Mutex
	step  string
	count int
	seen  map[int]sight
	stop  chan struct{}
	done  chan struct{}
}

// post is a shard's file on the board.
type post struct {
	Process string `json:"process"`
	// Count goes up with each writing.
	Count int    `json:"count"`
	Step  string `json:"step,omitempty"`
}

// sight is when a post was seen to change, by the own clock.
type sight struct {
	post  post
	since time.Time
}

// Join says that a process has begun as a shard, in a folder that is made. It goes on saying so until [Board.Leave].
func Join(dir string, me Shard, p Patience) (*Board, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("shard: %w", err)
	}
	b := &Board{dir: dir, me: me, patience: p.filled(), process: rand.Text(), seen: map[int]sight{}, stop: make(chan struct{}), done: make(chan struct{})}
	if err := b.At(""); err != nil {
		return nil, err
	}
	go b.beat()
	return b, nil
}

func (b *Board) beat() {
	defer close(b.done)
	tick := time.NewTicker(b.patience.Beat)
	defer tick.Stop()
	for {
		select {
		case <-b.stop:
			return
		case <-tick.C:
			b.mu.Lock()
			_ = b.write() // the next one may succeed; a folder that stays unwritable fails where a step is remembered
			b.mu.Unlock()
		}
	}
}

// At says which step the process is at; "": at none.
func (b *Board) At(step string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.step = step
	return b.write()
}

func (b *Board) write() error {
	b.count++
	text, err := json.Marshal(post{b.process, b.count, b.step})
	if err != nil {
		return fmt.Errorf("shard: %w", err)
	}
	if err := files.Write(b.path(b.me.Index), text); err != nil {
		return fmt.Errorf("shard: %w", err)
	}
	return nil
}

func (b *Board) path(index int) string { return filepath.Join(b.dir, fmt.Sprintf("at-%d.json", index)) }

// Others tells, of the other shards that are alive, at which step each is; "": at none.
func (b *Board) Others() map[int]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	alive := map[int]string{}
	for i := range b.me.Of {
		if i == b.me.Index {
			continue
		}
		now, err := readPost(b.path(i))
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				delete(b.seen, i)
			}
			continue
		}
		before, known := b.seen[i]
		if !known || before.post != now {
			before = sight{now, time.Now()}
			b.seen[i] = before
		}
		if time.Since(before.since) < b.patience.Silence {
			alive[i] = now.Step
		}
	}
	return alive
}

// Patience is the board's, filled in.
func (b *Board) Patience() Patience { return b.patience }

// maxPost bounds what is read of a post.
const maxPost = 1 << 12

func readPost(path string) (p post, err error) {
	text, err := files.Read(path, maxPost)
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(text, &p)
}

// Leave takes the shard off the board, so that nobody waits for it.
func (b *Board) Leave() {
	close(b.stop)
	<-b.done
	b.mu.Lock()
	defer b.mu.Unlock()
	if now, err := readPost(b.path(b.me.Index)); err == nil && now.Process == b.process {
		_ = os.Remove(b.path(b.me.Index)) // who stays on it is forgotten after a while
	}
}
