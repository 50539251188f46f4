package hub

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bertlab/gbert/hub/fetch"
	"bertlab/gbert/hub/registry"
	"bertlab/internal/files"
)

// Options of [New]. The zero value does as the environment says.
type Options struct {
	// Offline forbids the network, as do BERTLAB_OFFLINE=1 and HF_HUB_OFFLINE=1.
	Offline bool
	// Progress of a download: the file's name, and the bytes so far and in all (0: not known). It may be nil.
	Progress func(name string, done, total int64)
	// Log gets a line where a source is given up for the next. It may be nil.
	Log func(line string)
	// Registry asks for Python packages; the zero value is the public one.
	Registry registry.Registry
}

// Client finds models and data sets. It is safe for concurrent use.
type Client struct {
	options  Options
	endpoint string        // "https://huggingface.co", without a slash at its end, user and password
	user     *url.Userinfo // user and password that HF_ENDPOINT has; nil for none
	badEnd   error         // HF_ENDPOINT is no address
	token    string        // "" for none
	hubCache string        // Python's cache of the Hub; "" where there is none
	cache    string        // bertlab's own; "" where there is none
	models   string        // BERTLAB_MODELS
	http     *http.Client  // of the Hub
	offline  string        // the name of what forbids the network; "" if nothing does
}

// defaultEndpoint is where the Hub is unless HF_ENDPOINT says otherwise.
const defaultEndpoint = "https://huggingface.co"

// New reads the environment once and returns a client.
func New(o Options) *Client {
	c := &Client{options: o, token: token(), hubCache: hubCache(), models: os.Getenv("BERTLAB_MODELS"), http: fetch.Client}
	c.endpoint, c.user, c.badEnd = endpoint()
	c.cache, _ = fetch.CacheDir()
	switch {
	case fetch.Offline():
		c.offline = "BERTLAB_OFFLINE"
	case fetch.Truthy(os.Getenv("HF_HUB_OFFLINE")):
		c.offline = "HF_HUB_OFFLINE"
	case fetch.Truthy(os.Getenv("TRANSFORMERS_OFFLINE")):
		c.offline = "TRANSFORMERS_OFFLINE"
	case o.Offline:
		c.offline = "the option Offline"
	}
	return c
}

// Places tells where the client looks, for reports: folders and the endpoint, never a token or a password.
type Places struct {
	Models   string `json:"models,omitempty"` // BERTLAB_MODELS
	HubCache string `json:"hub_cache"`        // Hugging Face's cache
	Cache    string `json:"cache"`            // bertlab's cache
	Endpoint string `json:"endpoint"`         // the Hub
	Token    bool   `json:"token"`            // whether there is a token
	Offline  string `json:"offline,omitempty"`
}

// Places returns where c looks.
func (c *Client) Places() Places {
	return Places{Models: c.models, HubCache: c.hubCache, Cache: c.cache, Endpoint: c.endpoint, Token: c.token != "", Offline: c.offline}
}

// endpoint is where the Hub is. A value of HF_ENDPOINT that is no address is not shown: it may hold a password.
func endpoint() (address string, user *url.Userinfo, err error) {
	value := strings.TrimRight(strings.TrimSpace(os.Getenv("HF_ENDPOINT")), "/")
	if value == "" {
		return defaultEndpoint, nil, nil
	}
	if address, user, err = fetch.Endpoint("HF_ENDPOINT", value); err != nil {
		address = "of HF_ENDPOINT"
	}
	return address, user, err
}

// hfHome is HF_HOME, else huggingface in the XDG cache folder, as in Python.
func hfHome() string {
	if dir := expand(os.Getenv("HF_HOME")); dir != "" {
		return dir
	}
	if dir := os.Getenv("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(expand(dir), "huggingface")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".cache", "huggingface")
}

func hubCache() string {
	for _, name := range []string{"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"} {
		if dir := expand(os.Getenv(name)); dir != "" {
			return dir
		}
	}
	home := hfHome()
	if home == "" {
		return ""
	}
	return filepath.Join(home, "hub")
}

// token reads HF_TOKEN, else the file that `hf auth login` writes.
func token() string {
	if fetch.Truthy(os.Getenv("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
		return ""
	}
	for _, name := range []string{"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"} {
		if t := strings.TrimSpace(os.Getenv(name)); t != "" {
			return cleanToken(t)
		}
	}
	path := expand(os.Getenv("HF_TOKEN_PATH"))
	if home := hfHome(); path == "" && home != "" {
		path = filepath.Join(home, "token")
	}
	text, err := files.Read(path, 4096)
	if err != nil {
		return ""
	}
	return cleanToken(strings.TrimSpace(string(text)))
}

// cleanToken drops a token that cannot stand in a header.
func cleanToken(t string) string {
	for _, c := range t {
		if c <= ' ' || c > '~' {
			return ""
		}
	}
	return t
}

// expand puts the home folder for a leading "~".
func expand(path string) string {
	if path == "~" || strings.HasPrefix(path, "~/") {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, strings.TrimPrefix(path, "~"))
		}
	}
	return path
}

func (c *Client) log(line string) {
	if c.options.Log != nil {
		c.options.Log(line)
	}
}

func (c *Client) progress(name string) func(done, total int64) {
	if c.options.Progress == nil {
		return nil
	}
	return func(done, total int64) { c.options.Progress(name, done, total) }
}

// metadataTimeout bounds one question to the Hub that is no download, its answer included.
const metadataTimeout = 12 * time.Second
