package hub

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// DefaultModel is the model of every command that is given none.
const DefaultModel = "sentence-transformers/all-MiniLM-L6-v2"

// shortNames are the names without an owner that the Hub knows or knew, with their owners.
var shortNames = map[string]string{
	"":                               DefaultModel,
	"all-MiniLM-L6-v2":               DefaultModel,
	"all-MiniLM-L12-v2":              "sentence-transformers/all-MiniLM-L12-v2",
	"bert-base-uncased":              "google-bert/bert-base-uncased",
	"bert-base-cased":                "google-bert/bert-base-cased",
	"bert-large-uncased":             "google-bert/bert-large-uncased",
	"bert-large-cased":               "google-bert/bert-large-cased",
	"bert-base-chinese":              "google-bert/bert-base-chinese",
	"bert-base-german-cased":         "google-bert/bert-base-german-cased",
	"bert-base-multilingual-cased":   "google-bert/bert-base-multilingual-cased",
	"bert-base-multilingual-uncased": "google-bert/bert-base-multilingual-uncased",
}

var (
	repoID     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,95})?$`)
	commitHash = regexp.MustCompile(`^[0-9a-f]{40}$`)
	revisionRE = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_./-]{0,127}$`)
)

// parseID takes "owner/name@revision" apart; the revision is "main" where none is given.
func parseID(name string) (id, revision string, err error) {
	id, revision, found := strings.Cut(name, "@")
	if !found {
		revision = "main"
	}
	if full, ok := shortNames[id]; ok {
		id = full
	}
	if !repoID.MatchString(id) || strings.Contains(id, "--") || strings.Contains(id, "..") {
		return "", "", fmt.Errorf("hub: %q is neither a folder nor a name like %q", name, DefaultModel)
	}
	if !revisionRE.MatchString(revision) || strings.Contains(revision, "..") || !filepath.IsLocal(revision) {
		return "", "", fmt.Errorf("hub: %q is not a revision (a branch, a tag or a commit)", revision)
	}
	return id, revision, nil
}

// looksLikePath tells a path from a name, whether or not there is something.
func looksLikePath(name string) bool {
	return filepath.IsAbs(name) || name == "." || name == ".." || name == "~" ||
		strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") || strings.HasPrefix(name, "~/") ||
		strings.Contains(name, `\`) || strings.Count(name, "/") > 1
}
