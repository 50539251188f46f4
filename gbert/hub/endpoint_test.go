package hub

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// withPassword is a server's address with a user and a password.
func withPassword(address string) string {
	return strings.Replace(address, "http://", "http://user:hunter2@", 1)
}

func TestAnEndpointsPasswordReachesTheHubAndIsNeverShown(t *testing.T) {
	h := newFakeHub(t, "models", "owner/name", tiny(), "model.safetensors")
	asked := atomic.Int32{}
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if user, password, _ := r.BasicAuth(); user != "user" || password != "hunter2" {
			http.Error(w, "who are you", http.StatusUnauthorized)
			return
		}
		h.handle(w, r)
	}))
	t.Cleanup(door.Close)
	surroundings(t, withPassword(door.URL)+"/")
	var lines []string
	c := New(Options{Log: func(line string) { lines = append(lines, line) }})
	r, err := c.Model(t.Context(), "owner/name")
	if err != nil {
		t.Fatal(err)
	}
	if len(h.leaked) > 0 {
		t.Errorf("the other host saw %q", h.leaked)
	}
	if asked.Load() == 0 {
		t.Error("the endpoint was not asked")
	}
	_, missing := c.Model(t.Context(), "owner/other")
	_, noData := c.DatasetFiles(t.Context(), "owner/other", "", "train")
	door.Close()
	_, closed := c.Model(t.Context(), "owner/third")
	for what, text := range map[string]any{"result": r, "places": c.Places(), "lines": lines, "missing": missing.Error(), "no data": noData.Error(), "closed": closed.Error()} {
		document, err := json.Marshal(text)
		if err != nil || strings.Contains(string(document), "hunter2") || strings.Contains(string(document), "user:") {
			t.Errorf("%s: %s, %v", what, document, err)
		}
	}
	if !strings.Contains(closed.Error(), strings.TrimPrefix(door.URL, "http://")) {
		t.Errorf("the error does not say which host: %v", closed)
	}
}

func TestAnEndpointThatIsNoAddressIsAnErrorThatHidesIt(t *testing.T) {
	for _, value := range []string{"mirror.example", "ftp://mirror.example", "https://user:hun/ter2@mirror", "https://user:hunter2@mir ror", "https://user:hunter2@"} {
		surroundings(t, value)
		c := New(Options{})
		for _, find := range []func() error{
			func() error { _, err := c.Model(t.Context(), "owner/name"); return err },
			func() error { _, err := c.DatasetFiles(t.Context(), "owner/name", "", "train"); return err },
		} {
			if err := find(); err == nil || !strings.Contains(err.Error(), "HF_ENDPOINT holds no address") || strings.Contains(err.Error(), "ter2") {
				t.Errorf("%q: %v", value, err)
			}
		}
		if document, _ := json.Marshal(c.Places()); strings.Contains(string(document), "ter2") {
			t.Errorf("%q: %s", value, document)
		}
	}
}

func TestAHubThatAsksToWaitIsObeyed(t *testing.T) {
	h := newFakeHub(t, "models", "owner/name", tiny())
	var busy atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := busy.Add(1); n == 1 || n == 3 { // the description, and a file
			w.Header().Set("Retry-After", "1")
			http.Error(w, "later", http.StatusTooManyRequests)
			return
		}
		h.handle(w, r)
	}))
	t.Cleanup(s.Close)
	surroundings(t, s.URL)
	var lines []string
	if _, err := New(Options{Log: func(line string) { lines = append(lines, line) }}).Model(t.Context(), "owner/name"); err != nil {
		t.Fatal(err)
	}
	if said := strings.Join(lines, "\n"); strings.Count(said, "429 Too Many Requests: waiting 1s") != 2 {
		t.Errorf("said %q", lines)
	}

	ctx, cancel := context.WithCancel(t.Context())
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "60")
		http.Error(w, "later", http.StatusServiceUnavailable)
	}))
	t.Cleanup(far.Close)
	surroundings(t, far.URL)
	began := time.Now()
	_, err := New(Options{Log: func(string) { cancel() }}).Model(ctx, "owner/other")
	if !errors.Is(err, context.Canceled) || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}
