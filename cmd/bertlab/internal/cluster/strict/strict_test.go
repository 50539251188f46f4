package strict

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// decode reads a manifest's objects. Strictly: an unknown field, one in the wrong case or one that is given twice is an error.
func decode(text []byte) (objects []runtime.Object, err error) {
	scheme := runtime.NewScheme()
	if err := batch.AddToScheme(scheme); err != nil {
		return nil, err
	}
	if err := core.AddToScheme(scheme); err != nil {
		return nil, err
	}
	codec := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true})
	for _, document := range bytes.Split(text, []byte("\n---\n")) {
		asJSON, err := yaml.ToJSON(document)
		if err != nil {
			return nil, err
		}
		if _, _, err := codec.Decode(asJSON, nil, nil); err != nil {
			return nil, err
		}
		object, _, err := codec.Decode(document, nil, nil)
		if err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, nil
}

func golden(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestManifestsAreKubernetesOwn(t *testing.T) {
	for name, kinds := range map[string]int{"plain.yaml": 2, "gpu.yaml": 3} {
		objects, err := decode(golden(t, name))
		if err != nil || len(objects) != kinds {
			t.Errorf("%s: %d objects: %v", name, len(objects), err)
			continue
		}
		shards, gather := objects[kinds-2].(*batch.Job), objects[kinds-1].(*batch.Job)
		spec := shards.Spec
		if *spec.CompletionMode != batch.IndexedCompletion || *spec.Completions != 4 || *spec.Parallelism != 2 || *spec.BackoffLimitPerIndex < 1 || spec.Template.Spec.RestartPolicy != core.RestartPolicyNever {
			t.Errorf("%s: the shards are %+v", name, spec)
		}
		pod := spec.Template.Spec.Containers[0]
		if pod.Args[0] != "reproduce" || pod.Env[0].Name != "BERTLAB_SHARDS" || pod.Env[0].Value != "4" || pod.Resources.Limits.Memory().Value() != 3<<30 {
			t.Errorf("%s: a shard is %+v", name, pod)
		}
		if gpus := pod.Resources.Limits["nvidia.com/gpu"]; (gpus.Value() == 1) != (name == "gpu.yaml") {
			t.Errorf("%s: %v GPUs", name, gpus.Value())
		}
		last := gather.Spec.Template.Spec.Containers[0]
		if len(last.Command) != 2 || !strings.Contains(last.Args[0], "--gather") || strings.Join(last.Args[2:], " ") != strings.Join(pod.Args, " ") {
			t.Errorf("%s: the gathering is %+v", name, last)
		}
		for _, j := range []*batch.Job{shards, gather} {
			volumes := map[string]bool{}
			for _, v := range j.Spec.Template.Spec.Volumes {
				volumes[v.Name] = true
			}
			for _, m := range j.Spec.Template.Spec.Containers[0].VolumeMounts {
				if !volumes[m.Name] {
					t.Errorf("%s: %s mounts %s, which it does not have", name, j.Name, m.Name)
				}
			}
		}
	}
}

// Words that YAML reads as something else stay words, and the protocol comes through to the byte.
func TestWordsStayWords(t *testing.T) {
	objects, err := decode(golden(t, "gpu.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if got := objects[0].(*core.ConfigMap).Data["protocol.json"]; got != "{\n  \"seeds\": [1, 010],\n  \"model\": \"null: - 'x' #\"\n}\n" {
		t.Errorf("the protocol is %q", got)
	}
	shards := objects[1].(*batch.Job)
	if shards.Namespace != "on" || shards.Spec.Template.Spec.Volumes[0].PersistentVolumeClaim.ClaimName != "no" {
		t.Errorf("the names are %q and %+v", shards.Namespace, shards.Spec.Template.Spec.Volumes[0])
	}
	if args := shards.Spec.Template.Spec.Containers[0].Args; args[4] != "a folder/with 'quotes' & $more" {
		t.Errorf("the arguments are %q", args)
	}
}

func TestTheDecoderIsStrict(t *testing.T) {
	for _, wrong := range [][2]string{{"backoffLimitPerIndex", "backofflimitPerIndex"}, {"completions: 4", "completions: 4\n  completions: 5"}, {`value: "4"`, "value: 4"}} {
		if _, err := decode(bytes.Replace(golden(t, "plain.yaml"), []byte(wrong[0]), []byte(wrong[1]), 1)); err == nil {
			t.Errorf("%q passes", wrong[1])
		}
	}
}
