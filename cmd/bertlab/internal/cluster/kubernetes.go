package cluster

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/template"
)

// Kubernetes is a job with what Kubernetes alone asks for.
type Kubernetes struct {
	Job
	// Image is the container's, in which bertlab is the entry point; Claim the volume that all pods see, mounted at [Mount].
	Image, Claim string
	// Namespace is that of everything; empty: the one of whoever applies it.
	Namespace string
	// Protocol is a protocol's file, which the manifest carries; empty: none is given.
	Protocol string
}

// Mount is where the pods see the volume of the results.
const Mount = "/bertlab"

// ProtocolFile is where the pods see the protocol.
const ProtocolFile = "/protocol/protocol.json"

//go:embed kubernetes.yaml.tmpl
var kubernetesText string

var kubernetesTemplate = template.Must(template.New("kubernetes").Funcs(template.FuncMap{"quote": jsonString, "line": oneLine}).Parse(kubernetesText))

// Check says what is wrong with the job.
func (k *Kubernetes) Check() error {
	switch {
	case !image.MatchString(k.Image):
		return fmt.Errorf("--image %q: the name of an image was expected, such as registry.example/bertlab:1", k.Image)
	case !subdomain.MatchString(k.Claim) || len(k.Claim) > 253:
		return fmt.Errorf("--claim %q: the name of a PersistentVolumeClaim was expected that many pods may write to", k.Claim)
	case k.Namespace != "" && (!label.MatchString(k.Namespace) || len(k.Namespace) > 63):
		return fmt.Errorf("--namespace %q: small letters, digits and hyphens were expected", k.Namespace)
	case len(k.Protocol) > 1<<19:
		return fmt.Errorf("--protocol has %d bytes: a ConfigMap takes up to %d", len(k.Protocol), 1<<19)
	case outside(k.Out):
		return fmt.Errorf("--out %s lies outside of the volume, which pods see as %s: name a folder in it, such as --out results", k.Out, Mount)
	}
	return k.Job.Check()
}

// outside says whether a path leads out of the folder that it begins in.
func outside(path string) bool {
	path = clean(path)
	return path == ".." || strings.HasPrefix(path, "../")
}

var (
	image     = regexp.MustCompile(`^[a-z0-9][-a-z0-9._/:]*(:[A-Za-z0-9_][-A-Za-z0-9_.]*)?(@sha256:[0-9a-f]{64})?$`)
	subdomain = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`)
)

// Write writes the manifests.
func (k *Kubernetes) Write(w io.Writer) error {
	if err := k.Check(); err != nil {
		return err
	}
	return kubernetesTemplate.Execute(w, k)
}

// Words are the arguments of a shard, with what Kubernetes would take for a variable's name spared from it.
func (k *Kubernetes) Words() []string {
	words := append(append([]string{"reproduce"}, k.Arguments...), "--out", Mount+"/"+clean(k.Out))
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], "$(", "$$(")
	}
	return words
}

// Megabytes is the memory of a pod.
func (k *Kubernetes) Megabytes() int64 { return k.Memory >> 20 }

// Deadline is how many seconds the gathering waits for the shards, each of which may be begun again.
func (k *Kubernetes) Deadline() int64 {
	rounds := int64((k.Tasks+k.Parallel-1)/k.Parallel) + Retries
	return rounds*int64(k.Time.Seconds()) + 3600
}

// Limit is the time of a pod in seconds.
func (k *Kubernetes) Limit() int64 { return int64(k.Time.Seconds()) }

// Retries is how often a shard is begun again after it has failed.
const Retries = 3

// Retries is the constant, for the template.
func (k *Kubernetes) Retries() int { return Retries }

// jsonString is a string that YAML reads as one, whatever it holds: no, on, 010 and null are none without quotes.
func jsonString(text string) (string, error) {
	quoted, err := json.Marshal(text)
	return string(quoted), err
}
