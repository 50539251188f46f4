package shard

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// CountVariable names the environment variable with the number of shards where the scheduler does not tell it.
const CountVariable = "BERTLAB_SHARDS"

// Found is a shard and where it was found.
type Found struct {
	Shard
	// From says who named it: "--shard", or the environment's variable.
	From string
}

// Find is the shard that a process is: the one that is asked for, else that of the Slurm array or the Kubernetes Indexed Job that it runs
// in; nil: it is none. In an array with gaps, whose list Slurm tells nobody, tasks take places in the order in which they come, in files
// below dir; a task that is put back finds its place again.
func Find(asked string, getenv func(string) string, dir string) (*Found, error) {
	if asked != "" {
		s, err := Parse(asked)
		return &Found{s, "--shard"}, err
	}
	if task := getenv("SLURM_ARRAY_TASK_ID"); task != "" {
		s, err := ofArray(task, getenv, dir)
		return &Found{s, "SLURM_ARRAY_TASK_ID"}, err
	}
	if index := getenv("JOB_COMPLETION_INDEX"); index != "" {
		count := getenv(CountVariable)
		if count == "" {
			return nil, fmt.Errorf("JOB_COMPLETION_INDEX is %s, and Kubernetes does not tell of how many: set %s to the Job's completions, or give --shard %s/n", index, CountVariable, index)
		}
		s, err := ofCount("JOB_COMPLETION_INDEX", index, CountVariable, count)
		return &Found{s, "JOB_COMPLETION_INDEX"}, err
	}
	return nil, nil
}

func ofCount(indexName, index, countName, count string) (Shard, error) {
	i, err1 := strconv.Atoi(index)
	n, err2 := strconv.Atoi(count)
	if err1 != nil || err2 != nil {
		return Shard{}, fmt.Errorf("%s=%s and %s=%s: numbers were expected; or give --shard i/n", indexName, index, countName, count)
	}
	s, err := newShard(i, n)
	if err != nil {
		return s, fmt.Errorf("%s and %s: %w", indexName, countName, err)
	}
	return s, nil
}

// ofArray is the place of a task in its Slurm array: counted where the array is even, as 0-3 or 1-9:2 are, else taken.
func ofArray(task string, getenv func(string) string, dir string) (Shard, error) {
	number := func(name, otherwise string) (int, error) {
		text := getenv(name)
		if text == "" {
			text = otherwise
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return 0, fmt.Errorf("%s=%s: a number was expected; or give --shard i/n", name, text)
		}
		return n, nil
	}
	id, err := number("SLURM_ARRAY_TASK_ID", "")
	if err != nil {
		return Shard{}, err
	}
	// An override from the environment says of how many, as for Kubernetes: a part of an array that is started again.
	if count := getenv(CountVariable); count != "" {
		return ofCount("SLURM_ARRAY_TASK_ID", task, CountVariable, count)
	}
	count, err := number("SLURM_ARRAY_TASK_COUNT", "")
	if err != nil {
		return Shard{}, err
	}
	least, err1 := number("SLURM_ARRAY_TASK_MIN", "0")
	step, err2 := number("SLURM_ARRAY_TASK_STEP", "1")
	most, err3 := number("SLURM_ARRAY_TASK_MAX", strconv.Itoa(least+(count-1)*max(step, 1)))
	if err := errors.Join(err1, err2, err3); err != nil {
		return Shard{}, err
	}
	if step < 1 || id < least || id > most || count < 1 {
		return Shard{}, fmt.Errorf("SLURM_ARRAY_TASK_ID is %d of %d tasks from %d to %d: give --shard i/n", id, count, least, most)
	}
	if even := (most-least)/step+1 == count && (id-least)%step == 0; even {
		return newShard((id-least)/step, count)
	}
	if _, err := newShard(0, count); err != nil {
		return Shard{}, err
	}
	return takePlace(filepath.Join(dir, "array-"+strconv.Itoa(atoiOr(getenv("SLURM_ARRAY_JOB_ID"), 0))), id, count)
}

func atoiOr(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return otherwise
}

// takePlace gives a task the first place of its array that no other has taken. A place is a file that exists or not, which making a link
// decides on any mount; it names its task.
func takePlace(dir string, task, count int) (Shard, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Shard{}, fmt.Errorf("shard: %w", err)
	}
	for place := range count {
		path := filepath.Join(dir, strconv.Itoa(place))
		text, err := appear(path, []byte(strconv.Itoa(task)))
		if err != nil {
			return Shard{}, err
		}
		if string(text) == strconv.Itoa(task) {
			return newShard(place, count)
		}
	}
	return Shard{}, fmt.Errorf("the %d places of the array are taken by other tasks (%s): give --shard %d/LIST, with the list of --array", count, dir, task)
}
