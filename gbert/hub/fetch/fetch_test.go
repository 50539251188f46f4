package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func body(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// server hands out content with an ETag and ranges, and notes the requests.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	content  []byte
	cutAfter []int // per request: close the connection after so many bytes; none left: whole
	ranges   []string
	auth     []string
}

func serve(t *testing.T, content []byte, cutAfter ...int) *server {
	s := &server{content: content, cutAfter: cutAfter}
	s.Server = httptest.NewServer(http.HandlerFunc(s.handle))
	t.Cleanup(s.Close)
	return s
}

func (s *server) handle(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	content := s.content
	s.ranges = append(s.ranges, r.Header.Get("Range"))
	s.auth = append(s.auth, r.Header.Get("Authorization"))
	cut := -1
	if len(s.cutAfter) > 0 {
		cut, s.cutAfter = s.cutAfter[0], s.cutAfter[1:]
	}
	s.mu.Unlock()
	w.Header().Set("ETag", `"`+sum(content)+`"`)
	if cut >= 0 {
		w = &cutter{ResponseWriter: w, left: cut}
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// cutter breaks the connection off in the middle of the body.
type cutter struct {
	http.ResponseWriter
	left int
}

func (c *cutter) Write(p []byte) (int, error) {
	if len(p) >= c.left {
		c.ResponseWriter.Write(p[:c.left])
		c.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	c.left -= len(p)
	return c.ResponseWriter.Write(p)
}

func expectFile(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s has %d bytes (%v), expected the %d served", path, len(got), err, len(want))
	}
	if left, _ := filepath.Glob(path + Incomplete + "*"); len(left) > 0 {
		t.Fatalf("left behind: %v", left)
	}
}

func expectNothing(t *testing.T, path string) {
	t.Helper()
	for _, p := range []string{path, path + Incomplete, path + Incomplete + validatorEnding} {
		if _, err := os.Lstat(p); err == nil {
			t.Fatalf("%s was left behind", p)
		}
	}
}

func TestFileArrivesWholeWithItsHashAndProgress(t *testing.T) {
	content := body(1 << 20)
	s := serve(t, content)
	dest := filepath.Join(t.TempDir(), "a", "b", "file")
	var last, total int64
	err := File(t.Context(), Request{URL: s.URL, Dest: dest, SHA256: sum(content), Progress: func(d, n int64) {
		if d < last {
			t.Errorf("progress went back from %d to %d", last, d)
		}
		last, total = d, n
	}})
	if err != nil {
		t.Fatal(err)
	}
	expectFile(t, dest, content)
	if last != int64(len(content)) || total != last {
		t.Errorf("progress ended at %d of %d", last, total)
	}
	if err := File(t.Context(), Request{URL: s.URL, Dest: dest}); err != nil || len(s.ranges) != 1 {
		t.Errorf("a file that is there was asked for again: %d requests, %v", len(s.ranges), err)
	}
}

func TestCutConnectionIsContinuedWhereItEnded(t *testing.T) {
	content := body(900_000)
	s := serve(t, content, 300_000, 200_000)
	dest := filepath.Join(t.TempDir(), "file")
	if err := File(t.Context(), Request{URL: s.URL, Dest: dest, SHA256: sum(content)}); err != nil {
		t.Fatal(err)
	}
	expectFile(t, dest, content)
	if len(s.ranges) != 3 || s.ranges[1] == "" || s.ranges[2] == "" || s.ranges[1] == s.ranges[2] {
		t.Errorf("ranges asked for: %q, expected two continuations", s.ranges)
	}
}

func TestNextCallContinuesAnInterruptedOne(t *testing.T) {
	content := body(800_000)
	s := serve(t, content, 500_000)
	dest := filepath.Join(t.TempDir(), "file")
	if err := File(t.Context(), Request{URL: s.URL, Dest: dest, Attempts: 1}); err == nil {
		t.Fatal("a cut connection was taken for a finished file")
	}
	if _, err := os.Stat(dest); err == nil {
		t.Fatal("half a file carries the final name")
	}
	if err := File(t.Context(), Request{URL: s.URL, Dest: dest, Attempts: 1}); err != nil {
		t.Fatal(err)
	}
	expectFile(t, dest, content)
	if len(s.ranges) != 2 || s.ranges[1] == "" {
		t.Errorf("ranges asked for: %q", s.ranges)
	}
}

func TestAFileThatChangedAtTheServerIsTakenAnew(t *testing.T) {
	old, fresh := body(500_000), body(600_000)
	s := serve(t, old, 300_000)
	dest := filepath.Join(t.TempDir(), "file")
	if err := File(t.Context(), Request{URL: s.URL, Dest: dest, Attempts: 1}); err == nil {
		t.Fatal("a cut connection was taken for a finished file")
	}
	s.content = fresh
	if err := File(t.Context(), Request{URL: s.URL, Dest: dest}); err != nil {
		t.Fatal(err)
	}
	expectFile(t, dest, fresh)
}

func TestAForeignPartWithAKnownHashIsTakenAnew(t *testing.T) {
	content := body(400_000)
	s := serve(t, content)
	dest := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dest+Incomplete, body(100_000), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := File(t.Context(), Request{URL: s.URL, Dest: dest, SHA256: sum(content)}); err != nil {
		t.Fatal(err)
	}
	expectFile(t, dest, content)
}

func TestAPartThatNeededOnlyItsNameIsFinishedWithoutTheServer(t *testing.T) {
	content := body(10_000)
	s := serve(t, content)
	dest := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dest+Incomplete, content, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := File(t.Context(), Request{URL: s.URL, Dest: dest, SHA256: sum(content), Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	expectFile(t, dest, content)
	if len(s.ranges) != 0 {
		t.Errorf("%d requests", len(s.ranges))
	}
}

func TestAWrongHashIsRefusedAndNothingStays(t *testing.T) {
	s := serve(t, body(50_000))
	for name, r := range map[string]Request{
		"SHA-256": {SHA256: sum(body(49_999))},
		"git":     {GitSHA1: strings.Repeat("a", 40), Size: 50_000},
	} {
		t.Run(name, func(t *testing.T) {
			r.URL, r.Dest = s.URL, filepath.Join(t.TempDir(), "file")
			err := File(t.Context(), r)
			var hash *HashError
			if !errors.As(err, &hash) {
				t.Fatalf("error %v, expected a HashError", err)
			}
			expectNothing(t, r.Dest)
		})
	}
}

func TestGitBlobIDIsAccepted(t *testing.T) {
	s := serve(t, []byte("hello\n"))
	dest := filepath.Join(t.TempDir(), "file")
	// git hash-object of the same six bytes
	if err := File(t.Context(), Request{URL: s.URL, Dest: dest, GitSHA1: "ce013625030ba8dba906f756967f9e9ca394464a", Size: 6}); err != nil {
		t.Fatal(err)
	}
}

func TestWrongSizesAndStatusesAreErrorsAtOnce(t *testing.T) {
	s := serve(t, body(5000))
	gone := httptest.NewServer(http.NotFoundHandler())
	defer gone.Close()
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	}))
	defer endless.Close()
	for name, r := range map[string]Request{
		"larger than expected": {URL: s.URL, Size: 4000},
		"over the limit":       {URL: s.URL, Limit: 4000},
		"endless":              {URL: endless.URL, Limit: 1 << 20},
		"endless, known size":  {URL: endless.URL, Size: 1 << 20, Attempts: 1},
		"not found":            {URL: gone.URL},
	} {
		t.Run(name, func(t *testing.T) {
			r.Dest = filepath.Join(t.TempDir(), "file")
			if err := File(t.Context(), r); err == nil {
				t.Fatal("no error")
			}
			if _, err := os.Stat(r.Dest); err == nil {
				t.Fatal("the file carries its final name")
			}
		})
	}
	var status *StatusError
	err := File(t.Context(), Request{URL: gone.URL, Dest: filepath.Join(t.TempDir(), "file")})
	if !errors.As(err, &status) || status.Status != 404 {
		t.Errorf("error %v, expected a StatusError 404", err)
	}
}

func TestAServerThatFallsSilentIsLeftAndAskedAgain(t *testing.T) {
	content := body(200_000)
	var calls atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"x"`)
		if calls.Add(1) == 1 {
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
			w.Write(content[:100_000])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}))
	defer s.Close()
	dest := filepath.Join(t.TempDir(), "file")
	if err := File(t.Context(), Request{URL: s.URL, Dest: dest, Stall: 200 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	expectFile(t, dest, content)
}

func TestAnUnreachableHostIsGivenUpAtOnce(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	start := time.Now()
	if err := File(t.Context(), Request{URL: s.URL, Dest: filepath.Join(t.TempDir(), "file")}); err == nil {
		t.Fatal("no error")
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestTheTokenGoesToItsHostAlone(t *testing.T) {
	content := body(1000)
	network := serve(t, content)
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			http.Error(w, "no token", http.StatusUnauthorized)
			return
		}
		if r.URL.Path == "/file" {
			http.Redirect(w, r, "/moved", http.StatusTemporaryRedirect)
			return
		}
		http.Redirect(w, r, network.URL+"/blob?Signature=hush", http.StatusFound)
	}))
	defer hub.Close()
	dest := filepath.Join(t.TempDir(), "file")
	if err := File(t.Context(), Request{URL: hub.URL + "/file", Dest: dest, Token: "secret"}); err != nil {
		t.Fatal(err)
	}
	expectFile(t, dest, content)
	if len(network.auth) != 1 || network.auth[0] != "" {
		t.Errorf("the other host saw Authorization %q", network.auth)
	}
}

func TestAuthorizeNeedsAnEncryptedOrLocalWay(t *testing.T) {
	for where, sent := range map[string]bool{
		"https://huggingface.co/x": true, "http://127.0.0.1:1/x": true, "http://localhost/x": true, "http://[::1]/x": true,
		"http://huggingface.co/x": false, "http://10.0.0.1/x": false, "http://localhost.evil.org/": false,
	} {
		req, _ := http.NewRequest("GET", where, nil)
		Authorize(req, "secret")
		if got := req.Header.Get("Authorization") != ""; got != sent {
			t.Errorf("%s: token sent %v, expected %v", where, got, sent)
		}
	}
}

func TestRedirectsNeverLeaveEncryption(t *testing.T) {
	from, _ := url.Parse("https://a.org/x")
	to, _ := url.Parse("http://a.org/x")
	err := CheckRedirect(&http.Request{URL: to, Header: http.Header{}}, []*http.Request{{URL: from}})
	if err == nil {
		t.Error("a redirect from HTTPS to HTTP was followed")
	}
	sub, _ := url.Parse("https://cdn.a.org/x")
	req := &http.Request{URL: sub, Header: http.Header{"Authorization": {"Bearer secret"}}}
	if err := CheckRedirect(req, []*http.Request{{URL: from}}); err != nil || req.Header.Get("Authorization") != "" {
		t.Errorf("a subdomain got the token (%v)", err)
	}
}

func TestManyAtOnceDownloadOnce(t *testing.T) {
	content := body(300_000)
	s := serve(t, content)
	dest := filepath.Join(t.TempDir(), "file")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if err := File(t.Context(), Request{URL: s.URL, Dest: dest, SHA256: sum(content)}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	expectFile(t, dest, content)
	if len(s.ranges) != 1 {
		t.Errorf("%d downloads, expected 1", len(s.ranges))
	}
}

func TestCancelledDownloadEndsSoonAndKeepsItsPart(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100000")
		w.Write(make([]byte, 50_000))
		w.(http.Flusher).Flush()
		cancel()
		<-r.Context().Done()
	}))
	defer s.Close()
	dest := filepath.Join(t.TempDir(), "file")
	err := File(ctx, Request{URL: s.URL, Dest: dest})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	if _, err := os.Stat(dest); err == nil {
		t.Error("half a file carries the final name")
	}
}

// A child process downloads and is killed with no chance to clean up; the next one goes on.
func TestKilledProcessLeavesNothingThatLooksWhole(t *testing.T) {
	if dest := os.Getenv("FETCH_TEST_DEST"); dest != "" {
		File(t.Context(), Request{URL: os.Getenv("FETCH_TEST_URL"), Dest: dest})
		return
	}
	content := body(600_000)
	halfway := make(chan struct{})
	var calls atomic.Int32
	var resumed atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"x"`)
		if calls.Add(1) == 1 {
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
			w.Write(content[:400_000])
			w.(http.Flusher).Flush()
			close(halfway)
			<-r.Context().Done()
			return
		}
		resumed.Store(r.Header.Get("Range") != "")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}))
	defer s.Close()
	dest := filepath.Join(t.TempDir(), "file")
	child := exec.Command(os.Args[0], "-test.run=^TestKilledProcessLeavesNothingThatLooksWhole$")
	child.Env = append(os.Environ(), "FETCH_TEST_DEST="+dest, "FETCH_TEST_URL="+s.URL)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	<-halfway
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if info, err := os.Stat(dest + Incomplete); err == nil && info.Size() > 0 {
			break
		}
	}
	child.Process.Kill()
	child.Wait()
	if _, err := os.Stat(dest); err == nil {
		t.Fatal("half a file carries the final name")
	}
	if err := File(t.Context(), Request{URL: s.URL, Dest: dest, SHA256: sum(content)}); err != nil {
		t.Fatal(err)
	}
	expectFile(t, dest, content)
	if !resumed.Load() {
		t.Error("the second process began anew")
	}
}
